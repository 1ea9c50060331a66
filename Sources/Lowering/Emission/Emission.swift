import Graph
import Micro
import Storage

/// The work of lowering: the graph, what is emitted of it so far, and where its tensors have gone.
///
/// Emitters of single operators take values (``operand(_:)``), add device operators to them (``add``), and bind the
/// last value to the graph's result (``bind(_:_:)``), which converts it where its numbers differ.
struct Emission {
  let graph: Graph
  let settings: Lowering
  var device = MicroSubgraph(name: "main")
  var values: [TensorID: Value] = [:]
  var converted: [Conversion: Value] = [:]
  var constants: [ConstantKey: Value] = [:]
  var refusals: [(site: Int, refusal: Refusal)] = []
  var notes: [String] = []
  var operatorRanges: [Range<Int>] = []
  var takenNames: Set<String> = []
  /// The graph operator that is being emitted.
  var site = 0
  var arithmetic = Arithmetic.float32

  struct Conversion: Hashable {
    var tensor: Int
    var shape: [Int]
    var numbers: Numbers
  }

  /// What a constant on the device was made from.
  enum ConstantKey: Hashable {
    case integers([Int], shape: [Int], Numbers)
    case floats([UInt32], shape: [Int], Numbers)
    case tensor(TensorID, permutation: [Int], Numbers)
  }

  init(_ graph: Graph, _ settings: Lowering) {
    self.graph = graph
    self.settings = settings
  }

  var plan: QuantizationPlan? { settings.plan }
  var node: Operator { graph.operators[site] }

  mutating func run() throws(Diagnostic) -> LoweredModel {
    addInputs()
    for index in graph.operators.indices {
      site = index
      let start = device.operators.count
      do { try emitOperator() } catch {
        refusals.append((index, error))
        // The work goes on, so that all problems are found at once.
        for case let output? in node.outputs where values[output] == nil {
          values[output] = fresh(shape(of: output), numbers(of: output))
        }
      }
      operatorRanges.append(start..<device.operators.count)
    }
    addOutputs()
    if !refusals.isEmpty { throw diagnostic() }
    let lowered = finish()
    let problems = lowered.model.tflmProblems()
    if !problems.isEmpty { throw diagnostic(problems) }
    return lowered
  }

  private func diagnostic() -> Diagnostic {
    let lines = refusals.map { entry in
      let node = graph.operators[entry.site]
      let hint = entry.refusal.hint.map { "; \($0)" } ?? ""
      return "  '\(node.sourceName)' (\(node.operation.name)): \(entry.refusal.reason)\(hint)"
    }
    let count = lines.count == 1 ? "1 operator" : "\(lines.count) operators"
    return Diagnostic(
      .unsupported,
      "\(count) cannot be expressed for TensorFlow Lite Micro:\n" + lines.joined(separator: "\n"),
      hint: "'edgeopt ops MODEL' shows what is taken; exporting the model with simpler operators may help")
  }

  /// What stands against the finished model, by the table of the device's kernels.
  private func diagnostic(_ problems: [MicroProblem]) -> Diagnostic {
    Diagnostic(
      .unsupported,
      "the model cannot be expressed for TensorFlow Lite Micro:\n"
        + problems.map { "  \($0)" }.joined(separator: "\n"))
  }

  private mutating func finish() -> LoweredModel {
    if !settings.keepsPortShapes { adoptViews() }
    nameTensors()
    let map = device.dropUnusedTensors()
    var index: [TensorID: Int] = [:]
    for (id, value) in values where graph[id].constant == nil {
      if let new = map[value.tensor] { index[id] = new }
    }
    var model = MicroModel(subgraphs: [device], description: "")
    model.main.name = graph.name.isEmpty ? "main" : graph.name
    for position in model.main.operators.indices {
      model.main.operators[position].version = model.main.operators[position].liteRTVersion(in: device)
    }
    return LoweredModel(model: model, tensorIndex: index, operatorRanges: operatorRanges, notes: notes)
  }
}

extension Emission {
  /// The sizes for the device's batch of one.
  func shape(of id: TensorID) -> [Int] { graph[id].shape.perSample }

  /// The numbers that the plan gives a tensor, or what its elements are.
  func numbers(of id: TensorID) -> Numbers {
    if let planned = plan?.activations[id] { return Numbers(planned) }
    let tensor = graph[id]
    if plan != nil, let given = tensor.quantization, given.axis == nil, tensor.element.isInteger {
      return Numbers(
        type: MicroType(tensor.element), scale: given.scales[0], zeroPoint: given.zeroPoints[0])
    }
    return Numbers(plain: tensor.element)
  }

