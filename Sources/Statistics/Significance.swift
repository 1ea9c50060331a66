/// How likely a difference at least as large as the one found is by chance alone, when there is none.
///
///     let significance = Significance.mcNemar(broken: 31, mended: 12)
///     if significance.isSignificant(at: 0.95) { print("the drop is no chance:", significance.pValue) }
public struct Significance: Sendable, Hashable {
  public var pValue: Double
  /// "McNemar, exact"
  public var test: String
  /// The least ``pValue`` that the test can give, however clear the difference: a test by draws cannot see what is rarer
  /// than one of them.
  public var least: Double

  public init(pValue: Double, test: String, least: Double = 0) {
    self.pValue = pValue
    self.test = test
    self.least = least
  }

  /// Whether the test can tell at all at this confidence.
  public func isKnown(at confidence: Double) -> Bool { least < 1 - confidence }

  public func isSignificant(at confidence: Double) -> Bool { pValue < 1 - confidence }

  /// Two models on the same samples, by those that only one of them has right: exact (binomial, two-sided) for less
  /// than 1,000, else by χ² with continuity correction.
  public static func mcNemar(broken: Int, mended: Int) -> Significance {
    let total = broken + mended
    guard total >= 1_000 else {
      let tail = evenBinomialTail(min(broken, mended), of: total)
      return Significance(pValue: min(1, 2 * tail), test: "McNemar, exact")
    }
    let excess = Double(max(0, (broken - mended).magnitude - min(1, (broken - mended).magnitude)))
    let deviations = excess / Double(total).squareRoot()
    return Significance(
      pValue: 2 * NormalDistribution.upperTail(deviations), test: "McNemar, chi-squared")
  }

  /// Two shares of samples that have nothing to do with one another: the z test with the pooled share.
  public static func twoProportions(_ one: Share, _ two: Share) -> Significance {
    let name = "two proportions"
    let pooled = Share(one.count + two.count, of: one.total + two.total).value
    let variance = pooled * (1 - pooled) * (1 / Double(one.total) + 1 / Double(two.total))
    guard one.total > 0, two.total > 0, variance > 0 else { return Significance(pValue: 1, test: name) }
    let deviations = (one.value - two.value).magnitude / variance.squareRoot()
    return Significance(pValue: 2 * NormalDistribution.upperTail(deviations), test: name)
  }

  /// Two numbers that were measured apart, each with its interval: the z test. Intervals without end say nothing.
  public static func twoEstimates(
    _ one: Double, _ first: Interval, _ two: Double, _ second: Interval, confidence: Confidence
  ) -> Significance {
    let name = "two estimates"
    let half = [first, second].map { ($0.high - $0.low) / 2 / confidence.deviations }
    let error = (half[0] * half[0] + half[1] * half[1]).squareRoot()
    let difference = (one - two).magnitude
    guard error.isFinite, difference > 0 else { return Significance(pValue: 1, test: name) }
    return Significance(pValue: 2 * NormalDistribution.upperTail(difference / error), test: name)
  }

  /// How likely up to `count` of `total` tosses of a fair coin are heads. Exact to rounding while 2^−total is a number.
  private static func evenBinomialTail(_ count: Int, of total: Int) -> Double {
    var term = Double(sign: .plus, exponent: -total, significand: 1)
    var sum = term
    for index in 0..<max(0, count) {
      term *= Double(total - index) / Double(index + 1)
      sum += term
    }
    return sum
  }
}
