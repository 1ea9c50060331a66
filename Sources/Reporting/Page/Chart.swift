/// A picture whose width is the page's and whose text keeps its size: places across are in percent, those down in pixels.
///
///     var chart = Chart(title: "Bytes alive", description: "…", height: 120)
///     chart.rectangle(x: 0, y: 20, width: 12.5, height: 100, style: "after", tip: "conv1: 8,000 bytes")
struct Chart {
  enum Anchor: String { case start, middle, end }

  let title: String
  let description: String
  let height: Double
  private var parts: [Markup] = []

  init(title: String, description: String, height: Double) {
    self.title = title
    self.description = description
    self.height = height
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, style: String, tip: String? = nil
  ) {
    let shape = element(
      "rect",
      [
        "class": style, "x": percent(x), "y": Self.short(y), "width": percent(width),
        "height": Self.short(height),
      ], tip.map { element("title", [:], Markup($0)) } ?? Markup())
    parts.append(shape)
  }

  mutating func line(
    x1: Double, y1: Double, x2: Double, y2: Double, style: String
  ) {
    parts.append(
      element(
        "line",
        [
          "class": style, "x1": percent(x1), "y1": Self.short(y1), "x2": percent(x2), "y2": Self.short(y2),
        ]))
  }

  /// `isWide`: only where the screen is.
  mutating func text(
    x: Double, y: Double, _ text: String, style: String = "label", anchor: Anchor = .start,
    isWide: Bool = false
  ) {
    parts.append(
      element(
        "text",
        [
          "class": isWide ? "\(style) wide" : style, "x": percent(x), "y": Self.short(y),
          "text-anchor": anchor == .start ? nil : anchor.rawValue,
        ], Markup(text)))
  }

  var markup: Markup {
    element(
      "svg", ["class": "chart", "role": "img", "width": "100%", "height": Self.short(height)],
      [element("title", [:], Markup(title)), element("desc", [:], Markup(description))] + parts)
  }

  private func percent(_ value: Double) -> String { Self.short(value, digits: 3) + "%" }

  /// Without zeros that say nothing.
  static func short(_ value: Double, digits: Int = 1) -> String {
    var text = NumberFormat.fixed(value, digits: digits)
    while text.hasSuffix("0"), text.contains(".") { text.removeLast() }
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  /// Round numbers from 0 to at least `greatest`, at most `count` steps: 0, 10, 20, 30.
  static func ticks(to greatest: Double, count: Int) -> [Double] {
    guard greatest > 0, greatest.isFinite else { return [0] }
    var power = 1.0
    while power * 10 <= greatest { power *= 10 }
    while power > greatest { power /= 10 }
    let steps = [power / 10, power / 5, power / 4, power / 2, power, power * 2, power * 5]
    let step = steps.first { greatest / $0 <= Double(count) } ?? power * 10
    return (0...Int((greatest / step).rounded(.up))).map { Double($0) * step }
  }
}

/// Small bars beside a number that says the same.
enum Bars {
  struct Bar {
    /// Of the whole width, 0 to 1.
    var share: Double
    var style: String
  }

  static func markup(_ bars: [Bar], thickness: Double = 7) -> Markup {
    let height = max(0, Double(bars.count) * (thickness + 2) - 2)
    let shapes = bars.enumerated().map { index, bar in
      element(
        "rect",
        [
          "class": bar.style, "x": "0", "y": Chart.short(Double(index) * (thickness + 2)),
          "width": Chart.short(max(0, min(1, bar.share)) * 100, digits: 2) + "%",
          "height": Chart.short(thickness), "rx": "1.5",
        ])
    }
    return element(
      "svg",
      ["class": "bar", "aria-hidden": "true", "width": "100%", "height": Chart.short(height)], shapes)
  }
}
