import TensorMath

/// How a range was chosen.
public enum RangeChoice: Sendable, Hashable, CustomStringConvertible {
  case minmax
  case percentile(Double)
  case entropy
  case mse
  /// By the kernel that makes the tensor.
  case fixed
  /// By the source file, or by a table of ranges.
  case given

  public var description: String {
    switch self {
    case .minmax: "minmax"
    case .percentile(let share): "percentile \(share)"
    case .entropy: "entropy"
    case .mse: "mse"
    case .fixed: "fixed"
    case .given: "given"
    }
  }
}

/// Real numbers from `lower` to `upper`, zero always among them.
public struct RealRange: Sendable, Hashable {
  public private(set) var lower: Double
  public private(set) var upper: Double

  public init(_ lower: Double, _ upper: Double) {
    self.lower = min(0, lower)
    self.upper = max(0, upper)
  }

  /// Zero alone when there are no numbers.
  public init(_ extremes: Extremes) {
    if extremes.least > extremes.greatest {
      self.init(0, 0)
    } else {
      self.init(Double(extremes.least), Double(extremes.greatest))
    }
  }

  public var width: Double { upper - lower }

  public func union(_ other: RealRange) -> RealRange {
    RealRange(min(lower, other.lower), max(upper, other.upper))
  }

  func intersection(_ other: RealRange) -> RealRange {
    RealRange(max(lower, other.lower), min(upper, other.upper))
  }
}

/// Ranges that a histogram suggests, none wider than from the least to the greatest number.
struct RangeCandidates {
  let histogram: ValueHistogram
  let whole: RealRange
  /// Steps from one end of a range to the other: 255 in int8.
  let steps: Double
  /// Numbers below each bin's start, and sums of them and of their squares.
  private let sums: TailSums

  init(_ histogram: ValueHistogram, extremes: Extremes, steps: Double = 255) {
    self.histogram = histogram
    self.steps = steps
    whole = RealRange(extremes)
    sums = TailSums(histogram)
  }

  /// Keeps this share (in percent) of the numbers and leaves out the outermost ones.
  func percentile(_ share: Double) -> RealRange {
    let total = Double(histogram.total)
    let left = max(0, total * (1 - share / 100))
    let hasBothSides = whole.lower < 0 && whole.upper > 0
    let allowed = hasBothSides ? left / 2 : left
    return RealRange(lowerEnd(leavingOut: allowed), upperEnd(leavingOut: allowed)).intersection(whole)
  }

  private func upperEnd(leavingOut allowed: Double) -> Double {
    var seen = 0
    for bin in stride(from: ValueHistogram.binCount - 1, through: ValueHistogram.half, by: -1) {
      let count = histogram.counts[bin]
      if count > 0, Double(seen + count) > allowed {
        return Double(bin + 1 - ValueHistogram.half) * histogram.binWidth
      }
      seen += count
    }
    return 0
  }

  private func lowerEnd(leavingOut allowed: Double) -> Double {
    var seen = 0
    for bin in 0..<ValueHistogram.half {
      let count = histogram.counts[bin]
      if count > 0, Double(seen + count) > allowed {
        return Double(bin - ValueHistogram.half) * histogram.binWidth
      }
      seen += count
    }
    return 0
  }

  /// The range with the least squared error: what is left out lands on the nearest end, what is kept is off by up to
  /// half a step.
  func leastSquares() -> RealRange {
    var best = (error: squaredError(of: whole), range: whole)
    let shares = (0...Self.searchSteps).map {
      1 - Double($0) / Double(Self.searchSteps) * Self.greatestCut
    }
    for low in whole.lower < 0 ? shares : [1] {
      for high in whole.upper > 0 ? shares : [1] {
        let range = RealRange(whole.lower * low, whole.upper * high)
        let error = squaredError(of: range)
        if error < best.error { best = (error, range) }
      }
    }
    return best.range
  }

  private static let searchSteps = 60
  private static let greatestCut = 0.9

  /// The sum of squared errors when the numbers are rounded to this range.
  func squaredError(of range: RealRange) -> Double {
    let step = range.width / steps
    let low = sums.below(range.lower), high = sums.above(range.upper)
    let outside = low.count + high.count
    return low.squares + high.squares + Double(max(0, sums.nonzero - outside)) * step * step / 12
  }

  /// The range whose integers keep most of what the distribution tells: for each cut the counts are compared with the
  /// same counts after spreading each integer's share evenly, by their Kullback-Leibler divergence.
  func leastDivergence() -> RealRange {
    let (lowest, highest) = usedBins()
    guard highest > lowest else { return whole }
    let reach = max(highest - ValueHistogram.half + 1, ValueHistogram.half - lowest)
    let levels = Int(steps) / (lowest < ValueHistogram.half && highest >= ValueHistogram.half ? 2 : 1)
    guard reach > levels else { return whole }
    var best = (divergence: Double.infinity, reach: reach)
    for cut in stride(from: levels, through: reach, by: max(1, reach / 128)) {
      let low = max(lowest, ValueHistogram.half - cut), high = min(highest + 1, ValueHistogram.half + cut)
      let divergence = divergence(from: low, to: high, width: max(1, Double(cut) / Double(levels)))
      if divergence < best.divergence { best = (divergence, cut) }
    }
    let end = Double(best.reach) * histogram.binWidth
    return RealRange(-end, end).intersection(whole)
  }

