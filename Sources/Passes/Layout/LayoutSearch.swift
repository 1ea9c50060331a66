import Graph

extension LayoutProblem {
  /// What a choice costs: elements that are transposed, in sixteenths, and a little for every reshape and changed port.
  func cost(_ choice: [Int]) -> Int {
    values.indices.reduce(0) { $0 + cost(ofValue: $1, choice) } + portCost(choice)
  }

  /// Ports keep their layout where that costs nothing.
  private func portCost(_ choice: [Int]) -> Int {
    players.indices.reduce(0) { sum, player in
      if case .node = players[player] { return sum }
      return choice[player] == 0 ? sum : sum + 2
    }
  }

  /// One transpose per order that readers want and the maker does not give; unit axes move for next to nothing.
  func cost(ofValue index: Int, _ choice: [Int]) -> Int {
    let value = values[index]
    if value.readers.isEmpty { return 0 }
    let shape = graph[value.tensor].shape
    let made = arrangement(value.maker, choice[value.maker.player])
    var stored: Set<Arrangement> = [made]
    var orders: Set<Arrangement> = [made.memoryOrder(shape)]
    var sum = 0
    for reader in value.readers {
      let wanted = arrangement(reader, choice[reader.player])
      guard stored.insert(wanted).inserted else { continue }
      sum += orders.insert(wanted.memoryOrder(shape)).inserted ? value.moveCost : 1
    }
    return sum
  }

  /// The cheapest choice. With two options each it is found exactly, by a minimum cut; with more, cuts between the
  /// best so far and one order at a time, then changes of single groups, until nothing gets cheaper.
  func solve() -> [Int] {
    var best = [Int](repeating: 0, count: players.count)
    var bestCost = cost(best)
    var improved = true
    var rounds = 0
    while improved, bestCost > 0, rounds < 4 {
      improved = false
      rounds += 1
      for proposal in proposals(best) {
        let merged = fusion(of: best, proposal)
        let mergedCost = cost(merged)
        if mergedCost < bestCost { (best, bestCost, improved) = (merged, mergedCost, true) }
      }
      if improveGroups(&best) {
        bestCost = cost(best)
        improved = true
      }
    }
    return best
  }

  /// For each origin the players' options of that origin, where they have one.
  private func proposals(_ best: [Int]) -> [[Int]] {
    var result: [[Int]] = []
    for origin in [Origin.windows, .other, .plain] {
      for rank in 0..<2 {
        var proposal = best
        for player in players.indices where options[player].count > 1 {
          let fitting = options[player].indices.filter { options[player][$0].origin == origin }
          if rank < fitting.count { proposal[player] = fitting[rank] }
        }
        if proposal != best, !result.contains(proposal) { result.append(proposal) }
      }
    }
    return result
  }

  /// The best mixture of two choices, by a minimum cut.
  func fusion(of current: [Int], _ proposal: [Int]) -> [Int] {
    var network = FlowNetwork(nodeCount: players.count)
    for player in players.indices {
      if case .node = players[player] { continue }
      // Source side: as now. Sink side: as proposed.
      if current[player] == 0 && proposal[player] != 0 {
        network.connect(.source, .inner(player), capacity: 2)
      } else if current[player] != 0 && proposal[player] == 0 {
        network.connect(.inner(player), .sink, capacity: 2)
      }
    }
    for index in values.indices where !values[index].readers.isEmpty {
      connect(index, current, proposal, &network)
    }
    let onSinkSide = network.minimumCut().onSinkSide
    return players.indices.map { onSinkSide[$0] ? proposal[$0] : current[$0] }
  }

  /// The arrangements of one use under both choices, as orders of bytes.
  private struct Stance {
    let node: FlowNetwork.Node
    let now: Arrangement
    let then: Arrangement
  }

  private func connect(_ index: Int, _ current: [Int], _ proposal: [Int], _ network: inout FlowNetwork) {
    let value = values[index]
    let shape = graph[value.tensor].shape
    let stances = ([value.maker] + value.readers).map { use in
      Stance(
        node: .inner(use.player),
        now: arrangement(use, current[use.player]).memoryOrder(shape),
        then: arrangement(use, proposal[use.player]).memoryOrder(shape))
    }
    // Two orders, one per side: everyone on one side costs nothing, anything else one transpose.
    let changing = stances.first { $0.now != $0.then }
    guard let (old, new) = changing.map({ ($0.now, $0.then) }) else { return }
    let fits = stances.allSatisfy {
      $0.now == old && $0.then == new || $0.now == $0.then && ($0.now == old || $0.now == new)
    }
    if fits {
      let (some, all) = (network.addNode(), network.addNode())
      network.connect(some, all, capacity: value.moveCost)
      for stance in stances {
        let node: FlowNetwork.Node =
          stance.now != stance.then ? stance.node : stance.now == old ? .source : .sink
        network.connect(node, some, capacity: FlowNetwork.unlimited)
        network.connect(all, node, capacity: FlowNetwork.unlimited)
      }
      return
    }
    for reader in stances.dropFirst() { connectPair(stances[0], reader, value.moveCost, &network) }
  }

