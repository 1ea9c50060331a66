/// exp and logarithm in double, without the machine's libm: what device tables are made from.
///
/// Relative errors stay below 4e-16, so rounding to float gives the nearest float except at the rarest ties.
enum RealFunction {
  private static let ln2High = 0x1.62e42feep-1
  private static let ln2Low = 0x1.a39ef35793c76p-33

  static func exp(_ x: Double) -> Double {
    if x > 709 { return .infinity }
    if x < -744 { return 0 }
    let n = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = (x - n * ln2High) - n * ln2Low
    var sum = 1.0
    for degree in stride(from: 17, to: 0, by: -1) { sum = 1 + r * sum / Double(degree) }
    return scaled(sum, by: Int(n))
  }

  /// What is left of a / b after the division that rounds toward zero; exact, as every subtraction is.
  static func remainder(_ a: Float, _ b: Float) -> Float {
    let (divisor, isEmpty) = (abs(Double(b)), b == 0)
    var rest = abs(Double(a))
    guard rest.isFinite, !isEmpty, !divisor.isNaN else { return .nan }
    while rest >= divisor {
      var step = Double(sign: .plus, exponent: rest.exponent - divisor.exponent, significand: divisor)
      if step > rest { step /= 2 }
      rest -= step
    }
    return a.sign == .minus ? -Float(rest) : Float(rest)
  }

  private static func scaled(_ x: Double, by exponent: Int) -> Double {
    let first = exponent / 2
    return x * Double(sign: .plus, exponent: first, significand: 1)
      * Double(sign: .plus, exponent: exponent - first, significand: 1)
  }

  /// The base-2 logarithm of a positive number.
  static func log2(_ x: Double) -> Double {
    var (significand, exponent) = (x.significand, Double(x.exponent))
    if significand > 1.4142135623730951 {
      significand /= 2
      exponent += 1
    }
    // ln m = 2 artanh((m − 1)/(m + 1))
    let t = (significand - 1) / (significand + 1)
    var sum = 0.0
    for odd in stride(from: 39, through: 1, by: -2) { sum = sum * t * t + 1 / Double(odd) }
    return exponent + 2 * t * sum * 1.4426950408889634
  }
}
