/// Places the boxes of a directed graph in rows, so that edges run downward and cross little.
///
/// Rows come from longest paths, the order within rows from sweeps of averages, and the horizontal places from
/// least squares that keep the order. Edges over several rows get a bend point in each of them.
struct GraphLayout {
  struct Box {
    var width: Double
    /// The row that it must be in or below.
    var row = 0
  }
  struct Edge: Hashable {
    var from: Int
    var to: Int
  }

  /// A box, or a bend of an edge.
  struct Node {
    var box: Int?
    var row: Int
    var width: Double
    var x = 0.0
    var above: [Int] = []
    var below: [Int] = []
  }

  /// Boxes first, in the order given; then bends.
  private(set) var nodes: [Node] = []
  private(set) var rows: [[Int]] = []
  /// The nodes that each edge passes, from its source to its target.
  private(set) var routes: [[Int]] = []

  static let gap = 26.0
  /// Beyond this many bends edges are drawn straight: such a picture is a web either way.
  static let maximumBends = 60_000

  /// `edges` must point from earlier boxes to later ones.
  init(boxes: [Box], edges: [Edge]) {
    var rowOf = boxes.map(\.row)
    for edge in edges.sorted(by: { $0.from < $1.from }) {
      rowOf[edge.to] = max(rowOf[edge.to], rowOf[edge.from] + 1)
    }
    pullSourcesDown(&rowOf, edges)
    nodes = boxes.indices.map { Node(box: $0, row: rowOf[$0], width: boxes[$0].width) }
    addRoutes(edges)
    rows = [[Int]](repeating: [], count: (rowOf.max() ?? -1) + 1)
    for index in nodes.indices { rows[nodes[index].row].append(index) }
    orderRows()
    placeNodes()
  }

  /// A box that nothing feeds stands right above its first reader instead of at the top.
  private func pullSourcesDown(_ rowOf: inout [Int], _ edges: [Edge]) {
    let fed = Set(edges.map(\.to))
    var firstReader: [Int: Int] = [:]
    for edge in edges where !fed.contains(edge.from) {
      firstReader[edge.from] = min(firstReader[edge.from] ?? .max, rowOf[edge.to])
    }
    for (box, row) in firstReader { rowOf[box] = max(rowOf[box], row - 1) }
  }

  private mutating func addRoutes(_ edges: [Edge]) {
    let bends = edges.reduce(0) { $0 + max(0, nodes[$1.to].row - nodes[$1.from].row - 1) }
    for edge in edges {
      var route = [edge.from]
      if bends <= Self.maximumBends, nodes[edge.from].row + 1 < nodes[edge.to].row {
        for row in (nodes[edge.from].row + 1)..<nodes[edge.to].row {
          nodes.append(Node(box: nil, row: row, width: 4))
          route.append(nodes.count - 1)
        }
      }
      route.append(edge.to)
      for (upper, lower) in zip(route, route.dropFirst()) {
        nodes[upper].below.append(lower)
        nodes[lower].above.append(upper)
      }
      routes.append(route)
    }
  }

  // MARK: Order

  private mutating func orderRows() {
    var position = [Double](repeating: 0, count: nodes.count)
    for row in rows { for (place, node) in row.enumerated() { position[node] = Double(place) } }
    for sweep in 0..<8 {
      let downward = sweep % 2 == 0
      for row in downward ? Array(rows.indices) : rows.indices.reversed() {
        let keys = rows[row].map { node -> Double in
          let neighbors = downward ? nodes[node].above : nodes[node].below
          guard !neighbors.isEmpty else { return position[node] }
          return neighbors.reduce(0) { $0 + position[$1] } / Double(neighbors.count)
        }
        let order = rows[row].indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        rows[row] = order.map { rows[row][$0] }
        // Centered, so that rows of different lengths stand over one another's middle.
        let middle = Double(rows[row].count - 1) / 2
        for (place, node) in rows[row].enumerated() { position[node] = Double(place) - middle }
      }
    }
  }

  // MARK: Places

  private mutating func placeNodes() {
    for row in rows { settle(row, wanted: row.map { _ in 0 }, weights: row.map { _ in 1 }) }
    for sweep in 0..<32 {
      let downward = sweep % 2 == 0
      for row in downward ? Array(rows.indices) : rows.indices.reversed() {
        var wanted: [Double] = []
        var weights: [Double] = []
        for node in rows[row] {
          // The last sweeps look both ways, which straightens chains and centers forks.
          let neighbors =
            sweep >= 8
            ? nodes[node].above + nodes[node].below : downward ? nodes[node].above : nodes[node].below
          let pull = neighbors.map { self.pull(node, $0) }
          let total = pull.reduce(0, +)
          let average = zip(neighbors, pull).reduce(0) { $0 + nodes[$1.0].x * $1.1 } / max(total, 1e-9)
          wanted.append(neighbors.isEmpty ? nodes[node].x : average)
          weights.append(max(total, 0.1))
        }
        settle(rows[row], wanted: wanted, weights: weights)
      }
    }
  }

  /// Long edges should be straight above all; boxes with a single way through come next.
  private func pull(_ node: Int, _ other: Int) -> Double {
    switch (nodes[node].box == nil, nodes[other].box == nil) {
    case (true, true): 8
    case (false, false): 2
    default: 1
    }
  }

  /// The places nearest to the wanted ones (weighted least squares) that keep the order and the gaps: with the gaps
  /// taken out, this is isotonic regression, solved by pooling neighbors that are out of order.
  private mutating func settle(_ row: [Int], wanted: [Double], weights: [Double]) {
    var offsets = [0.0]
    for (left, right) in zip(row, row.dropFirst()) {
      offsets.append(offsets.last! + (nodes[left].width + nodes[right].width) / 2 + Self.gap)
    }
    var pools: [(value: Double, weight: Double, count: Int)] = []
    for place in row.indices {
      var pool = (value: wanted[place] - offsets[place], weight: weights[place], count: 1)
      while let last = pools.last, last.value > pool.value {
        let weight = last.weight + pool.weight
        pool = (
          (last.value * last.weight + pool.value * pool.weight) / weight, weight, last.count + pool.count
        )
        pools.removeLast()
      }
      pools.append(pool)
    }
    var place = 0
    for pool in pools {
      for _ in 0..<pool.count {
        nodes[row[place]].x = pool.value + offsets[place]
        place += 1
      }
    }
  }
}
