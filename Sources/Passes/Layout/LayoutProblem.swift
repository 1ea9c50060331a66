import Graph

/// The choice of a mode for every operator and port, such that the fewest elements are transposed in between.
///
/// A transpose is no operator here: its operand and its result are one value whose axes have two sets of names. So
/// transposes of the source cost nothing by themselves, and what has to be transposed in the end is decided anew.
struct LayoutProblem {
  /// Who chooses: an operator, or a port that may change its layout or not.
  enum Player: Hashable {
    case node(Int)
    case input(Int)
    case output(Int)
  }

  /// Someone who makes or reads a value, at one edge. Axis `i` of what it sees is axis `view[i]` of the value.
  struct Use {
    let player: Int
    let edge: LayoutEdge
    let view: [Int]
  }

  /// A tensor together with all its transposes.
  struct Value {
    let tensor: TensorID
    var maker: Use
    var readers: [Use] = []
    /// What it costs to move it, and to write it down once more in the same order.
    let moveCost: Int
  }

  /// A tensor as a view of a value.
  struct View {
    let value: Int
    let permutation: [Int]
  }

  static let largestOptionCount = 6
  /// Where an option came from: the plain order, the window operators' layout, or other orders.
  enum Origin: Int, CaseIterable { case plain, windows, other }

  struct Option {
    let mode: LayoutMode
    let origin: Origin
  }

  let graph: Graph
  let modes: LayoutModes
  let keepsPortLayout: Bool
  private(set) var players: [Player] = []
  private(set) var options: [[Option]] = []
  private(set) var values: [Value] = []
  private(set) var views: [TensorID: View] = [:]
  /// For each player its uses of values.
  private(set) var usesOf: [[(value: Int, use: Use)]] = []

  init(_ graph: Graph, target: DataLayout, keepsPortLayout: Bool) {
    self.graph = graph
    modes = LayoutModes(graph: graph, target: target)
    self.keepsPortLayout = keepsPortLayout
    for index in graph.inputs.indices { addInput(index) }
    for index in graph.operators.indices { addNode(index) }
    for index in graph.outputs.indices { addOutput(index) }
    spread()
  }

  /// The mode of a player under a choice of options.
  func mode(_ player: Int, _ choice: [Int]) -> LayoutMode { options[player][choice[player]].mode }

  /// How a use wants its value stored, in the value's own axes.
  func arrangement(_ use: Use, _ option: Int) -> Arrangement {
    let own = options[use.player][option].mode[use.edge] ?? .identity(use.view.count)
    return own.original(of: use.view)
  }
}

extension LayoutProblem {
  private mutating func add(_ player: Player, _ starting: [LayoutMode]) -> Int {
    players.append(player)
    options.append(
      starting.enumerated().map { index, mode in
        Option(mode: mode, origin: index == 0 ? .plain : .windows)
      })
    usesOf.append([])
    return players.count - 1
  }

  private mutating func define(_ tensor: TensorID, by player: Int, _ edge: LayoutEdge) {
    let shape = graph[tensor].shape
    let plain = Array(0..<shape.rank)
    views[tensor] = View(value: values.count, permutation: plain)
    let elements = min(shape.elementCountPerSample, Shape.maximumElementCount)
    let use = Use(player: player, edge: edge, view: plain)
    usesOf[player].append((values.count, use))
    values.append(Value(tensor: tensor, maker: use, moveCost: 16 * elements + 16))
  }

  private mutating func read(_ tensor: TensorID, by player: Int, _ edge: LayoutEdge) {
    guard let view = views[tensor] else { return }
    let use = Use(player: player, edge: edge, view: view.permutation)
    values[view.value].readers.append(use)
    usesOf[player].append((view.value, use))
  }

  private mutating func addInput(_ index: Int) {
    let tensor = graph.inputs[index].tensor
    let plain = LayoutMode(operands: [], results: [.identity(graph[tensor].shape.rank)])
    define(tensor, by: add(.input(index), [plain]), .result(0))
  }

  private mutating func addOutput(_ index: Int) {
    let tensor = graph.outputs[index].tensor
    let plain = LayoutMode(operands: [.identity(graph[tensor].shape.rank)], results: [])
    read(tensor, by: add(.output(index), [plain]), .operand(0))
  }

