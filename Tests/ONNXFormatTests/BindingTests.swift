import Graph
import Testing

@testable import ONNXFormat

/// Inputs whose values decide shapes.
@Suite struct BindingTests {
  private let model = TestModel(
    graph: TestGraph(
      nodes: [
        TestNode("Reshape", ["x", "shape"], ["r"], name: "reshape"),
        TestNode("Gather", ["r", "index"], ["y"]),
      ],
      inputs: [TestValue("x", [2, 6]), TestValue("shape", [2], type: 7), TestValue("index", [1], type: 7)],
      outputs: [TestValue("y", nil)]))

  @Test func theSummarySaysWhichInputsNeedAValue() throws {
    let folder = try TemporaryFolder()
    let summary = try ONNXModelSummary(path: try folder.write(model.bytes))
    #expect(summary.inputs.filter(\.needsBinding).map(\.name) == ["shape"])
    #expect(summary.inputs[0].shape == [.fixed(2), .fixed(6)])
  }

  @Test func aBoundInputIsAConstantAndStaysListed() throws {
    let graph = try imported(model) {
      $0.bindings = [
        "shape": TensorValue(int64s: [3, 4], sizes: [2]), "index": TensorValue(int64s: [1], sizes: [1]),
      ]
    }
    #expect(graph.inputs.map(\.name) == ["x", "shape", "index"])
    #expect(graph[graph.inputs[1].tensor].constant != nil)
    // An index decides no shape: it stays an input of the run.
    #expect(graph[graph.inputs[2].tensor].constant == nil)
    #expect(graph.outputs[0].declaredShape == [1, 4])
  }

  @Test func aMissingValueIsAskedFor() throws {
    let problem = try #require(refusal(of: model))
    #expect(problem.message.contains("'reshape'") && problem.message.contains("'shape'"))
    #expect(problem.hint?.contains("--bind shape=FILE.npy") == true)
  }

  @Test func aValueOfTheWrongTypeIsRefused() throws {
    let problem = try #require(
      refusal(of: model) { $0.bindings["shape"] = TensorValue(floats: [3, 4], sizes: [2]) })
    #expect(problem.message.contains("'shape'"))
  }

  @Test func valuesReachShapesThroughFunctionsAndArithmetic() throws {
    let wrapped = TestModel(
      graph: TestGraph(
        nodes: [TestNode("Fit", ["x", "n"], ["y"], domain: "local")],
        inputs: [TestValue("x", [2, 6]), TestValue("n", [1], type: 7)], outputs: [TestValue("y", nil)]),
      functions: [
        TestFunction(
          name: "Fit", inputs: ["a", "b"], outputs: ["c"],
          nodes: [
            TestNode("Constant", [], ["m"], [("value_ints", .ints([-1]))]),
            TestNode("Concat", ["b", "m"], ["t"], [("axis", .int(0))]),
            TestNode("Reshape", ["a", "t"], ["c"]),
          ])
      ])
    let graph = try imported(wrapped) { $0.bindings["n"] = TensorValue(int64s: [4], sizes: [1]) }
    #expect(graph.outputs[0].declaredShape == [4, 3])
  }
}
