import Graph

// Functions of one element. In int8 the device has tables for all of them; in float they are built from those it has.
extension Legalizer {
  mutating func rewriteUnary(_ kind: Unary, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let x = node.inputs[0], let result = node.outputs[0], graph[x].element.isFloat else { return false }
    switch kind {
    case .isNaN, .isInfinite:
      if target == .int8 {
        report(("looks for values that integers do not have", "leave the check out of the model"), at: node)
        return false
      }
    default:
      guard target == .float32 else { return false }
    }
    var part = FloatFunction(node: node, legalizer: self)
    let made = try part.write(kind, of: x, into: result)
    self = part.legalizer
    if let accuracy = made { record("\(node.operation.name) from simpler functions", node, accuracy) }
    return made != nil
  }
}

/// Writes one function of a tensor by others.
private struct FloatFunction {
  let node: Operator
  var legalizer: Legalizer

  /// What the formula loses, relative to the larger of 1 and the result; nil when there is nothing to write.
  mutating func write(
    _ kind: Unary, of x: TensorID, into result: TensorID
  ) throws(Diagnostic) -> Legalization.Accuracy? {
    switch kind {
    case .reciprocal: try binary(.divide, scalar(1), x, into: result)
    case .sign: try sign(x, into: result)
    case .tan: try binary(.divide, unary(.sin, x), unary(.cos, x), into: result)
    case .sinh, .cosh: try hyperbolic(kind, x, into: result)
    case .asinh, .acosh, .atanh: try inverseHyperbolic(kind, x, into: result)
    case .atan:
      try arcTangent(x, into: result)
      return .within(1e-7)
    case .asin:
      try arcSine(x, into: result)
      return .within(1e-7)
    case .acos:
      try binary(.subtract, scalar(.pi / 2), arcSine(x, into: nil), into: result)
      return .within(1e-7)
    case .erf:
      let magnitude = try errorFunction(x).value
      _ = try binary(.multiply, sign(x, into: nil), magnitude, into: result)
      return .within(2e-7)
    case .gelu(let tanhApproximation):
      try gelu(x, tanhApproximation: tanhApproximation, into: result)
      return tanhApproximation ? .exact : .within(2e-7)
    case .softplus: try softplus(x, into: result)
    case .mish: try binary(.multiply, x, unary(.tanh, softplus(x, into: nil)), into: result)
    case .elu(let alpha) where alpha != 1:
      try exponential(x, alpha: alpha, divisor: 1, gamma: 1, into: result)
    case .celu(let alpha): try exponential(x, alpha: alpha, divisor: alpha, gamma: 1, into: result)
    case .selu(let alpha, let gamma):
      try exponential(x, alpha: alpha, divisor: 1, gamma: gamma, into: result)
    case .thresholdedRelu(let alpha):
      let passes = try compare(.greater, x, scalar(alpha))
      try select(passes, x, scalar(0), into: result)
    case .shrink(let bias, let threshold): try shrink(x, bias, threshold, into: result)
    case .isNaN: try emit(.unary(.not), [compare(.equal, x, x)], into: result)
    case .isInfinite(let positive, let negative): try isInfinite(x, positive, negative, into: result)
    default: return nil
    }
    return .exact
  }

  // MARK: - Words

  @discardableResult
  mutating func emit(
    _ operation: Operation, _ inputs: [TensorID?], into result: TensorID? = nil
  ) throws(Diagnostic) -> TensorID {
    try legalizer.add(operation, inputs, for: node, into: result)
  }

  mutating func scalar(_ value: Float) -> TensorID { legalizer.scalar(value) }

  mutating func unary(_ kind: Unary, _ x: TensorID, into result: TensorID? = nil) throws(Diagnostic)
    -> TensorID
  {
    try emit(.unary(kind), [x], into: result)
  }

