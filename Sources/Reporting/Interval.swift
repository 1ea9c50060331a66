#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Confidence intervals of 95 %.
enum Interval {
  /// Two-sided 95 % of the normal distribution.
  static let z = 1.959_963_984_540_054
  static let groupCount = 20

  /// Wilson's score interval of a share; sensible for all shares, also 0 and 1.
  static func wilson(_ hits: Int, of count: Int) -> ClosedRange<Double> {
    let n = Double(count)
    let share = Double(hits) / n
    let center = (share + z * z / (2 * n)) / (1 + z * z / n)
    let radius = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, center - radius)...min(1, center + radius)
  }

  /// From estimates that each leave one of several groups of samples out.
  static func jackknife(value: Double?, groups: Int, estimate: (Int) -> Double?) -> ClosedRange<Double>? {
    guard let value, value.isFinite else { return nil }
    let estimates = (0..<groups).compactMap(estimate).filter(\.isFinite)
    guard estimates.count == groups else { return nil }
    let mean = estimates.reduce(0, +) / Double(groups)
    let squares = estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let radius = z * (squares * Double(groups - 1) / Double(groups)).squareRoot()
    return (value - radius)...(value + radius)
  }
}

/// Mean and spread of numbers that come one by one.
struct RunningMean: Sendable {
  private(set) var count = 0
  private(set) var mean = 0.0
  private var squares = 0.0

  mutating func add(_ value: Double) {
    count += 1
    let difference = value - mean
    mean += difference / Double(count)
    squares += difference * (value - mean)
  }

  var interval: ClosedRange<Double>? {
    guard count > 1, squares.isFinite else { return nil }
    let radius = Interval.z * (squares / Double(count - 1) / Double(count)).squareRoot()
    return (mean - radius)...(mean + radius)
  }
}

/// Sums that are kept apart for each group of samples, so that an estimate can be had without any one group.
struct GroupedSums: Sendable {
  let width: Int
  private var sums: [Double]
  private var hasEveryGroup = false

  init(width: Int) {
    self.width = width
    sums = [Double](repeating: 0, count: width * Interval.groupCount)
  }

  mutating func add(_ value: Double, at index: Int, sample: Int) {
    let group = sample % Interval.groupCount
    sums[group * width + index] += value
    if group == Interval.groupCount - 1 { hasEveryGroup = true }
  }

  func estimate(_ function: ([Double]) -> Double?) -> (value: Double?, interval: ClosedRange<Double>?) {
    let value = function(total(without: nil))
    guard hasEveryGroup else { return (value, nil) }
    return (
      value, Interval.jackknife(value: value, groups: Interval.groupCount) { function(total(without: $0)) }
    )
  }

  private func total(without left: Int?) -> [Double] {
    var result = [Double](repeating: 0, count: width)
    for group in 0..<Interval.groupCount where group != left {
      for index in 0..<width { result[index] += sums[group * width + index] }
    }
    return result
  }
}

/// The scores of one sample: one number, or one for each class.
struct ScoredSample: Sendable {
  var label: Int
  var values: [Float]
}

/// The chance that a sample of a class scores higher than one of another; averaged over classes when there are several.
func areaUnderCurve(_ samples: [ScoredSample], classes: Int) -> Double? {
  if classes <= 1 { return areaUnderCurve(samples.map { ($0.values[0], $0.label == 1) }) }
  let areas = (0..<classes).compactMap { index in
    areaUnderCurve(samples.map { ($0.values[index], $0.label == index) })
  }
  return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
}

private func areaUnderCurve(_ scored: [(score: Float, isPositive: Bool)]) -> Double? {
  let positives = Double(scored.count { $0.isPositive })
  let negatives = Double(scored.count) - positives
  guard positives > 0, negatives > 0 else { return nil }
  let sorted = scored.sorted { $0.score < $1.score }
  var rankSum = 0.0
  var start = 0
  while start < sorted.count {
    var end = start
    while end < sorted.count, sorted[end].score == sorted[start].score || end == start { end += 1 }
    // Equal scores share their ranks.
    let rank = Double(start + 1 + end) / 2
    rankSum += rank * Double(sorted[start..<end].count { $0.isPositive })
    start = end
  }
  return (rankSum - positives * (positives + 1) / 2) / (positives * negatives)
}

/// Intersection over union, averaged over the classes that occur.
func meanIntersection(_ confusion: [Double], classes: Int) -> Double? {
  var shares: [Double] = []
  for index in 0..<classes {
    let both = confusion[index * classes + index]
    let row = (0..<classes).reduce(0) { $0 + confusion[index * classes + $1] }
    let column = (0..<classes).reduce(0) { $0 + confusion[$1 * classes + index] }
    if row + column > 0 { shares.append(both / (row + column - both)) }
  }
  return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
}
