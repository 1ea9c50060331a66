import Graph
import Statistics

/// The gates over how good a model is.
struct QualityGates {
  let limits: GateLimits
  let report: Report
  let baseline: BaselineEntry?

  /// Sums of binary fractions come this near to what they stand for.
  private static let tolerance = 1e-9

  private static let measuring =
    "measure it: give the verb that makes the report --data and --labels (in a recipe: evaluation and labels)"

  func results() throws(Diagnostic) -> [Report.GateResult] {
    [try drop, least, classDrop, agreement, noise].compactMap { $0 }
  }

  /// The measurement of the model that is judged.
  private var found: Report.Measurement? {
    guard let quality = report.quality, quality.metric != nil else { return nil }
    return quality.after ?? quality.before
  }

  private var scale: MetricScale { MetricScale(report.quality?.metric ?? "") }

  /// Numbers that a report can mean: what was not finite is read back as infinity.
  private func isSound(_ value: Double) -> Bool {
    value.isFinite && (scale.unit != .share || (-1e-9...1.000_000_001).contains(value))
  }

  // MARK: - The drop

  private var drop: Report.GateResult? {
    get throws(Diagnostic) {
      guard let limit = limits.maxDrop else { return nil }
      let words = limit.words(for: scale)
      guard let quality = report.quality, let found else {
        return .unknown("max-drop", words, Self.measuring)
      }
      guard isSound(found.value) else {
        return .unknown("max-drop", words, "\(scale.name) is not a number in the report")
      }
      if let baseline {
        let reference = try reference(in: baseline)
        guard let reference else {
          return .unknown(
            "max-drop", words,
            "the baseline's model was not measured: bring it up to date with 'edgeopt baseline update'")
        }
        return judge(
          limit, Drop(from: reference.value, to: found.value, scale), significance(reference, found, quality),
          whose: "in the baseline (\(NumberFormat.count(reference.samples, of: "sample")))",
          samples: quality.samples)
      }
      guard quality.after != nil, let before = quality.before, isSound(before.value) else {
        return .unknown(
          "max-drop", words, "the report measured one model only: give --baseline FILE to compare with")
      }
      let test = quality.difference.map(\.significance)
      return judge(
        limit, Drop(from: before.value, to: found.value, scale), test, whose: "before",
        samples: quality.samples)
    }
  }

  private func reference(in baseline: BaselineEntry) throws(Diagnostic) -> BaselineEntry.Quality? {
    guard let reference = baseline.quality else { return nil }
    guard reference.metric == scale.name else {
      throw Diagnostic(
        .badData,
        "the baseline of '\(baseline.name)' was measured in \(reference.metric), the report in \(scale.name)",
        hint: "measure with --metric \(reference.metric), or bring the baseline up to date")
    }
    return isSound(reference.value) ? reference : nil
  }

  /// Sample by sample where both reports hold the outcomes of the same samples, else as if drawn apart.
  private func significance(
    _ reference: BaselineEntry.Quality, _ found: Report.Measurement, _ quality: Report.Quality
  ) -> Significance {
    if let changes = changes(since: reference, quality) {
      return .mcNemar(broken: changes.broken, mended: changes.mended)
    }
    if let before = reference.correct, let after = found.correct {
      return .twoProportions(Share(before, of: reference.samples), Share(after, of: quality.samples))
    }
    let before = Interval(reference.low, reference.high)
    let after = Interval(found.low, found.high)
    guard reference.confidence == quality.confidence, (0.01...0.9999).contains(quality.confidence) else {
      return Significance(pValue: 1, test: "")
    }
    return .twoEstimates(
      reference.value, before, found.value, after, confidence: Confidence(quality.confidence))
  }

  private func changes(
    since reference: BaselineEntry.Quality, _ quality: Report.Quality
  ) -> (broken: Int, mended: Int)? {
    guard let now = quality.outcomes, let then = reference.outcomes, reference.samples == quality.samples
    else {
      return nil
    }
    return now.changes(since: then, of: quality.samples)
  }

