/// A flow network whose cheapest cut between source and sink is asked for (Dinic's algorithm).
///
///     var network = FlowNetwork(nodeCount: 1)
///     network.connect(.source, .inner(0), capacity: 3)
///     network.connect(.inner(0), .sink, capacity: 2)
///     network.minimumCut()  // cost 2, node 0 on the source's side
struct FlowNetwork {
  enum Node {
    case source, sink
    case inner(Int)
  }

  /// Larger than every sum of real capacities.
  static let unlimited = Int.max / 4

  private var heads: [Int] = []
  private var rests: [Int] = []
  private var edges: [[Int]]

  init(nodeCount: Int) { edges = [[Int]](repeating: [], count: nodeCount + 2) }

  private func index(_ node: Node) -> Int {
    switch node {
    case .source: 0
    case .sink: 1
    case .inner(let number): number + 2
    }
  }

  mutating func addNode() -> Node {
    edges.append([])
    return .inner(edges.count - 3)
  }

  mutating func connect(_ from: Node, _ to: Node, capacity: Int) {
    let (tail, head) = (index(from), index(to))
    guard tail != head, capacity > 0 else { return }
    edges[tail].append(heads.count)
    heads.append(head)
    rests.append(capacity)
    edges[head].append(heads.count)
    heads.append(tail)
    rests.append(0)
  }

  /// The cost of the cheapest cut, and for each inner node whether it lies on the sink's side of it.
  mutating func minimumCut() -> (cost: Int, onSinkSide: [Bool]) {
    var cost = 0
    while let levels = levelsFromSource() {
      var next = [Int](repeating: 0, count: edges.count)
      while let pushed = pushAlongPath(levels, &next) { cost += pushed }
    }
    let reached = reachedFromSource()
    return (cost, reached.dropFirst(2).map { $0 < 0 })
  }

  private func reachedFromSource() -> [Int] {
    var levels = [Int](repeating: -1, count: edges.count)
    levels[0] = 0
    var queue = [0]
    var first = 0
    while first < queue.count {
      let node = queue[first]
      first += 1
      for edge in edges[node] where rests[edge] > 0 && levels[heads[edge]] < 0 {
        levels[heads[edge]] = levels[node] + 1
        queue.append(heads[edge])
      }
    }
    return levels
  }

  private func levelsFromSource() -> [Int]? {
    let levels = reachedFromSource()
    return levels[1] < 0 ? nil : levels
  }

  /// Finds one path of rising levels with room left, without recursion, and fills it.
  private mutating func pushAlongPath(_ levels: [Int], _ next: inout [Int]) -> Int? {
    var path: [Int] = []
    var node = 0
    while node != 1 {
      if next[node] < edges[node].count {
        let edge = edges[node][next[node]]
        if rests[edge] > 0, levels[heads[edge]] == levels[node] + 1 {
          path.append(edge)
          node = heads[edge]
        } else {
          next[node] += 1
        }
      } else {
        guard let back = path.popLast() else { return nil }
        node = heads[back ^ 1]
        next[node] += 1
      }
    }
    let room = path.reduce(Self.unlimited) { min($0, rests[$1]) }
    for edge in path {
      rests[edge] -= room
      rests[edge ^ 1] += room
    }
    return room
  }
}
