/// Ranges that hold the true value with 95 % confidence.
enum Confidence {
  /// The 97.5 % point of the normal distribution.
  static let deviations = 1.959963984540054

  /// Wilson's interval for a share of `total` trials.
  static func share(_ correct: Int, of total: Int) -> (low: Double, high: Double) {
    guard total > 0 else { return (0, 1) }
    let (count, share) = (Double(total), Double(correct) / Double(total))
    let z2 = deviations * deviations
    let center = (share + z2 / (2 * count)) / (1 + z2 / count)
    let half =
      deviations / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count * count)).squareRoot()
    // Exact at the ends, where the formula only is up to rounding.
    return (correct == 0 ? 0 : max(0, center - half), correct == total ? 1 : min(1, center + half))
  }

  /// The area under a ROC curve, by the approximation of Hanley and McNeil.
  static func area(_ area: Double, positives: Int, negatives: Int) -> (low: Double, high: Double) {
    guard positives > 0, negatives > 0 else { return (0, 1) }
    let first = area / (2 - area)
    let second = 2 * area * area / (1 + area)
    let variance =
      (area * (1 - area) + Double(positives - 1) * (first - area * area)
        + Double(negatives - 1) * (second - area * area)) / (Double(positives) * Double(negatives))
    let half = deviations * max(0, variance).squareRoot()
    return (max(0, area - half), min(1, area + half))
  }
}

/// Mean and variance of numbers that come one by one.
struct RunningMean: Sendable {
  private(set) var count = 0
  private(set) var mean = 0.0
  private var squares = 0.0

  mutating func add(_ number: Double) {
    count += 1
    let difference = number - mean
    mean += difference / Double(count)
    squares += difference * (number - mean)
  }

  /// The mean give or take this much, by the normal approximation; nothing is known from one number.
  var halfWidth: Double {
    guard count > 1 else { return .infinity }
    return Confidence.deviations * (squares / Double(count - 1) / Double(count)).squareRoot()
  }
}

/// Sums of two quantities per sample whose ratio is wanted.
struct RunningRatio: Sendable {
  private(set) var count = 0
  private(set) var upper = 0.0
  private(set) var lower = 0.0
  private var upperSquares = 0.0
  private var lowerSquares = 0.0
  private var products = 0.0

  mutating func add(_ top: Double, over bottom: Double) {
    count += 1
    upper += top
    lower += bottom
    upperSquares += top * top
    lowerSquares += bottom * bottom
    products += top * bottom
  }

  var ratio: Double { upper / lower }

  /// The standard error of the ratio relative to it, by linearization.
  var relativeError: Double {
    guard count > 1, upper > 0, lower > 0 else { return .infinity }
    let n = Double(count)
    let ratio = ratio
    let residuals = upperSquares - 2 * ratio * products + ratio * ratio * lowerSquares
    return (max(0, residuals) * n / (n - 1)).squareRoot() / upper
  }
}

/// Logarithms that are the same on every machine.
enum Decibel {
  /// 10 × log₁₀ of a positive number; ∞ for ∞, −∞ for 0.
  static func of(_ ratio: Double) -> Double {
    if ratio <= 0 { return -.infinity }
    if !ratio.isFinite { return .infinity }
    return 4.342944819032518 * naturalLogarithm(ratio)
  }

  /// By the series of the inverse hyperbolic tangent, after the exponent is taken off.
  private static func naturalLogarithm(_ number: Double) -> Double {
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
