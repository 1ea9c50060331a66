import Statistics

extension Report.Quality {
  /// What became of the accuracy, in sentences, each with what chance alone may do.
  ///
  ///     for sentence in quality.sentences { print(sentence) }
  public var sentences: [String] {
    [differenceSentence, agreementSentence].compactMap { $0 } + notFiniteSentences
  }

  private var differenceSentence: String? {
    guard let difference, let metric, difference.value.isFinite else { return nil }
    let scale = MetricScale(metric)
    var text = "\(metric) "
    if difference.value == 0 {
      text += "stays the same"
    } else {
      text += difference.value < 0 ? "falls" : "rises"
      text += " by \(scale.amount(difference.value))"
      if difference.low.isFinite, difference.high.isFinite {
        let ends = scale.changes(difference.low, difference.high)
        text += " (\(NumberFormat.confidence(confidence)) interval \(ends))"
      }
    }
    if let broken = difference.broken, let mended = difference.mended {
      let total = NumberFormat.count(samples, of: "sample")
      text +=
        broken + mended == 0
        ? ": no sample of \(NumberFormat.count(samples)) changes sides"
        : ": of \(total) \(NumberFormat.count(broken)) \(broken == 1 ? "was" : "were") lost, \(NumberFormat.count(mended)) gained"
    }
    guard difference.value != 0 || difference.broken ?? 0 > 0 else { return text }
    return text + "; \(difference.verdict(on: samples, at: confidence))"
  }

  private var agreementSentence: String? {
    guard let agreement, samples > 0 else { return nil }
    let scale = MetricScale("top1")
    return "both choose the same class for \(NumberFormat.count(agreement.count)) of "
      + "\(NumberFormat.count(samples, of: "sample")): \(scale.text(agreement.value)) "
      + "(\(NumberFormat.confidence(confidence)) interval \(scale.interval(agreement.low, agreement.high)))"
  }

  private var notFiniteSentences: [String] {
    [("before", before), ("after", after)].compactMap { name, measurement in
      guard let count = measurement?.notFinite, count > 0 else { return nil }
      return "\(NumberFormat.count(count, of: "sample")) gave NaN or infinity \(name); they count as wrong"
    }
  }

  /// The classes whose accuracy changed most, losses first; at most `count`.
  public func mostChangedClasses(_ count: Int) -> [Report.ClassAccuracy] {
    let changed = classes.filter { $0.correctBefore != nil && $0.correctAfter != nil && $0.samples > 0 }
      .filter { $0.change != 0 || ($0.broken ?? 0) + ($0.mended ?? 0) > 0 }
    let most = changed.sorted { (abs($1.change), $0.index) < (abs($0.change), $1.index) }.prefix(count)
    return most.sorted { ($0.change, $0.index) < ($1.change, $1.index) }
  }
}

extension Report.Difference {
  var significance: Significance { Significance(pValue: pValue, test: test, least: leastPValue ?? 0) }

  /// "that is inside the noise of 597 samples (McNemar, exact: p = 0.625)"
  func verdict(on samples: Int, at confidence: Double) -> String {
    guard significance.isKnown(at: confidence) else { return "whether that is chance is not known" }
    let verdict =
      isSignificant
      ? "that is more than chance explains"
      : "that is inside the noise of \(NumberFormat.count(samples, of: "sample"))"
    return "\(verdict) (\(test): \(NumberFormat.probability(pValue)))"
  }
}

extension Report.ClassAccuracy {
  /// The accuracy after minus that before; negative for a loss.
  public var change: Double {
    guard let correctBefore, let correctAfter, samples > 0 else { return 0 }
    return Double(correctAfter - correctBefore) / Double(samples)
  }

  /// The class as people call it: "cat", "7".
  public var title: String { name ?? String(index) }
}

extension Report {
  /// The layers that make most of the error of the outputs, the worst first; at most `count`. Without shares, those with
  /// the least signal to noise.
  public func worstLayers(_ count: Int) -> [Layer] {
    let shared = layers.filter { ($0.errorShare ?? 0) > 0 }
    if !shared.isEmpty {
      return Array(shared.sorted { $0.errorShare! > $1.errorShare! }.prefix(count))
    }
    let measured = layers.filter { $0.sqnr?.isFinite == true }
    return Array(measured.sorted { $0.sqnr! < $1.sqnr! }.prefix(count))
  }
}
