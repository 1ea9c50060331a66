/// A histogram as a small picture, with the range that integers express shaded.
struct HistogramPicture {
  private let histogram: Report.Histogram
  private let title: String
  private let layer: String
  /// What the picture shows of the axis: all bins, and the range as far as that stays readable.
  private let start: Double
  private let end: Double

  /// nil where there is nothing to draw.
  init?(_ histogram: Report.Histogram, title: String, of layer: String) {
    let last = histogram.start + histogram.width * Double(histogram.counts.count)
    guard !histogram.counts.isEmpty, histogram.width > 0, histogram.start.isFinite, last.isFinite,
      histogram.counts.contains(where: { $0 > 0 })
    else { return nil }
    self.histogram = histogram
    self.title = title
    self.layer = layer
    // A range far wider than what there is would leave a line of the histogram.
    let room = (last - histogram.start) * 2
    start = max(min(histogram.start, histogram.lower ?? .infinity), histogram.start - room)
    end = min(max(last, histogram.upper ?? -.infinity), last + room)
  }

  private func x(_ value: Double) -> Double { max(0, min(1, (value - start) / (end - start))) * 100 }

  /// How many doublings, between whole ones by a straight line: enough for a picture, and the same on every machine.
  private static func logarithm(_ count: Int) -> Double {
    count <= 0 ? 0 : Double(Double(count).exponent) + Double(count).significand
  }

  var markup: Markup {
    let greatest = histogram.counts.map(Self.logarithm).max() ?? 1
    var path = ""
    var height = -1
    for (index, count) in histogram.counts.enumerated() {
      let next = Int((Self.logarithm(count) / greatest * 100).rounded())
      guard next != height else { continue }
      let place = Chart.short(x(histogram.start + histogram.width * Double(index)), digits: 1)
      path += path.isEmpty ? "M\(place) 100V\(100 - next)" : "H\(place)V\(100 - next)"
      height = next
    }
    path +=
      "H\(Chart.short(x(histogram.start + histogram.width * Double(histogram.counts.count)), digits: 1))V100Z"
    var shapes: [Markup] = []
    if let lower = histogram.lower, let upper = histogram.upper {
      let (left, right) = (x(lower), x(upper))
      shapes.append(
        element(
          "rect",
          [
            "class": "covered", "x": Chart.short(left), "y": "0", "width": Chart.short(right - left),
            "height": "100",
          ]))
      shapes.append(element("path", ["class": "bars", "d": path]))
      shapes += [left, right].map {
        element("path", ["class": "edge", "d": "M\(Chart.short($0)) 0V100"])
      }
    } else {
      shapes.append(element("path", ["class": "bars", "d": path]))
    }
    let picture = element(
      "svg",
      [
        "class": "histogram", "role": "img", "viewBox": "0 0 100 100", "preserveAspectRatio": "none",
        "width": "100%",
        "height": "88",
      ], [element("title", [:], "\(title) of \(layer)"), element("desc", [:], Markup(words))] + shapes)
    return element(
      "figure", [:], element("figcaption", [:], element("strong", [:], Markup(title)), Markup(caption)),
      picture,
      element(
        "p", ["class": "axis", "aria-hidden": "true"],
        element("span", [:], ReportPage.number(start).typographic),
        element("span", [:], ReportPage.number(end).typographic)))
  }

  private var words: String {
    let total = histogram.counts.reduce(0, &+)
    return "\(NumberFormat.count(total, of: "value")) between \(ReportPage.number(histogram.start)) and "
      + ReportPage.number(histogram.start + histogram.width * Double(histogram.counts.count)) + caption
  }

  private var caption: String {
    guard let lower = histogram.lower, let upper = histogram.upper else { return "" }
    let total = histogram.counts.reduce(0, &+)
    // Bins that lie wholly outside; half a bin forgives what was rounded.
    let slack = histogram.width / 2
    let outside = histogram.counts.enumerated().reduce(0) { sum, bin in
      let left = histogram.start + histogram.width * Double(bin.offset)
      let isOutside = left + histogram.width <= lower - slack || left >= upper + slack
      return sum &+ (isOutside ? bin.element : 0)
    }
    guard outside > 0, total > 0 else { return "" }
    let share = Double(outside) / Double(total) * 100
    let text = share < 0.01 ? "less than 0.01" : NumberFormat.fixed(share, digits: 2)
    return "; \(text) % outside the range"
  }
}