  /// The four costs of a maker and a reader; where they cannot be expressed as a cut, mixtures are made dearer, which
  /// only hides an improvement (choices are compared by their true cost).
  private func connectPair(_ maker: Stance, _ reader: Stance, _ cost: Int, _ network: inout FlowNetwork) {
    let bothNow = maker.now == reader.now ? 0 : cost
    let bothThen = maker.then == reader.then ? 0 : cost
    var makerChanges = maker.then == reader.now ? 0 : cost
    var readerChanges = maker.now == reader.then ? 0 : cost
    let missing = bothNow + bothThen - makerChanges - readerChanges
    if missing > 0 {
      makerChanges += (missing + 1) / 2
      readerChanges += (missing + 1) / 2
    }
    // E(0,0) + (E(1,0) − E(0,0))·maker + (E(1,1) − E(1,0))·reader + rest·(reader changes alone).
    charge(maker.node, makerChanges - bothNow, &network)
    charge(reader.node, bothThen - makerChanges, &network)
    network.connect(maker.node, reader.node, capacity: makerChanges + readerChanges - bothNow - bothThen)
  }

  /// A cost (or, negative, a gain) for standing on the sink's side.
  private func charge(_ node: FlowNetwork.Node, _ cost: Int, _ network: inout FlowNetwork) {
    if cost > 0 { network.connect(.source, node, capacity: cost) }
    if cost < 0 { network.connect(node, .sink, capacity: -cost) }
  }
}

extension LayoutProblem {
  private static let largestSearched = 20_000
  /// Uses of values that trials may look at in all.
  private static let largestEffort = 1_000_000

  /// Tries another option for one player at a time, taking along those neighbors that were in step with it.
  private func improveGroups(_ choice: inout [Int]) -> Bool {
    guard players.count <= Self.largestSearched else { return false }
    var improved = false
    // Only players beside something that costs are worth a trial.
    var worth = Set<Int>()
    for index in values.indices where cost(ofValue: index, choice) > 0 {
      for use in [values[index].maker] + values[index].readers { worth.insert(use.player) }
    }
    var effort = 0
    for player in worth.sorted() where options[player].count > 1 && effort < Self.largestEffort {
      for option in options[player].indices where option != choice[player] {
        for spreads in [true, false] {
          let trial = spreads ? group(from: player, option, choice) : [player: option]
          if gain(of: trial, &choice, &effort) > 0 {
            for (member, option) in trial { choice[member] = option }
            improved = true
          }
        }
      }
    }
    return improved
  }

  /// The change of one player and what follows: whoever agreed with it before and can agree again.
  private func group(from start: Int, _ option: Int, _ choice: [Int]) -> [Int: Int] {
    let limit = 200
    var trial = [start: option]
    var pending = [start]
    while let player = pending.popLast(), trial.count < limit {
      for (index, own) in usesOf[player] {
        let before = arrangement(own, choice[player])
        let after = arrangement(own, trial[player]!)
        guard before != after else { continue }
        for other in [values[index].maker] + values[index].readers where trial[other.player] == nil {
          guard arrangement(other, choice[other.player]) == before,
            let follows = options[other.player].indices.first(where: { arrangement(other, $0) == after })
          else { continue }
          trial[other.player] = follows
          pending.append(other.player)
        }
      }
    }
    return trial
  }

  /// What a change of some players saves.
  private func gain(of trial: [Int: Int], _ choice: inout [Int], _ effort: inout Int) -> Int {
    let touched = Set(trial.keys.flatMap { usesOf[$0].map(\.value) })
    effort += touched.reduce(1) { $0 + 2 * values[$1].readers.count }
    let before = cost(of: touched, ports: trial.keys, choice)
    let old = trial.map { ($0.key, choice[$0.key]) }
    for (player, option) in trial { choice[player] = option }
    let after = cost(of: touched, ports: trial.keys, choice)
    for (player, option) in old { choice[player] = option }
    return before - after
  }

  private func cost(of touched: Set<Int>, ports: some Sequence<Int>, _ choice: [Int]) -> Int {
    let changed = ports.reduce(0) { sum, player in
      if case .node = players[player] { return sum }
      return sum + (choice[player] == 0 ? 0 : 2)
    }
    return touched.reduce(changed) { $0 + cost(ofValue: $1, choice) }
  }
}
