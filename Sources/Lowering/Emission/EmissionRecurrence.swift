import Graph
import Micro
import Storage

extension Emission {
  /// UNIDIRECTIONAL_SEQUENCE_LSTM: one direction, from a zero state, all hidden states. Its two states are variables,
  /// which the device keeps from one invocation to the next.
  mutating func emit(_ layer: Recurrent) throws(Refusal) {
    guard layer.kind == .lstm(couplesInputForget: false), layer.direction == .forward, layer.clip == nil,
      layer.activations == [.sigmoid, .tanh, .tanh],
      !(4..<max(4, node.inputs.count)).contains(where: hasOperand),
      !(1..<max(1, node.outputs.count)).contains(where: { node.outputs[$0] != nil })
    else { throw Refusal("has no form on the device") }
    let input = try operand(0)
    let result = resultNumbers()
    let cell = try cellNumbers()
    let (steps, batch) =
      layer.batchMajor ? (input.shape[1], input.shape[0]) : (input.shape[0], input.shape[1])
    let size = layer.hiddenSize
    let gates = try gateConstants(layer, input: input.numbers, state: result)
    let states = [result, cell].map { numbers in
      let tensor = device.add(
        MicroTensor(
          "", numbers.type, [batch, size], quantization: numbers.quantization, isVariable: true))
      return Value(tensor: tensor, shape: [batch, size], numbers: numbers)
    }
    let absent = [Value?](repeating: nil, count: 3)
    let operands: [Value?] =
      [input] + gates.data + gates.state + absent + gates.bias + [nil, nil] + states + absent + [nil]
    let options = LSTMOptions(activation: .tanh, isTimeMajor: !layer.batchMajor)
    let shape = layer.batchMajor ? [batch, steps, size] : [steps, batch, size]
    try bind(0, add(.unidirectionalSequenceLstm, operands, to: result, shape, .lstm(options)))
    notes.append(
      "'\(node.sourceName)' keeps its state from one invocation to the next: reset the interpreter before each sequence"
    )
  }

  /// The kernel knows powers of two alone.
  private func cellNumbers() throws(Refusal) -> Numbers {
    guard arithmetic != .float32 else { return .float32 }
    guard let scale = plan?.cellScales[site], scale > 0, scale.significand == 1 else {
      throw Refusal("has no power of two as the scale of its cell state", hint: "calibrate the model again")
    }
    return Numbers(type: .int16, scale: scale)
  }

  private struct Gates {
    var data: [Value?] = []
    var state: [Value?] = []
    var bias: [Value?] = []
  }

  /// Weights and biases in the device's order of gates: input, forget, cell, output.
  private mutating func gateConstants(
    _ layer: Recurrent, input: Numbers, state: Numbers
  ) throws(Refusal) -> Gates {
    guard let weights = constantOperand(1), let recurrence = constantOperand(2),
      !hasOperand(3) || constantOperand(3) != nil
    else { throw Refusal("has weights that are computed while the model runs") }
    let size = layer.hiddenSize
    let biases = constantOperand(3)?.realized().floats
    var gates = Gates()
    // ONNX's order: input, output, forget, cell.
    for (gate, name) in [(0, "input"), (2, "forget"), (3, "cell"), (1, "output")] {
      let rows = gate * size..<(gate + 1) * size
      let bias = rows.map { row in biases.map { $0[row] + $0[4 * size + row] } ?? 0 }
      let data = gateWeights(weights, rows, input, bias: bias, "\(name) weights")
      gates.data.append(data)
      gates.state.append(gateWeights(recurrence, rows, state, bias: nil, "\(name) recurrence"))
      gates.bias.append(try gateBias(bias, input, scale: data.numbers.scale, "\(name) bias"))
    }
    return gates
  }

  /// The rows of one gate, in one scale.
  private mutating func gateWeights(
    _ all: Constant, _ rows: Range<Int>, _ input: Numbers, bias: [Float]?, _ name: String
  ) -> Value {
    let flat = all.reshaped([all.sizes[1], all.sizes[2]]).sliced(axis: 0, rows).realized()
    let label = "\(node.sourceName)/\(name)"
    guard input.isQuantized else { return addConstant(label, flat, nil) }
    // What a gate sums up has 12 bits behind the point.
    let rounding = WeightRounding(axis: nil, inputScale: input.scale, resultScale: 0x1p-12, bias: bias)
    let rounded = rounding.rounded(flat, channelAxis: 0)
    let made = addConstant(
      label, rounded.value, Quantization(scales: [rounded.scales[0]], zeroPoints: [0]))
    return Value(
      tensor: made.tensor, shape: made.shape, numbers: Numbers(type: .int8, scale: rounded.scales[0]))
  }

  private mutating func gateBias(
    _ bias: [Float], _ input: Numbers, scale: Float, _ name: String
  ) throws(Refusal) -> Value {
    let label = "\(node.sourceName)/\(name)"
    guard input.isQuantized else {
      return addConstant(label, TensorValue(floats: bias, sizes: [bias.count]), nil)
    }
    return addConstant(
      label, try roundedBias(bias, inputScale: input.scale, scales: [scale]),
      Quantization(scales: [input.scale * scale], zeroPoints: [0]))
  }
}
