import Testing

@testable import Passes

@Suite struct MinimumCutTests {
  @Test func findsTheBottleneck() {
    var network = FlowNetwork(nodeCount: 2)
    network.connect(.source, .inner(0), capacity: 5)
    network.connect(.inner(0), .inner(1), capacity: 2)
    network.connect(.inner(1), .sink, capacity: 7)
    let cut = network.minimumCut()
    #expect(cut.cost == 2)
    #expect(cut.onSinkSide == [false, true])
  }

  /// The cost of a cut of a random network equals that of the best of all 2ⁿ ones.
  @Test(arguments: 1...40) func agreesWithTryingAll(seed: UInt64) {
    var random = Noise(seed: seed)
    let count = 1 + random.below(6)
    var edges: [(from: Int, to: Int, capacity: Int)] = []
    for _ in 0..<(3 * count) {
      edges.append((random.below(count + 2), random.below(count + 2), 1 + random.below(9)))
    }
    func node(_ index: Int) -> FlowNetwork.Node {
      index == count ? .source : index == count + 1 ? .sink : .inner(index)
    }
    var network = FlowNetwork(nodeCount: count)
    for edge in edges { network.connect(node(edge.from), node(edge.to), capacity: edge.capacity) }
    func cost(_ onSinkSide: (Int) -> Bool) -> Int {
      edges.reduce(0) { $0 + (!onSinkSide($1.from) && onSinkSide($1.to) ? $1.capacity : 0) }
    }
    let best = (0..<(1 << count)).map { mask in
      cost { $0 == count ? false : $0 == count + 1 ? true : mask >> $0 & 1 == 1 }
    }.min()!
    let cut = network.minimumCut()
    #expect(cut.cost == best)
    #expect(cost { $0 == count ? false : $0 == count + 1 ? true : cut.onSinkSide[$0] } == best)
  }
}
