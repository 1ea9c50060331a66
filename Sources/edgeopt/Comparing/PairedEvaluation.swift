import Datasets
import Graph
import Reporting
import Statistics
import Storage
import TensorMath

/// How good a model is on samples, or how good two are on the same samples and how far they agree.
///
///     let found = try PairedEvaluation(before: one, after: two, metric: .top1, workers: workers).run()
///     report.quality = found.quality
///
/// Both run side by side, block after block: memory does not grow with the samples, but for a few bytes of each.
struct PairedEvaluation {
  let before: EvaluatedModel
  /// nil where one model alone is measured.
  let after: EvaluatedModel?
  /// nil where nothing is labeled.
  let metric: MetricKind?
  /// What ``Report/Quality/data`` is to say.
  var data: [String] = []
  var confidence = Confidence.usual
  var seed = 0
  let workers: Workers
  var isQuiet = true
  var title = "evaluating"
  /// Gets what the model makes, which is the one before.
  var folder: SampleFolder?

  init(before: EvaluatedModel, after: EvaluatedModel? = nil, metric: MetricKind?, workers: Workers) {
    self.before = before
    self.after = after
    self.metric = before.dataset.hasLabels ? metric : nil
    self.workers = workers
  }

  struct Result {
    var quality: Report.Quality
    /// What ``Report/Quality/before`` says, with its kind.
    var metric: MetricResult?
    /// Reading the samples and running them.
    var seconds: (before: Double, after: Double)
    /// Of the model after, or of the only one.
    var samplesPerSecond: Double?
  }

  func run() throws(Diagnostic) -> Result {
    try checkOutputs()
    let pairs = comparedOutputs
    var tally = QualityTally(self, classCount: classCount)
    var seconds = (before: 0.0, after: 0.0)
    var progress = Progress(title, total: before.dataset.count, isQuiet: isQuiet)
    defer { progress.finish() }
    var next = 0
    while next < before.dataset.count {
      let range = next..<min(next + blockSize, before.dataset.count)
      // Outcomes are those of the model after.
      let seen = metric == nil ? nil : SampleFingerprints(of: range)
      let (one, time) = try Self.timed { () throws(Diagnostic) in
        try before.outputs(of: range, seen: after == nil ? seen : nil)
      }
      seconds.before += time
      var two: [[TensorValue]]?
      if let after {
        let (made, time) = try Self.timed { () throws(Diagnostic) in
          try after.outputs(of: range, seen: seen)
        }
        seconds.after += time
        two = made
      }
      if let folder { for outputs in one { try folder.append(outputs) } }
      let facts = try workers.map(range) { [one, two] index throws(Diagnostic) in
        let place = index - range.lowerBound
        return try self.facts(index, one[place], two?[place], pairs)
      }
      for (index, fact) in zip(range, facts) {
        var fact = fact
        if let seen { fact.fingerprint = seen[index] }
        tally.add(fact)
      }
      next = range.upperBound
      progress.advance(to: next)
    }
    try folder?.finish()
    let time = after == nil ? seconds.before : seconds.after
    return Result(
      quality: tally.quality(pairs: pairs.count), metric: tally.result, seconds: seconds,
      samplesPerSecond: time > 0 ? Double(next) / time : nil)
  }

  private static func timed<Value>(
    _ body: () throws(Diagnostic) -> Value
  ) throws(Diagnostic) -> (Value, Double) {
    let start = ContinuousClock.now
    let value = try body()
    return (value, (ContinuousClock.now - start).inSeconds)
  }

  /// Enough samples that no thread idles, few enough that memory stays small.
  private var blockSize: Int {
    let perSample = max(1, before.byteCountPerSample + (after?.byteCountPerSample ?? 0))
    let wanted = min(256 * workers.threads, (32 << 20) / perSample)
    let step = workers.threads * max(before.batch, after?.batch ?? 1)
    return max(workers.threads, wanted >= step ? wanted / step * step : wanted)
  }

  // MARK: - What is compared

  /// Metrics and agreement need outputs of the same size.
  private func checkOutputs() throws(Diagnostic) {
    guard let after else { return }
    let sizes = (before.sizes(of: before.output), after.sizes(of: after.output))
    guard Shape.elementCount(sizes.0) == Shape.elementCount(sizes.1) else {
      throw Diagnostic(
        .badData,
        "output '\(before.outputName(before.output))' of the model before is \(sizes.0), "
          + "'\(after.outputName(after.output))' of the model after \(sizes.1)",
        hint: "compare models that give the same numbers; --metric-output NAME chooses an output")
    }
  }

