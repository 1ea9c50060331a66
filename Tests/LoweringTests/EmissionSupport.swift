import Graph
import Micro
import MicroRuntime
import Runtime
import Storage
import Testing

@testable import Lowering

/// A lowered model and how far it is from the float graph.
struct Lowered {
  var model: MicroModel
  /// The largest difference of each output: a part of its range for float, in steps of its scale for integers.
  var errors: [Float]
  /// The share of elements that are off by more than half a step (integers only).
  var codes: [BuiltinOperator] { model.main.operators.map(\.code) }
}

extension LegalizationSketch {
  /// Lowers the graph as it stands to float and runs it.
  mutating func loweredToFloat() throws -> Lowered {
    let inputs = samples(batch: 1)
    let lowered = try Lowering(evaluator: FloatEvaluator(), keepsPortShapes: true).lower(graph)
    let expected = try Program(graph).makeSession(batch: 1).run(inputs)
    let found = try Self.run(lowered.model, inputs)
    let errors = zip(expected, found).map { one, other in
      distance(one, other.type == one.type ? other : Self.widened(other, to: one.type))
    }
    return Lowered(model: lowered.model, errors: errors)
  }

  /// Lowers the graph to int8 with the ranges of a few samples (int16 for the tensors in `wide`) and runs one of them.
  mutating func loweredToInt8(
    wide: Set<TensorID> = [], inputType: ElementType = .int8, outputType: ElementType = .int8,
    scale: Float = 1, offset: Float = 0
  ) throws -> Lowered {
    let all = (0..<6).map { _ in samples(batch: 1, scale: scale, offset: offset) }
    let plan = try plan(all, wide: wide)
    let lowered = try Lowering(
      evaluator: FloatEvaluator(), plan: plan, inputType: inputType, outputType: outputType,
      keepsPortShapes: true
    ).lower(graph)
    var errors = [Float](repeating: 0, count: graph.outputs.count)
    let program = try MicroProgram(lowered.model)
    let session = program.makeSession()
    for sample in all {
      let expected = try Program(graph).makeSession(batch: 1).run(sample)
      let found = try session.run(try Self.stored(sample, for: program))
      for (index, port) in program.outputs.enumerated() {
        let error = Self.steps(expected[index], port.dequantized(found[index]), port.quantization)
        errors[index] = max(errors[index], error)
      }
    }
    return Lowered(model: lowered.model, errors: errors)
  }

  private static func run(_ model: MicroModel, _ inputs: [TensorValue]) throws -> [TensorValue] {
    let program = try MicroProgram(model)
    return try program.makeSession().run(try stored(inputs, for: program))
  }

  static func stored(_ inputs: [TensorValue], for program: MicroProgram) throws -> [TensorValue] {
    try zip(program.inputs, inputs).map { port, value in
      let value = value.type.isFloat ? try port.quantized(value) : widened(value, to: port.type)
      return value.reshaped(port.sizes)
    }
  }

  static func widened(_ value: TensorValue, to type: ElementType) -> TensorValue {
    value.type == type ? value : TensorValue(integers: value.integers, type: type, sizes: value.sizes)
  }

  private static func steps(
    _ expected: TensorValue, _ found: TensorValue, _ quantization: Quantization?
  ) -> Float {
    guard expected.type.isFloat else { return expected.integers == found.integers ? 0 : .infinity }
    guard expected.elementCount == found.elementCount else { return .infinity }
    let step = quantization?.scales[0] ?? 1
    return zip(expected.floats.array, found.floats.array).reduce(0) { worst, pair in
      let error = abs(pair.0 - pair.1) / step
      return error.isNaN ? .infinity : max(worst, error)
    }
  }

  /// Numbers by the least and the greatest element of each tensor, as its maker demands.
  func plan(_ all: [[TensorValue]], wide: Set<TensorID>) throws -> QuantizationPlan {
    var ranges: [TensorID: (Float, Float)] = [:]
    let session = try Program(graph, fusesSteps: false).makeSession(batch: 1)
    session.onTensor = { id, value in
      guard value.type.isFloat else { return }
      for element in value.floats.array where element.isFinite {
        let (least, greatest) = ranges[id] ?? (0, 0)
        ranges[id] = (min(least, element), max(greatest, element))
      }
    }
    for sample in all { _ = try session.run(sample) }
    var plan = QuantizationPlan()
    func choose(_ id: TensorID) {
      guard graph[id].element.isFloat else { return }
      if let given = graph[id].quantization {
        plan.activations[id] = .int8(scale: given.scales[0], zeroPoint: given.zeroPoints[0])
        return
      }
      let (least, greatest) = ranges[id] ?? (0, 0)
      if wide.contains(id) {
        plan.activations[id] = .int16(scale: max(1e-6, max(-least, greatest) / 32767))
      } else {
        let scale = max(1e-6, (greatest - least) / 255)
        plan.activations[id] = .int8(scale: scale, zeroPoint: Int((-128 - least / scale).rounded()))
      }
    }
    for port in graph.inputs { choose(port.tensor) }
    for (node, rule) in zip(graph.operators, graph.quantizationRules()) {
      for (output, result) in zip(node.outputs, rule.results) {
        guard let output else { continue }
        switch result {
        case .free: choose(output)
        case .fixed(let int8, let int16):
          plan.activations[output] = wide.contains(output) ? int16 ?? int8 : int8
        case .same(let operand):
          let source = node.inputs[operand].flatMap { plan.activations[$0] }
          if let source { plan.activations[output] = source } else { choose(output) }
        case .unquantized: break
        }
      }
    }
    return plan
  }
}
