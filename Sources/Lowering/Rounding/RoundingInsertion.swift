import Graph
import Micro
import Storage

/// The work of ``Lowering/rounding(_:)``.
///
/// What each operator computes with is asked of the emission that writes the device's operators.
struct RoundingInsertion {
  private let source: Graph
  private var emission: Emission
  private var graph: Graph
  private var differing: [RoundedGraph.Difference] = []
  /// The rounded form of tensors, by the numbers that they are rounded to.
  private var roundings: [Rounding: TensorID] = [:]
  private var gridConstants: [Numbers: (scale: TensorID, zeroPoint: TensorID)] = [:]

  private struct Rounding: Hashable {
    var tensor: TensorID
    var numbers: [Numbers]
  }

  init(_ graph: Graph, _ settings: Lowering) {
    source = graph
    emission = Emission(graph, settings)
    self.graph = graph
    self.graph.operators = []
  }

  mutating func run() throws(Diagnostic) -> RoundedGraph {
    for (index, node) in source.operators.enumerated() {
      emission.site = index
      emission.arithmetic = emission.neededArithmetic()
      do { try insert(node) } catch {
        throw Diagnostic(
          .unsupported, "'\(node.sourceName)' (\(node.operation.name)): \(error.reason)", hint: error.hint)
      }
    }
    for index in graph.outputs.indices {
      graph.outputs[index].tensor = rounded(graph.outputs[index].tensor)
    }
    graph.removeUnused()
    graph.compact()
    // The way back to the source's axes is of no use here, and tensors that legalization reshaped have none.
    for index in graph.tensors.indices {
      graph[TensorID(index)].origin = Origin(name: graph.tensors[index].name)
    }
    return RoundedGraph(graph: graph, differing: differing)
  }

  private mutating func insert(_ original: Operator) throws(Refusal) {
    var node = original
    for (operand, input) in original.inputs.enumerated() {
      guard let input, source[input].constant == nil else { continue }
      let wanted = emission.fitting(emission.usedNumbers(operand, input))
      node.inputs[operand] = wanted.isQuantized ? rounded(input, also: wanted) : rounded(input)
    }
    if let reason = original.operation.roundingDifference {
      let isFloat = if case .recurrent = original.operation { true } else { false }
      differing.append(.init(node: node.sourceName, reason: reason, isFloat: isFloat))
    }
    switch original.operation {
    case .dense, .convolution, .transposedConvolution, .matmul:
      try roundLayer(&node)
    case .binary(let kind, let clamp):
      roundFactors(&node, kind, clamp)
    default: break
    }
    graph.operators.append(node)
  }

  // MARK: - Activations

  /// The tensor in the numbers that the plan gives it, and then in others where an operator needs those.
  private mutating func rounded(_ id: TensorID, also wanted: Numbers? = nil) -> TensorID {
    let own = emission.numbers(of: id)
    guard source[id].constant == nil, source[id].element.isFloat, own.isQuantized else { return id }
    let first = pair(id, own, key: Rounding(tensor: id, numbers: [own]))
    guard let wanted, wanted != own else { return first }
    return pair(first, wanted, key: Rounding(tensor: id, numbers: [own, wanted]))
  }

  /// A quantization and its undoing, one for all who want the same.
  private mutating func pair(_ id: TensorID, _ numbers: Numbers, key: Rounding) -> TensorID {
    if let known = roundings[key] { return known }
    let element = numbers.type.element ?? .int8
    let grid = constants(of: numbers, element)
    let name = source[key.tensor].name
    let integers = graph.addTensor("\(name)/quantized", TensorType(element, graph[id].shape))
    let reals = graph.addTensor("\(name)/dequantized", TensorType(.float32, graph[id].shape))
    let operands: [TensorID?] = [grid.scale, grid.zeroPoint]
    graph.operators += [
      Operator(
        .quantizeLinear(axis: nil, blockSize: 0, element), inputs: [id] + operands, outputs: [integers],
        sources: ["\(name)/QuantizeLinear"]),
      Operator(
        .dequantizeLinear(axis: nil, blockSize: 0), inputs: [integers] + operands, outputs: [reals],
        sources: ["\(name)/DequantizeLinear"]),
    ]
    roundings[key] = reals
    return reals
  }

  private mutating func constants(
    of numbers: Numbers, _ element: ElementType
  ) -> (scale: TensorID, zeroPoint: TensorID) {
    if let known = gridConstants[numbers] { return known }
    let scale = TensorValue(floats: [numbers.scale], sizes: [])
    let zeroPoint = TensorValue(integers: [numbers.zeroPoint], type: element, sizes: [])
    let made = (
      graph.addConstant(Constant(scale), name: "scale"),
      graph.addConstant(Constant(zeroPoint), name: "zero_point")
    )
    gridConstants[numbers] = made
    return made
  }

  // MARK: - Constants

