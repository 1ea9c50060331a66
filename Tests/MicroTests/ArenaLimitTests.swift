import Graph
import Micro
import Testing

@Suite("Arena of unusual models") struct ArenaLimitTests {
  private func model(_ tensor: MicroTensor, _ code: BuiltinOperator = .relu, result: [Int] = [4])
    -> MicroModel
  {
    var model = MicroModel()
    let input = model.main.add(tensor)
    let output = model.main.add(MicroTensor("y", .int8, result))
    model.main.inputs = [input]
    model.main.outputs = [output]
    model.main.operators = [MicroOperator(code, inputs: [input], outputs: [output])]
    return model
  }

  @Test(
    "Shapes that no device holds are refused, not computed with",
    arguments: [
      [1 << 40], [1 << 20, 1 << 20, 1 << 20, 1 << 20], [0, Int.max, Int.max], [-2, 4], [Int.min], [-1, 4],
    ])
  func shapes(shape: [Int]) {
    let broken = model(MicroTensor("x", .int8, shape))
    #expect(throws: Diagnostic.self) { try ArenaPrediction(broken, platform: .cortexM) }
  }

  @Test("Types without a size are refused by name")
  func types() {
    let broken = model(MicroTensor("words", .string, [4]))
    #expect {
      try ArenaPrediction(broken, platform: .cortexM)
    } throws: {
      "\($0)".contains("'words'")
    }
  }

  @Test("An open extent of a reshape is what its input leaves")
  func reshape() throws {
    let open = try ArenaPrediction(
      model(MicroTensor("x", .int8, [4, 8]), .reshape, result: [2, -1]), platform: .host64)
    let fixed = try ArenaPrediction(
      model(MicroTensor("x", .int8, [4, 8]), .reshape, result: [2, 16]), platform: .host64)
    #expect(open.head == fixed.head && open.head == 64)
    // The kernel keeps an array of extents of its own: 4 + 2 · 4 bytes, rounded up.
    #expect(open.tail == fixed.tail + 16)
  }

  @Test("What nobody uses still takes its place, and the advice says so")
  func unused() throws {
    var idle = model(MicroTensor("x", .int8, [4]))
    _ = idle.main.add(MicroTensor("left over", .int8, [1000]))
    let arena = try ArenaPrediction(idle, platform: .host64)
    #expect(arena.head == 1008)
    #expect(arena.peak.advice.contains { $0.contains("'left over'") })
  }

  @Test("Operators without known sizes are named")
  func unknown() throws {
    let arena = try ArenaPrediction(model(MicroTensor("x", .int8, [4]), .topkV2), platform: .cortexM)
    #expect(arena.unknownOperators == ["TOPK_V2"])
  }

  @Test("Subgraphs run inside of their operator, and a circle of calls is refused")
  func controlFlow() throws {
    var model = model(MicroTensor("x", .bool, [1]), .if, result: [64])
    var branch = MicroSubgraph(name: "branch")
    let inner = branch.add(MicroTensor("inner", .int8, [64]))
    branch.outputs = [inner]
    model.subgraphs += [branch, branch]
    model.main.operators[0].options = .conditional(thenSubgraph: 1, elseSubgraph: 2)
    let arena = try ArenaPrediction(model, platform: .host64)
    // The operator's result and the first branch's are alive together; the branches follow each other.
    #expect(arena.ticks.count == 4)
    #expect(arena.head == 16 + 64 + 64)
    model.main.operators[0].options = .conditional(thenSubgraph: 0, elseSubgraph: 2)
    let circle = model
    #expect(throws: Diagnostic.self) { try ArenaPrediction(circle, platform: .host64) }
  }
}
