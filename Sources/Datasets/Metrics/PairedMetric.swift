import Graph
import Statistics
import Storage

/// One metric of two models on the same samples, and whether it differs by more than chance.
///
///     var metric = PairedMetric(.top1)
///     metric.add(
///       before: try metric.before.score(one, label: label, name: name),
///       after: try metric.before.score(two, label: label, name: name))
///     print(metric.difference(.usual)?.significance.pValue)
///
/// Of each sample a few bytes are kept at most (for ``MetricKind/auc`` its scores).
public struct PairedMetric: Sendable {
  public private(set) var before: Metric
  public private(set) var after: Metric
  /// Where samples are counted.
  public private(set) var outcomes = PairedOutcomes()
  /// After less before of each sample, where the metric is a mean over samples.
  private var changes: [Float] = []
  /// The noise of each sample, where the metric is a ratio of sums.
  private var noises: (before: [Float], after: [Float]) = ([], [])
  private var overlaps = (before: ClassCountList(), after: ClassCountList())

  public struct Difference: Sendable {
    /// After less before, in the metric's unit.
    public var value: Double
    public var interval: Interval
    public var significance: Significance
  }

  public init(_ kind: MetricKind, peak: Double = 1) {
    before = Metric(kind, peak: peak)
    after = before
  }

  public mutating func add(before one: SampleScore, after two: SampleScore) {
    before.add(one)
    after.add(two)
    switch (one.value, two.value) {
    case (.right(let one), .right(let two)): outcomes.add(before: one, after: two)
    case (.number(let one), .number(let two)): changes.append(one == two ? 0 : Float(two - one))
    case (.ratio(_, let one), .ratio(_, let two)):
      noises.before.append(Float(one))
      noises.after.append(Float(two))
    case (.overlap(let one), .overlap(let two)):
      overlaps.before.append(one)
      overlaps.after.append(two)
    default: break
    }
  }

  /// nil where one of the models has no finite result.
  public func difference(_ confidence: Confidence, seed: Int = 0) -> Difference? {
    let (one, two) = (before.result(confidence).value, after.result(confidence).value)
    guard before.count > 0, one.isFinite, two.isFinite else { return nil }
    switch before.kind {
    case .top1, .top5:
      return Difference(
        value: two - one, interval: confidence.difference(outcomes),
        significance: .mcNemar(broken: outcomes.broken, mended: outcomes.mended))
    case .auc:
      let difference = after.ranking.difference(from: before.ranking)
      return Difference(
        value: two - one, interval: difference.interval(confidence), significance: difference.significance)
    case .mse, .mae, .cosine, .psnr:
      return drawn(two - one, work: changes.count, confidence, seed) { $0.mean(of: changes) }
    case .sqnr:
      return drawn(two - one, work: 2 * noises.before.count, confidence, seed) { draw in
        let (one, two) = (draw.sum(of: noises.before), draw.sum(of: noises.after))
        return one == two ? 0 : Decibel.of(one / two)
      }
    case .miou:
      let work = overlaps.before.entryCount + overlaps.after.entryCount
      return drawn(two - one, work: work, confidence, seed) { draw in
        overlaps.after.mean { draw[$0] } - overlaps.before.mean { draw[$0] }
      }
    }
  }

  /// `work` is how much there is to add up for each draw.
  private func drawn(
    _ value: Double, work: Int, _ confidence: Confidence, _ seed: Int,
    _ difference: (borrowing PairedBootstrap.Draw) -> Double
  ) -> Difference {
    var bootstrap = PairedBootstrap(samples: before.count)
    bootstrap.confidence = confidence
    bootstrap.seed = seed
    // Enough draws for the second digit of the ends, with some beyond them however sure they are to be; and fewer for so
    // many samples that the ends are near.
    let wanted = max(2_000, Int((20 / (1 - confidence.level)).rounded(.up)))
    bootstrap.draws = max(500, min(wanted, 60_000_000 / max(1, work)))
    let found = bootstrap.run(difference)
    return Difference(value: value, interval: found.interval, significance: found.significance)
  }
}
