extension ReportPage {
  // MARK: - Error by layer

  var errors: Section? {
    let worst = report.worstLayers(Self.listedLayers)
    let hasShares = worst.contains { $0.errorShare != nil }
    let measured = report.layers.contains { $0.sqnr != nil }
    guard !worst.isEmpty || measured else { return nil }
    var content = Markup()
    if hasShares { content += shares(worst) }
    if measured {
      content += element("h3", [:], "Signal to noise through the network")
      content += element(
        "p", ["class": "remark"],
        "Each result beside the float model's, in dB, in the order of execution: the higher, the closer. It falls where error enters."
      )
      content += element("figure", [:], signalToNoise)
    }
    return Section(id: "errors", title: "Error by layer", shortTitle: "Errors", content: content)
  }

  private func shares(_ worst: [Report.Layer]) -> Markup {
    let greatest = max(worst.map { $0.errorShare ?? 0 }.max() ?? 0, 1e-12)
    let numbers = Dictionary(
      report.layers.enumerated().map { ($0.element.name, $0.offset + 1) },
      uniquingKeysWith: { first, _ in first })
    let rows = worst.map { layer -> Markup in
      let share = layer.errorShare ?? 0
      let decibels = layer.sqnr.map { " · \(Self.decibels($0))" } ?? ""
      return Self.barRow(
        numbers[layer.name].map(String.init) ?? "", Markup(name: layer.name),
        Bars.markup([Bars.Bar(share: share / greatest, style: "after")], thickness: 10),
        "\(NumberFormat.fixed(share * 100, digits: 1)) %\(decibels)")
    }
    let listed = worst.reduce(0) { $0 + ($1.errorShare ?? 0) }
    var words =
      "How much of the error of the model's outputs each layer makes when it alone is quantized, the worst first."
    let unlisted = report.layers.count { ($0.errorShare ?? 0) > 0 } - worst.count
    if unlisted > 0 {
      words +=
        " These \(worst.count) make \(NumberFormat.fixed(listed * 100, digits: 0)) %, \(NumberFormat.count(unlisted)) others the rest."
    }
    return element("h3", [:], "Share of the total error") + element("p", ["class": "remark"], Markup(words))
      + element("ol", ["class": "bars", "aria-label": "Share of the total error of each layer"], rows)
  }

  static func decibels(_ value: Double) -> String {
    value.isFinite ? "\(NumberFormat.fixed(value, digits: 1)) dB" : "exact"
  }

  private var signalToNoise: Markup {
    let layers = report.layers
    let finite = layers.compactMap { $0.sqnr }.filter(\.isFinite)
    let ticks = Chart.ticks(to: max(10, finite.max() ?? 10), count: 5)
    let top = ticks.last ?? 10
    let (above, plot) = (14.0, 140.0)
    let y = { (value: Double) in above + plot * (1 - max(0, min(top, value)) / top) }
    let lowest = layers.indices.filter { layers[$0].sqnr?.isFinite == true }.min {
      layers[$0].sqnr! < layers[$1].sqnr!
    }
    var words = "\(layers.count) layers"
    if let lowest {
      words += "; the lowest is \(layers[lowest].name) with \(Self.decibels(layers[lowest].sqnr!))"
    }
    var chart = Chart(title: "Signal to noise of each layer", description: words, height: above + plot + 22)
    for tick in ticks {
      chart.line(x1: 0, y1: y(tick), x2: 100, y2: y(tick), style: "grid")
      if tick > 0 { chart.text(x: 0, y: y(tick) - 3, "\(Chart.short(tick)) dB", style: "faint") }
    }
    // The labels of the axis stand left of the first column.
    let start = 9.0
    let step = (100 - start) / Double(max(1, layers.count))
    for (index, layer) in layers.enumerated() {
      guard let value = layer.sqnr else { continue }
      let x = start + step * (Double(index) + 0.14)
      let tip = "\(index + 1) \(layer.name): \(Self.decibels(value))"
      let height = above + plot - y(value.isFinite ? value : top)
      let style = value.isFinite ? index == lowest ? "mark" : "after" : "exact"
      chart.rectangle(
        x: x, y: above + plot - max(1, height), width: step * 0.72, height: max(1, height), style: style,
        tip: tip)
    }
    Self.numberColumns(&chart, count: layers.count, start: start, y: above + plot + 15)
    return chart.markup
  }

  /// Numbers under columns, as many as there is room for on a phone; those before the one with number 1 have none.
  static func numberColumns(
    _ chart: inout Chart, count: Int, unnumbered: Int = 0, start: Double, y: Double
  ) {
    guard count > unnumbered else { return }
    let width = (100 - start) / Double(count)
    let every = [1, 2, 5, 10, 20, 50, 100, 200, 500].first { Double($0) * width >= 5.5 } ?? 1000
    for number in stride(from: every, through: count - unnumbered, by: every) {
      let center = start + width * (Double(number + unnumbered) - 0.5)
      // Half of it would be cut off.
      guard center < 97.5 else { break }
      chart.text(x: center, y: y, String(number), style: "faint", anchor: .middle)
    }
  }
}
