extension ReportPage {
  // MARK: - The head of the page

  var header: Markup {
    let kind = [report.verb, (report.after ?? report.before)?.precision].compactMap { $0 }
    return element(
      "header", [:], element("p", ["class": "kind"], Markup(kind.joined(separator: " · "))),
      element("h1", [:], Markup(report.name)), element("div", ["class": "verdicts"], verdicts))
  }

  private var verdicts: [Markup] {
    var result: [Markup] = []
    if !report.gates.isEmpty {
      let holds = report.gates.allSatisfy(\.passes)
      let isNoisy = report.gates.contains { $0.outcome == .withinNoise }
      var text = report.gateVerdict.capitalizedFirst
      if holds, isNoisy { text += ", within the noise" }
      result.append(verdict(holds ? isNoisy ? .withinNoise : .holds : .fails, text, href: "#gates"))
    }
    if let target = report.target {
      let fits = target.flash.fits && target.memory.fits
      let text = fits ? "Fits \(target.title)" : "Does not fit \(target.title)"
      result.append(verdict(fits ? .holds : .fails, text, href: "#target"))
    }
    if !report.warnings.isEmpty {
      let text = NumberFormat.count(report.warnings.count, of: "warning")
      result.append(verdict(.withinNoise, text, href: "#warnings"))
    }
    return result
  }

  private func verdict(_ outcome: Report.GateResult.Outcome, _ text: String, href: String) -> Markup {
    element("a", ["class": "verdict \(outcome.style)", "href": href], outcome.sign, Markup(text))
  }

  // MARK: - Key numbers

  var summary: Markup {
    let tiles = [sizeTile, compressedTile, flashTile, memoryTile, accuracyTile, workTile].compactMap { $0 }
    guard !tiles.isEmpty else { return Markup() }
    return element(
      "section", ["id": "summary", "aria-label": "Key numbers"], element("dl", ["class": "tiles"], tiles))
  }

  private func tile(_ title: String, before: String?, after: String?, _ notes: [Markup]) -> Markup? {
    guard let main = after ?? before else { return nil }
    var value = Markup()
    if after != nil, let before {
      value += element(
        "span", ["class": "was"], element("span", ["class": "spoken"], "before: "), Markup(before),
        element("span", ["class": "arrow", "aria-hidden": "true"], " → "),
        element("span", ["class": "spoken"], ", after: "))
    }
    value += element("strong", [:], Markup(main))
    return element(
      "div", ["class": "tile"], element("dt", [:], Markup(title)),
      element("dd", [:], [value] + notes.filter { !$0.isEmpty }.map { element("p", [:], $0) }))
  }

  private func bytesTile(_ title: String, _ bytes: KeyPath<Report.Model, Int>, _ note: Markup = Markup())
    -> Markup?
  {
    let (before, after) = (report.before?[keyPath: bytes], report.after?[keyPath: bytes])
    return tile(
      title, before: before.map(NumberFormat.bytes), after: after.map(NumberFormat.bytes),
      [Markup(Self.ratio(before, after)), note])
  }

  private var sizeTile: Markup? { bytesTile("Model file", \.fileBytes) }
  private var compressedTile: Markup? {
    bytesTile("Compressed", \.compressedBytes, "zlib, as sent over the air")
  }

  private var flashTile: Markup? {
    guard let model = report.after ?? report.before else { return nil }
    let graph = "\(NumberFormat.bytes(model.graphBytes)) for the graph"
    return bytesTile("Weights in flash", \.weightBytes, "and \(graph)")
  }

  private var memoryTile: Markup? {
    let (before, after) = (report.before?.arena, report.after?.arena)
    guard let arena = after ?? before else { return nil }
    return tile(
      "Arena in SRAM", before: before.map { NumberFormat.bytes($0.minimum) },
      after: after.map { NumberFormat.bytes($0.minimum) },
      [
        Markup(Self.ratio(before?.minimum, after?.minimum)),
        "head \(NumberFormat.count(arena.head)) B, tail \(NumberFormat.count(arena.tail)) B",
      ])
  }

