import Graph
import Micro
import Storage

/// The constants of a convolution or dense layer, ready for the device.
struct LayerConstants {
  var weights: Value
  var bias: Value?

  var operands: [Value?] { bias.map { [weights, $0] } ?? [weights] }
}

/// How the weights of the graph become those of the device.
struct WeightArrangement {
  /// The graph's operand.
  var operand = 1
  /// The axis of the output channels in the graph.
  var channelAxis: Int
  /// The same on the device.
  var deviceAxis: Int
  /// Axis `i` on the device is axis `permutation[i]` in the graph; empty when they agree.
  var permutation: [Int] = []
  var needsBias = false

  func callAsFunction(_ value: TensorValue) -> TensorValue {
    permutation.isEmpty ? value : value.permuted(permutation)
  }
}

extension Emission {
  /// Weights and bias of the current operator for data and results in these numbers.
  mutating func layerConstants(
    _ arrangement: WeightArrangement, input: Numbers, result: Numbers
  ) throws(Refusal) -> LayerConstants {
    let id = try needed(arrangement.operand)
    guard let constant = graph[id].constant else {
      throw Refusal("has weights that are computed while the model runs", hint: "fold them into constants")
    }
    let bias = try realBias()
    guard input.isQuantized else { return floatConstants(arrangement, id, constant, bias) }
    let rounded = try integers(arrangement, id, constant, bias, input, result)
    let device = arrangement(rounded.value)
    let perChannel = rounded.scales.count > 1
    let weights = addConstant(
      graph[id].name, device,
      Quantization(
        scales: rounded.scales, zeroPoints: rounded.scales.map { _ in 0 },
        axis: perChannel ? arrangement.deviceAxis : nil))
    let channels = constant.sizes[arrangement.channelAxis]
    guard let values = bias ?? (arrangement.needsBias ? [Float](repeating: 0, count: channels) : nil) else {
      return LayerConstants(weights: weights)
    }
    let biasValue = try roundedBias(values, inputScale: input.scale, scales: rounded.scales)
    let scales = rounded.scales.map { input.scale * $0 }
    let biasTensor = addConstant(
      biasName, biasValue,
      Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: perChannel ? 0 : nil))
    return LayerConstants(weights: weights, bias: biasTensor)
  }

  private var biasName: String {
    operandID(2).map { graph[$0].name } ?? "\(graph[node.inputs[1]!].name)/bias"
  }

  private mutating func floatConstants(
    _ arrangement: WeightArrangement, _ id: TensorID, _ constant: Constant, _ bias: [Float]?
  ) -> LayerConstants {
    let weights = self.constant(
      .tensor(id, permutation: arrangement.permutation, .float32), name: graph[id].name
    ) { arrangement(constant.realized()) }
    let channels = constant.sizes[arrangement.channelAxis]
    guard let bias = bias ?? (arrangement.needsBias ? [Float](repeating: 0, count: channels) : nil) else {
      return LayerConstants(weights: weights)
    }
    let value = TensorValue(floats: bias, sizes: [bias.count])
    return LayerConstants(weights: weights, bias: addConstant(biasName, value, nil))
  }

  /// The bias in real numbers; nil when there is none.
  func realBias() throws(Refusal) -> [Float]? {
    if let chosen = plan?.biases[site] { return chosen }
    guard let id = operandID(2) else { return nil }
    guard let constant = graph[id].constant else {
      throw Refusal("has a bias that is computed while the model runs")
    }
    let value = constant.realized()
    guard value.type.isFloat else { throw Refusal("has a bias of type \(value.type) without a scale") }
    return value.floats.array
  }

  func integers(
    _ arrangement: WeightArrangement, _ id: TensorID, _ constant: Constant, _ bias: [Float]?,
    _ input: Numbers, _ result: Numbers
  ) throws(Refusal) -> RoundedWeights {
    if let given = constant.givenWeights(channelAxis: arrangement.channelAxis) { return given }
    guard constant.type.isFloat else { throw Refusal("has weights of type \(constant.type)") }
    let rounding = WeightRounding(
      axis: plan?.isPerChannel ?? true ? arrangement.channelAxis : nil, inputScale: input.scale,
      resultScale: result.scale, bias: bias)
    return rounding.rounded(constant.realized(), channelAxis: arrangement.channelAxis)
  }

  /// A constant of its own.
  mutating func addConstant(_ name: String, _ value: TensorValue, _ quantization: Quantization?) -> Value {
    let type = MicroType(value.type)
    let tensor = device.add(
      MicroTensor(unique(name), type, value.sizes, quantization: quantization, data: value.bytes))
    return Value(tensor: tensor, shape: value.sizes, numbers: Numbers(type: type))
  }
}

extension Constant {
  /// The file's own weights, where their integers are what the device takes: symmetric int8, with one scale or one for
  /// each output channel.
  fileprivate func givenWeights(channelAxis: Int) -> RoundedWeights? {
    guard let (value, quantization) = integers, value.type == .int8 || value.type == .uint8,
      quantization.axis == nil || quantization.axis == channelAxis
    else { return nil }
    let zero = value.type == .uint8 ? 128 : 0
    guard quantization.zeroPoints.allSatisfy({ $0 == zero }) else { return nil }
    if zero == 0 { return RoundedWeights(value: value, scales: quantization.scales) }
    let moved = TensorValue(type: .int8, sizes: value.sizes)
    for index in 0..<value.elementCount { moved.setInteger(value.integer(at: index) - zero, at: index) }
    return RoundedWeights(value: moved, scales: quantization.scales)
  }
}
