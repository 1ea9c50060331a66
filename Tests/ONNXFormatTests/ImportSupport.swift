import Graph
import Runtime

@testable import ONNXFormat

/// Imports a model that a test wrote.
func imported(_ model: TestModel, _ configure: (inout ImportOptions) -> Void = { _ in }) throws -> Graph {
  let folder = try TemporaryFolder()
  let path = try folder.write(model.bytes)
  var options = ImportOptions()
  configure(&options)
  let graph = try ONNXImporter(options: options, evaluator: FloatEvaluator()).importModel(path: path)
  try graph.verify()
  return graph
}

/// Why a model is refused; nil when it is not.
func refusal(of model: TestModel, _ configure: (inout ImportOptions) -> Void = { _ in }) -> Diagnostic? {
  do {
    _ = try imported(model, configure)
    return nil
  } catch {
    return error as? Diagnostic
  }
}

/// Runs an imported model once.
func run(_ graph: Graph, _ inputs: [TensorValue]) throws -> [TensorValue] {
  let program = try Program(graph)
  return try program.makeSession(batch: program.batch(of: inputs) ?? 1).run(inputs)
}

extension TestModel {
  /// A model of one node with inputs `x`, … of these shapes.
  static func node(
    _ node: TestNode, inputs: [TestValue], outputs: [TestValue] = [TestValue("y", nil)],
    constants: [TestTensor] = [], opset: Int = 17
  ) -> TestModel {
    TestModel(
      opset: opset, graph: TestGraph(nodes: [node], inputs: inputs, outputs: outputs, initializers: constants)
    )
  }
}
