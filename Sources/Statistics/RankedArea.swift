/// The area under a ROC curve: the share of pairs in which a sample of a class scores above one that is not of it; ties
/// count half.
///
///     let area = RankedArea([0.1, 0.4, 0.8], isPositive: [false, false, true])
///     print(area?.value)  // 1
public struct RankedArea: Sendable {
  public let value: Double
  public let positives: Int
  public let negatives: Int
  /// For each sample the share of samples of the other kind that it is on the right side of. Their spread is the area's,
  /// by DeLong, DeLong and Clarke-Pearson.
  public let placements: [Double]

  /// nil where all samples are of one kind. A score that is NaN counts as the least.
  public init?(_ scores: [Float], isPositive: [Bool]) {
    precondition(scores.count == isPositive.count)
    // NaN has no place in an order.
    let scores = scores.map { $0.isNaN ? -.infinity : $0 }
    positives = isPositive.count { $0 }
    negatives = isPositive.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var placements = Array(repeating: 0.0, count: scores.count)
    var (positivesBelow, negativesBelow) = (0, 0)
    var sum = 0.0
    var start = 0
    while start < order.count {
      var end = start
      var tiedPositives = 0
      while end < order.count, scores[order[end]] == scores[order[start]] {
        if isPositive[order[end]] { tiedPositives += 1 }
        end += 1
      }
      let tiedNegatives = end - start - tiedPositives
      for position in start..<end {
        let sample = order[position]
        if isPositive[sample] {
          let beaten = Double(negativesBelow) + Double(tiedNegatives) / 2
          placements[sample] = beaten / Double(negatives)
          sum += beaten
        } else {
          let beaten = Double(positivesBelow) + Double(tiedPositives) / 2
          placements[sample] = 1 - beaten / Double(positives)
        }
      }
      positivesBelow += tiedPositives
      negativesBelow += tiedNegatives
      start = end
    }
    self.placements = placements
    value = sum / (Double(positives) * Double(negatives))
  }
}

/// The difference of two areas under ROC curves of the same samples, by the method of DeLong, DeLong and Clarke-Pearson;
/// over several classes the mean of their areas.
///
///     var difference = AreaDifference(samples: classes.count)
///     difference.add(before: one, after: two, isPositive: classes.map { $0 == 1 })
///     print(difference.value, difference.significance.pValue)
public struct AreaDifference: Sendable {
  private var sum = 0.0
  private var classes = 0
  /// How each sample moves the sum of the differences.
  private var influences: [Double]

  public init(samples: Int) { influences = Array(repeating: 0, count: samples) }

  /// One class more.
  public mutating func add(before: RankedArea, after: RankedArea, isPositive: [Bool]) {
    let difference = after.value - before.value
    sum += difference
    classes += 1
    let (p, n) = (Double(before.positives), Double(before.negatives))
    // Each kind's spread is estimated from one sample less than there are.
    let (ofPositive, ofNegative) = (Self.root(p), Self.root(n))
    for index in influences.indices {
      let own = after.placements[index] - before.placements[index] - difference
      influences[index] += isPositive[index] ? own / ofPositive : own / ofNegative
    }
  }

  private static func root(_ count: Double) -> Double { (count * max(1, count - 1)).squareRoot() }

  public var value: Double { classes > 0 ? sum / Double(classes) : 0 }

  private var standardError: Double {
    guard classes > 0 else { return .infinity }
    return influences.reduce(0) { $0 + $1 * $1 }.squareRoot() / Double(classes)
  }

  public func interval(_ confidence: Confidence) -> Interval {
    let half = confidence.deviations * standardError
    return Interval(max(-1, value - half), min(1, value + half))
  }

  public var significance: Significance {
    let error = standardError
    let deviations = value == 0 ? 0 : error > 0 ? value.magnitude / error : .infinity
    return Significance(pValue: 2 * NormalDistribution.upperTail(deviations), test: "DeLong")
  }
}
