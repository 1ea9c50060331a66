/// A report as a terminal shows it: tables that fit its width, and sentences.
///
///     print(TerminalReport(report, width: 80).text())
public struct TerminalReport: Sendable {
  public let report: Report
  /// Columns; `.max` for what is not a screen: tables are as wide as they need, sentences wrap at 80.
  public let width: Int
  /// Whether every transpose that is left is named.
  public var listsTransposes: Bool
  /// Whether warnings are part of the text; verbs that have said them already leave them out.
  public var showsWarnings: Bool

  public init(
    _ report: Report, width: Int = 80, listsTransposes: Bool = false, showsWarnings: Bool = true
  ) {
    self.report = report
    self.width = width
    self.listsTransposes = listsTransposes
    self.showsWarnings = showsWarnings
  }

  public func text() -> String {
    let sections = [
      comparison, quality, arena, target, classes, worstLayers, stages, done, notes, warnings, gates, closing,
    ]
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// The table of the gates and the sentence over all of them, alone.
  public func gatesText() -> String { gates }

  func sentences(_ lines: [String]) -> String {
    lines.map { $0.printable().wrapped(to: width, hanging: 2) }.joined()
  }

  // MARK: - What was measured

  private var comparison: String {
    let comparison = ReportComparison(report)
    guard !comparison.rows.isEmpty else { return "" }
    if comparison.isPair {
      let titles = comparison.titles
      var table = Table([.text(""), .number(titles.before), .number(titles.after), .number("change")])
      for row in comparison.rows { table.add(row.title, row.before, row.after, row.change) }
      return table.text(width: width)
    }
    var table = Table([.text(""), .number(comparison.titles.before)])
    for row in comparison.rows { table.add(row.title, row.before.isEmpty ? row.after : row.before) }
    return table.text(width: width)
  }

  private var quality: String {
    guard let quality = report.quality else { return "" }
    return sentences(quality.sentences)
  }

  private var arena: String {
    guard let arena = (report.after ?? report.before)?.arena else { return "" }
    var table = Table([
      .text("arena"), .number("head"), .number("tail"), .number("in use"), .number("arena size"),
    ])
    table.add(
      "Cortex-M (32 bits)", NumberFormat.count(arena.head), NumberFormat.count(arena.tail),
      NumberFormat.count(arena.head + arena.tail), NumberFormat.count(arena.minimum))
    return [table.text(width: width), peak(of: arena)].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private func peak(of arena: Report.Arena) -> String {
    let advice = arena.advice.map { "- \($0.printable())".wrapped(to: width, hanging: 2) }.joined()
    guard let moment = arena.peakMoment else { return advice }
    let alive = arena.buffers.filter { ($0.first...max($0.first, $0.last)).contains(moment) }
    guard !alive.isEmpty else { return advice }
    var table = Table([
      .text("alive at \(arena.peak)", isElastic: true), .number("bytes"), .number("offset"),
      .text("until", isElastic: true),
    ])
    for buffer in alive.sorted(by: { ($0.offset, $0.name) < ($1.offset, $1.name) }) {
      let until = arena.timeline.indices.contains(buffer.last) ? arena.timeline[buffer.last].name : ""
      table.add(buffer.name, NumberFormat.count(buffer.bytes), NumberFormat.count(buffer.offset), until)
    }
    table.addRule()
    table.add("the most at one time", NumberFormat.count(arena.timeline[moment].bytes))
    return table.text(width: width) + advice
  }

  private var target: String { report.target?.text(width: width) ?? "" }

  private var classes: String {
    guard let quality = report.quality else { return "" }
    let changed = quality.mostChangedClasses(5)
    guard !changed.isEmpty else { return "" }
    var table = Table([
      .text("classes that changed most", isElastic: true), .number("samples"), .number("before"),
      .number("after"), .number("change"), .number("lost"), .number("won"),
    ])
    let scale = MetricScale("top1")
    for entry in changed {
      let share = { (count: Int?) in scale.text(Double(count ?? 0) / Double(entry.samples)) }
      table.add(
        entry.title, NumberFormat.count(entry.samples), share(entry.correctBefore),
        share(entry.correctAfter), scale.change(entry.change),
        entry.broken.map(NumberFormat.count) ?? "", entry.mended.map(NumberFormat.count) ?? "")
    }
    return table.text(width: width)
  }

  private var worstLayers: String {
    let worst = report.worstLayers(5)
    guard !worst.isEmpty else { return "" }
    var table = Table([
      .text("layers with the largest error", isElastic: true), .text("operator", isElastic: true),
      .number("SQNR"), .number("cosine"), .number("share"),
    ])
    for layer in worst { table.add(LayerErrorRow(layer).cells) }
    return table.text(width: width)
  }
}

/// What is said of a layer's error in tables.
struct LayerErrorRow {
  let cells: [String]

  init(_ layer: Report.Layer) {
    let decibels = layer.sqnr.map { $0.isFinite ? "\(NumberFormat.fixed($0, digits: 1)) dB" : "exact" }
    let cosine = layer.cosine.map { NumberFormat.fixed($0, digits: 4) }
    let share = layer.errorShare.map { "\(NumberFormat.fixed($0 * 100, digits: 1)) %" }
    cells = [layer.name, layer.operator, decibels ?? "", cosine ?? "", share ?? ""]
  }
}

extension Report.Arena {
  /// Where in ``timeline`` most is alive.
  var peakMoment: Int? {
    guard let greatest = timeline.map(\.bytes).max() else { return nil }
    return timeline.firstIndex { $0.bytes == greatest && $0.name == peak }
      ?? timeline.firstIndex { $0.bytes == greatest }
  }
}