  @discardableResult
  mutating func binary(
    _ kind: Binary, _ x: TensorID, _ y: TensorID, into result: TensorID? = nil
  ) throws(Diagnostic) -> TensorID {
    try emit(.binary(kind, clamp: nil), [x, y], into: result)
  }

  mutating func plus(_ x: TensorID, _ value: Float) throws(Diagnostic) -> TensorID {
    try binary(.add, x, scalar(value))
  }

  mutating func times(_ x: TensorID, _ value: Float, into result: TensorID? = nil) throws(Diagnostic)
    -> TensorID
  {
    try binary(.multiply, x, scalar(value), into: result)
  }

  mutating func compare(_ kind: Comparison, _ x: TensorID, _ y: TensorID) throws(Diagnostic) -> TensorID {
    try emit(.compare(kind), [x, y])
  }

  @discardableResult
  mutating func select(
    _ condition: TensorID, _ x: TensorID, _ y: TensorID, into result: TensorID? = nil
  ) throws(Diagnostic) -> TensorID {
    try emit(.select, [condition, x, y], into: result)
  }

  // MARK: - Formulas

  @discardableResult
  mutating func sign(_ x: TensorID, into result: TensorID?) throws(Diagnostic) -> TensorID {
    let positive = try emit(.cast(.float32), [compare(.greater, x, scalar(0))])
    let negative = try emit(.cast(.float32), [compare(.less, x, scalar(0))])
    return try binary(.subtract, positive, negative, into: result)
  }

  mutating func hyperbolic(_ kind: Unary, _ x: TensorID, into result: TensorID) throws(Diagnostic) {
    let up = try unary(.exp, x)
    let down = try unary(.exp, unary(.negate, x))
    let sum = try binary(kind == .sinh ? .subtract : .add, up, down)
    _ = try times(sum, 0.5, into: result)
  }

  mutating func inverseHyperbolic(_ kind: Unary, _ x: TensorID, into result: TensorID) throws(Diagnostic) {
    switch kind {
    case .asinh:
      // log(|x| + √(x² + 1)) with the sign of x: nothing cancels.
      let magnitude = try unary(.absolute, x)
      let root = try unary(.squareRoot, plus(unary(.square, x), 1))
      let logarithm = try unary(.log, binary(.add, magnitude, root))
      try binary(.multiply, logarithm, sign(x, into: nil), into: result)
    case .acosh:
      let root = try unary(.squareRoot, plus(unary(.square, x), -1))
      _ = try unary(.log, binary(.add, x, root), into: result)
    default:
      let ratio = try binary(.divide, plus(x, 1), binary(.subtract, scalar(1), x))
      _ = try times(unary(.log, ratio), 0.5, into: result)
    }
  }

  /// An odd polynomial on 0…1 (Abramowitz and Stegun 4.4.49), the complement beyond.
  @discardableResult
  mutating func arcTangent(_ x: TensorID, into result: TensorID?) throws(Diagnostic) -> TensorID {
    let magnitude = try unary(.absolute, x)
    let isLarge = try compare(.greater, magnitude, scalar(1))
    let inverse = try binary(.divide, scalar(1), magnitude)
    let small = try select(isLarge, inverse, magnitude)
    let square = try unary(.square, small)
    let factors: [Float] = [
      0.0028662257, -0.0161657367, 0.0429096138, -0.0752896400, 0.1065626393, -0.1420889944, 0.1999355085,
      -0.3333314528,
    ]
    let polynomial = try plus(binary(.multiply, polynomial(square, factors), square), 1)
    let angle = try binary(.multiply, small, polynomial)
    let complement = try binary(.subtract, scalar(.pi / 2), angle)
    return try binary(.multiply, select(isLarge, complement, angle), sign(x, into: nil), into: result)
  }

  /// x ÷ √(1 − x²) has the arc sine of x as its arc tangent.
  @discardableResult
  mutating func arcSine(_ x: TensorID, into result: TensorID?) throws(Diagnostic) -> TensorID {
    let rest = try binary(.multiply, plus(x, 1), binary(.subtract, scalar(1), x))
    return try arcTangent(binary(.divide, x, unary(.squareRoot, rest)), into: result)
  }

