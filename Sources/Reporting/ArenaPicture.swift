import Micro

/// A picture of the arena's head over time as SVG: a column for each operator, a block for each buffer from where it
/// is written to where it is read last, as high as it is large, at the place where it lies.
///
///     let svg = ArenaPicture(arena, title: "model.tflite").svg()
public struct ArenaPicture: Sendable {
  private let arena: ArenaPrediction
  private let title: String
  private let peak: ArenaPeak
  private let alive: [Int]

  // The page, in pixels.
  private let left = 84.0
  private let top = 88.0
  private let plotHeight = 380.0
  private let column: Double
  private var width: Double { left + column * Double(arena.ticks.count) + 24 }
  private var labelHeight: Double { column >= 13 ? 150 : 40 }
  private var height: Double { top + plotHeight + labelHeight }

  public init(_ arena: ArenaPrediction, title: String) {
    self.arena = arena
    self.title = title
    peak = arena.peak
    alive = arena.aliveByteCounts
    column = min(72, max(3, (900 / Double(max(1, arena.ticks.count))).rounded(.down)))
  }

  private func x(_ tick: Int) -> Double { left + column * Double(tick) }
  private func y(_ bytes: Int) -> Double {
    top + plotHeight - plotHeight * Double(bytes) / Double(max(1, arena.head))
  }

  /// The picture.
  public func svg() -> String {
    var elements = [String]()
    elements.append(text(24, 28, title, "title"))
    elements.append(text(24, 47, subtitle, "sub"))
    elements.append(
      text(
        24, 65, "blocks: where each buffer lies and how long it is needed; line: the bytes that are alive",
        "sub"))
    elements += grid
    elements.append(
      "<rect class=\"peak\" x=\"\(n(x(peak.tick)))\" y=\"\(n(top))\" width=\"\(n(column))\" height=\"\(n(plotHeight))\"/>"
    )
    elements += arena.buffers.map(block)
    elements.append("<path class=\"alive\" d=\"\(aliveLine)\"/>")
    elements += arena.buffers.flatMap(names) + tickLabels
    return document(elements)
  }

  private var subtitle: String {
    let gaps = arena.head - peak.byteCount
    let idle = gaps > 0 ? ", of which \(NumberFormat.count(gaps)) lie idle at the peak" : "; the peak is at"
    let moment = peak.moment.printable().shortened(to: 60)
    return "head: \(NumberFormat.count(arena.head)) bytes\(idle)\(gaps > 0 ? "," : "") \(moment)"
  }

  // MARK: Parts

  /// Lines at round numbers of bytes.
  private var grid: [String] {
    var step = 16
    while arena.head / step > 8 { step *= 2 }
    return stride(from: 0, through: arena.head, by: step).flatMap { bytes in
      [
        "<path class=\"grid\" d=\"M\(n(left)) \(n(y(bytes)))H\(n(width - 24))\"/>",
        text(left - 8, y(bytes) + 4, NumberFormat.count(bytes), "axis"),
      ]
    }
  }

  /// Where a buffer is on the page.
  private func area(_ buffer: ArenaBuffer) -> (x: Double, y: Double, width: Double, height: Double) {
    let first = max(0, buffer.lifetime.first)
    let last = max(first, buffer.lifetime.last)
    let upper = y(buffer.offset + buffer.alignedByteCount)
    return (x(first), upper, column * Double(last - first + 1), y(buffer.offset) - upper)
  }

  private func block(_ buffer: ArenaBuffer) -> String {
    let (name, style) = describe(buffer)
    let area = area(buffer)
    let tip =
      "\(name)\n\(NumberFormat.count(buffer.byteCount)) bytes at \(NumberFormat.count(buffer.offset))\n"
      + "from \(arena.name(of: max(0, buffer.lifetime.first))) to \(arena.name(of: max(0, buffer.lifetime.last)))"
    return
      "<g class=\"\(style)\"><title>\(Drawing.escaped(tip))</title><rect x=\"\(n(area.x))\" y=\"\(n(area.y))\" "
      + "width=\"\(n(area.width))\" height=\"\(n(area.height))\" rx=\"2\"/></g>"
  }

