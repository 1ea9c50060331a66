extension ReportPage {
  // MARK: - Layers

  var layers: Section? {
    guard !report.layers.isEmpty else { return nil }
    var content = layerTable
    let details = report.layers.enumerated().map(details).filter { !$0.isEmpty }
    if !details.isEmpty {
      content += element("h3", ["id": "ranges"], "Ranges and histograms")
      content += element(
        "p", ["class": "remark"],
        "What each layer holds, and in the shaded part what its integers can express. Heights are logarithmic, so that rare values show."
      )
      content += element("div", ["class": "layers"], details)
    }
    let title = NumberFormat.count(report.layers.count, of: "layer").capitalizedFirst
    return Section(id: "layers", title: title, shortTitle: "Layers", content: content)
  }

  private var layerTable: Markup {
    let layers = report.layers
    let hasBefore = layers.contains { $0.bytesBefore != nil }
    let hasRange = layers.contains { $0.range != nil }
    let hasError = layers.contains { $0.sqnr != nil || $0.cosine != nil }
    let hasShare = layers.contains { $0.errorShare != nil }
    var columns: [PageTable.Column] = [
      .text("Layer"), .number("#", "Order of execution"), .text("Operator"), .text("Result"),
      .number("Bits", "Of weights and of the result"), .number("Parameters"),
      .number("MACs", "Multiply-accumulates"),
    ]
    columns +=
      hasBefore
      ? [.number("Before", "Bytes of constants before"), .number("After", "Bytes of constants after")]
      : [.number("Bytes", "Bytes of constants")]
    if hasRange { columns.append(.number("Range", "What the integers can express")) }
    if hasError {
      columns += [.number("SQNR", "Signal to noise beside the float model, dB"), .number("Cosine")]
    }
    if hasShare { columns.append(.number("Error", "Share of the total error")) }
    var table = PageTable("Layers in the order of execution", columns, isSortable: true)
    for (index, layer) in layers.enumerated() {
      var cells: [PageTable.Cell] = [
        .init(Markup(name: layer.name), style: "name"),
        .init(Markup(String(index + 1)), value: Double(index + 1)),
        .init(Markup(layer.operator), style: "code"),
        .init(Markup(layer.outputShape.dimensions), style: "code"),
        .init(
          Markup(Self.bits(layer)), value: Double(layer.weightBits ?? 0) * 100 + Double(layer.activationBits)),
        Self.count(layer.parameters), Self.count(layer.macs),
      ]
      cells += (hasBefore ? [layer.bytesBefore ?? 0] : []).map(Self.count) + [Self.count(layer.bytesAfter)]
      if hasRange {
        let width = layer.range.map { $0.upper - $0.lower }
        cells.append(.init(layer.range.map { Self.interval($0.lower, $0.upper) } ?? "", value: width))
      }
      if hasError {
        let decibels = layer.sqnr.map { $0.isFinite ? NumberFormat.fixed($0, digits: 1) : "exact" }
        cells.append(.init((decibels ?? "").typographic, value: layer.sqnr))
        cells.append(
          .init(
            (layer.cosine.map { NumberFormat.fixed($0, digits: 4) } ?? "").typographic, value: layer.cosine))
      }
      if hasShare {
        let share = layer.errorShare.map { "\(NumberFormat.fixed($0 * 100, digits: 1)) %" }
        cells.append(.init(Markup(share ?? ""), value: layer.errorShare))
      }
      table.add(cells)
    }
    return table.markup
  }

  private static func count(_ value: Int) -> PageTable.Cell {
    .init(Markup(value == 0 ? "" : NumberFormat.count(value)), value: Double(value))
  }

  private static func bits(_ layer: Report.Layer) -> String {
    layer.weightBits.map { "\($0)/\(layer.activationBits)" } ?? "\(layer.activationBits)"
  }

  static func interval(_ lower: Double, _ upper: Double) -> Markup {
    "\(number(lower)) … \(number(upper))".typographic
  }

  /// Three digits that tell, without a tail of zeros.
  static func number(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let text = NumberFormat.significant(value, digits: 3)
    guard text.contains("."), !text.contains("e") else { return text }
    var short = text
    while short.hasSuffix("0") { short.removeLast() }
    return short.hasSuffix(".") ? String(short.dropLast()) : short
  }

  // MARK: - One layer

  private func details(_ index: Int, _ layer: Report.Layer) -> Markup {
    guard layer.weights != nil || layer.activations != nil || layer.range != nil else { return Markup() }
    var brief = layer.operator
    if let sqnr = layer.sqnr { brief += " · \(Self.decibels(sqnr))" }
    let summary = element(
      "summary", [:], element("span", ["class": "index"], Markup(String(index + 1))),
      element("span", ["class": "name"], Markup(name: layer.name)),
      element("span", ["class": "brief"], Markup(brief)))
    let pictures = [("Weights", layer.weights), ("Results", layer.activations)].compactMap {
      title, histogram in
      histogram.flatMap { HistogramPicture($0, title: title, of: layer.name)?.markup }
    }
    return element(
      "details", [:], summary, facts(layer),
      pictures.isEmpty ? Markup() : element("div", ["class": "pair"], pictures))
  }

  private func facts(_ layer: Report.Layer) -> Markup {
    var facts: [(String, Markup)] = []
    if let range = layer.range {
      facts.append(("Range", Self.interval(range.lower, range.upper)))
      if let least = range.least, let greatest = range.greatest {
        facts.append(("Seen", Self.interval(least, greatest)))
      }
      facts.append(("Scale", Markup(NumberFormat.significant(range.scale, digits: 4))))
      facts.append(("Zero point", String(range.zeroPoint).typographic))
      if let choice = range.choice { facts.append(("Chosen by", Markup(choice))) }
      if let reason = range.reason { facts.append(("Because", Markup(reason))) }
    }
    facts.append(("Shapes", "\(layer.inputShape.dimensions) → \(layer.outputShape.dimensions)"))
    facts.append(("Result", "\(layer.type), \(NumberFormat.exactBytes(layer.activationBytes))"))
    if !layer.nodes.isEmpty { facts.append(("Source", Markup(name: layer.nodes.joined(separator: ", ")))) }
    return Self.facts(facts)
  }

  static func facts(_ facts: [(String, Markup)]) -> Markup {
    element(
      "dl", ["class": "facts"],
      facts.map { title, value in
        // Digests and lists of names take two columns.
        element(
          "div", ["class": value.html.count > 44 ? "long" : nil], element("dt", [:], Markup(title)),
          element("dd", [:], value))
      })
  }
}
