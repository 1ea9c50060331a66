import Graph

extension Rule {
  /// Adding zero, multiplying by one and the like.
  static let neutralElements = Rule("neutral operands removed") { node, editor in
    guard case .binary(let kind, nil) = node.operation, let first = node.inputs[0],
      let second = node.inputs[1],
      let result = node.outputs[0], editor.type(result).element == .float32
    else { return nil }
    let neutral: Float
    switch kind {
    case .add, .subtract: neutral = 0
    case .multiply, .divide, .power: neutral = 1
    default: return nil
    }
    if editor.isUniform(second, neutral), editor.type(first) == editor.type(result) { return .tensor(first) }
    guard kind == .add || kind == .multiply else { return nil }
    if editor.isUniform(first, neutral), editor.type(second) == editor.type(result) { return .tensor(second) }
    return nil
  }

  /// Chains of additions and multiplications by constants: x·a·b, x+a+b, (x+a)·b.
  static let affineChains = Rule("constants of chains merged") { node, editor throws(Diagnostic) in
    guard let outer = AffineStep(node, in: editor), let maker = editor.soleMaker(outer.operand),
      let inner = AffineStep(maker.node, in: editor)
    else { return nil }
    let limit = max(outer.constant.elementCount, inner.constant.elementCount)
    guard limit <= AffineStep.largestVector else { return nil }
    switch (inner.kind, outer.kind) {
    case (.add, .add), (.multiply, .multiply):
      guard let merged = inner.constant.combined(outer.constant, outer.kind == .add ? (+) : (*), limit: limit)
      else { return nil }
      let id = editor.addDerived(merged, from: inner.constantID, like: nil)
      return .operation(
        .binary(outer.kind, clamp: nil), [inner.operand, id], absorbing: [maker.index],
        change: "constant of '\(maker.node.sourceName)' merged")
    case (.add, .multiply):
      // Multiplications first, so that they meet the convolution or the multiplication before. Elsewhere (x − mean)·scale
      // stays: it is the more accurate form.
      let before = editor.maker(inner.operand)?.node
      guard before.map({ $0.operation.isLinear || AffineStep($0, in: editor)?.kind == .multiply }) == true,
        let moved = inner.constant.combined(outer.constant, *, limit: limit)
      else { return nil }
      let product = try editor.emit(
        .binary(.multiply, clamp: nil), inputs: [inner.operand, outer.constantID],
        name: "\(node.sourceName)/scaled",
        sources: node.sources)
      let id = editor.addDerived(moved, from: inner.constantID, like: nil)
      return .operation(
        .binary(.add, clamp: nil), [product, id], absorbing: [maker.index],
        change: "addition of '\(maker.node.sourceName)' moved behind the multiplication")
    default: return nil
    }
  }

  /// Clips of clips, relu of relu, and clips without bounds.
  static let clipChains = Rule("clips merged") { node, editor in
    guard let outer = ClampStep(node, in: editor) else { return nil }
    if outer.clamp.minimum == -.infinity, outer.clamp.maximum == .infinity { return .tensor(outer.operand) }
    if let maker = editor.soleMaker(outer.operand), let inner = ClampStep(maker.node, in: editor),
      let merged = inner.clamp.followed(by: outer.clamp)
    {
      return .operation(merged.operation, [inner.operand], absorbing: [maker.index])
    }
    // max(x, 0), min(x, 6) and clip(0, ∞) in one form.
    if outer.clamp.operation != node.operation { return .operation(outer.clamp.operation, [outer.operand]) }
    return nil
  }
}

/// x·constant or x+constant.
struct AffineStep {
  static let largestVector = 1 << 16

  let kind: Binary
  let operand: TensorID
  let constantID: TensorID
  /// Already negated or inverted when the source subtracts or divides.
  let constant: Constant

  init?(_ node: Operator, in editor: Editor) {
    guard case .binary(let kind, nil) = node.operation, let result = node.outputs[0],
      editor.type(result).element == .float32, let first = node.inputs[0], let second = node.inputs[1]
    else { return nil }
    let swaps = editor.constant(first) != nil
    let (operand, constantID) = swaps ? (second, first) : (first, second)
    guard editor.constant(operand) == nil, let constant = editor.constant(constantID),
      editor.shape(operand) == editor.shape(result)
    else { return nil }
    switch kind {
    case .add, .multiply:
      self.kind = kind
      self.constant = constant
    case .subtract where !swaps && constant.elementCount <= Self.largestVector:
      self.kind = .add
      self.constant = constant.mapped { -$0 }
    case .divide where !swaps && constant.elementCount <= Self.largestVector:
      self.kind = .multiply
      self.constant = constant.mapped { 1 / $0 }
      // Dividing by zero has results that no weights can give.
      guard self.constant.isFinite else { return nil }
    default: return nil
    }
    self.operand = operand
    self.constantID = constantID
  }
}

/// An operator that only limits its operand.
struct ClampStep {
  let clamp: FusedClamp
  let operand: TensorID

  init?(_ node: Operator, in editor: Editor) {
    guard let result = node.outputs.first, let result, editor.type(result).element == .float32 else {
      return nil
    }
    switch node.operation {
    case .unary(.relu): clamp = .relu
    case .unary(.clip(let minimum, let maximum)):
      // ONNX: the upper bound wins where the bounds cross.
      guard minimum <= maximum else { return nil }
      clamp = FusedClamp(minimum: minimum, maximum: maximum)
    case .binary(let kind, nil) where kind == .maximum || kind == .minimum:
      guard let (other, scalar) = editor.scalarOperand(node), !scalar.isNaN else { return nil }
      clamp =
        kind == .maximum
        ? FusedClamp(minimum: scalar, maximum: .infinity)
        : FusedClamp(minimum: -.infinity, maximum: scalar)
      operand = other
      return
    default: return nil
    }
    guard let operand = node.inputs[0] else { return nil }
    self.operand = operand
  }
}

extension FusedClamp {
  /// This clamp and then another, as one; nil when no value survives both.
  func followed(by other: FusedClamp) -> FusedClamp? {
    let merged = FusedClamp(
      minimum: Swift.max(minimum, other.minimum), maximum: Swift.min(maximum, other.maximum))
    return merged.minimum <= merged.maximum ? merged : nil
  }

  /// The operator that does just this.
  var operation: Operation {
    self == .relu ? .unary(.relu) : .unary(.clip(minimum: minimum, maximum: maximum))
  }
}

extension Editor {
  /// Whether all elements of a (small) float constant are `value`.
  func isUniform(_ id: TensorID, _ value: Float) -> Bool {
    guard let constant = constant(id), constant.type == .float32, constant.elementCount > 0,
      constant.elementCount <= AffineStep.largestVector
    else { return false }
    let floats = constant.realized().floats
    return (0..<floats.count).allSatisfy { floats[$0] == value }
  }
}