  private func usedBins() -> (lowest: Int, highest: Int) {
    (
      histogram.counts.firstIndex { $0 > 0 } ?? ValueHistogram.half,
      histogram.counts.lastIndex { $0 > 0 } ?? 0
    )
  }

  /// Each bin counts k times the logarithm of k over its integer's share; the shares are the same for all bins of an
  /// integer, so that sums up to a bin give every integer in constant time.
  private func divergence(from low: Int, to high: Int, width: Double) -> Double {
    guard high > low, sums.nonzero > 0 else { return .infinity }
    let kept = high - low
    // What lies outside lands on the ends.
    let below = sums.countBelow(bin: low), above = sums.countFrom(bin: high)
    var result = sums.logarithms(low..<high)
    for (bin, added) in kept == 1 ? [(low, below + above)] : [(low, below), (high - 1, above)] {
      let count = Double(histogram.counts[bin])
      result += Self.timesLogarithm(count + Double(added)) - Self.timesLogarithm(count)
    }
    var start = 0
    var index = 0
    while start < kept {
      index += 1
      let end = min(kept, max(start + 1, Int((Double(index) * width).rounded(.down))))
      // Evenly over the bins that hold anything, from the counts without what landed on the ends.
      let bins = (low + start)..<(low + end)
      let inside = sums.count(bins), used = sums.used(bins)
      let share = used > 0 ? Double(inside) / Double(used) : 0
      let all = inside + (start == 0 ? below : 0) + (end == kept ? above : 0)
      if all > 0 { result -= Double(all) * NaturalLogarithm.of(max(share, 1e-3)) }
      start = end
    }
    return result / Double(sums.nonzero)
  }

  fileprivate static func timesLogarithm(_ count: Double) -> Double {
    count > 0 ? count * NaturalLogarithm.of(count) : 0
  }
}

/// Our own logarithm, so that a choice is the same on every machine.
enum NaturalLogarithm {
  static func of(_ x: Double) -> Double {
    // x = m · 2^e; log m by the series of 2·artanh((m − 1) / (m + 1)), which converges fast for 0.7 < m < 1.42.
    guard x > 0, x.isFinite else { return x == 0 ? -.infinity : x }
    var (m, e) = (x.significand, Double(x.exponent))
    if m > 1.4142135623730951 { (m, e) = (m / 2, e + 1) }
    let z = (m - 1) / (m + 1)
    let square = z * z
    var sum = 0.0
    for term in stride(from: 19, through: 1, by: -2) { sum = sum * square + 1 / Double(term) }
    return 2 * z * sum + e * 0.6931471805599453
  }
}

/// Counts, sums and sums of squares beyond any point of a histogram, in constant time.
private struct TailSums {
  let width: Double
  let nonzero: Int
  private var counts: [Int] = [0]
  private var totals: [Double] = [0]
  private var squares: [Double] = [0]
  private var usedBins: [Int] = [0]
  private var logarithms: [Double] = [0]

  init(_ histogram: ValueHistogram) {
    width = histogram.binWidth
    for bin in 0..<ValueHistogram.binCount {
      let count = histogram.counts[bin]
      let center = histogram.center(of: bin)
      counts.append(counts[bin] + count)
      totals.append(totals[bin] + Double(count) * center)
      squares.append(squares[bin] + Double(count) * center * center)
      usedBins.append(usedBins[bin] + (count > 0 ? 1 : 0))
      logarithms.append(logarithms[bin] + RangeCandidates.timesLogarithm(Double(count)))
    }
    nonzero = counts[ValueHistogram.binCount]
  }

  func countBelow(bin: Int) -> Int { counts[bin] }
  func countFrom(bin: Int) -> Int { nonzero - counts[bin] }
  func count(_ bins: Range<Int>) -> Int { counts[bins.upperBound] - counts[bins.lowerBound] }
  /// How many of the bins hold anything.
  func used(_ bins: Range<Int>) -> Int { usedBins[bins.upperBound] - usedBins[bins.lowerBound] }
  /// The sum of count times its logarithm.
  func logarithms(_ bins: Range<Int>) -> Double { logarithms[bins.upperBound] - logarithms[bins.lowerBound] }

  /// The numbers below a point: how many, and the sum of their squared distances from it.
  func below(_ point: Double) -> (count: Int, squares: Double) {
    distances(0, bin(of: point), from: point)
  }

  func above(_ point: Double) -> (count: Int, squares: Double) {
    distances(bin(of: point), ValueHistogram.binCount, from: point)
  }

  private func bin(of point: Double) -> Int {
    let index = (point / width).rounded(.toNearestOrEven) + Double(ValueHistogram.half)
    return Int(min(max(index, 0), Double(ValueHistogram.binCount)))
  }

  private func distances(_ low: Int, _ high: Int, from point: Double) -> (count: Int, squares: Double) {
    let count = counts[high] - counts[low]
    let (sum, square) = (totals[high] - totals[low], squares[high] - squares[low])
    return (count, max(0, square - 2 * point * sum + Double(count) * point * point))
  }
}