  /// A new tensor without a name that an operator will fill.
  mutating func fresh(_ shape: [Int], _ numbers: Numbers) -> Value {
    let index = device.add(MicroTensor("", numbers.type, shape, quantization: numbers.quantization))
    return Value(tensor: index, shape: shape, numbers: numbers)
  }

  /// Adds an operator with one result. Operands are brought into the shapes under which they are seen.
  mutating func add(
    _ code: BuiltinOperator, _ inputs: [Value?], to numbers: Numbers, _ shape: [Int],
    _ options: MicroOptions = .none
  ) -> Value {
    add(code, inputs, to: [fresh(shape, numbers)], options)[0]
  }

  /// Adds an operator whose results are these tensors.
  @discardableResult
  mutating func add(
    _ code: BuiltinOperator, _ inputs: [Value?], to results: [Value], _ options: MicroOptions = .none
  ) -> [Value] {
    let operands = inputs.map { value in value.map { materialized($0).tensor } }
    append(code, operands, results.map(\.tensor), options)
    return results
  }

  /// Adds an operator that takes its first operand's elements whatever their shape is.
  mutating func addFlat(
    _ code: BuiltinOperator, _ inputs: [Value?], to numbers: Numbers, _ shape: [Int],
    _ options: MicroOptions = .none
  ) -> Value {
    let result = fresh(shape, numbers)
    let first = inputs[0].map { [Optional($0.tensor)] } ?? [nil]
    let others = inputs.dropFirst().map { value in value.map { materialized($0).tensor } }
    append(code, first + others, [result.tensor], options)
    return result
  }

  private mutating func append(
    _ code: BuiltinOperator, _ inputs: [Int?], _ outputs: [Int], _ options: MicroOptions
  ) {
    device.operators.append(
      MicroOperator(code, inputs: inputs, outputs: outputs, options: options, sources: node.sources))
  }

  /// The value in a tensor that really has its shape.
  mutating func materialized(_ value: Value) -> Value {
    if device.tensors[value.tensor].shape == value.shape { return value }
    if let data = device.tensors[value.tensor].data {
      // A constant has its elements in any shape.
      var reshaped = device.tensors[value.tensor]
      reshaped.shape = value.shape
      reshaped.data = data
      return remember(value) { emission in
        Value(tensor: emission.device.add(reshaped), shape: value.shape, numbers: value.numbers)
      }
    }
    return remember(value) { emission in
      let result = emission.fresh(value.shape, value.numbers)
      emission.append(.reshape, [value.tensor], [result.tensor], .reshape(newShape: value.shape))
      return result
    }
  }

  private mutating func remember(_ value: Value, _ make: (inout Emission) -> Value) -> Value {
    let key = Conversion(tensor: value.tensor, shape: value.shape, numbers: value.numbers)
    if let known = converted[key] { return known }
    let made = make(&self)
    converted[key] = made
    return made
  }

  /// The value in other numbers: a QUANTIZE or DEQUANTIZE, one for all who want the same.
  mutating func convert(_ value: Value, to numbers: Numbers) throws(Refusal) -> Value {
    if value.numbers == numbers { return value }
    let source = value.numbers
    let key = Conversion(tensor: value.tensor, shape: [], numbers: numbers)
    if let known = converted[key] {
      return Value(tensor: known.tensor, shape: value.shape, numbers: numbers)
    }
    let shape = device.tensors[value.tensor].shape
    let result: Value
    if numbers.isQuantized, source.isQuantized || source.type == .float32 {
      result = addFlat(.quantize, [value], to: numbers, shape, .empty(union: 89))
    } else if numbers.type == .float32, source.isQuantized {
      result = addFlat(.dequantize, [value], to: numbers, shape, .empty(union: 38))
    } else {
      let options = MicroOptions.cast(from: source.type, to: numbers.type)
      result = addFlat(.cast, [value], to: numbers, shape, options)
    }
    converted[key] = result
    return Value(tensor: result.tensor, shape: value.shape, numbers: numbers)
  }

  /// Says that a result of the current operator is this value, in its planned numbers.
  mutating func bind(_ result: Int, _ value: Value) throws(Refusal) {
    guard node.outputs.indices.contains(result), let id = node.outputs[result] else { return }
    var value = value
    value.shape = shape(of: id)
    values[id] = try convert(value, to: numbers(of: id))
  }
}