  /// The device's integers for weights and bias.
  private mutating func roundLayer(_ node: inout Operator) throws(Refusal) {
    let rule = source.quantizationRule(of: emission.node)
    guard rule.operands.count > 1, case .weights(let axis?) = rule.operands[1],
      let id = emission.node.inputs[1], let data = emission.node.inputs[0], source[data].constant == nil,
      emission.arithmetic != .float32
    else { return roundOwn(&node, Array(node.inputs.indices.prefix(2))) }
    let input = emission.fitting(emission.usedNumbers(0, data))
    guard input.isQuantized else { return }
    let bias = try emission.realBias()
    let weights = try emission.integers(
      WeightArrangement(channelAxis: axis, deviceAxis: axis), id, source[id].constant!, bias, input,
      emission.resultNumbers())
    node.inputs[1] = addIntegers(weights.value, weights.scales, axis: axis, name: source[id].name)
    guard let bias else { return }
    let name = node.inputs.count > 2 ? node.inputs[2].map { source[$0].name } : nil
    let added = try roundedBias(bias, input, weights.scales, name: name ?? "\(source[id].name)/bias")
    try attach(added, to: &node)
  }

  private mutating func roundedBias(
    _ bias: [Float], _ input: Numbers, _ scales: [Float], name: String
  ) throws(Refusal) -> TensorID {
    let value = try emission.roundedBias(bias, inputScale: input.scale, scales: scales)
    let steps = scales.map { input.scale * $0 }
    if value.type == .int32 { return addIntegers(value, steps, axis: 0, name: name) }
    // ONNX dequantizes no 64-bit integers: the numbers that they stand for.
    let reals = bias.indices.map { Float(value.integer(at: $0)) * (steps.count == 1 ? steps[0] : steps[$0]) }
    return graph.addConstant(Constant(TensorValue(floats: reals, sizes: [bias.count])), name: name)
  }

  /// Gives a layer its bias; a product gets an addition behind it.
  private mutating func attach(_ bias: TensorID, to node: inout Operator) throws(Refusal) {
    guard case .matmul = node.operation else {
      node.inputs = Array(node.inputs.prefix(2)) + [bias]
      return
    }
    guard let result = node.outputs[0] else { return }
    let product = graph.addTensor("\(source[result].name)/product", graph[result].type)
    node.outputs[0] = product
    graph.operators.append(node)
    node = Operator(
      .binary(.add, clamp: nil), inputs: [product, bias], outputs: [result], sources: node.sources)
  }

  /// Constant operands as the device's integers by their own range.
  private mutating func roundOwn(_ node: inout Operator, _ operands: [Int]) {
    guard emission.arithmetic != .float32 else { return }
    for operand in operands {
      guard let id = emission.node.inputs[operand], let constant = source[id].constant,
        constant.type.isFloat
      else { continue }
      node.inputs[operand] = addRounded(constant.realized(), name: source[id].name) ?? id
    }
  }

  /// The operands of element-wise arithmetic. Integers divide by multiplying.
  private mutating func roundFactors(_ node: inout Operator, _ kind: Binary, _ clamp: FusedClamp?) {
    switch kind {
    case .add, .subtract, .multiply, .prelu: roundOwn(&node, [0, 1])
    case .divide:
      guard emission.arithmetic != .float32, let id = emission.node.inputs[1],
        let constant = source[id].constant
      else { return }
      let divisor = constant.realized()
      guard divisor.type.isFloat else { return }
      let reciprocals = TensorValue(type: .float32, sizes: divisor.sizes)
      for index in 0..<divisor.elementCount { reciprocals.floats[index] = 1 / divisor.floats[index] }
      guard let made = addRounded(reciprocals, name: source[id].name) else { return }
      node.inputs[1] = made
      node.operation = .binary(.multiply, clamp: clamp)
    default: break
    }
  }

  /// A constant rounded by its own range; nil where one magnitude is all it has, which no rounding changes.
  private mutating func addRounded(_ value: TensorValue, name: String) -> TensorID? {
    let elements = value.floats
    guard elements.count > 0 else { return nil }
    let magnitude = elements[0].magnitude
    if (0..<elements.count).allSatisfy({ elements[$0].magnitude == magnitude }) { return nil }
    let numbers = emission.ownNumbers(elements)
    guard numbers.isQuantized else { return nil }
    return addIntegers(
      value.rounded(to: numbers), [numbers.scale], zeroPoints: [numbers.zeroPoint], axis: 0, name: name)
  }

  /// Real numbers that are known as integers; with several scales, one for each index along `axis`.
  private mutating func addIntegers(
    _ value: TensorValue, _ scales: [Float], zeroPoints: [Int]? = nil, axis: Int, name: String
  ) -> TensorID {
    let isPerChannel = scales.count > 1
    let constant = Constant(value).dequantized(
      axis: isPerChannel ? axis : nil, scales: scales, zeroPoints: zeroPoints ?? scales.map { _ in 0 })
    return graph.addConstant(constant, name: name)
  }
}
