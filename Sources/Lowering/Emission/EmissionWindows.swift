import Graph
import Micro

/// How the device pads a window: by its own rule, after zeros were added where the rule is another one.
struct WindowPadding {
  var padding: MicroPadding
  /// Along the two spatial axes, for a PAD before.
  var before = [0, 0]
  var after = [0, 0]

  var needsPad: Bool { (before + after).contains { $0 > 0 } }

  init(_ window: WindowGeometry, input: [Int], output: [Int]) throws(Refusal) {
    var needed: [(before: Int, after: Int)] = []
    var (isSame, isValid) = (true, true)
    for axis in 0..<2 {
      let (span, stride, before) = (window.span(axis), window.strides[axis], window.padBefore[axis])
      // What the windows really reach behind the data; more padding is never looked at.
      let reach = (output[axis] - 1) * stride + span - input[axis]
      let total = max(0, reach)
      isSame = isSame && output[axis] == (input[axis] + stride - 1) / stride && before == total / 2
      isValid =
        isValid && before == 0 && output[axis] == (input[axis] - span + stride) / stride
        && input[axis] >= span
      guard before >= 0 else { throw Refusal("has negative padding", hint: "crop its data before") }
      needed.append((before, max(0, reach - before)))
    }
    padding = isSame && !isValid ? .same : .valid
    if !isSame, !isValid {
      before = needed.map(\.before)
      after = needed.map(\.after)
    }
  }
}

extension Emission {
  mutating func emit(_ convolution: Convolution) throws(Refusal) {
    let input = try operand(0)
    guard input.rank == 4, convolution.window.spatialRank == 2 else {
      throw Refusal("slides over \(convolution.window.spatialRank) axes; the device knows two")
    }
    guard convolution.layout == .channelsLast else { throw Refusal("is not channels-last") }
    let (result, shape) = (resultNumbers(), resultShape())
    let (activation, rest) = activation(for: convolution.clamp, in: result)
    let geometry = try WindowPadding(
      convolution.window, input: Array(input.shape[1...2]), output: Array(shape[1...2]))
    let padded = pad(input, geometry, value: 0)
    let options = ConvolutionOptions(
      padding: geometry.padding, strideWidth: convolution.window.strides[1],
      strideHeight: convolution.window.strides[0], dilationWidth: convolution.window.dilations[1],
      dilationHeight: convolution.window.dilations[0], activation: activation)
    let channels = input.shape[3]
    let made: Value
    if convolution.groups == channels, channels > 1 {
      // The filter [O, h, w, 1] becomes [1, h, w, O].
      let arrangement = WeightArrangement(
        channelAxis: 0, deviceAxis: 3, permutation: [3, 1, 2, 0], needsBias: true)
      let constants = try layerConstants(arrangement, input: input.numbers, result: result)
      made = add(
        .depthwiseConv2D, [padded] + constants.operands, to: result, shape,
        .depthwise(options, depthMultiplier: shape[3] / channels))
    } else {
      let arrangement = WeightArrangement(channelAxis: 0, deviceAxis: 0)
      let constants = try layerConstants(arrangement, input: input.numbers, result: result)
      made = add(.conv2D, [padded] + constants.operands, to: result, shape, .convolution(options))
    }
    try bind(0, clamped(made, rest))
  }

  /// The data with what a window needs around it.
  mutating func pad(_ input: Value, _ geometry: WindowPadding, value: Float) -> Value {
    guard geometry.needsPad else { return input }
    let before = [0] + geometry.before + [0]
    let after = [0] + geometry.after + [0]
    return pad(input, before: before, after: after, value: value)
  }

  /// PAD with the integer of zero, or PADV2 with another value.
  mutating func pad(_ input: Value, before: [Int], after: [Int], value: Float) -> Value {
    let amounts = zip(before, after).flatMap { [$0, $1] }
    let shape = input.shape.indices.map { input.shape[$0] + before[$0] + after[$0] }
    let paddings = constant(integers: amounts, shape: [before.count, 2], .int32)
    if value == 0 { return add(.pad, [input, paddings], to: input.numbers, shape, .empty(union: 22)) }
    let fill =
      input.numbers.isQuantized || input.numbers.type == .float32
      ? constant(real: value, input.numbers)
      : constant(integers: [Int(value)], shape: [1], input.numbers)
    return add(.padv2, [input, paddings, fill], to: input.numbers, shape, .empty(union: 43))
  }

  mutating func emit(_ pool: Pool) throws(Refusal) {
    let input = try operand(0)
    let window = pool.window
    guard input.rank == 4, window.spatialRank == 2 else {
      throw Refusal("slides over \(window.spatialRank) axes; the device knows two")
    }
    guard pool.layout == .channelsLast else { throw Refusal("is not channels-last") }
    guard window.dilations == [1, 1] else { throw Refusal("has dilations \(window.dilations)") }
    if node.outputs.count > 1, node.outputs[1] != nil {
      throw Refusal("gives the positions of its maxima, which the device does not compute")
    }
    let shape = resultShape()
    let (inside, outside) = (Array(input.shape[1...2]), Array(shape[1...2]))
    let geometry = try WindowPadding(window, input: inside, output: outside)
    let code: BuiltinOperator
    var fill: Float = 0
    switch pool.kind {
    case .maximum:
      code = .maxPool2D
      fill = input.numbers.isQuantized ? -.infinity : -.greatestFiniteMagnitude
    case .average(let countsPadding):
      code = .averagePool2D
      try check(window, countsPadding: countsPadding, geometry, inside, outside)
    case .lp: throw Refusal("is an Lp pool, which the device does not compute")
    }
    var padded = input
    var padding = geometry.padding
    if case .average(true) = pool.kind, geometry.padding == .same, window.hasPadding {
      // The device never counts padding, so that it has to be data.
      let explicit = (0..<2).map { axis in
        let reach = (outside[axis] - 1) * window.strides[axis] + window.size[axis] - inside[axis]
        return (window.padBefore[axis], max(0, reach - window.padBefore[axis]))
      }
      padded = pad(
        input, before: [0] + explicit.map(\.0) + [0], after: [0] + explicit.map(\.1) + [0], value: 0)
      padding = .valid
    } else {
      padded = pad(input, geometry, value: fill)
    }
    let options = PoolOptions(
      padding: padding, strideWidth: window.strides[1], strideHeight: window.strides[0],
      filterWidth: window.size[1], filterHeight: window.size[0])
    try bind(0, add(code, [padded], to: input.numbers, shape, .pool(options)))
  }

  /// Refuses averages whose divisor the device would take for another.
  private func check(
    _ window: WindowGeometry, countsPadding: Bool, _ geometry: WindowPadding, _ input: [Int], _ output: [Int]
  ) throws(Refusal) {
    if !countsPadding, geometry.needsPad {
      throw Refusal(
        "averages without its padding of \(window.padBefore) before and \(window.padAfter) after, "
          + "which is not the device's SAME", hint: "export it with count_include_pad or other padding")
    }
    guard countsPadding else { return }
    for axis in 0..<2 {
      let reach = (output[axis] - 1) * window.strides[axis] + window.size[axis]
      if reach > input[axis] + window.padBefore[axis] + window.padAfter[axis] {
        throw Refusal(
          "averages over windows that reach past the padding it counts", hint: "set ceil_mode to 0")
      }
    }
  }
}
