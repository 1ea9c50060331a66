/// Mean and variance of numbers that come one by one.
///
///     var mean = RunningMean()
///     for error in errors { mean.add(error) }
///     print(mean.mean, mean.halfWidth(.usual))
public struct RunningMean: Sendable {
  public private(set) var count = 0
  public private(set) var mean = 0.0
  private var squares = 0.0

  public init() {}

  public mutating func add(_ number: Double) {
    count += 1
    let difference = number - mean
    guard difference.isFinite else {
      // Of infinite numbers the mean is infinite.
      mean = mean.isFinite ? number : mean + number
      squares = .infinity
      return
    }
    mean += difference / Double(count)
    squares += difference * (number - mean)
  }

  /// The mean give or take this much, by the normal approximation; nothing is known from one number.
  public func halfWidth(_ confidence: Confidence) -> Double {
    guard count > 1 else { return .infinity }
    return confidence.deviations * (squares / Double(count - 1) / Double(count)).squareRoot()
  }
}

/// Sums of two quantities per sample whose ratio is wanted.
///
///     var ratio = RunningRatio()
///     ratio.add(signal, over: noise)
///     print(Decibel.of(ratio.ratio))
public struct RunningRatio: Sendable {
  public private(set) var count = 0
  public private(set) var upper = 0.0
  public private(set) var lower = 0.0
  private var upperSquares = 0.0
  private var lowerSquares = 0.0
  private var products = 0.0

  public init() {}

  public mutating func add(_ top: Double, over bottom: Double) {
    count += 1
    upper += top
    lower += bottom
    upperSquares += top * top
    lowerSquares += bottom * bottom
    products += top * bottom
  }

  public var ratio: Double { upper / lower }

  /// The standard error of the ratio relative to it, by linearization.
  public var relativeError: Double {
    guard count > 1, upper > 0, lower > 0 else { return .infinity }
    let n = Double(count)
    let ratio = ratio
    let residuals = upperSquares - 2 * ratio * products + ratio * ratio * lowerSquares
    return (max(0, residuals) * n / (n - 1)).squareRoot() / upper
  }
}
