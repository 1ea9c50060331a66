import Storage

/// A report as Markdown, for a comment on a pull request or a job's summary: the verdict first, then a short table; what
/// fewer people want is folded.
///
///     let comment = MarkdownReport(report).text()
public struct MarkdownReport: Sendable {
  /// What a comment on GitHub may hold.
  public static let commentLimit = 65_536
  /// What the steps of a job may write into its summary, with room for those of other steps.
  public static let summaryLimit = 500_000

  public let report: Report
  /// In bytes, which are never fewer than characters.
  public let limit: Int

  public init(_ report: Report, limit: Int = MarkdownReport.commentLimit) {
    self.report = report
    self.limit = limit
  }

  private struct Section {
    /// Under which the section is folded; nil where it is open.
    var summary: String?
    var lines: [String]

    init(_ lines: [String], under summary: String? = nil) {
      self.lines = lines
      self.summary = summary
    }

    var head: String { summary.map { "<details>\n<summary>\(MarkdownText.html($0))</summary>\n\n" } ?? "" }
    var tail: String { summary == nil ? "\n" : "\n</details>\n\n" }
  }

  public func text() -> String {
    let cut = """

      **The rest is cut off:** this \(limit > Self.commentLimit ? "summary" : "comment") may have \
      \(NumberFormat.count(limit)) characters at most. \
      All of it is in the report's other forms (.html, .json).

      """
    let footer = footer
    var room = limit - footer.utf8.count - cut.utf8.count
    var result = ""
    for section in sections where !section.lines.isEmpty {
      let text = section.head + section.lines.map { $0 + "\n" }.joined() + section.tail
      if text.utf8.count <= room {
        result += text
        room -= text.utf8.count
        continue
      }
      return result + beginning(of: section, room: room) + cut + footer
    }
    return result + footer
  }

  /// As many whole lines as there is room for.
  private func beginning(of section: Section, room: Int) -> String {
    var room = room - section.head.utf8.count - section.tail.utf8.count
    var lines = ""
    for line in section.lines {
      room -= line.utf8.count + 1
      if room < 0 { break }
      lines += line + "\n"
    }
    return lines.isEmpty ? "" : section.head + lines + section.tail
  }

  // MARK: - Sections

  private var sections: [Section] {
    [
      Section([verdict, "", summary]), Section(gates), Section(warnings), Section(comparison),
      Section(MarkdownText.list(report.quality?.sentences ?? [])), Section(target),
      Section(classes, under: "Classes that changed most"), Section(layers, under: layersTitle),
      Section(arena, under: "Memory"), Section(stages, under: "Stages"),
      Section(MarkdownText.list(report.story), under: "What was done"),
      Section(
        MarkdownText.list(report.remarks(listsTransposes: false)),
        under: "Notes (\(NumberFormat.count(report.remarks(listsTransposes: false).count)))"),
      Section(MarkdownText.list(report.outputs.map(line)), under: "Files"),
    ]
  }

  private var verdict: String {
    let name = MarkdownText.escaped(String(report.name.prefix(200)))
    if !report.gates.isEmpty {
      let mark = report.gates.allSatisfy(\.passes) ? "✅" : "❌"
      return "### \(mark) \(name): \(report.gateVerdict)"
    }
    if let target = report.target {
      let fits = target.flash.fits && target.memory.fits
      let title = MarkdownText.escaped(String(target.title.prefix(200)))
      return "### \(fits ? "✅" : "❌") \(name): \(fits ? "fits" : "does not fit") \(title)"
    }
    return "### \(name): \(report.verb)"
  }

  /// The three numbers that everybody asks for.
  private var summary: String {
    let rows = ReportComparison(report).rows
    let wanted = ["file", report.quality?.metric ?? "", "arena, Cortex-M"]
    return wanted.compactMap { title in
      rows.first { $0.title == title && !title.isEmpty }.map(phrase)
    }.joined(separator: " · ")
  }

  private func phrase(_ row: ReportComparison.Row) -> String {
    let (before, after) = (MarkdownText.escaped(row.before), MarkdownText.escaped(row.after))
    let title = MarkdownText.escaped(row.title)
    if before.isEmpty || after.isEmpty { return "\(title) **\(before)\(after)**" }
    let change = row.change.isEmpty ? "" : " (\(row.change.replacing(" ", with: "\u{A0}")))"
    return "\(title) \(before) → **\(after)**\(change)"
  }

  private var gates: [String] {
    guard !report.gates.isEmpty else { return [] }
    let failed = report.gates.filter { !$0.passes }
    let rows = (failed + report.gates.filter(\.passes)).map { gate in
      [gate.outcome.mark, gate.gate, gate.limit, gate.found, gate.margin]
    }
    let remarks = report.gates.compactMap { gate in gate.remark.map { "\(gate.gate): \($0)" } }
    return MarkdownText.table(["", "gate", "limit", "found", "margin"], rows)
      + (remarks.isEmpty ? [] : [""] + MarkdownText.list(remarks))
  }