  private mutating func addNode(_ index: Int) {
    let node = graph.operators[index]
    if case .transpose(let permutation) = node.operation, let view = views[node.inputs[0]!] {
      views[node.outputs[0]!] = View(value: view.value, permutation: permutation.map { view.permutation[$0] })
      return
    }
    let player = add(.node(index), modes.startingModes(of: node))
    for (position, input) in node.inputs.enumerated() {
      if let input { read(input, by: player, .operand(position)) }
    }
    for (position, output) in node.outputs.enumerated() {
      if let output { define(output, by: player, .result(position)) }
    }
  }

  /// Carries orders from where they are given (window operators, transposes) to all who could work in them.
  private mutating func spread() {
    var pending: [(value: Int, arrangement: Arrangement, origin: Origin)] = []
    var known: [Int: Set<Arrangement>] = [:]
    func offer(_ value: Int, _ arrangement: Arrangement, _ origin: Origin) {
      guard known[value, default: []].count < 2 * Self.largestOptionCount,
        known[value, default: []].insert(arrangement).inserted
      else { return }
      pending.append((value, arrangement, origin))
    }
    // The layouts of windows first, so that they get their place before the limit is reached.
    for player in players.indices {
      for option in options[player] { offerEdges(of: player, option.mode, .windows, offer) }
    }
    for (tensor, view) in views.sorted(by: { $0.key.index < $1.key.index }) {
      let rank = graph[tensor].shape.rank
      offer(view.value, Arrangement.identity(rank).original(of: view.permutation), .other)
    }
    var first = 0
    while first < pending.count {
      let (value, arrangement, origin) = pending[first]
      first += 1
      for use in [values[value].maker] + values[value].readers {
        let added = addOptions(use, arrangement.seen(through: use.view), origin)
        for mode in added { offerEdges(of: use.player, mode, origin, offer) }
      }
    }
  }

  /// Tells the values around a player how one of its modes would have them; plain orders need no telling.
  private func offerEdges(
    of player: Int, _ mode: LayoutMode, _ origin: Origin, _ offer: (Int, Arrangement, Origin) -> Void
  ) {
    for (value, use) in usesOf[player] {
      guard let own = mode[use.edge], !own.isIdentity else { continue }
      offer(value, own.original(of: use.view), origin)
    }
  }

  private mutating func addOptions(_ use: Use, _ arrangement: Arrangement, _ origin: Origin) -> [LayoutMode] {
    guard options[use.player].count < Self.largestOptionCount else { return [] }
    var found: [LayoutMode] = []
    switch players[use.player] {
    case .node(let index):
      let node = graph.operators[index]
      guard let mode = modes.mode(of: node, with: arrangement, at: use.edge) else { return [] }
      found = [mode]
      found += options[use.player].compactMap { mode.joined(with: $0.mode, of: node.operation) }
    case .input, .output:
      guard portMay(take: arrangement, origin) else { return [] }
      if case .input = players[use.player] {
        found = [LayoutMode(operands: [], results: [arrangement])]
      } else {
        found = [LayoutMode(operands: [arrangement], results: [])]
      }
    }
    var added: [LayoutMode] = []
    for mode in found where options[use.player].count < Self.largestOptionCount {
      guard !options[use.player].contains(where: { $0.mode == mode }) else { continue }
      options[use.player].append(Option(mode: mode, origin: origin))
      added.append(mode)
    }
    return added
  }

  /// Only images change their layout at ports, and only to the layout of the windows.
  private func portMay(take arrangement: Arrangement, _ origin: Origin) -> Bool {
    guard !keepsPortLayout, origin == .windows, (3...5).contains(arrangement.rank),
      arrangement.inner.isEmpty
    else { return false }
    let turned: Arrangement =
      modes.target == .channelsLast ? .channelsLast(arrangement.rank) : .channelsFirst(arrangement.rank)
    return arrangement == turned
  }
}

extension LayoutMode {
  /// The sides of a product choose independently: this mode with the other's choice where this one makes none.
  fileprivate func joined(with other: LayoutMode, of operation: Operation) -> LayoutMode? {
    var joined = self
    switch operation {
    case .dense:
      guard let data = operands[0], let result = results[0], let otherData = other.operands[0],
        let otherResult = other.results[0], data.order == otherData.order
      else { return nil }
      let last = data.rank - 1
      joined.operands[0]!.inner[last] = data.inner[last] ?? otherData.inner[last]
      joined.results[0]!.inner[last] = result.inner[last] ?? otherResult.inner[last]
    case .matmul:
      guard results == other.results else { return nil }
      for side in 0..<2 where operands[side]?.order.last == operands[side].map({ $0.rank - 1 }) {
        joined.operands[side] = other.operands[side]
      }
    default: return nil
    }
    return joined == self ? nil : joined
  }
}
