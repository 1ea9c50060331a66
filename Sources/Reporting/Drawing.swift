/// Collects the elements of an SVG document.
struct Drawing {
  private var elements: [String] = []

  mutating func text(_ x: Double, _ y: Double, _ text: String, style: String) {
    elements.append("<text class=\"\(style)\" x=\"\(n(x))\" y=\"\(n(y))\">\(Self.escaped(text))</text>")
  }

  mutating func draw(_ box: GraphPicture.Box, at center: (x: Double, y: Double)) {
    let left = center.x - box.width / 2
    let top = center.y - box.height / 2
    let radius = box.family == .port ? box.height / 2 : 6
    elements.append("<g class=\"\(box.family.rawValue)\"><title>\(Self.escaped(box.tooltip))</title>")
    elements.append(
      "<rect x=\"\(n(left))\" y=\"\(n(top))\" width=\"\(n(box.width))\" height=\"\(n(box.height))\" rx=\"\(n(radius))\"/>"
    )
    for (index, line) in box.lines.enumerated() {
      let style = index == 0 ? "op" : index == box.lines.count - 1 ? "name" : "detail"
      text(center.x, top + 19 + 15 * Double(index), line, style: style)
    }
    elements.append("</g>")
  }

  mutating func drawEdge(along route: [Int], _ page: ColumnFold) {
    var path = ""
    for (upper, lower) in zip(route, route.dropFirst()) {
      let start = page.bottom(of: upper)
      let end = page.top(of: lower)
      if path.isEmpty { path = "M\(n(start.x)) \(n(start.y))" }
      if upper != route[0] { path += "L\(n(start.x)) \(n(start.y))" }
      if let detour = page.detour(from: upper, to: lower) {
        path +=
          "V\(n(detour.below))H\(n(detour.gutter))V\(n(detour.above))H\(n(end.x))V\(n(end.y))"
      } else if abs(start.x - end.x) < 0.5 {
        path += "L\(n(end.x)) \(n(end.y))"
      } else {
        let middle = (start.y + end.y) / 2
        path += "C\(n(start.x)) \(n(middle)) \(n(end.x)) \(n(middle)) \(n(end.x)) \(n(end.y))"
      }
    }
    elements.append("<path d=\"\(path)\" marker-end=\"url(#tip)\"/>")
  }

  /// A shape beside an edge.
  mutating func label(_ text: String, at point: (x: Double, y: Double), isLeft: Bool) {
    let style = isLeft ? "shape left" : "shape"
    elements.append(
      "<text class=\"\(style)\" x=\"\(n(point.x + (isLeft ? -6 : 6)))\" y=\"\(n(point.y + 15))\">\(Self.escaped(text))</text>"
    )
  }

  func document(width: Double, height: Double) -> String {
    let families = Family.allCases.map { family in
      ".\(family.rawValue) rect{fill:\(family.colors.fill);stroke:\(family.colors.border)}"
    }
    let style =
      ["text{font-family:Helvetica,Arial,sans-serif;text-anchor:middle;fill:#0f172a;font-size:11px}"]
      + [
        ".title{font-size:16px;font-weight:bold;text-anchor:start}.sub{text-anchor:start;fill:#475569;font-size:12px}"
      ]
      + [".op{font-weight:bold;font-size:12.5px}.detail{fill:#1e293b}.name{fill:#64748b;font-size:10.5px}"]
      + [
        ".shape{text-anchor:start;fill:#475569;font-size:10px;stroke:#fff;stroke-width:3px;paint-order:stroke}.left{text-anchor:end}"
      ]
      + [".port text{fill:#f8fafc}path{fill:none;stroke:#64748b;stroke-width:1.3;stroke-linejoin:round}"]
      + families
    let size = "width=\"\(n(width))\" height=\"\(n(height))\" viewBox=\"0 0 \(n(width)) \(n(height))\""
    let head = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size)>", "<style>\(style.joined())</style>",
      "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
        + "<polygon points=\"0,0.8 8,4 0,7.2\" fill=\"#64748b\"/></marker></defs>",
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
    ]
    return (head + elements + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// Numbers with one digit are exact enough for a screen.
  private func n(_ value: Double) -> String {
    let text = NumberFormat.fixed(value, digits: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      // XML 1.0 has no way to write most control characters.
      case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
