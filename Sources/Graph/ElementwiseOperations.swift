/// A function of one element. Parameters travel with the kind.
public enum Unary: Hashable, Sendable {
  case absolute, negate, sign, reciprocal, square, squareRoot, reciprocalSquareRoot
  case exp, log, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, erf
  case floor, ceil
  /// To the nearest integer, ties to even.
  case round
  case relu, sigmoid, hardSwish, softplus, softsign, mish
  case clip(minimum: Float, maximum: Float)
  case leakyRelu(alpha: Float)
  case elu(alpha: Float)
  case celu(alpha: Float)
  case selu(alpha: Float, gamma: Float)
  case hardSigmoid(alpha: Float, beta: Float)
  /// x·Φ(x), through erf or through the tanh approximation.
  case gelu(tanhApproximation: Bool)
  /// x·sigmoid(alpha·x); SiLU for alpha 1.
  case swish(alpha: Float)
  case thresholdedRelu(alpha: Float)
  case shrink(bias: Float, threshold: Float)
  /// Boolean results.
  case isNaN
  case isInfinite(positive: Bool, negative: Bool)
  /// Boolean operand.
  case not
  /// Integer operand.
  case bitwiseNot
}

/// A function of two elements, with NumPy broadcasting.
public enum Binary: String, Hashable, Sendable, CaseIterable {
  case add, subtract, multiply
  /// Truncates toward zero on integers.
  case divide
  case power
  /// Remainder with the divisor's sign (Python), integers and floats.
  case modulo
  /// Remainder with the dividend's sign (C).
  case remainder
  case maximum, minimum
  /// x < 0 ? x·slope : x; the slope is the second operand.
  case prelu
  /// On truth values.
  case and, or, xor
  case bitwiseAnd, bitwiseOr, bitwiseXor, shiftLeft, shiftRight
}

/// A comparison of two elements, with NumPy broadcasting; the result is bool.
public enum Comparison: String, Hashable, Sendable, CaseIterable {
  case equal, less, lessOrEqual, greater, greaterOrEqual
}

/// What an operator does to its result before storing it.
public struct FusedClamp: Hashable, Sendable {
  public var minimum: Float
  public var maximum: Float
  public init(minimum: Float, maximum: Float) {
    self.minimum = minimum
    self.maximum = maximum
  }
  public static let relu = FusedClamp(minimum: 0, maximum: .infinity)
  public static let relu6 = FusedClamp(minimum: 0, maximum: 6)
}

/// How values along axes become one.
public enum Reduction: String, Hashable, Sendable, CaseIterable {
  case sum, mean, maximum, minimum, product, l1, l2, sumOfSquares, logSum, logSumExp
}
