import Graph
import Micro
import Storage

extension Emission {
  mutating func emitDense(clamp: FusedClamp?) throws(Refusal) {
    let input = try operand(0)
    if constantOperand(1) == nil { return try emitRuntimeDense(input, clamp: clamp) }
    let arrangement = WeightArrangement(channelAxis: 0, deviceAxis: 0)
    let (activation, rest) = activation(for: clamp, in: resultNumbers())
    let constants = try layerConstants(arrangement, input: input.numbers, result: resultNumbers())
    let made = fullyConnected(input, constants.operands, activation: activation)
    try bind(0, clamped(made, rest))
  }

  /// Weights that are made while the model runs have one scale, and may have a zero point.
  private mutating func emitRuntimeDense(_ input: Value, clamp: FusedClamp?) throws(Refusal) {
    let weights = try operand(1)
    var bias: Value?
    if let constant = constantOperand(2), let id = operandID(2) {
      bias =
        input.numbers.isQuantized
        ? addConstant(
          graph[id].name,
          try roundedBias(
            constant.realized().floats.array, inputScale: input.numbers.scale, scales: [weights.numbers.scale]
          ),
          Quantization(scales: [input.numbers.scale * weights.numbers.scale], zeroPoints: [0]))
        : try operand(2)
    } else if hasOperand(2) {
      guard arithmetic == .float32 else { throw Refusal("has a bias that is computed while the model runs") }
      bias = try operand(2)
    }
    let (activation, rest) = activation(for: clamp, in: resultNumbers())
    let made = fullyConnected(input, [weights] + (bias.map { [$0] } ?? []), activation: activation)
    try bind(0, clamped(made, rest))
  }

  /// FULLY_CONNECTED of the current operator's result shape.
  private mutating func fullyConnected(
    _ input: Value, _ constants: [Value?], activation: MicroActivation
  ) -> Value {
    var shape = resultShape()
    if shape.count < 2 { shape.insert(1, at: 0) }
    let keeps = shape.count > 2
    let options = MicroOptions.fullyConnected(
      FullyConnectedOptions(activation: activation, keepsDimensions: keeps))
    // Only the last extent of a result of rank 2 is looked at, so that flattening costs nothing.
    return keeps
      ? add(.fullyConnected, [input] + constants, to: resultNumbers(), shape, options)
      : addFlat(.fullyConnected, [input] + constants, to: resultNumbers(), shape, options)
  }

  mutating func emitProduct(transposesLeft: Bool, transposesRight: Bool) throws(Refusal) {
    if let right = constantOperand(1), right.sizes.count == 2, constantOperand(0) == nil {
      var left = try operand(0)
      if left.rank == 1 { left.shape.insert(1, at: 0) }
      if transposesLeft { left = swappingLastAxes(left) }
      let arrangement = WeightArrangement(
        channelAxis: transposesRight ? 0 : 1, deviceAxis: 0, permutation: transposesRight ? [] : [1, 0])
      let constants = try layerConstants(arrangement, input: left.numbers, result: resultNumbers())
      return try bind(0, fullyConnected(left, constants.operands, activation: .none))
    }
    var (left, right) = (try operand(0), try operand(1))
    if left.rank == 1 { left.shape.insert(1, at: 0) }
    if right.rank == 1 { right.shape.append(1) }
    guard max(left.rank, right.rank) <= 5 else {
      throw Refusal("multiplies matrices of rank \(max(left.rank, right.rank)); the device takes up to 5")
    }
    // The device would keep a transposed copy of the right side for good.
    if !transposesRight { right = swappingLastAxes(right) }
    var shape = Array(broadcast(Array(left.shape.dropLast(2)), Array(right.shape.dropLast(2))))
    shape.append(left.shape[left.rank - (transposesLeft ? 1 : 2)])
    shape.append(right.shape[right.rank - 2])
    let options = MicroOptions.batchMatMul(adjointX: transposesLeft, adjointY: true, asymmetricInputs: false)
    try bind(0, add(.batchMatmul, [left, right], to: resultNumbers(), shape, options))
  }

  private func broadcast(_ left: [Int], _ right: [Int]) -> [Int] {
    let rank = max(left.count, right.count)
    let filled = [left, right].map { [Int](repeating: 1, count: rank - $0.count) + $0 }
    return zip(filled[0], filled[1]).map { $0 == 1 ? $1 : $0 }
  }

  private mutating func swappingLastAxes(_ value: Value) -> Value {
    var permutation = Array(0..<value.rank)
    permutation.swapAt(value.rank - 1, value.rank - 2)
    return transpose(value, permutation)
  }

  mutating func emit(_ convolution: TransposedConvolution) throws(Refusal) {
    let input = try operand(0)
    let window = convolution.window
    guard input.rank == 4, window.spatialRank == 2 else {
      throw Refusal("slides over \(window.spatialRank) axes; the device knows two")
    }
    guard convolution.layout == .channelsLast else { throw Refusal("is not channels-last") }
    guard convolution.groups == 1 else { throw Refusal("has \(convolution.groups) groups") }
    guard window.dilations == [1, 1] else { throw Refusal("has dilations \(window.dilations)") }
    guard window.padBefore.allSatisfy({ $0 >= 0 }) else { throw Refusal("has negative padding") }
    let (result, shape) = (resultNumbers(), resultShape())
    let (activation, rest) = activation(for: convolution.clamp, in: result)
    let constants = try layerConstants(
      WeightArrangement(channelAxis: 0, deviceAxis: 0), input: input.numbers, result: result)
    let (padding, crops) = placement(window, output: Array(shape[1...2]))
    var larger = shape
    for axis in 0..<2 { larger[axis + 1] += crops[axis] }
    let options = ConvolutionOptions(
      padding: padding, strideWidth: window.strides[1], strideHeight: window.strides[0],
      activation: activation)
    let target = constant(integers: larger, shape: [4], .int32)
    var made = add(
      .transposeConv, [target, constants.weights, input] + (constants.bias.map { [$0] } ?? []), to: result,
      larger, .transposedConvolution(options))
    if larger != shape { made = slice(made, starts: [0] + crops + [0], counts: shape) }
    try bind(0, clamped(made, rest))
  }

  /// The device crops the front by its own rule from the output's size, or not at all; the rest is sliced away.
  private func placement(_ window: WindowGeometry, output: [Int]) -> (MicroPadding, crops: [Int]) {
    if window.padBefore == [0, 0] { return (.valid, [0, 0]) }
    let isSame = (0..<2).allSatisfy { axis in
      let stride = window.strides[axis]
      let windows = (output[axis] + stride - 1) / stride
      let total = max(0, (windows - 1) * stride + window.size[axis] - output[axis])
      return window.padBefore[axis] == total / 2
    }
    return isSame ? (.same, [0, 0]) : (.valid, window.padBefore)
  }
}
