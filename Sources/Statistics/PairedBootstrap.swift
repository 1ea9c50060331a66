import Storage

/// What a difference between two models would have been on other samples of the same kind: the samples are drawn again
/// and again, with replacement, and the difference is computed on each draw.
///
/// The interval is that of the percentiles; the p-value is the level at which that interval would just touch 0: the
/// interval leaves 0 out exactly where the p-value is significant. With too few draws for the level its ends are not known.
///
///     let errors = zip(before, after).map { $1 - $0 }
///     let found = PairedBootstrap(samples: errors.count).run { draw in
///       draw.mean(of: errors)
///     }
///     print(found.interval, found.significance.pValue)
public struct PairedBootstrap: Sendable {
  public let samples: Int
  public var draws = 2_000
  public var seed = 0
  public var confidence = Confidence.usual

  public init(samples: Int) { self.samples = samples }

  public struct Result: Sendable, Hashable {
    public var interval: Interval
    public var significance: Significance
  }

  /// How often each sample was drawn.
  public struct Draw: Sendable {
    public fileprivate(set) var counts: [Int32]

    public subscript(sample: Int) -> Int { Int(counts[sample]) }

    /// The mean of one number for each sample.
    public func mean(of numbers: [Float]) -> Double { sum(of: numbers) / Double(counts.count) }

    public func sum(of numbers: [Float]) -> Double {
      precondition(numbers.count == counts.count)
      // Four sums, so that none waits for the one before it.
      var sums = (0.0, 0.0, 0.0, 0.0)
      let whole = numbers.count & ~3
      for index in stride(from: 0, to: whole, by: 4) {
        sums.0 += Double(counts[index]) * Double(numbers[index])
        sums.1 += Double(counts[index + 1]) * Double(numbers[index + 1])
        sums.2 += Double(counts[index + 2]) * Double(numbers[index + 2])
        sums.3 += Double(counts[index + 3]) * Double(numbers[index + 3])
      }
      for index in whole..<numbers.count { sums.0 += Double(counts[index]) * Double(numbers[index]) }
      return (sums.0 + sums.1) + (sums.2 + sums.3)
    }
  }

  /// `difference` is what a draw makes of the two models; it may be infinite, but not NaN.
  public func run(_ difference: (borrowing Draw) -> Double) -> Result {
    var generator = SeededGenerator(seed: seed)
    var draw = Draw(counts: Array(repeating: 0, count: samples))
    var found: [Double] = []
    found.reserveCapacity(draws)
    for _ in 0..<draws {
      Self.fill(&draw.counts, &generator)
      found.append(difference(draw))
    }
    found.sort()
    let below = found.count { $0 <= 0 }
    let above = found.count { $0 >= 0 }
    return Result(
      interval: interval(of: found), significance: significance(beyond: min(below, above), of: found.count))
  }

  private static func fill(_ counts: inout [Int32], _ generator: inout SeededGenerator) {
    for index in counts.indices { counts[index] = 0 }
    let count = UInt64(counts.count)
    var left = counts.count
    while left > 0 {
      // Two places from one number; that some are likelier by one part in 2³² / count is far below what draws can show.
      let number = generator.next()
      counts[Int(truncatingIfNeeded: ((number & 0xFFFF_FFFF) &* count) >> 32)] &+= 1
      if left > 1 { counts[Int(truncatingIfNeeded: ((number >> 32) &* count) >> 32)] &+= 1 }
      left -= 2
    }
  }

  private func interval(of sorted: [Double]) -> Interval {
    // As many draws beyond each end as may lie beyond 0 while the difference is significant.
    var outside = Int((1 - confidence.level) / 2 * Double(sorted.count + 1)) + 1
    while outside >= 0,
      !significance(beyond: outside, of: sorted.count).isSignificant(at: confidence.level)
    { outside -= 1 }
    guard outside >= 0 else { return Interval(-.infinity, .infinity) }
    return Interval(sorted[outside], sorted[sorted.count - 1 - outside])
  }

  /// By how many of the draws lie at 0 or beyond it, on the side where fewer do. One sample alone says nothing.
  private func significance(beyond count: Int, of draws: Int) -> Significance {
    func pValue(_ count: Int) -> Double { min(1, 2 * Double(count + 1) / Double(draws + 1)) }
    return Significance(
      pValue: samples > 1 ? pValue(count) : 1, test: "paired bootstrap", least: samples > 1 ? pValue(0) : 1)
  }
}
