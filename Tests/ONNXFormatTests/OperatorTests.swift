import Graph
import Testing

@testable import ONNXFormat

/// What some operators become, where there is a choice.
@Suite struct OperatorTests {
  private func ramp(_ name: String, _ sizes: [Int]) -> TestTensor {
    .floats(name, sizes, (0..<sizes.reduce(1, *)).map(Float.init))
  }

  @Test func weightsStayViewsOfTheFile() throws {
    let graph = try imported(
      .node(
        TestNode("Conv", ["x", "w"], ["y"], name: "conv"), inputs: [TestValue("x", [1, 2, 5, 5])],
        constants: [ramp("w", [3, 2, 3, 3])]))
    let filter = graph[graph.operators[0].inputs[1]!]
    #expect(filter.shape == [3, 3, 3, 2])
    #expect(filter.constant?.source.bytes.storage.isMapped == true)
    #expect(filter.constant?.steps == [.permute([0, 2, 3, 1])])
    #expect(filter.origin.name == "w" && filter.origin.permutation == [0, 2, 3, 1])
  }

  @Test func gemmBecomesDense() throws {
    let graph = try imported(
      .node(
        TestNode("Gemm", ["x", "w", "b"], ["y"], [("alpha", .float(2)), ("beta", .float(3))]),
        inputs: [TestValue("x", [1, 2])], constants: [ramp("w", [2, 3]), ramp("b", [1, 3])]))
    #expect(graph.operators.map(\.operation) == [.dense(clamp: nil)])
    // x·(2w) + 3b for x = (1, 1)
    let result = try run(graph, [TensorValue(floats: [1, 1], sizes: [1, 2])])
    #expect(result[0].floats.array == [6, 13, 20])
    #expect(graph[graph.operators[0].inputs[1]!].origin.permutation == [1, 0])
  }

  @Test func batchNormalizationIsAFactorAndAnAddend() throws {
    let graph = try imported(
      .node(
        TestNode(
          "BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], name: "bn", [("epsilon", .float(0))]),
        inputs: [TestValue("x", [1, 2, 1])],
        constants: [
          .floats("s", [2], [2, 1]), .floats("b", [2], [1, 0]), .floats("m", [2], [3, 1]),
          .floats("v", [2], [4, 1]),
        ]))
    #expect(graph.operators.map(\.operation) == [.binary(.multiply, clamp: nil), .binary(.add, clamp: nil)])
    #expect(try run(graph, [TensorValue(floats: [5, 5], sizes: [1, 2, 1])])[0].floats.array == [3, 4])
  }

  @Test func largeFillsTakeNoMemory() throws {
    let graph = try imported(
      .node(
        TestNode("ConstantOfShape", ["s"], ["y"]), inputs: [], constants: [.int64s("s", [64, 1024, 1024])]))
    #expect(graph.operators.map(\.operation) == [.broadcast([64, 1024, 1024])])
  }

  @Test func softmaxBeforeOpset13TakesAllFollowingAxes() throws {
    let node = TestNode("Softmax", ["x"], ["y"], [("axis", .int(1))])
    let zeros = TensorValue(floats: [Float](repeating: 0, count: 8), sizes: [1, 2, 4])
    for (opset, expected) in [(11, Float(0.125)), (13, 0.5)] {
      let graph = try imported(.node(node, inputs: [TestValue("x", [1, 2, 4])], opset: opset))
      #expect(try run(graph, [zeros])[0].floats.array == [Float](repeating: expected, count: 8))
    }
  }

  @Test func aliasesAreRemembered() throws {
    let graph = try imported(
      TestModel(
        graph: TestGraph(
          nodes: [
            TestNode("Relu", ["x"], ["a"]), TestNode("Dropout", ["a"], ["b"]), TestNode("Neg", ["b"], ["y"]),
          ],
          inputs: [TestValue("x", [2])], outputs: [TestValue("y", [2])])))
    #expect(graph.operators.map(\.operation) == [.unary(.relu), .unary(.negate)])
    #expect(graph[graph.operators[0].outputs[0]!].origin.aliases.map(\.name) == ["b"])
  }

  @Test func theListOfOperatorsIsSortedAndWithoutDoubles() {
    let operators = ONNXImporter.supportedOperators
    let keys = operators.map { "\($0.domain)/\($0.name)" }
    #expect(Set(keys).count == keys.count)
    #expect(operators.filter(\.domain.isEmpty).count >= 140)
    #expect(operators.first { $0.name == "Gelu" && $0.domain.isEmpty }?.opsets == 20...28)
  }
}
