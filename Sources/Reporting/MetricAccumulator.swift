import Graph
import Storage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a sample ought to have given.
public enum ExpectedAnswer: Sendable {
  case classIndex(Int)
  case array(TensorValue)
}

/// Gathers a metric over samples in bounded memory. Sums run in the order of the samples, so that the same samples
/// give the same bits however they were batched.
///
///     var accumulator = MetricAccumulator(.top1)
///     try accumulator.add(output: probabilities, expected: .classIndex(3), named: "x.npy[0]")
///     accumulator.result.value
public struct MetricAccumulator: Sendable {
  public let metric: Metric
  private var count = 0
  private var correct = 0
  private var mean = RunningMean()
  private var ratio = GroupedSums(width: 2)
  private var scores: [ScoredSample] = []
  private var classCount = 0
  private var confusion = GroupedSums(width: 0)
  private var largestLabel = 0.0
  private var hasPerfectSample = false

  public init(_ metric: Metric) { self.metric = metric }

  /// Takes in one sample: the model's output for it (without regard to its axes, except for miou).
  ///
  /// `input` is what the model was given; auc needs it for models that reconstruct their input.
  public mutating func add(
    output: TensorValue, expected: ExpectedAnswer, input: TensorValue? = nil, named name: String
  ) throws(Diagnostic) {
    let answer = Answer(output: output, name: name)
    switch metric {
    case .top1, .top5: try addRank(answer, expected)
    case .auc: try addScore(answer, expected, input)
    case .miou: try addSegments(answer, expected)
    case .mse, .mae, .psnr, .cosine, .sqnr: try addDifference(answer, expected)
    }
    count += 1
  }

  // MARK: Classes

  private mutating func addRank(_ answer: Answer, _ expected: ExpectedAnswer) throws(Diagnostic) {
    let label = try answer.classIndex(expected)
    if !answer.output.type.isFloat, answer.output.elementCount == 1 {
      correct += answer.output.integer(at: 0) == label ? 1 : 0
      return
    }
    guard answer.values.count > 1 else {
      throw Diagnostic(
        .badData, "the model gives one number for each sample, \(metric.rawValue) needs one for each class",
        hint: "for a yes-or-no score use --metric auc")
    }
    try answer.check(label)
    // The first of equal ones counts as the best, as argmax has it.
    let own = answer.values[label]
    let better = answer.values.indices.count {
      answer.values[$0] > own || (answer.values[$0] == own && $0 < label) || answer.values[$0].isNaN
    }
    correct += better < (metric == .top1 ? 1 : 5) && !own.isNaN ? 1 : 0
  }

  private mutating func addScore(_ answer: Answer, _ expected: ExpectedAnswer, _ input: TensorValue?)
    throws(Diagnostic)
  {
    let label = try answer.classIndex(expected)
    guard label >= 0 else { throw Diagnostic(.badData, "the label of '\(answer.name)' is \(label)") }
    var values = answer.values
    if values.count > 2, let input, input.type.isFloat, input.elementCount == values.count, label <= 1 {
      // A model that rebuilds its input tells the unusual by how badly it does.
      let difference = values.indices.reduce(0.0) { sum, index in
        let error = Double(values[index]) - Double(input.floats[index])
        return sum + error * error
      }
      values = [Float(difference / Double(max(1, values.count)))]
    } else if values.count == 2 {
      values = [values[1] - values[0]]
    } else if values.count > 2 {
      try answer.check(label)
    }
    if values.count == 1, label > 1 {
      throw Diagnostic(
        .badData, "'\(answer.name)' has the label \(label); with one score for each sample labels are 0 or 1")
    }
    classCount = max(classCount, values.count)
    scores.append(ScoredSample(label: label, values: values))
  }

  private mutating func addSegments(_ answer: Answer, _ expected: ExpectedAnswer) throws(Diagnostic) {
    guard case .array(let labels) = expected else {
      throw Diagnostic(
        .badData, "miou needs a class for each pixel, '\(answer.name)' has one label",
        hint: "give label arrays")
    }
    let segments = try Segments(answer, labels: labels)
    if confusion.width == 0 {
      classCount = segments.classCount
      confusion = GroupedSums(width: classCount * classCount)
    }
    for (truth, found) in segments.pairs where (0..<classCount).contains(truth) {
      confusion.add(1, at: truth * classCount + found, sample: count)
    }
  }

  // MARK: Differences

  private mutating func addDifference(_ answer: Answer, _ expected: ExpectedAnswer) throws(Diagnostic) {
    let wanted = try answer.expectedValues(expected, metric: metric)
    let values = answer.values
    var squares = 0.0
    var absolutes = 0.0
    var power = 0.0
    var ownPower = 0.0
    var product = 0.0
    for index in values.indices {
      let (value, target) = (Double(values[index]), Double(wanted[index]))
      squares += (value - target) * (value - target)
      absolutes += abs(value - target)
      power += target * target
      ownPower += value * value
      product += value * target
      largestLabel = max(largestLabel, abs(target))
    }
    let elements = Double(max(1, values.count))
    switch metric {
    case .mse: mean.add(squares / elements)
    case .mae: mean.add(absolutes / elements)
    case .psnr:
      if squares == 0 { hasPerfectSample = true }
      mean.add(10 * log10(max(squares / elements, 1e-30)))
    case .cosine:
      let norm = (power * ownPower).squareRoot()
      mean.add(norm > 0 ? product / norm : power == ownPower ? 1 : 0)
    default:
      ratio.add(power, at: 0, sample: count)
      ratio.add(squares, at: 1, sample: count)
    }
  }

  // MARK: Result

  public var result: MetricResult {
    var result = MetricResult(
      metric: metric, value: nil, interval: nil, sampleCount: count, correctCount: nil)
    guard count > 0 else { return result }
    switch metric {
    case .top1, .top5:
      result.value = Double(correct) / Double(count)
      result.interval = Interval.wilson(correct, of: count)
      result.correctCount = correct
    case .mse, .mae, .cosine:
      result.value = mean.mean
      result.interval = mean.interval
    case .psnr:
      // Values are between 0 and 1, or bytes.
      let peak = 20 * log10(largestLabel <= 1 ? 1.0 : 255.0)
      result.value = hasPerfectSample && mean.mean <= -299 ? .infinity : peak - mean.mean
      result.interval = mean.interval.map { (peak - $0.upperBound)...(peak - $0.lowerBound) }
    case .sqnr:
      (result.value, result.interval) = ratio.estimate { $0[1] == 0 ? .infinity : 10 * log10($0[0] / $0[1]) }
    case .miou:
      let classes = classCount
      (result.value, result.interval) = confusion.estimate { meanIntersection($0, classes: classes) }
    case .auc:
      let samples = scores
      let classes = classCount
      result.value = areaUnderCurve(samples, classes: classes)
      result.interval = Interval.jackknife(value: result.value, groups: Interval.groupCount) { left in
        areaUnderCurve(
          samples.enumerated().filter { $0.offset % Interval.groupCount != left }.map(\.element),
          classes: classes)
      }
    }
    return result
  }
}