  /// A buffer's name and size, where they fit.
  private func names(_ buffer: ArenaBuffer) -> [String] {
    let area = area(buffer)
    let room = Int((area.width - 6) / 6)
    let center = area.x + area.width / 2
    let size = NumberFormat.count(buffer.byteCount)
    var lines: [(text: String, style: String)] = []
    // Shorter than this a name says nothing.
    if room >= 9 { lines.append((describe(buffer).name.printable().shortened(to: room), "name")) }
    if room >= size.count, lines.isEmpty || area.height >= 30 { lines.append((size, "size")) }
    guard area.height >= 14 else { return [] }
    let first = area.y + area.height / 2 + 4 - 7 * Double(lines.count - 1)
    return lines.enumerated().map { text(center, first + 14 * Double($0), $1.text, $1.style) }
  }

  private func describe(_ buffer: ArenaBuffer) -> (name: String, style: String) {
    switch buffer.use {
    case .scratch(let subgraph, let index):
      return ("scratch of \(arena.name(ofOperator: index, in: subgraph))", "scratch")
    case .tensor(let subgraph, let index):
      let isPort = subgraph == 0 && (arena.model.main.inputs + arena.model.main.outputs).contains(index)
      return (arena.model.subgraphs[subgraph].tensors[index].name, isPort ? "port" : "tensor")
    }
  }

  /// How much is alive, wherever it lies.
  private var aliveLine: String {
    alive.enumerated().map { tick, bytes in
      "\(tick == 0 ? "M\(n(x(0))) " : "V")\(n(y(bytes)))H\(n(x(tick + 1)))"
    }.joined()
  }

  /// The operators' names where columns are wide enough, else their numbers now and then.
  private var tickLabels: [String] {
    let base = top + plotHeight
    if column >= 13 {
      return arena.ticks.indices.map { tick in
        let center = x(tick) + column / 2 + 4
        let style = tick == peak.tick ? "tick hot" : "tick"
        let label = Drawing.escaped(label(tick).printable().shortened(to: 24))
        return
          "<text class=\"\(style)\" transform=\"translate(\(n(center)) \(n(base + 8)))rotate(-90)\">\(label)</text>"
      }
    }
    let step = max(1, Int((60 / column).rounded(.up)))
    return stride(from: 0, to: arena.ticks.count, by: step).map { tick in
      text(x(tick) + column / 2, base + 16, String(tick), "size")
    } + [text(left + column * Double(arena.ticks.count) / 2, base + 33, "operator", "size")]
  }

  private func label(_ tick: Int) -> String {
    switch arena.ticks[tick] {
    case .inputs: "inputs"
    case .entering(let subgraph): "subgraph \(subgraph)"
    case .operator(let subgraph, let index):
      "\(index) \(arena.model.subgraphs[subgraph].operators[index].displayName)"
    }
  }

  // MARK: SVG

  private func text(_ x: Double, _ y: Double, _ text: String, _ style: String) -> String {
    "<text class=\"\(style)\" x=\"\(n(x))\" y=\"\(n(y))\">\(Drawing.escaped(text))</text>"
  }

  private func document(_ elements: [String]) -> String {
    let page = max(width, 640)
    let style = """
      text{font-family:Helvetica,Arial,sans-serif;text-anchor:middle;fill:#0f172a;font-size:11px}\
      .title{font-size:16px;font-weight:bold;text-anchor:start}.sub{text-anchor:start;fill:#475569;font-size:12px}\
      .axis{text-anchor:end;fill:#64748b}.tick{text-anchor:end;fill:#475569;font-size:10px}\
      .hot{font-weight:bold;fill:#b91c1c}.size{fill:#334155;font-size:10px}.name{font-size:10.5px}\
      .name,.size{stroke:#fff;stroke-width:2.5px;stroke-opacity:.75;paint-order:stroke}\
      .grid{stroke:#e2e8f0}.alive{fill:none;stroke:#0f172a;stroke-width:1.4;stroke-dasharray:5 2}.peak{fill:#fecaca}\
      .tensor rect{fill:#bfdbfe;stroke:#3b82f6;fill-opacity:.85}.port rect{fill:#cbd5e1;stroke:#475569;fill-opacity:.85}\
      .scratch rect{fill:#fde68a;stroke:#d97706;fill-opacity:.85}
      """
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(n(page))\" height=\"\(n(height))\" "
      + "viewBox=\"0 0 \(n(page)) \(n(height))\">"
    return
      ([head, "<style>\(style)</style>", "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"] + elements
      + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private func n(_ value: Double) -> String {
    let text = NumberFormat.fixed(value, digits: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