  /// The outputs that both models have, the measured one among them.
  private var comparedOutputs: [OutputPair] {
    guard let after else { return [] }
    let measured = OutputPair(before: before.output, after: after.output)
    var pairs = [measured]
    if before.outputCount == after.outputCount, before.output == after.output {
      pairs = (0..<before.outputCount).map { OutputPair(before: $0, after: $0) }
    }
    return pairs.filter { pair in
      before.isReal(pair.before) && after.isReal(pair.after)
        && Shape.elementCount(before.sizes(of: pair.before))
          == Shape.elementCount(after.sizes(of: pair.after))
    }
  }

  /// Classes that the measured output tells apart; nil where it is none that chooses among classes.
  private var classCount: Int? {
    let sizes = before.sizes(of: before.output)
    let count = Shape.elementCount(sizes)
    switch metric {
    case .top1, .top5, .auc: return max(2, count)
    case .some: return nil
    case nil:
      // A vector that does not copy the input may be shares of classes; the samples tell.
      let copiesInput = before.dataset.inputs.contains { $0.shape.elementCountPerSample == count }
      return sizes.filter { $0 != 1 }.count == 1 && !copiesInput ? count : nil
    }
  }

  private struct OutputPair {
    var before: Int
    var after: Int
  }

  // MARK: - One sample

  /// What one sample says, on any thread.
  private func facts(
    _ index: Int, _ one: [TensorValue], _ two: [TensorValue]?, _ pairs: [OutputPair]
  ) throws(Diagnostic) -> SampleFacts {
    var facts = SampleFacts()
    let first = before.real(one, before.output)
    let second = two.map { after!.real($0, after!.output) }
    if classCount != nil {
      facts.chosen = (ClassScores(first).chosen, second.flatMap { ClassScores($0).chosen })
      if metric == nil { facts.isDistribution = Self.isDistribution(first) }
    }
    if let metric, let label = try before.dataset.label(at: index) {
      let name = before.dataset.name(at: index)
      let measure = Metric(metric)
      let score = try measure.score(first, label: label, name: name)
      let other = try second.map { value throws(Diagnostic) in
        try measure.score(value, label: label, name: name)
      }
      facts.scores = (score, other)
      if classCount != nil {
        facts.label = try ClassLabel(label, output: first, metric: metric, name: name).index
      }
    }
    guard let two else { return facts }
    for pair in pairs {
      let isMeasured = pair.before == before.output && pair.after == after!.output
      let reference = isMeasured ? first : before.real(one, pair.before)
      let value = isMeasured ? second! : after!.real(two, pair.after)
      facts.addNoise(of: value, beside: reference)
    }
    return facts
  }
}

extension PairedEvaluation {
  /// Shares that sum to 1, as a softmax gives them, up to the rounding of integers of eight bits.
  fileprivate static func isDistribution(_ output: TensorValue) -> Bool {
    let numbers = output.asFloats().floats
    var sum = 0.0
    for index in 0..<numbers.count {
      guard numbers[index] >= 0 else { return false }
      sum += Double(numbers[index])
    }
    return (sum - 1).magnitude <= min(0.25, 0.01 + Double(numbers.count) / 512)
  }
}

/// What one sample says of both models.
struct SampleFacts: Sendable {
  var scores: (before: SampleScore, after: SampleScore?)?
  var chosen: (before: Int?, after: Int?) = (nil, nil)
  /// The right class.
  var label: Int?
  /// Tells the sample from others.
  var fingerprint: UInt64 = 0
  /// Whether the output of the model before is shares of classes.
  var isDistribution = false
  private(set) var signal = 0.0
  private(set) var noise = 0.0

  /// What is not finite is as wrong as can be: −100 dB.
  mutating func addNoise(of value: TensorValue, beside reference: TensorValue) {
    let (given, wanted) = (value.asFloats().floats, reference.asFloats().floats)
    var (power, difference) = (0.0, 0.0)
    var isFinite = true
    for index in 0..<min(given.count, wanted.count) {
      let (number, right) = (Double(given[index]), Double(wanted[index]))
      if right.isFinite { power += right * right }
      if number.isFinite, right.isFinite {
        difference += (number - right) * (number - right)
      } else if number != right, !(number.isNaN && right.isNaN) {
        isFinite = false
      }
    }
    signal += power
    noise += isFinite ? difference : 1e10 * (power > 0 ? power : 1)
  }
}
