/// Where the rows of a layout stand on the page once deep graphs are folded into columns.
struct ColumnFold {
  private struct Column {
    var rows: Range<Int>
    /// Added to a node's place.
    var shift = 0.0
    var left = 0.0
    var right = 0.0
    var bottom = 0.0
  }

  private let layout: GraphLayout
  private var columns: [Column] = []
  /// The vertical middle and the height of every row.
  private var middles: [Double] = []
  private let heights: [Double]
  private let boxHeights: [Double]
  private(set) var width = 0.0
  private(set) var height = 0.0

  static let top = 84.0
  static let margin = 24.0
  static let rowGap = 40.0
  static let gutter = 70.0

  init(_ layout: GraphLayout, boxes: [GraphPicture.Box]) {
    self.layout = layout
    boxHeights = boxes.map(\.height)
    heights = layout.rows.map { row in
      row.compactMap { layout.nodes[$0].box.map { boxes[$0].height } }.max() ?? 20
    }
    middles = [Double](repeating: 0, count: heights.count)
    columns = breaks().map { Column(rows: $0) }
    place()
  }

  /// Rows of each column: as many columns as make the page a bit wider than high, broken where few edges cross.
  private func breaks() -> [Range<Int>] {
    let total = heights.reduce(0) { $0 + $1 + Self.rowGap }
    let extent = layout.nodes.map { abs($0.x) + $0.width / 2 }.max() ?? 0
    let count =
      total < 1500 ? 1 : max(1, Int((1.5 * total / (2 * extent + Self.gutter)).squareRoot().rounded()))
    guard count > 1 else { return [layout.rows.indices] }
    // Edges of one box share their way to the next column, so boxes are counted and not edges.
    let crossings = layout.rows.map { row in row.count { !layout.nodes[$0].below.isEmpty } }
    var ranges: [Range<Int>] = []
    var start = 0
    var filled = 0.0
    var remaining = total
    var best: (row: Int, badness: Double, filled: Double)?
    for row in layout.rows.indices where ranges.count < count - 1 {
      filled += heights[row] + Self.rowGap
      let target = remaining / Double(count - ranges.count)
      guard filled > target * 0.75 else { continue }
      let badness = Double(crossings[row]) + abs(filled - target) / target * 4
      if badness < best?.badness ?? .infinity { best = (row, badness, filled) }
      guard filled > target * 1.15, let chosen = best else { continue }
      ranges.append(start..<(chosen.row + 1))
      start = chosen.row + 1
      remaining -= chosen.filled
      filled -= chosen.filled
      best = nil
    }
    if start < layout.rows.count { ranges.append(start..<layout.rows.count) }
    return ranges
  }

  private mutating func place() {
    var left = Self.margin
    for index in columns.indices {
      let members = columns[index].rows.flatMap { layout.rows[$0] }.map { layout.nodes[$0] }
      let least = members.map { $0.x - $0.width / 2 }.min() ?? 0
      let most = members.map { $0.x + $0.width / 2 }.max() ?? 0
      columns[index].shift = left - least
      columns[index].left = left
      columns[index].right = left + most - least
      left = columns[index].right + Self.gutter
      var y = Self.top + 10
      for row in columns[index].rows {
        middles[row] = y + heights[row] / 2
        y += heights[row] + Self.rowGap
      }
      columns[index].bottom = y - Self.rowGap
      height = max(height, columns[index].bottom + 70)
    }
    width = max(420, left - Self.gutter + Self.margin + 40)
  }

  private func column(ofRow row: Int) -> Int { columns.firstIndex { $0.rows.contains(row) } ?? 0 }

  func center(of node: Int) -> (x: Double, y: Double) {
    let row = layout.nodes[node].row
    return (layout.nodes[node].x + columns[column(ofRow: row)].shift, middles[row])
  }

  /// Where edges leave a box, and where they reach it; a bend is passed straight through.
  func bottom(of node: Int) -> (x: Double, y: Double) {
    let (x, y) = center(of: node)
    return (x, y + extent(of: node))
  }
  func top(of node: Int) -> (x: Double, y: Double) {
    let (x, y) = center(of: node)
    return (x, y - extent(of: node))
  }
  private func extent(of node: Int) -> Double {
    layout.nodes[node].box.map { boxHeights[$0] / 2 } ?? heights[layout.nodes[node].row] / 2
  }

  /// How an edge gets from one column to the next: down, through the gutter up, and down again. nil inside a column.
  func detour(from upper: Int, to lower: Int) -> (below: Double, gutter: Double, above: Double)? {
    let row = layout.nodes[upper].row
    let first = column(ofRow: row)
    let second = column(ofRow: layout.nodes[lower].row)
    guard first != second else { return nil }
    // Edges from different boxes keep apart: the rightmost one turns first and takes the innermost way.
    let leavers = layout.rows[row].filter { !layout.nodes[$0].below.isEmpty }
    let track = Double((leavers.count - 1 - (leavers.firstIndex(of: upper) ?? 0)) % 6) * 7
    let gutter = columns[second].left - Self.gutter / 2 - 14 + track
    return (columns[first].bottom + 24 + track, gutter, Self.top - 8 - track)
  }
}
