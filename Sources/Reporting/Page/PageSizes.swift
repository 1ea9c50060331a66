extension ReportPage {
  // MARK: - Size by layer

  /// What layers of a long list are summed up as.
  static var listedLayers: Int { 24 }

  var sizes: Section? {
    let weighty = report.layers.enumerated().filter {
      $0.element.bytesAfter > 0 || ($0.element.bytesBefore ?? 0) > 0
    }
    guard !weighty.isEmpty else { return nil }
    let isPair = weighty.contains { $0.element.bytesBefore != nil }
    let bytes = { (layer: Report.Layer) in max(layer.bytesBefore ?? 0, layer.bytesAfter) }
    var listed = weighty
    if weighty.count > Self.listedLayers {
      let largest = weighty.sorted { (-bytes($0.element), $0.offset) < (-bytes($1.element), $1.offset) }
      listed = largest.prefix(Self.listedLayers - 1).sorted { $0.offset < $1.offset }
    }
    let greatest = max(1, weighty.map { bytes($0.element) }.max() ?? 1)
    var rows = listed.map { index, layer in
      sizeRow(
        "\(index + 1)", Markup(name: layer.name), before: layer.bytesBefore, after: layer.bytesAfter,
        scale: greatest)
    }
    let shown = Set(listed.map(\.offset))
    let others = weighty.filter { !shown.contains($0.offset) }.map(\.element)
    if !others.isEmpty {
      let before = isPair ? others.reduce(0) { $0 &+ ($1.bytesBefore ?? 0) } : nil
      let after = others.reduce(0) { $0 &+ $1.bytesAfter }
      let title = "\(NumberFormat.count(others.count)) smaller layers together"
      // Without bars: their sum would dwarf every single layer.
      rows.append(
        Self.barRow(
          "", element("em", [:], Markup(title)), Bars.markup([]), sizes(before: before, after: after)))
    }
    var content = element(
      "p", ["class": "remark"],
      "Constants of each layer in bytes, in the order of execution. The numbers in front are those of the layer table."
    )
    if isPair { content += Self.legend }
    content += element("ol", ["class": "bars", "aria-label": "Size of each layer"], rows)
    return Section(id: "sizes", title: "Size by layer", shortTitle: "Sizes", content: content)
  }

  static var legend: Markup {
    element(
      "p", ["class": "legend", "aria-hidden": "true"], element("span", ["class": "key before"], ""), "before",
      element("span", ["class": "key after"], ""), "after")
  }

  private func sizeRow(_ number: String, _ name: Markup, before: Int?, after: Int, scale: Int) -> Markup {
    var bars = [Bars.Bar(share: Double(after) / Double(scale), style: "after")]
    if let before {
      bars.insert(Bars.Bar(share: Double(before) / Double(scale), style: "before"), at: 0)
    }
    return Self.barRow(number, name, Bars.markup(bars), sizes(before: before, after: after))
  }

  private func sizes(before: Int?, after: Int) -> Markup {
    before.map { "\(NumberFormat.bytes($0)) → \(NumberFormat.bytes(after))" }
      ?? Markup(NumberFormat.bytes(after))
  }

  /// A line of a chart that is a list, too.
  static func barRow(_ number: String, _ name: Markup, _ bars: Markup, _ text: Markup) -> Markup {
    element(
      "li", [:],
      element(
        "span", ["class": "title"], element("span", ["class": "index"], Markup(number)),
        element("span", ["class": "name"], name)),
      bars, element("span", ["class": "value"], text))
  }
}