  private func judge(
    _ limit: DropLimit, _ drop: Drop, _ test: Significance?, whose: String, samples: Int
  ) -> Report.GateResult {
    let excess = drop.size - drop.size(of: limit)
    let exceeds = excess > Self.tolerance
    var outcome = exceeds ? Report.GateResult.Outcome.fails : .holds
    var remarks = ["\(scale.text(drop.before)) \(whose), \(scale.text(drop.after)) now"]
    if drop.size > 0, let test, !test.test.isEmpty {
      let level = limits.confidence.level
      let isChance = !test.isSignificant(at: level)
      if test.isKnown(at: level) {
        if exceeds, isChance, limits.significant { outcome = .withinNoise }
        remarks.append(chance(isChance, "the drop of \(drop.text(drop.size))", test, samples: samples))
      } else {
        remarks.append(
          "whether chance explains it is not known at \(NumberFormat.confidence(level)) confidence: "
            + "measure with --confidence \(limits.confidence.text), or lower the gate's")
      }
      if let reference = baseline?.quality, report.quality.flatMap({ changes(since: reference, $0) }) == nil {
        remarks.append("compared without pairing: the baseline is of other samples, or holds no outcomes")
      }
    } else if drop.size > 0 {
      remarks.append("whether chance explains it is not known: the report has no test of it")
    }
    // As many digits as tell the two apart.
    let digits = exceeds ? (2...9).first { drop.shows(excess, digits: $0) } ?? 9 : 2
    return Report.GateResult(
      gate: "max-drop", limit: limit.words(for: scale),
      found: drop.size > 0
        ? drop.text(drop.size, digits: digits)
        : drop.size < 0 ? "gain of \(drop.text(-drop.size))" : "no drop",
      outcome: outcome,
      margin: "\(drop.text(abs(excess), digits: digits)) \(exceeds ? "too much" : "to spare")",
      remark: remarks.joined(separator: "; "))
  }

  private func chance(_ isChance: Bool, _ what: String, _ test: Significance, samples: Int) -> String {
    let level = limits.confidence
    let sureness = level == .usual ? "" : " at \(NumberFormat.confidence(level.level)) confidence"
    let verdict =
      isChance
      ? "is inside the noise of \(NumberFormat.count(samples, of: "sample"))" : "is more than chance explains"
    return "\(what) \(verdict)\(sureness) (\(test.test): \(NumberFormat.probability(test.pValue)))"
  }

  // MARK: - The other gates

  private var least: Report.GateResult? {
    guard let limit = limits.minMetric else { return nil }
    let scale = scale
    guard let found else { return .unknown("min-metric", limit.text, Self.measuring) }
    let words = scale.text(limit.value)
    guard isSound(found.value) else {
      return .unknown("min-metric", words, "\(scale.name) is not a number in the report")
    }
    let rest = scale.prefersSmaller ? limit.value - found.value : found.value - limit.value
    let holds = rest >= -Self.tolerance
    var remark: String?
    if found.low <= limit.value, limit.value <= found.high, let quality = report.quality {
      remark =
        "the limit lies inside the \(NumberFormat.confidence(quality.confidence)) interval "
        + scale.interval(found.low, found.high)
    }
    let digits = holds ? 2 : (2...9).first { scale.shows(rest, digits: $0) } ?? 9
    return Report.GateResult(
      gate: "min-metric", limit: words, found: scale.text(found.value, decimals: digits),
      outcome: holds ? .holds : .fails,
      margin: "\(scale.amount(rest, decimals: digits)) \(holds ? "to spare" : "missing")", remark: remark)
  }

  private var classDrop: Report.GateResult? {
    guard let limit = limits.maxClassDrop else { return nil }
    let words = NumberFormat.points(limit.text)
    let classes = (report.quality?.classes ?? []).filter {
      $0.samples > 0 && $0.correctBefore != nil && $0.correctAfter != nil
    }
    guard let worst = decisive(of: classes, beyond: limit) else {
      return .unknown(
        "max-class-drop", words,
        "classes are compared where both models are measured on class labels: --data and --labels")
    }
    let points = MetricScale("top1")
    let excess = -worst.change - limit.points / 100
    let exceeds = excess > Self.tolerance
    var outcome = exceeds ? Report.GateResult.Outcome.fails : .holds
    var remark: String?
    if worst.change < 0, let test = significance(of: worst, among: classes.count) {
      let isChance = !test.isSignificant(at: limits.confidence.level)
      if exceeds, isChance, limits.significant { outcome = .withinNoise }
      remark = chance(
        isChance, "the drop of class '\(worst.title)' by \(points.amount(worst.change))", test,
        samples: worst.samples)
    }
    let digits = exceeds ? (2...9).first { points.shows(excess, digits: $0) } ?? 9 : 2
    return Report.GateResult(
      gate: "max-class-drop", limit: words,
      found: worst.change < 0
        ? "\(points.amount(worst.change, decimals: digits)) ('\(worst.title)')" : "no drop",
      outcome: outcome,
      margin: "\(points.amount(excess, decimals: digits)) \(exceeds ? "too much" : "to spare")",
      remark: remark)
  }

