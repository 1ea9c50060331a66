/// A range of numbers.
public struct Interval: Sendable, Hashable {
  public var low: Double
  public var high: Double

  public init(_ low: Double, _ high: Double) {
    self.low = low
    self.high = high
  }

  public func contains(_ number: Double) -> Bool { low <= number && number <= high }
}

/// Makes ranges that hold the true value with a certain probability.
///
///     let accuracy = Confidence.usual.share(8_722, of: 10_000)
///     print(accuracy.low, accuracy.high)
public struct Confidence: Sendable, Hashable {
  /// Between 0 and 1: 0.95.
  public let level: Double
  /// How many deviations an estimate is from the ends of its range.
  public let deviations: Double

  /// 95 %
  public static let usual = Confidence(0.95)

  public init(_ level: Double) {
    precondition(level > 0 && level < 1, "a confidence is between 0 and 1")
    self.level = level
    deviations = NormalDistribution.quantile(0.5 + level / 2)
  }

  /// A share of `total` trials: Wilson's score interval.
  public func share(_ correct: Int, of total: Int) -> Interval {
    guard total > 0 else { return Interval(0, 1) }
    let (count, share) = (Double(total), Double(correct) / Double(total))
    let z2 = deviations * deviations
    let center = (share + z2 / (2 * count)) / (1 + z2 / count)
    let half =
      deviations / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count * count)).squareRoot()
    // Exact at the ends, where the formula only is up to rounding.
    return Interval(
      correct == 0 ? 0 : max(0, center - half), correct == total ? 1 : min(1, center + half))
  }

  /// The area under a ROC curve, by the approximation of Hanley and McNeil.
  public func area(_ area: Double, positives: Int, negatives: Int) -> Interval {
    guard positives > 0, negatives > 0 else { return Interval(0, 1) }
    let first = area / (2 - area)
    let second = 2 * area * area / (1 + area)
    let variance =
      (area * (1 - area) + Double(positives - 1) * (first - area * area)
        + Double(negatives - 1) * (second - area * area)) / (Double(positives) * Double(negatives))
    let half = deviations * max(0, variance).squareRoot()
    return Interval(max(0, area - half), min(1, area + half))
  }

  /// The share of one model less the share of another on other samples: Newcombe's hybrid of the two Wilson intervals.
  public func difference(_ after: Share, less before: Share) -> Interval {
    let difference = after.value - before.value
    let (one, two) = (share(after.count, of: after.total), share(before.count, of: before.total))
    let below = Self.norm(after.value - one.low, two.high - before.value)
    let above = Self.norm(one.high - after.value, before.value - two.low)
    return Interval(max(-1, difference - below), min(1, difference + above))
  }

  /// The share of one model less the share of another on the same samples: Newcombe's hybrid score interval for paired
  /// proportions with continuity correction (his method 10), which uses how far the two are right together.
  public func difference(_ outcomes: PairedOutcomes) -> Interval {
    let total = outcomes.total
    guard total > 0 else { return Interval(-1, 1) }
    let (after, before) = (
      Share(outcomes.both + outcomes.mended, of: total), Share(outcomes.both + outcomes.broken, of: total)
    )
    let difference = Double(outcomes.mended - outcomes.broken) / Double(total)
    let (one, two) = (share(after.count, of: total), share(before.count, of: total))
    let correlation = outcomes.correlation
    let below = Self.norm(after.value - one.low, two.high - before.value, correlation)
    let above = Self.norm(one.high - after.value, before.value - two.low, correlation)
    return Interval(max(-1, difference - below), min(1, difference + above))
  }

  private static func norm(_ a: Double, _ b: Double, _ correlation: Double = 0) -> Double {
    max(0, a * a - 2 * correlation * a * b + b * b).squareRoot()
  }
}

/// Trials that succeeded, of all.
public struct Share: Sendable, Hashable {
  public var count: Int
  public var total: Int

  public init(_ count: Int, of total: Int) {
    self.count = count
    self.total = total
  }

  public var value: Double { total > 0 ? Double(count) / Double(total) : 0 }
}

/// What became of the samples that two models were asked.
public struct PairedOutcomes: Sendable, Hashable {
  /// Right before and after.
  public var both = 0
  /// Right before only.
  public var broken = 0
  /// Right after only.
  public var mended = 0
  /// Right neither before nor after.
  public var neither = 0

  public init(both: Int = 0, broken: Int = 0, mended: Int = 0, neither: Int = 0) {
    self.both = both
    self.broken = broken
    self.mended = mended
    self.neither = neither
  }

  public mutating func add(before: Bool, after: Bool) {
    switch (before, after) {
    case (true, true): both += 1
    case (true, false): broken += 1
    case (false, true): mended += 1
    case (false, false): neither += 1
    }
  }

  public var total: Int { both + broken + mended + neither }

  /// How far being right goes together, from −1 to 1, made smaller by a continuity correction where it is positive.
  var correlation: Double {
    let (a, b, c, d) = (Double(both), Double(mended), Double(broken), Double(neither))
    let margins = (a + b) * (c + d) * (a + c) * (b + d)
    guard margins > 0 else { return 0 }
    let product = a * d - b * c
    return (product > 0 ? max(0, product - Double(total) / 2) : product) / margins.squareRoot()
  }
}
