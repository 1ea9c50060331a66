import Graph
import Statistics
import Storage

/// A metric that takes samples one after the other.
///
///     var metric = Metric(.top1)
///     try metric.add(output, label: .classIndex(3), name: "x.npy[0]")
///     print(metric.result.value)
///
/// The result depends on the order of the samples in its last bits: add them in one order.
public struct Metric: Sendable {
  public let kind: MetricKind
  /// The largest possible value, for ``MetricKind/psnr``.
  public let peak: Double
  public private(set) var count = 0
  private var notFinite = 0
  private var correct = 0
  private var mean = RunningMean()
  private var ratio = RunningRatio()
  private var overlap = ClassOverlap()
  private(set) var ranking = Ranking()

  /// What a sample without any error counts in ``MetricKind/psnr``, whose true value would be infinite.
  public static let exactDecibels = 100.0

  public init(_ kind: MetricKind, peak: Double = 1) {
    self.kind = kind
    self.peak = peak
  }

  /// One sample's output and what it ought to be. `name` is for messages.
  public mutating func add(_ output: TensorValue, label: Label, name: String) throws(Diagnostic) {
    add(try score(output, label: label, name: name))
  }

  /// One sample's output and the reference's, for metrics that compare arrays.
  public mutating func add(_ output: TensorValue, reference: TensorValue, name: String) throws(Diagnostic) {
    add(try score(output, reference: reference, name: name))
  }

  /// What ``score(_:label:name:)`` found for one sample.
  public mutating func add(_ score: SampleScore) {
    count += 1
    if !score.isFinite { notFinite += 1 }
    switch score.value {
    case .right(let isRight): if isRight { correct += 1 }
    case .number(let number): mean.add(number)
    case .ratio(let signal, let noise): ratio.add(signal, over: noise)
    case .ranked(let scores, let right): ranking.add(scores, of: right)
    case .overlap(let counts): overlap.add(counts)
    }
  }

  public var result: MetricResult { result(.usual) }

  /// The value with its interval.
  public func result(_ confidence: Confidence) -> MetricResult {
    switch kind {
    case .top1, .top5:
      let share = Share(correct, of: count)
      var found = result(share.value, confidence.share(correct, of: count))
      found.correct = correct
      return found
    case .auc:
      let (area, interval) = ranking.area(confidence)
      return result(area, interval)
    case .miou: return result(overlap.mean, overlap.interval(confidence))
    case .mse, .mae, .cosine, .psnr: return result(mean.mean, meanInterval(confidence))
    case .sqnr: return ratioResult(confidence)
    }
  }

  private func ratioResult(_ confidence: Confidence) -> MetricResult {
    // Of an infinite ratio nothing is known but that.
    guard ratio.lower > 0 else { return result(.infinity, Interval(.infinity, .infinity)) }
    let error = confidence.deviations * ratio.relativeError
    let low = max(-Self.exactDecibels, Decibel.of(ratio.ratio / (1 + error)))
    return result(
      max(-Self.exactDecibels, Decibel.of(ratio.ratio)),
      Interval(low, error < 1 ? Decibel.of(ratio.ratio / (1 - error)) : .infinity))
  }

  private func meanInterval(_ confidence: Confidence) -> Interval {
    guard mean.mean.isFinite else { return Interval(mean.mean, mean.mean) }
    let half = mean.halfWidth(confidence)
    let floor: Double = kind == .cosine ? -1 : kind == .psnr ? -Self.exactDecibels : 0
    let ceiling: Double = kind == .cosine ? 1 : .infinity
    return Interval(max(floor, mean.mean - half), min(ceiling, mean.mean + half))
  }

  private func result(_ value: Double, _ interval: Interval) -> MetricResult {
    MetricResult(
      kind: kind, value: value, low: interval.low, high: interval.high, count: count, notFinite: notFinite)
  }
}