  private var warnings: [String] {
    report.warnings.map { warning in
      let hint = (warning.hint ?? "").split(separator: "\n").joined(separator: " ")
      return "- ⚠️ \(MarkdownText.escaped(warning.message))"
        + (hint.isEmpty ? "" : ": \(MarkdownText.escaped(hint))")
    }
  }

  private var comparison: [String] {
    let comparison = ReportComparison(report)
    guard !comparison.rows.isEmpty else { return [] }
    if comparison.isPair {
      return MarkdownText.table(
        ["", comparison.titles.before, comparison.titles.after, "change"], numeric: [1, 2, 3],
        comparison.rows.map { [$0.title, $0.before, $0.after, $0.change] })
    }
    return MarkdownText.table(
      ["", comparison.titles.before], numeric: [1],
      comparison.rows.map { [$0.title, $0.before.isEmpty ? $0.after : $0.before] })
  }

  private var target: [String] {
    guard let target = report.target else { return [] }
    let rows = [("flash", target.flash), ("SRAM", target.memory)].map { name, budget in
      [
        budget.fits ? "✅ \(name)" : "❌ \(name)", NumberFormat.exactBytes(budget.available),
        NumberFormat.exactBytes(budget.reserved), NumberFormat.exactBytes(budget.used),
        NumberFormat.exactBytes(budget.left),
      ]
    }
    var lines = MarkdownText.table(
      [target.title, "there is", "reserved", "model", "left"], numeric: [1, 2, 3, 4], rows)
    if let latency = target.latency {
      let time = NumberFormat.duration(seconds: latency.milliseconds / 1000)
      lines += ["", "About \(time): \(MarkdownText.escaped(latency.basis))"]
    }
    return lines + (target.notes.isEmpty ? [] : [""] + MarkdownText.list(target.notes))
  }

  private var classes: [String] {
    guard let quality = report.quality else { return [] }
    let changed = quality.mostChangedClasses(20)
    guard !changed.isEmpty else { return [] }
    let scale = MetricScale("top1")
    return MarkdownText.table(
      ["class", "samples", "before", "after", "change"], numeric: [1, 2, 3, 4],
      changed.map { entry in
        let share = { (count: Int?) in scale.text(Double(count ?? 0) / Double(entry.samples)) }
        return [
          entry.title, NumberFormat.count(entry.samples), share(entry.correctBefore),
          share(entry.correctAfter), scale.change(entry.change),
        ]
      })
  }

  private var layersTitle: String { "Layers with the largest error" }

  private var layers: [String] {
    let worst = report.worstLayers(20)
    guard !worst.isEmpty else { return [] }
    return MarkdownText.table(
      ["layer", "operator", "SQNR", "cosine", "share"], numeric: [2, 3, 4],
      worst.map { LayerErrorRow($0).cells })
  }

  private var arena: [String] {
    guard let arena = (report.after ?? report.before)?.arena else { return [] }
    return MarkdownText.table(
      ["arena", "head", "tail", "in use", "arena size"], numeric: [1, 2, 3, 4],
      [
        [
          "Cortex-M (32 bits)", NumberFormat.count(arena.head), NumberFormat.count(arena.tail),
          NumberFormat.count(arena.head + arena.tail), NumberFormat.count(arena.minimum),
        ]
      ])
      + ["", "Most is alive at \(MarkdownText.escaped(arena.peak))."]
      + (arena.advice.isEmpty ? [] : [""] + MarkdownText.list(arena.advice))
  }

  private var stages: [String] {
    guard !report.stages.isEmpty else { return [] }
    return MarkdownText.table(
      ["stage", "options", "file"], numeric: [2],
      report.stages.map { stage in
        [
          stage.name, stage.options.map { "\($0.name) \($0.value)" }.joined(separator: ", "),
          stage.fileBytes.map(NumberFormat.bytes) ?? "",
        ]
      })
  }

  private func line(_ file: Report.OutputFile) -> String {
    "\(file.path): \(file.what)" + (file.bytes.map { ", \(NumberFormat.bytes($0))" } ?? "")
  }

  /// The comment at the end tells one report's comment from another's, so that a job finds its own and replaces it: by as
  /// much of the name as may stand there, for people, and by the digest of all of it.
  private var footer: String {
    let key = report.name.prefix(100).filter {
      ($0.isASCII && ($0.isLetter || $0.isNumber)) || $0 == "_" || $0 == "."
    }
    var digest = SHA256()
    digest.add(report.name)
    let mark = [String(key), String(digest.hexadecimal.prefix(12))].filter { !$0.isEmpty }.joined(
      separator: " ")
    let version = "\(report.tool.name) \(report.tool.version)"
    return "<sub>\(MarkdownText.escaped(String(version.prefix(100))))</sub>\n<!-- edgeopt \(mark) -->\n"
  }
}

extension Report.GateResult.Outcome {
  fileprivate var mark: String {
    switch self {
    case .holds: "✅"
    case .withinNoise: "☑️ noise"
    case .fails: "❌"
    case .unknown: "❓ not measured"
    }
  }
}
