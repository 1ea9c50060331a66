import Graph
import Testing

@testable import ONNXFormat

/// Models that must be refused, each with words that help.
@Suite struct BadModelTests {
  private func chain(_ nodes: [TestNode], constants: [TestTensor] = []) -> TestModel {
    TestModel(
      graph: TestGraph(
        nodes: nodes, inputs: [TestValue("x", [1, 4])], outputs: [TestValue("y", nil)],
        initializers: constants))
  }

  private func weights(_ value: Float) -> TestTensor {
    .floats("w", [4, 2], [1, 2, 3, value, 5, 6, 7, 8])
  }

  @Test func unknownOperatorsAreListedAtOnce() throws {
    let problem = try #require(
      refusal(
        of: chain([
          TestNode("Foo", ["x"], ["a"], name: "one"), TestNode("Bar", ["a"], ["b"], name: "two"),
          TestNode("Foo", ["b"], ["y"], name: "three"),
        ])))
    #expect(problem.kind == .unsupported)
    for word in ["Foo", "Bar", "'one'", "'two'", "'three'"] { #expect(problem.message.contains(word)) }
  }

  @Test func nodesOutOfOrderAreSorted() throws {
    let graph = try imported(chain([TestNode("Relu", ["a"], ["y"]), TestNode("Neg", ["x"], ["a"])]))
    #expect(graph.operators.map(\.operation) == [.unary(.negate), .unary(.relu)])
  }

  @Test func cyclesUndefinedAndDoubleNamesAreRefused() throws {
    let cycle = refusal(
      of: chain([TestNode("Add", ["x", "y"], ["a"], name: "round"), TestNode("Relu", ["a"], ["y"])]))
    #expect(cycle?.message.contains("cycle") == true && cycle?.message.contains("'round'") == true)
    let ghost = refusal(of: chain([TestNode("Add", ["x", "ghost"], ["y"], name: "n")]))
    #expect(ghost?.message.contains("'ghost'") == true && ghost?.message.contains("'n'") == true)
    let double = refusal(
      of: chain([TestNode("Relu", ["x"], ["y"], name: "p"), TestNode("Neg", ["x"], ["y"], name: "q")]))
    #expect(double?.message.contains("'p'") == true && double?.message.contains("'q'") == true)
    let constants = refusal(
      of: chain([TestNode("MatMul", ["x", "w"], ["y"])], constants: [weights(1), weights(2)]))
    #expect(constants?.message.contains("'w'") == true)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func weightsMustBeFinite(_ value: Float) throws {
    for op in ["MatMul", "Gemm"] {
      let problem = try #require(
        refusal(of: chain([TestNode(op, ["x", "w"], ["y"], name: "dense")], constants: [weights(value)])))
      #expect(problem.message.contains("'dense'") && problem.message.contains("'w'"))
    }
    // In a mask, an infinity is meant.
    let mask = TestTensor.floats("w", [4], [0, value, 0, 0])
    #expect(refusal(of: chain([TestNode("Add", ["x", "w"], ["y"])], constants: [mask])) == nil)
  }

  @Test func absurdSizesAreRefused() throws {
    let wide = TestModel.node(TestNode("Relu", ["x"], ["y"]), inputs: [TestValue("x", [.size(1 << 40)])])
    #expect(refusal(of: wide)?.message.contains("1099511627776") == true)
    let product = TestModel.node(
      TestNode("Relu", ["x"], ["y"]), inputs: [TestValue("x", [.size(1 << 30), .size(1 << 30)])])
    #expect(refusal(of: product)?.kind == .badData)
    let filled = chain([TestNode("ConstantOfShape", ["s"], ["y"])], constants: [.int64s("s", [1 << 40])])
    #expect(refusal(of: filled) != nil)
    let claim = chain(
      [TestNode("Add", ["x", "w"], ["y"])],
      constants: [TestTensor(name: "w", sizes: [2_500_000_000], type: 1, raw: [0, 0, 0, 0])])
    #expect(refusal(of: claim)?.message.contains("'w'") == true)
  }

  @Test func versionsAreChecked() throws {
    var model = chain([TestNode("Relu", ["x"], ["y"])])
    model.opset = 99
    #expect(refusal(of: model)?.message.contains("99") == true)
    model.opset = 13
    model.irVersion = 99
    #expect(refusal(of: model)?.message.contains("99") == true)
    let old = TestModel(opset: 6, graph: chain([TestNode("Add", ["x", "x"], ["y"], name: "sum")]).graph)
    #expect(refusal(of: old)?.message.contains("'sum'") == true)
  }

  @Test func emptyGraphsAreRefused() throws {
    #expect(refusal(of: TestModel(graph: TestGraph()))?.message.contains("empty") == true)
  }

  @Test func filesThatAreNoModelsAreRefused() throws {
    let folder = try TemporaryFolder()
    let importer = ONNXImporter(options: ImportOptions(), evaluator: NoEvaluator())
    func kind(_ path: String) -> Diagnostic.Kind? {
      do {
        _ = try importer.importModel(path: path)
        return nil
      } catch { return error.kind }
    }
    #expect(kind(folder.path) == .badData)
    #expect(kind(folder.path + "/none.onnx") == .missing)
    #expect(kind(try folder.write([])) == .badData)
    let whole = chain([TestNode("MatMul", ["x", "w"], ["y"])], constants: [weights(1)]).bytes
    // The last entry is the version of an operator set that the graph does not use.
    for count in stride(from: 1, to: whole.count - 16, by: 3) {
      #expect(kind(try folder.write(Array(whole[..<count]))) == .badData)
    }
  }
}
