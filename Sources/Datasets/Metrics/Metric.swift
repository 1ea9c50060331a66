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
  private var state: State
  private var notFinite = 0

  /// What a sample without any error counts in ``MetricKind/psnr``, whose true value would be infinite.
  public static let exactDecibels = 100.0

  private enum State: Sendable {
    case share(correct: Int, total: Int)
    case ranking(Ranking)
    case mean(RunningMean)
    case ratio(RunningRatio)
    case overlap(ClassOverlap)
  }

  public init(_ kind: MetricKind, peak: Double = 1) {
    self.kind = kind
    self.peak = peak
    switch kind {
    case .top1, .top5: state = .share(correct: 0, total: 0)
    case .auc: state = .ranking(Ranking())
    case .mse, .mae, .cosine, .psnr: state = .mean(RunningMean())
    case .sqnr: state = .ratio(RunningRatio())
    case .miou: state = .overlap(ClassOverlap())
    }
  }

  /// One sample's output and what it ought to be. `name` is for messages.
  public mutating func add(_ output: TensorValue, label: Label, name: String) throws(Diagnostic) {
    switch state {
    case .share(var correct, var total):
      state = .share(correct: 0, total: 0)
      let right = try ClassLabel(label, output: output, metric: kind, name: name)
      if right.isWithin(kind == .top5 ? 5 : 1, of: output, notFinite: &notFinite) { correct += 1 }
      total += 1
      state = .share(correct: correct, total: total)
    case .ranking(var ranking):
      state = .ranking(Ranking())
      ranking.add(output, right: try ClassLabel(label, output: output, metric: kind, name: name))
      state = .ranking(ranking)
    case .overlap(var overlap):
      state = .overlap(ClassOverlap())
      try overlap.add(output, label: label, name: name)
      state = .overlap(overlap)
    case .mean, .ratio:
      guard case .array(let reference) = label else {
        throw Diagnostic(
          .badData, "metric \(kind.rawValue) compares arrays, the label of '\(name)' is a class index",
          hint: "choose --metric top1, or give the expected outputs as --labels")
      }
      try add(output, reference: reference, name: name)
    }
  }

  /// One sample's output and the reference's, for metrics that compare arrays.
  public mutating func add(_ output: TensorValue, reference: TensorValue, name: String) throws(Diagnostic) {
    guard output.elementCount == reference.elementCount else {
      throw Diagnostic(
        .badData,
        "the output for '\(name)' has the sizes \(output.sizes), what it is compared with has \(reference.sizes)",
        hint: "give one label array in the output's shape for each sample")
    }
    let difference = Difference(output.asFloats().floats, reference.asFloats().floats)
    if !difference.isFinite { notFinite += 1 }
    switch state {
    case .mean(var mean):
      state = .mean(RunningMean())
      switch kind {
      case .mae: mean.add(difference.meanAbsolute)
      case .cosine: mean.add(difference.cosine)
      case .psnr: mean.add(min(Self.exactDecibels, Decibel.of(peak * peak / difference.meanSquare)))
      default: mean.add(difference.meanSquare)
      }
      state = .mean(mean)
    case .ratio(var ratio):
      ratio.add(difference.referencePower, over: difference.squares)
      state = .ratio(ratio)
    default:
      throw Diagnostic(
        .badData, "metric \(kind.rawValue) needs class labels, '\(name)' has an array",
        hint: "choose --metric mse, mae, psnr, sqnr or cosine")
    }
  }

  public var result: MetricResult { result(.usual) }

  /// The value with its interval.
  public func result(_ confidence: Confidence) -> MetricResult {
    switch state {
    case .share(let correct, let total):
      let interval = confidence.share(correct, of: total)
      let value = total > 0 ? Double(correct) / Double(total) : 0
      return MetricResult(
        kind: kind, value: value, low: interval.low, high: interval.high, count: total, correct: correct,
        notFinite: notFinite)
    case .ranking(let ranking):
      let (area, low, high) = ranking.area(confidence)
      return MetricResult(
        kind: kind, value: area, low: low, high: high, count: ranking.count, notFinite: ranking.notFinite)
    case .overlap(let overlap):
      return overlap.result(confidence)
    case .mean(let mean):
      let half = mean.halfWidth(confidence)
      let floor: Double = kind == .cosine ? -1 : kind == .psnr ? -.infinity : 0
      let ceiling: Double = kind == .cosine ? 1 : .infinity
      return result(
        mean.mean, low: max(floor, mean.mean - half), high: min(ceiling, mean.mean + half), count: mean.count)
    case .ratio(let ratio):
      let error = confidence.deviations * ratio.relativeError
      return result(
        Decibel.of(ratio.ratio), low: Decibel.of(ratio.ratio / (1 + error)),
        high: error < 1 ? Decibel.of(ratio.ratio / (1 - error)) : .infinity, count: ratio.count)
    }
  }

  private func result(_ value: Double, low: Double, high: Double, count: Int) -> MetricResult {
    MetricResult(kind: kind, value: value, low: low, high: high, count: count, notFinite: notFinite)
  }
}

/// What metrics need to know of two arrays.
private struct Difference {
  var absolutes = 0.0
  var squares = 0.0
  var referencePower = 0.0
  private var outputPower = 0.0
  private var product = 0.0
  private let count: Int

  init(_ output: View<Float>, _ reference: View<Float>) {
    count = output.count
    for index in 0..<output.count {
      let (given, wanted) = (Double(output[index]), Double(reference[index]))
      let difference = given - wanted
      absolutes += difference.magnitude
      squares += difference * difference
      referencePower += wanted * wanted
      outputPower += given * given
      product += given * wanted
    }
  }

  var isFinite: Bool { squares.isFinite && outputPower.isFinite }
  var meanAbsolute: Double { absolutes / Double(max(1, count)) }
  var meanSquare: Double { squares / Double(max(1, count)) }
  /// Two arrays of zeros point the same way; one of them alone has no direction.
  var cosine: Double {
    let norms = outputPower.squareRoot() * referencePower.squareRoot()
    return norms > 0 ? product / norms : outputPower == referencePower ? 1 : 0
  }
}