  /// The class with the largest drop. Where only drops beyond chance count, the largest of those that are beyond the limit
  /// and may not be put down to chance, if there is any: a small class must not hide a large one.
  private func decisive(
    of classes: [Report.ClassAccuracy], beyond limit: PointsLimit
  ) -> Report.ClassAccuracy? {
    let sorted = classes.sorted { ($0.change, $0.index) < ($1.change, $1.index) }
    guard limits.significant else { return sorted.first }
    let real = sorted.first { entry in
      guard -entry.change - limit.points / 100 > Self.tolerance else { return false }
      return significance(of: entry, among: classes.count)?.isSignificant(at: limits.confidence.level) ?? true
    }
    return real ?? sorted.first
  }

  /// One of many classes is bad by chance more easily than a single one; nil where the samples were not counted.
  private func significance(of entry: Report.ClassAccuracy, among count: Int) -> Significance? {
    guard let broken = entry.broken, let mended = entry.mended else { return nil }
    var test = Significance.mcNemar(broken: broken, mended: mended)
    test.pValue = min(1, test.pValue * Double(count))
    test.test += ", one of \(NumberFormat.count(count, of: "class", plural: "classes"))"
    return test
  }

  private var agreement: Report.GateResult? {
    guard let limit = limits.minAgreement else { return nil }
    let scale = MetricScale("top1")
    let words = scale.text(limit.value)
    guard let agreement = report.quality?.agreement, agreement.value.isFinite, agreement.value <= 1 else {
      return .unknown(
        "min-agreement", words,
        "both models have to choose classes of samples: give --data to the verb that makes the report, and --labels if the "
          + "outputs are not shares of classes")
    }
    let rest = agreement.value - limit.value
    let holds = rest >= -Self.tolerance
    let digits = holds ? 2 : (2...9).first { scale.shows(rest, digits: $0) } ?? 9
    return Report.GateResult(
      gate: "min-agreement", limit: words, found: scale.text(agreement.value, decimals: digits),
      outcome: holds ? .holds : .fails,
      margin: "\(scale.amount(rest, decimals: digits)) \(holds ? "to spare" : "missing")",
      remark: report.quality.map {
        "\(NumberFormat.count(agreement.count)) of \(NumberFormat.count($0.samples, of: "sample"))"
      })
  }

  private var noise: Report.GateResult? {
    guard let limit = limits.minSqnr else { return nil }
    let scale = MetricScale("sqnr")
    let words = "\(limit.text) dB"
    guard let decibels = report.quality?.outputSqnr, !decibels.isNaN else {
      if report.quality?.outputSqnrSamples != nil {
        return .unknown("min-sqnr", words, "the outputs that were compared hold values that are not finite")
      }
      return .unknown(
        "min-sqnr", words,
        "the outputs of both models have to be compared: 'quantize' does it on calibration samples, 'compare' on --data"
      )
    }
    let rest = decibels - limit.decibels
    let holds = rest >= -Self.tolerance
    let digits = holds ? 2 : (2...9).first { scale.shows(rest, digits: $0) } ?? 9
    return Report.GateResult(
      gate: "min-sqnr", limit: words,
      found: decibels.isFinite
        ? scale.text(decibels, decimals: digits) : decibels > 0 ? "no error" : "all error",
      outcome: holds ? .holds : .fails,
      margin: rest.isFinite
        ? "\(scale.amount(rest, decimals: digits)) \(holds ? "to spare" : "missing")" : "")
  }
}
