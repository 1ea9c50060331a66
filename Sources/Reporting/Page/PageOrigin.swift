extension ReportPage {
  // MARK: - What was done, and why

  var work: Section? {
    var content = Markup()
    if !report.changes.isEmpty { content += changes }
    if let calibration = report.calibration { content += self.calibration(calibration) }
    if !report.stages.isEmpty { content += stages }
    return content.isEmpty
      ? nil : Section(id: "work", title: "What was done, and why", shortTitle: "Changes", content: content)
  }

  /// Kinds of which there are many are one line, which opens.
  private var changes: Markup {
    let kinds = Dictionary(grouping: report.changes, by: \.kind)
    let isMany = { (kind: Report.Change.Kind) in (kinds[kind]?.count ?? 0) > 4 }
    let few = report.changes.filter { !isMany($0.kind) }
    var result = few.isEmpty ? Markup() : element("ul", ["class": "plain"], few.map(item))
    var told: Set<Report.Change.Kind> = []
    for change in report.changes where isMany(change.kind) && told.insert(change.kind).inserted {
      let all = kinds[change.kind] ?? []
      result += Self.folded(
        "\(NumberFormat.count(all.count)) \(Self.plural(of: change.kind))",
        element("ul", ["class": "plain"], all.map(item)))
    }
    return result
  }

  private static func plural(of kind: Report.Change.Kind) -> String {
    switch kind {
    case .rewrite: "operators rewritten in others"
    case .transpose: "transposes between layers that need different layouts"
    case .bias: "biases corrected"
    case .range: "ranges chosen"
    case .memory: "changes of the memory plan"
    case .output: "changes of outputs"
    case .pruning: "layers pruned"
    case .other: "other changes"
    }
  }

  private func item(_ change: Report.Change) -> Markup {
    var text =
      element("span", ["class": "tag"], Markup(change.kind.rawValue)) + " "
      + Markup(change.what.capitalizedFirst)
    if let why = change.why { text += Markup(": \(why)") }
    if let error = change.error {
      text += Markup(
        error == 0
          ? " (exact)" : " (within \(NumberFormat.significant(error, digits: 2)) of the result's size)")
    }
    if !change.nodes.isEmpty {
      text += element(
        "p", ["class": "remark"], Self.code(change.nodes.prefix(12).joined(separator: ", ")),
        Markup(change.nodes.count > 12 ? " and \(change.nodes.count - 12) more" : ""))
    }
    return element("li", [:], text)
  }

  private func calibration(_ calibration: Report.Calibration) -> Markup {
    var facts: [(String, Markup)] = [("Data", Self.code(calibration.paths.joined(separator: ", ")))]
    var samples = NumberFormat.count(calibration.samples)
    if let total = calibration.totalSamples, total != calibration.samples {
      samples += " of \(NumberFormat.count(total))"
    }
    facts.append(("Samples", Markup(samples)))
    facts.append(("Method", Markup(calibration.method)))
    if !calibration.choices.isEmpty {
      let choices = calibration.choices.map {
        "\($0.method) for \(NumberFormat.count($0.ranges, of: "range"))"
      }
      facts.append(("Chosen", Markup(choices.joined(separator: ", "))))
    }
    if let converged = calibration.hasConverged {
      facts.append(
        (
          "Converged",
          converged
            ? "yes: the second half of the samples hardly widened a range"
            : "no: ranges still grew in the second half of the samples"
        ))
    }
    if !calibration.correctedBiases.isEmpty {
      facts.append(("Corrected biases", Markup(calibration.correctedBiases.shortList)))
    }
    if let digest = calibration.sha256 { facts.append(("SHA-256 of the samples", Self.code(digest))) }
    return element("h3", [:], "Calibration") + Self.facts(facts)
  }

  private var stages: Markup {
    var table = PageTable(
      "Stages of the recipe", [.text("Stage"), .text("Options"), .number("File"), .text("SHA-256")],
      folds: true)
    for stage in report.stages {
      let options = stage.options.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
      table.add(
        .init(stage.name), .init(Markup(options), style: "name"),
        .init(stage.fileBytes.map(NumberFormat.bytes) ?? ""),
        .init(Markup(stage.sha256.map { String($0.prefix(12)) + "…" } ?? ""), style: "code"))
    }
    return element("h3", [:], "Stages") + table.markup
  }

  // MARK: - Origin

  var origin: Section? {
    var content = Markup()
    for (title, model) in [("Before", report.before), ("After", report.after)] {
      guard let model else { continue }
      let isPair = report.before != nil && report.after != nil
      content += element("h3", [:], Markup(isPair ? title : "Model")) + identity(model)
    }
    if let qdq = report.qdq { content += self.qdq(qdq) }
    if !report.outputs.isEmpty {
      content +=
        element("h3", [:], "Files")
        + Self.list(
          report.outputs.map { file in
            Self.code(file.path)
              + Markup(": \(file.what)" + (file.bytes.map { ", \(NumberFormat.bytes($0))" } ?? ""))
          })
    }
    return content.isEmpty
      ? nil : Section(id: "origin", title: "Models and files", shortTitle: "Files", content: content)
  }

  private func qdq(_ qdq: Report.QDQ) -> Markup {
    var facts = [("File", Self.code(qdq.path))]
    if let sqnr = qdq.sqnr { facts.append(("Beside the device's outputs", Markup(Self.decibels(sqnr)))) }
    var content = element("h3", [:], "The same as QDQ ONNX") + Self.facts(facts)
    if !qdq.differing.isEmpty {
      content += element(
        "p", [:], "Results of these operators may be a step or more apart from the device's:")
      content += Self.list(qdq.differing.map { Self.code($0.node) + Markup(": \($0.reason)") })
    }
    return content
  }

  private func identity(_ model: Report.Model) -> Markup {
    var facts: [(String, Markup)] = [
      ("File", Self.code(model.path)), ("Format", Markup("\(model.format), \(model.precision)")),
      ("SHA-256", Self.code(model.sha256)),
    ]
    facts += model.inputs.map { ("Input", port($0)) } + model.outputs.map { ("Output", port($0)) }
    facts += model.provenance.map {
      ($0.name.replacing("_", with: " ").capitalizedFirst, Self.code($0.value))
    }
    return Self.facts(facts)
  }

  private func port(_ port: Report.Port) -> Markup {
    var text = "\(port.type) \(port.shape.dimensions)"
    if let scale = port.scale {
      text += ", scale \(NumberFormat.significant(scale, digits: 4))"
      if let zero = port.zeroPoint { text += ", zero point \(zero)" }
    }
    return Self.code(port.name) + " " + text.typographic
  }

  // MARK: - The run

  var run: Section? {
    let run = report.run
    guard run.seconds > 0 || !run.steps.isEmpty else { return nil }
    var facts: [(String, Markup)] = [("Time", Markup(NumberFormat.duration(seconds: run.seconds)))]
    if run.peakMemoryBytes > 0 {
      facts.append(("Peak memory", Markup(NumberFormat.bytes(run.peakMemoryBytes))))
    }
    if run.threads > 0 { facts.append(("Threads", Markup(NumberFormat.count(run.threads)))) }
    if !run.instructionSet.isEmpty { facts.append(("Instruction set", Markup(run.instructionSet))) }
    if let rate = run.samplesPerSecond, rate.isFinite {
      facts.append(
        (
          "Evaluation",
          Markup(
            "\(rate < 100 ? NumberFormat.significant(rate, digits: 3) : NumberFormat.count(Int(min(rate, 1e12)))) samples/s"
          )
        ))
    }
    var content = Self.facts(facts)
    if !run.steps.isEmpty {
      let longest = max(run.steps.map(\.seconds).max() ?? 0, 1e-9)
      let rows = run.steps.enumerated().map { index, step in
        Self.barRow(
          "\(index + 1)", Markup(step.name),
          Bars.markup(
            [Bars.Bar(share: step.seconds / longest, style: step.isCached ? "before" : "after")],
            thickness: 10),
          Markup(
            NumberFormat.duration(seconds: step.seconds) + (step.isCached ? ", from an earlier run" : "")))
      }
      content += element("ol", ["class": "bars", "aria-label": "Steps"], rows)
    }
    return Section(id: "run", title: "The run", shortTitle: "Run", content: content)
  }
}
