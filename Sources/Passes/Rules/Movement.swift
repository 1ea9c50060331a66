import Graph

extension Rule {
  /// Operators that give back what they got.
  static let identities = Rule("no-ops removed") { node, editor in
    guard node.outputs.count == 1, let input = node.inputs.first, let input else { return nil }
    let shape = editor.shape(input)
    let unchanged: Bool
    switch node.operation {
    case .reshape(let target): unchanged = target == shape
    case .transpose(let permutation): unchanged = permutation == Array(permutation.indices)
    case .broadcast(let target): unchanged = target == shape
    case .tile(let repeats): unchanged = repeats.allSatisfy { $0 == 1 }
    case .concat, .split: unchanged = node.inputs.count == 1
    case .slice(let slice):
      unchanged =
        slice.counts == shape && (0..<shape.rank).allSatisfy { slice.steps[$0] > 0 || shape[$0] == 1 }
    case .pad(let pad): unchanged = (pad.before + pad.after).allSatisfy { $0 == 0 }
    case .cast(let element): unchanged = element == editor.type(input).element
    case .reduce(let kind, let axes, _): unchanged = axes.isEmpty && kind.keepsSingleElements
    case .resize(let resize):
      unchanged = resize.output == shape && resize.scales.allSatisfy { $0 == 1 } && resize.region.isEmpty
    default: unchanged = false
    }
    return unchanged ? .tensor(input) : nil
  }

  /// A reshape of a reshape; a transpose that only moves unit axes; reductions of unit axes.
  static let reshapes = Rule("reshapes merged") { node, editor in
    guard let input = node.inputs.first, let input else { return nil }
    switch node.operation {
    case .reshape(let target):
      guard let inner = editor.maker(input) else { return nil }
      if case .reduce(let kind, let axes, true) = inner.node.operation,
        target == editor.shape(input).removing(axes)
      {
        guard editor.soleMaker(input) != nil else { return nil }
        return .operation(
          .reduce(kind, axes: axes, keepsAxes: false), inner.node.inputs, absorbing: [inner.index])
      }
      guard case .reshape = inner.node.operation else { return nil }
      return .operation(.reshape(target), [inner.node.inputs[0]], absorbing: editor.dying(inner.index))
    case .transpose(let permutation):
      let shape = editor.shape(input)
      let moved = permutation.filter { shape[$0] != 1 }
      guard moved == moved.sorted(), moved.count < permutation.count else { return nil }
      return .operation(.reshape(shape.permuted(permutation)), [input])
    case .reduce(let kind, let axes, _):
      let shape = editor.shape(input)
      guard !axes.isEmpty, kind.keepsSingleElements, axes.allSatisfy({ shape[$0] == 1 }) else { return nil }
      return .operation(.reshape(editor.shape(node.outputs[0]!)), [input])
    default: return nil
    }
  }

  static let transposes = Rule("transposes merged") { node, editor in
    guard case .transpose(let outer) = node.operation,
      let maker = editor.maker(node.inputs[0]), case .transpose(let inner) = maker.node.operation
    else { return nil }
    return .operation(
      .transpose(outer.map { inner[$0] }), [maker.node.inputs[0]], absorbing: editor.dying(maker.index))
  }

  /// Reshapes, transposes and casts of constants become part of the constant.
  static let constantViews = Rule("constants rearranged") { node, editor in
    guard node.inputs.count == 1, let input = node.inputs[0], let constant = editor.constant(input),
      let output = node.outputs[0]
    else { return nil }
    let moved: Constant
    switch node.operation {
    case .reshape(let target):
      guard let sizes = target.fixedSizes else { return nil }
      moved = constant.reshaped(sizes)
    case .transpose(let permutation): moved = constant.permuted(permutation)
    default: return nil
    }
    return .tensor(editor.addDerived(moved, from: input, like: output))
  }

