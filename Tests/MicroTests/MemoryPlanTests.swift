import Graph
import Storage
import Testing

@testable import Micro

@Suite("Memory plan") struct MemoryPlanTests {
  @Test("An order search is exact on small graphs", arguments: 0..<60)
  func exactOrder(seed: Int) throws {
    let model = RandomNetwork(seed: seed, operators: 7).model
    let dependencies = try #require(
      OperatorDependencies(model.main, scratch: Array(repeating: 0, count: model.main.operators.count)))
    let found = dependencies.peak(of: OrderSearch(dependencies: dependencies).order())
    let lowest = try model.topologicalOrders.map { order in
      try ArenaPrediction(model.reordered(order), platform: .host64).lowerBound
    }.min()
    #expect(found == lowest)
  }

  @Test("The search's account of memory is that of the prediction", arguments: 100..<130)
  func account(seed: Int) throws {
    let model = RandomNetwork(seed: seed, operators: 30).model
    let dependencies = try #require(
      OperatorDependencies(model.main, scratch: Array(repeating: 0, count: model.main.operators.count)))
    let given = Array(model.main.operators.indices)
    #expect(try dependencies.peak(of: given) == ArenaPrediction(model, platform: .cortexM).lowerBound)
  }

  @Test("A beam finds legal orders that are no worse", arguments: 200..<215)
  func beam(seed: Int) throws {
    let model = RandomNetwork(seed: seed, operators: 60).model
    let dependencies = try #require(
      OperatorDependencies(model.main, scratch: Array(repeating: 0, count: model.main.operators.count)))
    var search = OrderSearch(dependencies: dependencies)
    search.stateLimit = 200
    let order = search.order()
    #expect(order.sorted() == Array(model.main.operators.indices))
    for (place, index) in order.enumerated() {
      #expect(dependencies.predecessors[index].allSatisfy { order[..<place].contains($0) })
    }
    #expect(dependencies.peak(of: order) <= dependencies.peak(of: Array(order.indices)))
  }

  @Test("Better plans are sound, predicted as planned, and never worse", arguments: 300..<340)
  func soundPlans(seed: Int) throws {
    let model = RandomNetwork(seed: seed, operators: 4 + seed % 37).model
    let (better, summary) = try model.optimizingMemory(.cortexM)
    let arena = try ArenaPrediction(better, platform: .cortexM)
    #expect(arena.overlaps.isEmpty)
    #expect(arena.head <= summary.before.head && arena.minimum <= summary.before.minimum)
    #expect(arena.head >= arena.lowerBound)
    #expect(arena.head == summary.after.head)
    // The same operators, each after those that it reads from.
    #expect(Set(better.main.operators.map(\.outputs)) == Set(model.main.operators.map(\.outputs)))
    var made = Set(better.main.inputs)
    for node in better.main.operators {
      #expect(node.inputs.allSatisfy { made.contains($0!) })
      made.formUnion(node.outputs)
    }
    if summary.savedByteCount == 0 { #expect(!summary.hasOfflinePlan && summary.movedOperators == 0) }
  }

  @Test("Better plans are found, mostly")
  func usefulPlans() throws {
    var better = 0
    var atBound = 0
    for seed in 400..<430 {
      let (_, summary) = try RandomNetwork(seed: seed, operators: 25).model.optimizingMemory(.cortexM)
      if summary.savedByteCount > 0 { better += 1 }
      if summary.after.head == summary.after.lowerBound { atBound += 1 }
    }
    // Networks of this form leave room in nearly every case; were the search broken, both would be near zero.
    #expect(better >= 27 && atBound >= 22, "better \(better), at the bound \(atBound) of 30")
  }

  @Test("The packer finds what trying all orders finds", arguments: 0..<40)
  func packing(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    let buffers = (0..<6).map { _ in
      let first = generator.below(6)
      return PlacedBuffer(
        byteCount: 16 * (1 + generator.below(12)),
        lifetime: Lifetime(first: first, last: first + generator.below(5)))
    }
    var lowest = Int.max
    func permute(_ order: [Int], _ rest: [Int]) {
      if rest.isEmpty {
        let offsets = GreedyPlacement.offsets(of: buffers, order: order)
        lowest = min(lowest, GreedyPlacement.height(of: buffers, at: offsets))
      }
      for index in rest { permute(order + [index], rest.filter { $0 != index }) }
    }
    permute([], Array(buffers.indices))
    #expect(GreedyPlacement.height(of: buffers, at: BufferPacking(buffers).offsets()) == lowest)
  }

  @Test("State keeps the order of its readers; control flow keeps its plan")
  func limits() throws {
    var model = RandomNetwork(seed: 1, operators: 3).model
    let state = model.main.add(MicroTensor("state", .int8, [1, 64], isVariable: true))
    for index in [0, 2] { model.main.operators[index].inputs.append(state) }
    let dependencies = try #require(OperatorDependencies(model.main, scratch: [0, 0, 0]))
    #expect(dependencies.predecessors[2].contains(0))
    model.main.operators[1].code = .assignVariable
    #expect(OperatorDependencies(model.main, scratch: [0, 0, 0]) == nil)
    model.subgraphs.append(MicroSubgraph())
    #expect(try model.optimizingMemory(.cortexM).1.orderNote != nil)
  }

  @Test("A plan in the file is read back, and refused when it does not fit")
  func metadata() throws {
    let model = RandomNetwork(seed: 5, operators: 4).model
    let offsets: [Int?] = model.main.tensors.indices.map { $0 == 1 ? nil : 512 * $0 }
    let placed = model.with(OfflinePlan(offsets: offsets))
    #expect(try OfflinePlan(placed) == OfflinePlan(offsets: offsets))
    let arena = try ArenaPrediction(placed, platform: .host64)
    for buffer in arena.buffers {
      guard case .tensor(_, let index) = buffer.use, let offset = offsets[index] else { continue }
      #expect(buffer.offset == offset)
    }
    #expect(throws: Diagnostic.self) { try OfflinePlan(model.with(OfflinePlan(offsets: [0]))) }
    #expect(try OfflinePlan(placed.with(nil)) == nil)
  }

  @Test("The result of a RESHAPE lies where its input does, and counts once")
  func reshapeInPlace() throws {
    var model = MicroModel()
    let tensors = [("x", [1, 16]), ("wide", [1, 1600]), ("flat", [1600]), ("y", [1, 16])].map {
      model.main.add(MicroTensor($0.0, .int8, $0.1))
    }
    model.main.inputs = [tensors[0]]
    model.main.outputs = [tensors[3]]
    let codes: [BuiltinOperator] = [.fullyConnected, .reshape, .fullyConnected]
    model.main.operators = codes.enumerated().map {
      MicroOperator($1, inputs: [tensors[$0]], outputs: [tensors[$0 + 1]])
    }
    let (better, summary) = try model.optimizingMemory(.cortexM)
    let arena = try ArenaPrediction(better, platform: .cortexM)
    #expect(summary.before.head == 3200 && arena.head == 1616 && arena.lowerBound == 1616)
    #expect(arena.overlaps.isEmpty && arena.peak.alive.reduce(0) { $0 + $1.byteCount } == 1616)
    // Two operators that compute may not share a place.
    better.main.operators.indices.forEach { model.main.operators[$0].code = .relu }
    let broken = model.with(try OfflinePlan(better))
    #expect(try !ArenaPrediction(broken, platform: .cortexM).overlaps.isEmpty)
  }

  @Test("Overlapping places are seen")
  func overlaps() throws {
    let model = RandomNetwork(seed: 6, operators: 4).model
    let stacked = model.with(OfflinePlan(offsets: model.main.tensors.map { _ in 0 }))
    #expect(try !ArenaPrediction(stacked, platform: .host64).overlaps.isEmpty)
  }
}
