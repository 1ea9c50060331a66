extension TerminalReport {
  /// How the model was made: calibration, and everything that was changed.
  var done: String { sentences(report.story) }

  var stages: String {
    // A single stage without a word about it says nothing new.
    guard report.stages.count > 1 || report.stages.contains(where: { !$0.options.isEmpty }) else { return "" }
    var table = Table([.text("stage"), .text("options", isElastic: true), .number("file")])
    for stage in report.stages {
      table.add(
        stage.name, stage.options.map { "\($0.name) \($0.value)" }.joined(separator: ", "),
        stage.fileBytes.map(NumberFormat.bytes) ?? "")
    }
    return table.text(width: width)
  }

  var notes: String {
    sentences(report.remarks(listsTransposes: listsTransposes).map { "note: \($0)" })
  }

  var warnings: String {
    guard showsWarnings else { return "" }
    return report.warnings.map { warning in
      let hint = (warning.hint ?? "").printable(keepsLines: true).split(separator: "\n").map { "  \($0)\n" }
      return "warning: \(warning.message.printable())".wrapped(to: width, hanging: 2)
        + hint.joined().wrapped(to: width)
    }.joined()
  }

  var gates: String {
    guard !report.gates.isEmpty else { return "" }
    var table = Table([
      .text("gate"), .text("limit"), .text("found", isElastic: true), .text("margin", isElastic: true),
      .text(""),
    ])
    for gate in report.gates {
      table.add(gate.gate, gate.limit, gate.found, gate.margin, gate.outcome.word)
    }
    let remarks = report.gates.compactMap { gate in gate.remark.map { "\(gate.gate): \($0)" } }
    return table.text(width: width) + sentences(remarks) + "\(report.gateVerdict)\n"
  }

  var closing: String {
    var lines = report.outputs.map { file in
      "\(file.path): \(file.what)" + (file.bytes.map { ", \(NumberFormat.bytes($0))" } ?? "")
    }
    var facts: [String] = []
    if let arithmetic = report.tool.arithmetic, report.quality != nil {
      facts.append("measured in the arithmetic of \(arithmetic)")
    }
    if report.run.seconds > 0 { facts.append(NumberFormat.duration(seconds: report.run.seconds)) }
    if !facts.isEmpty { lines.append(facts.joined(separator: ", ")) }
    return sentences(lines)
  }
}

extension Report {
  /// Notes, and the transposes that are left; several are one note unless all are asked for.
  public func remarks(listsTransposes: Bool) -> [String] {
    let transposes = changes.filter { $0.kind == .transpose }.map { change in
      [change.what, change.why].compactMap { $0 }.joined(separator: ": ")
    }
    return (notes + transposes).foldingTransposes(listsAll: listsTransposes)
  }

  /// How the model was made, in sentences: calibration first, then the changes. Ranges and biases are told by their count:
  /// there is one for nearly every layer.
  public var story: [String] {
    var lines: [String] = []
    if let calibration { lines += calibration.sentences }
    let counted: [Change.Kind] = [.transpose] + (calibration == nil ? [] : [.range, .bias])
    for change in changes where !counted.contains(change.kind) {
      var line = change.kind == .rewrite ? "rewritten: \(change.what)" : change.what
      if let error = change.error {
        let size =
          error == 0
          ? "exact" : "within \(NumberFormat.significant(error, digits: 2)) of the result's size"
        line += " (\(size))"
      }
      if !change.nodes.isEmpty { line += ": \(change.nodes.shortList)" }
      if let why = change.why { line += "; \(why)" }
      lines.append(line)
    }
    return lines
  }

  /// "all 4 gates hold", "2 of 4 gates fail"
  public var gateVerdict: String {
    let failed = gates.count { !$0.passes }
    if failed > 0, gates.count == 1 { return "the gate fails" }
    if failed > 0 {
      return "\(NumberFormat.count(failed)) of \(NumberFormat.count(gates.count, of: "gate")) "
        + (failed == 1 ? "fails" : "fail")
    }
    return gates.count == 1 ? "the gate holds" : "all \(NumberFormat.count(gates.count)) gates hold"
  }
}

extension Report.Calibration {
  var sentences: [String] {
    var count = NumberFormat.count(samples, of: "sample")
    if let totalSamples, samples < totalSamples { count += " of \(NumberFormat.count(totalSamples))" }
    let kinds = choices.map { "\($0.method) for \(NumberFormat.count($0.ranges, of: "range"))" }
    var lines = ["calibrated on \(count): \(kinds.isEmpty ? method : kinds.joined(separator: ", "))"]
    if !correctedBiases.isEmpty {
      let operators = NumberFormat.count(correctedBiases.count, of: "operator")
      lines.append("biases of \(operators) corrected for the mean error of rounding")
    }
    return lines
  }
}

extension Report.GateResult.Outcome {
  /// What tables say.
  public var word: String {
    switch self {
    case .holds: "holds"
    case .withinNoise: "holds (noise)"
    case .fails: "FAILS"
    case .unknown: "UNKNOWN"
    }
  }
}

extension [String] {
  /// The first few, and how many more.
  var shortList: String {
    let shown = prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return count > 3 ? "\(shown) and \(count - 3) more" : shown
  }
}