  /// A broadcast whose only readers broadcast by themselves.
  static let impliedBroadcasts = Rule("broadcasts left to their readers") { node, editor in
    let broadcasts: Bool
    switch node.operation {
    case .binary, .compare, .select: broadcasts = true
    default: broadcasts = false
    }
    guard broadcasts else { return nil }
    for (position, input) in node.inputs.enumerated() {
      guard let maker = editor.maker(input), case .broadcast = maker.node.operation else { continue }
      var inputs = node.inputs
      inputs[position] = maker.node.inputs[0]
      // The editor refuses this when the result's shape would no longer be reached.
      let shapes = inputs.map { $0.map { editor.type($0) } }
      guard let types = try? node.operation.resultTypes(of: shapes, resultCount: 1, at: ""),
        types[0] == editor.type(node.outputs[0]!)
      else { continue }
      return .operation(node.operation, inputs, absorbing: editor.dying(maker.index))
    }
    return nil
  }

  /// Parts that are joined again in order.
  static let splitAndConcat = Rule("split and joined again") { node, editor in
    guard case .concat(let axis) = node.operation, node.inputs.count > 1,
      let maker = editor.maker(node.inputs[0]), case .split(axis, _) = maker.node.operation,
      maker.node.outputs == node.inputs
    else { return nil }
    return .tensor(maker.node.inputs[0]!, absorbing: [maker.index])
  }

  /// Swapping the last two axes of a matrix product's operand is a flag of the product.
  static let transposedOperands = Rule("transposes taken into products") { node, editor in
    guard case .matmul(var left, var right) = node.operation else { return nil }
    for position in 0..<2 {
      guard let maker = editor.maker(node.inputs[position]),
        case .transpose(let permutation) = maker.node.operation
      else { continue }
      let rank = permutation.count
      guard rank >= 2, permutation == Array(0..<(rank - 2)) + [rank - 1, rank - 2] else { continue }
      if position == 0 { left.toggle() } else { right.toggle() }
      var inputs = node.inputs
      inputs[position] = maker.node.inputs[0]
      return .operation(
        .matmul(transposesLeft: left, transposesRight: right), inputs, absorbing: editor.dying(maker.index))
    }
    return nil
  }
}

extension Shape {
  fileprivate func removing(_ axes: [Int]) -> Shape {
    Shape((0..<rank).filter { !axes.contains($0) }.map { self[$0] })
  }
}

extension Reduction {
  /// Whether reducing one element gives that element.
  fileprivate var keepsSingleElements: Bool {
    switch self {
    case .sum, .mean, .maximum, .minimum, .product: true
    case .l1, .l2, .sumOfSquares, .logSum, .logSumExp: false
    }
  }
}

extension Editor {
  /// The operator, when nobody but the asking one reads it: then its sources move on.
  func dying(_ index: Int) -> [Int] {
    guard let node = node(index) else { return [] }
    return node.outputs.allSatisfy { $0.map { hasOneUse($0) } ?? true } ? [index] : []
  }

  /// A constant made from another; it keeps the name and the history of the tensor that it was read as.
  mutating func addDerived(_ constant: Constant, from source: TensorID, like tensor: TensorID?) -> TensorID {
    let origin = graph[source].origin
    let name = tensor.map { graph[$0].name } ?? graph[source].name
    let kept = Origin(
      name: origin.name.isEmpty ? name : origin.name, permutation: nil, changes: origin.changes)
    return addConstant(constant, name: name, origin: kept)
  }

  /// The value of a float constant with one element.
  func scalar(_ id: TensorID?) -> Float? {
    guard let constant = constant(id), constant.type == .float32, constant.elementCount == 1 else {
      return nil
    }
    return constant.realized().floats[0]
  }

  /// The other operand and the scalar, for a commutative operator with one constant scalar operand that does not
  /// widen the result.
  func scalarOperand(_ node: Operator) -> (other: TensorID, scalar: Float)? {
    for position in 0..<2 {
      guard let value = scalar(node.inputs[1 - position]), let other = node.inputs[position],
        constant(other) == nil, let result = node.outputs[0], shape(result) == shape(other)
      else { continue }
      return (other, value)
    }
    return nil
  }
}
