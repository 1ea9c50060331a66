import Datasets
import Reporting
import Statistics

/// Adds up what samples say, in their order, to a ``Report/Quality``.
struct QualityTally {
  private let evaluation: PairedEvaluation
  private var paired: PairedMetric?
  private var classes: ClassTally?
  private var outcomes = Report.OutcomeTally()
  private var samples = 0
  /// Samples whose outputs are shares of the classes.
  private var distributions = 0
  private var power = RunningRatio()

  private var isPair: Bool { evaluation.after != nil }

  init(_ evaluation: PairedEvaluation, classCount: Int?) {
    self.evaluation = evaluation
    paired = evaluation.metric.map { PairedMetric($0) }
    classes = classCount.map { ClassTally(classCount: $0, isPair: evaluation.after != nil) }
  }

  mutating func add(_ facts: SampleFacts) {
    samples += 1
    if facts.isDistribution { distributions += 1 }
    power.add(facts.signal, over: facts.noise)
    if let scores = facts.scores { paired?.add(before: scores.before, after: scores.after ?? scores.before) }
    classes?.add(chosen: facts.chosen.before, facts.chosen.after)
    guard let label = facts.label, let scores = facts.scores else { return }
    // What the metric counts, or else the chosen class.
    let before = scores.before.isRight ?? (facts.chosen.before == label)
    let after = scores.after.map { $0.isRight ?? (facts.chosen.after == label) } ?? false
    classes?.add(label: label, chosen: facts.chosen, isRight: (before, after))
    outcomes.add(label: label, sample: facts.fingerprint, isRight: isPair ? after : before)
  }

  /// Of the model before.
  var result: MetricResult? { paired.map { $0.before.result(evaluation.confidence) } }

  /// `pairs` are the outputs that were compared.
  func quality(pairs: Int) -> Report.Quality {
    let confidence = evaluation.confidence
    var quality = Report.Quality()
    quality.data = evaluation.data
    quality.samples = samples
    quality.confidence = confidence.level
    if let paired {
      quality.metric = paired.before.kind.rawValue
      quality.before = Report.Measurement(paired.before.result(confidence))
      if isPair {
        quality.after = Report.Measurement(paired.after.result(confidence))
        quality.difference = paired.difference(confidence, seed: evaluation.seed).map {
          Report.Difference($0, paired, confidence)
        }
      }
    }
    if (quality.after ?? quality.before)?.correct != nil { quality.outcomes = outcomes.outcomes }
    if let classes {
      quality.classes = classes.classes(names: evaluation.before.dataset.classNames)
      quality.confusion = classes.confusionMatrices
      // Without labels, only outputs that are shares of classes are known to choose one.
      let choosesClasses = paired != nil || distributions == samples
      if isPair, samples > 0, choosesClasses {
        quality.agreement = Report.Share(classes.agreeing, of: samples, confidence)
      }
    }
    if isPair, pairs > 0, samples > 0 {
      // A document has no word for NaN: what is no number would be read back as no error at all.
      let decibels = power.lower == 0 ? .infinity : Decibel.of(power.ratio)
      quality.outputSqnr = decibels > -.infinity ? decibels : nil
      quality.outputSqnrSamples = samples
    }
    return quality
  }
}

extension Report.Measurement {
  init(_ result: MetricResult) {
    self.init(
      value: result.value, low: result.low, high: result.high, correct: result.correct,
      notFinite: result.notFinite)
  }
}

extension Report.Difference {
  fileprivate init(_ found: PairedMetric.Difference, _ paired: PairedMetric, _ confidence: Confidence) {
    let counts = paired.outcomes.total > 0
    self.init(
      value: found.value, low: found.interval.low, high: found.interval.high,
      pValue: found.significance.pValue, test: found.significance.test,
      isSignificant: found.significance.isSignificant(at: confidence.level),
      leastPValue: found.significance.least > 0 ? found.significance.least : nil,
      broken: counts ? paired.outcomes.broken : nil, mended: counts ? paired.outcomes.mended : nil)
  }
}

extension Report.Share {
  init(_ count: Int, of total: Int, _ confidence: Confidence) {
    let interval = confidence.share(count, of: total)
    self.init(
      value: total > 0 ? Double(count) / Double(total) : 0, low: interval.low, high: interval.high,
      count: count)
  }
}
