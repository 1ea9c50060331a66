import Graph
import Testing

@testable import ONNXFormat

/// Functions of the model, and branches.
@Suite struct FunctionTests {
  private func calling(
    _ name: String, _ functions: [TestFunction], _ attributes: [(String, TestAttribute)] = []
  ) -> TestModel {
    TestModel(
      graph: TestGraph(
        nodes: [TestNode(name, ["x"], ["y"], name: "call", domain: "local", attributes)],
        inputs: [TestValue("x", [2])], outputs: [TestValue("y", [2])]), functions: functions)
  }

  private func chain(_ name: String, to next: String) -> TestFunction {
    TestFunction(
      name: name, inputs: ["a"], outputs: ["b"], nodes: [TestNode(next, ["a"], ["b"], domain: "local")])
  }

  @Test func attributesReachTheBody() throws {
    let leaky = TestFunction(
      name: "Leaky", inputs: ["a"], outputs: ["b"], attributes: ["slope"],
      nodes: [TestNode("LeakyRelu", ["a"], ["b"], name: "inner", [("alpha", .reference("slope", 1))])])
    let graph = try imported(calling("Leaky", [leaky], [("slope", .float(0.5))]))
    #expect(graph.operators.map(\.operation) == [.unary(.leakyRelu(alpha: 0.5))])
    #expect(graph.operators[0].sources == ["call/inner"])
    #expect(graph[graph.outputs[0].tensor].shape == [2])
    // A call that leaves the attribute out gets the operator's default.
    let plain = try imported(calling("Leaky", [leaky]))
    #expect(plain.operators.map(\.operation) == [.unary(.leakyRelu(alpha: 0.01))])
  }

  @Test func recursionIsRefused() throws {
    let circle = try #require(refusal(of: calling("F", [chain("F", to: "G"), chain("G", to: "F")])))
    #expect(circle.message.contains("F → G → F"))
    #expect(refusal(of: calling("F", [chain("F", to: "F")]))?.message.contains("circle") == true)
  }

  @Test func deepCallsAreRefused() throws {
    let functions = (0..<100).map { chain("F\($0)", to: "F\($0 + 1)") }
    let problem = try #require(
      refusal(
        of: calling(
          "F0",
          functions + [
            TestFunction(name: "F100", inputs: ["a"], outputs: ["b"], nodes: [TestNode("Relu", ["a"], ["b"])])
          ])))
    #expect(problem.message.contains("deep"))
  }

  @Test func unknownOperatorsInsideFunctionsAreListed() throws {
    let problem = try #require(
      refusal(
        of: calling(
          "F",
          [
            TestFunction(
              name: "F", inputs: ["a"], outputs: ["b"], nodes: [TestNode("Nope", ["a"], ["b"], name: "odd")])
          ])))
    #expect(problem.kind == .unsupported)
    #expect(problem.message.contains("Nope") && problem.message.contains("'odd'"))
  }

  @Test(arguments: [true, false])
  func aConstantConditionChoosesItsBranch(_ condition: Bool) throws {
    let branch = { (op: String) in
      TestAttribute.graph(
        TestGraph(nodes: [TestNode(op, ["x"], ["inner"], name: op)], outputs: [TestValue("inner", [2])]))
    }
    let graph = try imported(
      TestModel(
        graph: TestGraph(
          nodes: [
            TestNode("If", ["c"], ["y"], [("then_branch", branch("Exp")), ("else_branch", branch("Neg"))])
          ],
          inputs: [TestValue("x", [2])], outputs: [TestValue("y", [2])],
          initializers: [TestTensor(name: "c", sizes: [], type: 9, raw: [condition ? 1 : 0])])))
    #expect(graph.operators.map(\.operation) == [.unary(condition ? .exp : .negate)])
  }
}
