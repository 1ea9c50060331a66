import Graph

extension Rule {
  /// `(x − mean) / √(mean((x − mean)²) + ε)` and `x / √(mean(x²) + ε)` over the last axes.
  static let normalizations = Rule("normalizations recognized") { node, editor in
    guard let (centered, square) = quotient(node, editor),
      let (variance, epsilon) = rooted(square, editor),
      case .reduce(.mean, let axes, true) = variance.operation, let squared = variance.inputs[0],
      editor.degree(of: [squared], in: centered) == 2
    else { return nil }
    let rank = editor.shape(centered).rank
    guard let first = axes.min(), axes.sorted() == Array(first..<rank),
      let sizes = Shape(Array(editor.shape(centered).extents[first...])).fixedSizes
    else { return nil }
    let ones = Constant(
      TensorValue(floats: [Float](repeating: 1, count: Shape.elementCount(sizes)), sizes: sizes))
    if let subtraction = editor.maker(centered), case .binary(.subtract, nil) = subtraction.node.operation,
      let x = subtraction.node.inputs[0], let mean = editor.maker(subtraction.node.inputs[1]),
      case .reduce(.mean, let meanAxes, true) = mean.node.operation, mean.node.inputs[0] == x,
      meanAxes.sorted() == axes.sorted()
    {
      let scale = editor.addConstant(ones, name: "\(node.sourceName)/scale")
      return .operation(
        .composite(.layerNormalization(axis: first, epsilon: epsilon)), [x, scale],
        absorbing: editor.interior(of: node, to: x))
    }
    let scale = editor.addConstant(ones, name: "\(node.sourceName)/scale")
    return .operation(
      .composite(.rmsNormalization(axis: first, epsilon: epsilon)), [centered, scale],
      absorbing: editor.interior(of: node, to: centered))
  }

  /// A multiplication behind a normalization is its scale, an addition its bias.
  static let normalizationScales = Rule("normalization scales folded") { node, editor in
    guard let step = AffineStep(node, in: editor), let maker = editor.soleMaker(step.operand),
      case .composite(let composite) = maker.node.operation, maker.node.outputs.count == 1,
      let scaleID = maker.node.inputs[1], let scale = editor.constant(scaleID)
    else { return nil }
    let axis: Int
    let takesBias: Bool
    switch composite {
    case .layerNormalization(let first, _): (axis, takesBias) = (first, true)
    case .rmsNormalization(let first, _): (axis, takesBias) = (first, false)
    default: return nil
    }
    let rank = editor.shape(step.operand).rank
    let constantSizes = step.constant.sizes
    guard constantSizes.dropLast(rank - axis).allSatisfy({ $0 == 1 }) else { return nil }
    let trailing = step.constant.reshaped(Array(constantSizes.suffix(rank - axis)))
    let biasID = maker.node.inputs.count > 2 ? maker.node.inputs[2] : nil
    var inputs = maker.node.inputs
    switch step.kind {
    case .multiply:
      guard biasID == nil, let merged = scale.combined(trailing, *, limit: scale.elementCount) else {
        return nil
      }
      inputs[1] = editor.addDerived(merged, from: step.constantID, like: nil)
    default:
      let zeros = Constant(TensorValue(type: .float32, sizes: scale.sizes))
      guard takesBias, biasID == nil, let widened = zeros.combined(trailing, +, limit: scale.elementCount)
      else {
        return nil
      }
      inputs = [inputs[0], inputs[1], editor.addDerived(widened, from: step.constantID, like: nil)]
    }
    return .operation(maker.node.operation, inputs, absorbing: [maker.index])
  }

  /// The x and s of `x / √s` or `x · (1 / √s)`.
  private static func quotient(_ node: Operator, _ editor: Editor) -> (x: TensorID, square: TensorID)? {
    guard case .binary(let kind, nil) = node.operation, let first = node.inputs[0],
      let second = node.inputs[1]
    else { return nil }
    func root(_ id: TensorID?) -> TensorID? {
      guard let maker = editor.maker(id), case .unary(.squareRoot) = maker.node.operation else { return nil }
      return maker.node.inputs[0]
    }
    if kind == .divide { return root(second).map { (first, $0) } }
    guard kind == .multiply else { return nil }
    for (x, other) in [(first, second), (second, first)] {
      guard let node = editor.maker(other)?.node else { continue }
      switch node.operation {
      case .unary(.reciprocalSquareRoot): return (x, node.inputs[0]!)
      case .unary(.reciprocal):
        if let square = root(node.inputs[0]) { return (x, square) }
      case .binary(.divide, nil) where editor.scalar(node.inputs[0]) == 1:
        if let square = root(node.inputs[1]) { return (x, square) }
      default: continue
      }
    }
    return nil
  }

  /// The maker of v, and ε, of `v + ε`.
  private static func rooted(_ square: TensorID, _ editor: Editor) -> (variance: Operator, epsilon: Float)? {
    guard let node = editor.maker(square)?.node else { return nil }
    if case .binary(.add, nil) = node.operation, let (variance, epsilon) = editor.scalarOperand(node),
      let inner = editor.maker(variance)
    {
      return (inner.node, epsilon)
    }
    return (node, 0)
  }
}
