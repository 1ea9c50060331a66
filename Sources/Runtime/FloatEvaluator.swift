import Graph
import Storage
import TensorMath

/// Computes single operators on known values, by the kernels that also run whole programs.
///
///     let folded = try FloatEvaluator().evaluate(.unary(.negate), inputs: [value], resultTypes: [type])
public struct FloatEvaluator: ConstantEvaluator {
  public init() {}

  public func evaluate(
    _ operation: Operation, inputs: [TensorValue?], resultTypes: [TensorType]
  ) throws(Diagnostic) -> [TensorValue] {
    guard operation.isDirect else {
      return try evaluateAsProgram(operation, inputs, resultCount: resultTypes.count)
    }
    let step = ProgramStep(
      Operator(
        operation, inputs: inputs.indices.map { inputs[$0] == nil ? nil : TensorID($0) },
        outputs: resultTypes.indices.map { TensorID(inputs.count + $0) }))
    var results: [TensorValue] = []
    for type in resultTypes {
      guard let sizes = type.shape.fixedSizes else {
        throw Diagnostic(
          .failed, "a constant of shape \(type.shape) cannot be computed; its batch size is open")
      }
      results.append(TensorValue(type: type.element, sizes: sizes))
    }
    let binding = Binding(step: step, inputs: inputs, outputs: results)
    try binding.kernel()(Workers(threads: 1))
    return results
  }

  /// Operators that first have to be rewritten.
  private func evaluateAsProgram(
    _ operation: Operation, _ inputs: [TensorValue?], resultCount: Int
  ) throws(Diagnostic) -> [TensorValue] {
    var graph = Graph(name: operation.name)
    let operands = inputs.enumerated().map { index, value in
      value.map { graph.addConstant(Constant($0), name: "operand \(index + 1)") }
    }
    let names = (0..<resultCount).map { Optional("result \($0 + 1)") }
    for result in try graph.append(operation, inputs: operands, names: names, sources: [operation.name]) {
      guard let result else { continue }
      let type = graph[result].type
      graph.outputs.append(
        Port(
          tensor: result, name: graph[result].name, declaredType: SourceType(type.element),
          declaredShape: type.shape))
    }
    return try Program(graph, fusesSteps: false).makeSession().run([])
  }
}

extension Operation {
  /// Whether a kernel computes this operator as it is.
  fileprivate var isDirect: Bool {
    if layout == .channelsFirst { return false }
    if case .composite(let composite) = self { return composite.hasKernel }
    return true
  }
}