  /// `factors` from the highest power on, without the constant term's 1.
  mutating func polynomial(_ x: TensorID, _ factors: [Float]) throws(Diagnostic) -> TensorID {
    var sum = try plus(times(x, factors[0]), factors[1])
    for factor in factors.dropFirst(2) { sum = try plus(binary(.multiply, sum, x), factor) }
    return sum
  }

  /// erf |x| (Abramowitz and Stegun 7.1.26: off by at most 1.5e-7), and |x|.
  mutating func errorFunction(_ x: TensorID) throws(Diagnostic) -> (value: TensorID, magnitude: TensorID) {
    let magnitude = try unary(.absolute, x)
    let t = try binary(.divide, scalar(1), plus(times(magnitude, 0.3275911), 1))
    let factors: [Float] = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592]
    let tail = try binary(.multiply, polynomial(t, factors), t)
    let bell = try unary(.exp, unary(.negate, unary(.square, magnitude)))
    let value = try binary(.subtract, scalar(1), binary(.multiply, tail, bell))
    return (value, magnitude)
  }

  mutating func gelu(_ x: TensorID, tanhApproximation: Bool, into result: TensorID) throws(Diagnostic) {
    if tanhApproximation {
      let cube = try binary(.multiply, unary(.square, x), times(x, 0.044715))
      let inner = try times(binary(.add, x, cube), 0.7978845608)
      _ = try binary(.multiply, times(x, 0.5), plus(unary(.tanh, inner), 1), into: result)
      return
    }
    // x · erf(x/√2) = |x| · erf(|x|/√2)
    let (value, magnitude) = try errorFunction(times(x, 0.70710678))
    let even = try times(binary(.multiply, value, magnitude), 0.70710678)
    _ = try binary(.add, times(x, 0.5), even, into: result)
  }

  /// max(x, 0) + log(1 + exp(−|x|))
  @discardableResult
  mutating func softplus(_ x: TensorID, into result: TensorID?) throws(Diagnostic) -> TensorID {
    let decay = try unary(.exp, unary(.negate, unary(.absolute, x)))
    return try binary(.add, unary(.relu, x), unary(.log, plus(decay, 1)), into: result)
  }

  /// gamma · (max(x, 0) + alpha · (exp(min(x, 0) ÷ divisor) − 1))
  mutating func exponential(
    _ x: TensorID, alpha: Float, divisor: Float, gamma: Float, into result: TensorID
  ) throws(Diagnostic) {
    let below = try binary(.minimum, x, scalar(0))
    let scaled = divisor == 1 ? below : try times(below, 1 / divisor)
    let curve = try plus(times(unary(.exp, scaled), alpha * gamma), -alpha * gamma)
    let line = gamma == 1 ? try unary(.relu, x) : try times(unary(.relu, x), gamma)
    _ = try binary(.add, line, curve, into: result)
  }

  mutating func shrink(
    _ x: TensorID, _ bias: Float, _ threshold: Float, into result: TensorID
  ) throws(Diagnostic) {
    let low = try compare(.less, x, scalar(-threshold))
    let high = try compare(.greater, x, scalar(threshold))
    let inner = try select(high, plus(x, -bias), scalar(0))
    try select(low, plus(x, bias), inner, into: result)
  }

  mutating func isInfinite(
    _ x: TensorID, _ positive: Bool, _ negative: Bool, into result: TensorID
  ) throws(Diagnostic) {
    // Nothing is less than −∞.
    guard positive || negative else {
      try emit(.compare(.less), [x, scalar(-.infinity)], into: result)
      return
    }
    let data = positive && negative ? try unary(.absolute, x) : x
    try emit(.compare(.equal), [data, scalar(positive ? .infinity : -.infinity)], into: result)
  }
}
