import Graph
import Testing

@testable import ONNXFormat

/// How dynamic dimensions become the batch, or are asked for.
@Suite struct BatchTests {
  private func relu(_ dimensions: [TestValue.Dimension]) -> TestModel {
    .node(TestNode("Relu", ["x"], ["y"], name: "relu"), inputs: [TestValue("x", dimensions)])
  }

  @Test func aDynamicFirstDimensionIsTheBatch() throws {
    #expect(try imported(relu(["N", 3])).outputs[0].declaredShape == [.batch(1), 3])
    #expect(try imported(relu([.open, 3])).outputs[0].declaredShape == [.batch(1), 3])
    #expect(try imported(relu([1, 3])).outputs[0].declaredShape == [1, 3])
  }

  @Test func otherOpenDimensionsAreAskedForAllAtOnce() throws {
    let problem = try #require(refusal(of: relu(["N", "height", .open])))
    #expect(problem.kind == .usage)
    #expect(problem.message.contains("'height'") && problem.message.contains("dimension 2"))
    #expect(problem.hint?.contains("--dim height=") == true)
    #expect(problem.hint?.contains("--input-shape x=") == true)
  }

  @Test func theCallerFixesDimensions() throws {
    let named = try imported(relu(["N", "height"])) { $0.dimensions["height"] = 7 }
    #expect(named.inputs[0].declaredShape == [.batch(1), 7])
    let whole = try imported(relu(["N", "height"])) { $0.inputShapes["x"] = [2, 7] }
    #expect(whole.inputs[0].declaredShape == [2, 7])
    #expect(refusal(of: relu([4, 3])) { $0.inputShapes["x"] = [5, 3] }?.kind == .usage)
    #expect(refusal(of: relu([4, 3])) { $0.inputShapes["z"] = [5, 3] }?.message.contains("'z'") == true)
  }

  @Test func aDeclaredBatchOfOneMayBeMadeSymbolic() throws {
    #expect(try imported(relu([1, 3])) { $0.batch = .symbolic }.outputs[0].declaredShape == [.batch(1), 3])
    #expect(try imported(relu([2, 3])) { $0.batch = .symbolic }.outputs[0].declaredShape == [2, 3])
  }

  @Test(
    arguments: [
      ([1, -1], [Extent.batch(1), 24]), ([1, 6, 4], [.batch(1), 6, 4]), ([-1, 24], [.batch(1), 24]),
      ([2, 12], [.batch(2), 12]), ([0, 2, -1], [.batch(1), 2, 12]), ([24], [.batch(24)]),
      ([1, 1, 24], [.batch(1), 1, 24]),
    ] as [([Int], [Extent])])
  func reshapeKeepsTheBatchInItsPlace(target: [Int], expected: [Extent]) throws {
    let model = TestModel.node(
      TestNode("Reshape", ["x", "s"], ["y"]), inputs: [TestValue("x", [1, 2, 12])],
      constants: [.int64s("s", target)])
    let graph = try imported(model) { $0.batch = .symbolic }
    #expect(graph.outputs[0].declaredShape == Shape(expected))
  }

  @Test func shapeArithmeticFollowsTheBatch() throws {
    let graph = try imported(
      TestModel(
        graph: TestGraph(
          nodes: [
            TestNode("Shape", ["x"], ["s"]), TestNode("Gather", ["s", "zero"], ["n"]),
            TestNode("Mul", ["n", "two"], ["n2"]),
            TestNode("Concat", ["n2", "rest"], ["t"], [("axis", .int(0))]),
            TestNode("Reshape", ["x", "t"], ["r"]), TestNode("ConstantOfShape", ["t"], ["c"]),
            TestNode("Add", ["r", "c"], ["y"]),
          ], inputs: [TestValue("x", ["N", 4])], outputs: [TestValue("y", nil)],
          initializers: [.int64s("zero", [0]), .int64s("two", [2]), .int64s("rest", [2])])))
    #expect(graph.outputs[0].declaredShape == [.batch(2), 2])
    let result = try run(graph, [TensorValue(floats: (0..<12).map(Float.init), sizes: [3, 4])])
    #expect(result[0].sizes == [6, 2])
    #expect(result[0].floats.array == (0..<12).map(Float.init))
  }

  @Test func arithmeticThatMixesTheBatchIsRefusedWithAFlag() throws {
    let problem = try #require(
      refusal(
        of: TestModel(
          graph: TestGraph(
            nodes: [
              TestNode("Shape", ["x"], ["s"]), TestNode("Add", ["s", "one"], ["t"]),
              TestNode("ConstantOfShape", ["t"], ["y"], name: "grown"),
            ], inputs: [TestValue("x", ["N", 4])], outputs: [TestValue("y", nil)],
            initializers: [.int64s("one", [1])]))))
    #expect(problem.message.contains("'grown'"))
    #expect(problem.hint?.contains("--dim") == true)
  }
}
