/// The normal distribution with mean 0 and deviation 1.
///
///     NormalDistribution.quantile(0.975)  // 1.959963984540054
///     NormalDistribution.upperTail(1.96)  // 0.0249978951482204
public enum NormalDistribution {
  /// How likely a value up to `x` is.
  public static func cumulative(_ x: Double) -> Double { upperTail(-x) }

  /// How likely a value above `x` is; small results are as precise as large ones.
  public static func upperTail(_ x: Double) -> Double {
    if x.isNaN { return .nan }
    if x < 0 { return 1 - upperTail(-x) }
    if x > 39 { return 0 }
    return x < seriesEnd ? 0.5 - density(x) * series(x) : density(x) / continuedFraction(x)
  }

  /// Below which a share `probability` of all values lies; −∞ and ∞ at 0 and 1.
  public static func quantile(_ probability: Double) -> Double {
    guard probability > 0 else { return -.infinity }
    guard probability < 1 else { return .infinity }
    if probability == 0.5 { return 0 }
    return probability < 0.5 ? -deviations(leaving: probability) : deviations(leaving: 1 - probability)
  }

  /// Where the upper tail is `tail`, at most one half.
  ///
  /// Newton's method on the tail's logarithm: that is concave and falls, so the steps come down to the root from above.
  private static func deviations(leaving tail: Double) -> Double {
    let wanted = Logarithm.natural(of: tail)
    var x = (-2 * wanted).squareRoot()
    for _ in 0..<60 {
      let current = upperTail(x)
      let step = (Logarithm.natural(of: current) - wanted) * current / density(x)
      x += step
      if step.magnitude <= 1e-16 * x.magnitude { break }
    }
    return x
  }

  private static func density(_ x: Double) -> Double { 0.3989422804014327 * Exponential.of(-0.5 * x * x) }

  /// Below, the series loses less by cancellation than the fraction by being cut off.
  private static let seriesEnd = 2.0

  /// x + x³/3 + x⁵/(3·5) + …: the distribution's distance from one half over its density.
  private static func series(_ x: Double) -> Double {
    var (term, sum, index) = (x, x, 3.0)
    while term > 1e-17 * sum {
      term *= x * x / index
      sum += term
      index += 2
    }
    return sum
  }

  /// x + 1/(x + 2/(x + 3/(x + …))): the density over the tail.
  private static func continuedFraction(_ x: Double) -> Double {
    var fraction = x
    for index in stride(from: 200.0, through: 1, by: -1) { fraction = x + index / fraction }
    return fraction
  }
}
