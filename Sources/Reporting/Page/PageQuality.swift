extension ReportPage {
  // MARK: - Before and after

  var comparison: Section? {
    let comparison = ReportComparison(report)
    guard !comparison.rows.isEmpty else { return nil }
    var content = Markup()
    if comparison.isPair {
      var table = PageTable(
        "The models side by side",
        [.text(""), .number(comparison.titles.before), .number(comparison.titles.after), .number("Change")],
        folds: true)
      for row in comparison.rows {
        table.add(
          .init(Markup(title(of: row))), .init(row.before.typographic),
          .init(row.after.typographic),
          .init(row.change.typographic))
      }
      content += table.markup
    } else {
      var table = PageTable("What the model costs", [.text(""), .number(comparison.titles.before)])
      for row in comparison.rows {
        table.add(
          .init(Markup(title(of: row))),
          .init((row.before.isEmpty ? row.after : row.before).typographic))
      }
      content += table.markup
    }
    return Section(
      id: "numbers", title: comparison.isPair ? "Before and after" : "The model",
      shortTitle: "Numbers", content: content)
  }

  private func title(of row: ReportComparison.Row) -> String {
    row.title == report.quality?.metric ? Self.metricTitle(row.title) : row.title.capitalizedFirst
  }

  // MARK: - Accuracy

  var quality: Section? {
    guard let quality = report.quality else { return nil }
    var content = Self.list((quality.sentences.map(\.capitalizedFirst) + outputs(quality)).map(\.typographic))
    content += intervals(quality)
    content += changedClasses(quality)
    content += confusion(quality)
    content += allClasses(quality)
    if !quality.data.isEmpty {
      let data = quality.data.joined(separator: ", ")
      content += element(
        "p", ["class": "remark"], "Measured on ", Self.code(data),
        ", \(NumberFormat.count(quality.samples, of: "sample")).")
    }
    guard !content.isEmpty else { return nil }
    let isAccuracy = quality.metric.map { MetricScale($0).unit == .share } ?? false
    return Section(id: "accuracy", title: isAccuracy ? "Accuracy" : "Quality", content: content)
  }

  private func outputs(_ quality: Report.Quality) -> [String] {
    guard let sqnr = quality.outputSqnr else { return [] }
    let samples = quality.outputSqnrSamples.map { ", on \(NumberFormat.count($0, of: "sample"))" } ?? ""
    return ["Outputs beside those of the model before: \(Self.decibels(sqnr)) signal to noise\(samples)"]
  }

  /// What chance alone may do to each accuracy, on one scale.
  private func intervals(_ quality: Report.Quality) -> Markup {
    let measured = [("before", quality.before), ("after", quality.after)].compactMap { name, value in
      value.flatMap { $0.low.isFinite && $0.high.isFinite && $0.value.isFinite ? (name, $0) : nil }
    }
    guard let metric = quality.metric, !measured.isEmpty else { return Markup() }
    let scale = MetricScale(metric)
    let least = measured.map(\.1.low).min()!
    let greatest = measured.map(\.1.high).max()!
    let span = max(greatest - least, abs(greatest) * 1e-6, 1e-12)
    let place = { (value: Double) in 1 + (value - least) / span * 98 }
    let confidence = NumberFormat.confidence(quality.confidence)
    let words = measured.map { name, value in
      let text =
        "\(scale.text(value.value)) (\(confidence) interval \(scale.interval(value.low, value.high)))"
      return measured.count > 1 ? "\(name) \(text)" : text
    }
    var chart = Chart(
      title: "\(Self.metricTitle(metric)) with \(confidence) intervals",
      description: words.joined(separator: "; "), height: Double(measured.count) * 44)
    for (index, (name, value)) in measured.enumerated() {
      let top = Double(index) * 44
      let y = top + 28
      chart.text(x: 0, y: top + 13, words[index])
      chart.line(x1: place(value.low), y1: y, x2: place(value.high), y2: y, style: "span \(name)")
      for end in [value.low, value.high] {
        chart.line(x1: place(end), y1: y - 5, x2: place(end), y2: y + 5, style: "span \(name)")
      }
      chart.rectangle(x: place(value.value) - 0.4, y: y - 6, width: 0.8, height: 12, style: name)
    }
    return element("figure", [:], chart.markup)
  }

  // MARK: - Classes

  private func changedClasses(_ quality: Report.Quality) -> Markup {
    let changed = quality.mostChangedClasses(12)
    guard !changed.isEmpty else { return Markup() }
    return element("h3", [:], "Classes that changed most") + classTable("Classes that changed most", changed)
  }

  private func allClasses(_ quality: Report.Quality) -> Markup {
    guard !quality.classes.isEmpty else { return Markup() }
    let count = NumberFormat.count(quality.classes.count)
    return Self.folded(
      "All \(count) classes", classTable("Accuracy of each class", quality.classes, isSortable: true))
  }

  private func classTable(
    _ caption: String, _ classes: [Report.ClassAccuracy], isSortable: Bool = false
  ) -> Markup {
    let isPair = classes.contains { $0.correctBefore != nil && $0.correctAfter != nil }
    let hasMoved = classes.contains { $0.broken != nil || $0.mended != nil }
    var columns: [PageTable.Column] = [.text("Class"), .number("Samples")]
    columns += isPair ? [.number("Before"), .number("After"), .number("Change")] : [.number("Accuracy")]
    if hasMoved {
      columns += [.number("Lost", "right before, wrong after"), .number("Won", "wrong before, right after")]
    }
    columns.append(.text(""))
    var table = PageTable(caption, columns, isSortable: isSortable, folds: true)
    let scale = MetricScale("top1")
    for entry in classes {
      let share = { (count: Int?) in count.map { Double($0) / Double(max(1, entry.samples)) } }
      let (before, after) = (share(entry.correctBefore), share(entry.correctAfter))
      let text = { (value: Double?) in
        PageTable.Cell(Markup(value.map { scale.text($0) } ?? "–"), value: value)
      }
      var cells = [
        PageTable.Cell(Markup(entry.title), style: "name"),
        .init(Markup(NumberFormat.count(entry.samples)), value: Double(entry.samples)),
      ]
      if isPair {
        cells += [
          text(before), text(after), .init(scale.change(entry.change).typographic, value: entry.change),
        ]
      } else {
        cells.append(text(after ?? before))
      }
      if hasMoved {
        cells += [entry.broken ?? 0, entry.mended ?? 0].map {
          .init(Markup(NumberFormat.count($0)), value: Double($0))
        }
      }
      let bars = [
        before.map { Bars.Bar(share: $0, style: "before") },
        after.map { Bars.Bar(share: $0, style: "after") },
      ]
      cells.append(.init(Bars.markup(bars.compactMap { $0 }, thickness: 5), style: "bars"))
      table.add(cells)
    }
    return table.markup
  }
}
