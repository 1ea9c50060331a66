import Graph

/// A product as a coefficient and factors: 0.5·x·(1 + y) whatever the order in which it was written.
struct Product {
  var coefficient: Float = 1
  var factors: [TensorID] = []

  private static let largestFactorCount = 5

  init?(_ node: Operator, in editor: Editor) {
    guard let result = node.outputs.first, let result, editor.type(result).element == .float32,
      add(node, in: editor)
    else { return nil }
  }

  /// The tensor itself as a product of one when its maker is none.
  init(of id: TensorID, in editor: Editor) {
    add(id, in: editor)
  }

  private mutating func add(_ node: Operator, in editor: Editor) -> Bool {
    guard case .binary(let kind, nil) = node.operation, let first = node.inputs[0],
      let second = node.inputs[1]
    else { return false }
    switch kind {
    case .multiply:
      for operand in [first, second] {
        if let scalar = editor.scalar(operand) { coefficient *= scalar } else { add(operand, in: editor) }
      }
    case .divide:
      guard let scalar = editor.scalar(second), scalar != 0 else { return false }
      coefficient /= scalar
      add(first, in: editor)
    default: return false
    }
    return true
  }

  private mutating func add(_ id: TensorID, in editor: Editor) {
    var inner = self
    if factors.count < Self.largestFactorCount, let maker = editor.soleMaker(id),
      inner.add(maker.node, in: editor)
    {
      self = inner
    } else {
      factors.append(id)
    }
  }

  /// The factor beside `x` of a product of two.
  func partner(of x: TensorID) -> TensorID? {
    guard factors.count == 2, let position = factors.firstIndex(of: x) else { return nil }
    return factors[1 - position]
  }

  func has(_ value: Float) -> Bool { coefficient.isClose(to: value) }
}

extension Float {
  /// Equal but for rounding in the exporter.
  func isClose(to other: Float) -> Bool { abs(self - other) <= 2e-6 * max(abs(other), 1e-3) }
}

extension Rule {
  /// Activations that exporters write as several operators.
  static let activations = Rule("activations recognized") { node, editor in
    if let match = hardSigmoid(node, editor) { return match }
    guard let product = Product(node, in: editor), product.factors.count == 2 else { return nil }
    for x in product.factors {
      guard let partner = product.partner(of: x), let maker = editor.maker(partner),
        let kind = activation(of: x, times: maker.node, product.coefficient, editor)
      else { continue }
      return .operation(.unary(kind), [x], absorbing: editor.interior(of: node, to: x))
    }
    return nil
  }

  /// `clip(x + 3, 0, 6) / 6`.
  private static func hardSigmoid(_ node: Operator, _ editor: Editor) -> Rewrite? {
    guard let product = Product(node, in: editor), product.factors.count == 1, product.has(1 / 6),
      let maker = editor.soleMaker(product.factors[0]), let x = shiftedClip(maker.node, editor)
    else { return nil }
    return .operation(
      .unary(.hardSigmoid(alpha: 1 / 6, beta: 0.5)), [x], absorbing: editor.interior(of: node, to: x))
  }

  /// The x of `clip(x + 3, 0, 6)`.
  private static func shiftedClip(_ node: Operator, _ editor: Editor) -> TensorID? {
    guard let step = ClampStep(node, in: editor), step.clamp == .relu6,
      let maker = editor.soleMaker(step.operand), case .binary(.add, nil) = maker.node.operation,
      let (x, three) = editor.scalarOperand(maker.node), three == 3
    else { return nil }
    return x
  }

  /// Which activation `coefficient · x · node` is.
  private static func activation(
    of x: TensorID, times node: Operator, _ coefficient: Float, _ editor: Editor
  ) -> Unary? {
    switch node.operation {
    case .unary(.sigmoid) where coefficient == 1:
      if node.inputs[0] == x { return .swish(alpha: 1) }
      let scaled = Product(of: node.inputs[0]!, in: editor)
      return scaled.factors == [x] ? .swish(alpha: scaled.coefficient) : nil
    case .unary(.hardSigmoid(let alpha, let beta)) where node.inputs[0] == x && coefficient == 1:
      return alpha.isClose(to: 1 / 6) && beta == 0.5 ? .hardSwish : nil
    case .unary(.tanh) where coefficient == 1:
      guard let inner = editor.maker(node.inputs[0]), case .unary(.softplus) = inner.node.operation,
        inner.node.inputs[0] == x
      else { return nil }
      return .mish
    case .binary(.add, nil) where coefficient.isClose(to: 0.5):
      guard let (inner, one) = editor.scalarOperand(node), one == 1, let maker = editor.maker(inner) else {
        return nil
      }
      return gelu(of: x, maker.node, editor)
    default:
      return coefficient.isClose(to: 1 / 6) && shiftedClip(node, editor) == x ? .hardSwish : nil
    }
  }

  /// The part behind `0.5 · x · (1 + …)`: `erf(x / √2)` or `tanh(√(2/π) · (x + 0.044715 · x³))`.
  private static func gelu(of x: TensorID, _ node: Operator, _ editor: Editor) -> Unary? {
    let inner = Product(of: node.inputs[0]!, in: editor)
    switch node.operation {
    case .unary(.erf):
      return inner.factors == [x] && inner.has(0.707106781) ? .gelu(tanhApproximation: false) : nil
    case .unary(.tanh):
      guard inner.has(0.797884561) else { return nil }
      // √(2/π) · x · (1 + 0.044715 · x²)
      if let sum = inner.partner(of: x), let maker = editor.maker(sum),
        case .binary(.add, nil) = maker.node.operation,
        let (square, one) = editor.scalarOperand(maker.node), one == 1
      {
        let power = Product(of: square, in: editor)
        guard power.has(0.044715), editor.degree(of: power.factors, in: x) == 2 else { return nil }
        return .gelu(tanhApproximation: true)
      }
      guard inner.factors.count == 1, let maker = editor.maker(inner.factors[0]),
        case .binary(.add, nil) = maker.node.operation, let first = maker.node.inputs[0],
        let second = maker.node.inputs[1], first == x || second == x
      else { return nil }
      let power = Product(of: first == x ? second : first, in: editor)
      guard power.has(0.044715), editor.degree(of: power.factors, in: x) == 3 else { return nil }
      return .gelu(tanhApproximation: true)
    default: return nil
    }
  }
}

extension Editor {
  /// The n for which the factors together are xⁿ.
  func degree(of factors: [TensorID], in x: TensorID) -> Int? {
    var total = 0
    for factor in factors {
      if factor == x {
        total += 1
        continue
      }
      guard let maker = maker(factor), maker.node.inputs[0] == x else { return nil }
      switch maker.node.operation {
      case .unary(.square): total += 2
      case .binary(.power, nil):
        guard let exponent = scalar(maker.node.inputs[1]), exponent == 2 || exponent == 3 else { return nil }
        total += Int(exponent)
      case .binary(.multiply, nil) where maker.node.inputs[1] == x: total += 2
      default: return nil
      }
    }
    return total
  }
}
