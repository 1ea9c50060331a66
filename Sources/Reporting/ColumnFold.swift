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

  static let top = 58.0
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
    let crossings = layout.rows.map { row in row.reduce(0) { $0 + layout.nodes[$1].below.count } }
    var ranges: [Range<Int>] = []
    var start = 0
    var filled = 0.0
    var best: (row: Int, badness: Double)?
    let target = total / Double(count)
    for row in layout.rows.indices {
      filled += heights[row] + Self.rowGap
      guard filled > target * 0.75 else { continue }
      let badness = Double(crossings[row]) + abs(filled - target) / target * 4
      if badness < best?.badness ?? .infinity { best = (row, badness) }
      guard filled > target * 1.15, let chosen = best, ranges.count < count - 1 else { continue }
      ranges.append(start..<(chosen.row + 1))
      start = chosen.row + 1
      filled = heights[start..<(row + 1)].reduce(0) { $0 + $1 + Self.rowGap }
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
      var y = Self.top + 16
      for row in columns[index].rows {
        middles[row] = y + heights[row] / 2
        y += heights[row] + Self.rowGap
      }
      columns[index].bottom = y - Self.rowGap
      height = max(height, columns[index].bottom + 40)
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
  func detour(from upper: Int, to lower: Int, track: Int) -> (below: Double, gutter: Double, above: Double)? {
    let first = column(ofRow: layout.nodes[upper].row)
    let second = column(ofRow: layout.nodes[lower].row)
    guard first != second else { return nil }
    let offset = Double(track % 5) * 6
    return (
      columns[first].bottom + 12 + offset, columns[second].left - Self.gutter / 2 - 12 + offset,
      Self.top - offset
    )
  }
}