  private var accuracyTile: Markup? {
    guard let quality = report.quality, let metric = quality.metric else { return agreementTile }
    let scale = MetricScale(metric)
    var notes: [Markup] = []
    if let difference = quality.difference, difference.value.isFinite {
      let meaning =
        difference.isSignificant
        ? "more than chance explains"
        : difference.significance.isKnown(at: quality.confidence) ? "within the noise" : "chance is not known"
      notes.append(
        difference.value == 0
          ? "no difference" : "\(scale.change(difference.value)): \(meaning)".typographic)
    }
    if let measured = quality.after ?? quality.before {
      let ends = scale.interval(measured.low, measured.high)
      if !ends.isEmpty {
        notes.append("\(NumberFormat.confidence(quality.confidence)) interval \(ends)".typographic)
      }
    }
    return tile(
      Self.metricTitle(metric), before: quality.before.map { scale.text($0.value) },
      after: quality.after.map { scale.text($0.value) }, notes)
  }

  private var agreementTile: Markup? {
    guard let quality = report.quality else { return nil }
    if let agreement = quality.agreement {
      return tile(
        "Same class as before", before: nil, after: MetricScale("top1").text(agreement.value),
        ["of \(NumberFormat.count(quality.samples, of: "sample"))"])
    }
    return tile(
      "Outputs beside the float model", before: nil,
      after: quality.outputSqnr.map { $0.isFinite ? "\(NumberFormat.fixed($0, digits: 1)) dB" : "exact" },
      ["signal to noise"])
  }

  private var workTile: Markup? {
    guard let model = report.after ?? report.before else { return nil }
    return tile(
      "Multiply-accumulates", before: nil, after: NumberFormat.scaled(model.macs),
      [
        "\(NumberFormat.scaled(model.parameters)) parameters, \(NumberFormat.count(model.operators, of: "operator"))"
      ])
  }

  // MARK: - Words

  /// "2.71 times smaller"; empty where there is nothing to compare.
  static func ratio(_ before: Int?, _ after: Int?) -> String {
    guard let before, let after, before > 0, after > 0 else { return "" }
    if before == after { return "the same" }
    let ratio = Double(max(before, after)) / Double(min(before, after))
    let word = after < before ? "smaller" : "larger"
    if ratio < 1.1 {
      let percent = abs(Double(after) / Double(before) - 1) * 100
      return "\(NumberFormat.significant(percent, digits: 2)) % \(word)"
    }
    return "\(NumberFormat.significant(ratio, digits: 3)) times \(word)"
  }

  static func metricTitle(_ metric: String) -> String {
    switch metric {
    case "top1": "Accuracy"
    case "top5": "Accuracy, best five"
    case "auc": "Area under the ROC curve"
    case "miou": "Mean intersection over union"
    case "mse": "Mean squared error"
    case "mae": "Mean absolute error"
    case "psnr": "PSNR"
    case "sqnr": "SQNR"
    default: metric.capitalizedFirst
    }
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension Report.GateResult.Outcome {
  var style: String {
    switch self {
    case .holds: "holds"
    case .withinNoise: "noise"
    case .fails: "fails"
    case .unknown: "unknown"
    }
  }

  /// Told apart by its form, too.
  var sign: Markup {
    let path =
      switch self {
      case .holds: "M3 8.5l3.2 3.2L13 4.8"
      case .withinNoise: "M8 3v6.2M8 11.6v1.4"
      case .fails: "M4 4l8 8M12 4l-8 8"
      case .unknown: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.6M8 12v1"
      }
    return element(
      "svg", ["class": "sign", "aria-hidden": "true", "viewBox": "0 0 16 16", "width": "16", "height": "16"],
      element("path", ["d": path]))
  }
}
