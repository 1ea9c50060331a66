/// Logarithms that are the same on every machine.
public enum Logarithm {
  /// Of a positive number; ∞ for ∞, −∞ for 0.
  ///
  ///     Logarithm.natural(of: 2)  // 0.6931471805599453
  public static func natural(of number: Double) -> Double {
    if number.isNaN { return .nan }
    if number <= 0 { return -.infinity }
    if !number.isFinite { return .infinity }
    // By the series of the inverse hyperbolic tangent, after the exponent is taken off.
    var exponent = Double(number.exponent)
    var significand = number.significand
    if significand > 1.4142135623730951 {
      significand /= 2
      exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    var sum = 0.0
    for index in stride(from: 25, through: 1, by: -2) { sum = sum * square + 1 / Double(index) }
    return exponent * 0.6931471805599453 + 2 * ratio * sum
  }
}

/// Ratios of powers in decibels.
public enum Decibel {
  /// 10 × log₁₀ of a positive number; ∞ for ∞, −∞ for 0.
  ///
  ///     Decibel.of(1_000)  // 30
  public static func of(_ ratio: Double) -> Double { 4.342944819032518 * Logarithm.natural(of: ratio) }
}

/// Powers of e that are the same on every machine.
public enum Exponential {
  /// e to a power.
  ///
  ///     Exponential.of(1)  // 2.718281828459045
  public static func of(_ power: Double) -> Double {
    if power.isNaN { return .nan }
    if power > 710 { return .infinity }
    if power < -745 { return 0 }
    // e^x = 2^k e^r with r near 0; ln 2 in two parts, so that r is exact to the last bit.
    let halves = (power * 1.4426950408889634).rounded()
    let rest = (power - halves * 0.693147180369123816490) - halves * 1.90821492927058770002e-10
    var sum = 1.0
    for index in stride(from: 18, through: 1, by: -1) { sum = 1 + sum * rest / Double(index) }
    // In two steps: the result may be smaller than the smallest normal number.
    let first = Int(halves) / 2
    return sum * twoTo(first) * twoTo(Int(halves) - first)
  }

  private static func twoTo(_ exponent: Int) -> Double {
    Double(bitPattern: UInt64(1_023 + exponent) << 52)
  }
}
