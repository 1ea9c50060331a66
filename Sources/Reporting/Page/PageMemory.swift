extension ReportPage {
  // MARK: - Memory over time

  var memory: Section? {
    guard let arena = report.after?.arena ?? report.before?.arena else { return nil }
    var content = Self.facts(
      [
        ("Head", Markup(NumberFormat.exactBytes(arena.head))),
        ("Tail", Markup(NumberFormat.exactBytes(arena.tail))),
        ("Arena size", Markup(NumberFormat.exactBytes(arena.minimum))),
        ("Most alive at once", Markup(NumberFormat.exactBytes(arena.lowerBound))),
      ] + (arena.bestHead.map { [("Head of a better plan", Markup(NumberFormat.exactBytes($0)))] } ?? []))
    content += element("p", [:], "Most is alive at ", element("strong", [:], Markup(arena.peak)), ".")
    content += Self.list(arena.advice.map { Markup($0) })
    if !arena.timeline.isEmpty {
      content += element("h3", [:], "Bytes alive at each operator") + element("figure", [:], timeline(arena))
    }
    if !arena.buffers.isEmpty, !arena.timeline.isEmpty {
      content += element("h3", [:], "The memory plan")
      content += element(
        "p", ["class": "remark"],
        "Each block is a buffer: across, the operators during which it is needed; upwards, where in the arena it lies."
      )
      content += element("figure", [:], plan(arena))
      content += Self.folded(
        "All \(NumberFormat.count(arena.buffers.count, of: "buffer"))", bufferTable(arena))
    }
    return Section(id: "memory", title: "Memory over time", shortTitle: "Memory", content: content)
  }

  private static var margin: Double { 11 }

  private func axis(_ chart: inout Chart, to greatest: Int, y: (Double) -> Double) {
    for tick in Chart.ticks(to: Double(greatest), count: 5) where tick <= Double(greatest) * 1.02 {
      chart.line(x1: 0, y1: y(tick), x2: 100, y2: y(tick), style: "grid")
      if tick > 0 { chart.text(x: 0, y: y(tick) - 3, Self.axisBytes(tick), style: "faint") }
    }
  }

  /// Round bytes without digits that say nothing: "20 kB".
  private static func axisBytes(_ bytes: Double) -> String {
    let units = [(1e6, "MB"), (1e3, "kB")]
    for (size, unit) in units where bytes >= size {
      return "\(Chart.short(bytes / size, digits: 2)) \(unit)"
    }
    return "\(Chart.short(bytes)) B"
  }

  private func timeline(_ arena: Report.Arena) -> Markup {
    let (above, plot) = (16.0, 130.0)
    let greatest = max(1, arena.timeline.map(\.bytes).max() ?? 1)
    let y = { (bytes: Double) in above + plot * (1 - bytes / Double(greatest)) }
    let peak = arena.peakMoment
    var chart = Chart(
      title: "Bytes alive at each operator",
      description: "The most is \(NumberFormat.exactBytes(greatest)) at \(arena.peak)",
      height: above + plot + 22)
    axis(&chart, to: greatest, y: y)
    let step = (100 - Self.margin) / Double(arena.timeline.count)
    for (index, moment) in arena.timeline.enumerated() {
      let top = y(Double(moment.bytes))
      chart.rectangle(
        x: Self.margin + step * (Double(index) + 0.06), y: top, width: step * 0.88,
        height: above + plot - top,
        style: index == peak ? "mark" : "after",
        tip: "\(arena.numbered(index)): \(NumberFormat.exactBytes(moment.bytes))")
    }
    if let peak {
      let center = Self.margin + step * (Double(peak) + 0.5)
      let anchor: Chart.Anchor = center < 30 ? .start : center > 70 ? .end : .middle
      chart.text(x: center, y: above - 5, "most: \(NumberFormat.exactBytes(greatest))", anchor: anchor)
    }
    Self.numberColumns(
      &chart, count: arena.timeline.count, unnumbered: arena.ticksBeforeOperators, start: Self.margin,
      y: above + plot + 15)
    return chart.markup
  }

  private func plan(_ arena: Report.Arena) -> Markup {
    let (above, plot) = (16.0, 240.0)
    let top = max(1, arena.head, arena.buffers.map { $0.offset &+ $0.bytes }.max() ?? 1)
    let y = { (bytes: Double) in above + plot * (1 - bytes / Double(top)) }
    let count = arena.timeline.count
    let step = (100 - Self.margin) / Double(count)
    var chart = Chart(
      title: "Memory plan",
      description:
        "\(NumberFormat.count(arena.buffers.count, of: "buffer")) in \(NumberFormat.exactBytes(arena.head)); the table below lists them",
      height: above + plot + 22)
    axis(&chart, to: top, y: y)
    var labels: [(x: Double, y: Double, text: String, isWide: Bool)] = []
    for (index, buffer) in arena.buffers.enumerated() {
      let first = max(0, min(buffer.first, count - 1))
      let last = max(first, min(buffer.last, count - 1))
      let upper = y(Double(buffer.offset &+ buffer.bytes))
      let height = max(1, y(Double(buffer.offset)) - upper)
      let left = Self.margin + step * Double(first)
      let width = step * Double(last - first + 1)
      chart.rectangle(
        x: left, y: upper, width: width, height: height, style: "buffer b\(index % 6)",
        tip:
          "\(buffer.name): \(NumberFormat.exactBytes(buffer.bytes)) at \(NumberFormat.count(buffer.offset)), "
          + "from \(arena.numbered(first)) to \(arena.numbered(last))")
      guard height >= 16, let label = label(buffer.name, percent: width) else { continue }
      labels.append((left + width / 2, upper + height / 2 + 4, label.text, label.isWide))
    }
    for label in labels {
      chart.text(x: label.x, y: label.y, label.text, style: "block", anchor: .middle, isWide: label.isWide)
    }
    Self.numberColumns(
      &chart, count: count, unnumbered: arena.ticksBeforeOperators, start: Self.margin, y: above + plot + 15)
    return chart.markup
  }

  /// A name as it fits a block on a phone, else on a wide screen, else nothing.
  private func label(_ name: String, percent: Double) -> (text: String, isWide: Bool)? {
    let room = { (page: Double) in Int((percent / 100 * page - 8) / 7) }
    var plain = name.spelledOut
    // What exporters put behind every name says nothing.
    if plain.hasSuffix("_output_0") { plain.removeLast("_output_0".count) }
    if plain.count <= room(340) { return (plain, false) }
    guard room(900) >= 7 else { return nil }
    // The end of a path tells one name from another.
    return (plain.count <= room(900) ? plain : "…" + plain.suffix(room(900) - 1), true)
  }

  private func bufferTable(_ arena: Report.Arena) -> Markup {
    var table = PageTable(
      "Buffers of the arena",
      [.text("Buffer"), .number("Bytes"), .number("Offset"), .text("From"), .text("To")], isSortable: true)
    for buffer in arena.buffers {
      table.add(
        .init(Markup(name: buffer.name), style: "name"),
        .init(Markup(NumberFormat.count(buffer.bytes)), value: Double(buffer.bytes)),
        .init(Markup(NumberFormat.count(buffer.offset)), value: Double(buffer.offset)),
        .init(Markup(name: arena.numbered(buffer.first)), value: Double(buffer.first), style: "name"),
        .init(Markup(name: arena.numbered(buffer.last)), value: Double(buffer.last), style: "name"))
    }
    return table.markup
  }
}

extension Report.Arena {
  /// Moments that are no operator: while the inputs are written.
  fileprivate var ticksBeforeOperators: Int { timeline.first?.name == "the inputs" ? 1 : 0 }

  /// "3 CONV_2D 'conv'", with the number that the layer has in other tables.
  fileprivate func numbered(_ tick: Int) -> String {
    guard timeline.indices.contains(tick) else { return "?" }
    let number = tick - ticksBeforeOperators + 1
    return number < 1 ? timeline[tick].name : "\(number) \(timeline[tick].name)"
  }
}
