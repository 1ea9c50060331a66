import Graph
import Micro
import Storage

/// SVDF: a fully connected layer in time, factored into features and their weights over the last calls.
extension OperatorContext {
  func svdf() throws(Diagnostic) -> KernelBody {
    guard case .svdf(let rank, let activation, _) = operation.options, rank > 0 else {
      throw bad("it has no rank")
    }
    let (x, features, times) = (try input(0), try input(1), try input(2))
    let (bias, state, y) = (optionalInput(3), try input(4), try output())
    try requireRank(2, x, features, times, state, y)
    let (batch, filters, depth) = (x.shape[0], features.shape[0], times.shape[1])
    try require(
      features.shape[1] == x.shape[1] && times.shape[0] == filters && filters % rank == 0 && depth > 0
        && y.shape == [batch, filters / rank] && state.shape == [batch, filters * depth],
      "its operands do not fit '\(x.name)' \(x.shape)")
    try require(tensors[state.index].isVariable, "its state '\(state.name)' is not variable")
    try checkBias(bias, channels: filters / rank)
    let shape = SVDFShape(batch: batch, inputs: x.shape[1], filters: filters, depth: depth, rank: rank)
    if x.type == .float32 {
      try requireFloat(features, times, bias, state, y)
      guard activation == .none || activation == .relu else {
        throw unsupported("its activation is \(activation)")
      }
      return floatSVDF(shape, x, features, times, bias, state, y, activation)
    }
    guard x.type == .int8, features.type == .int8, y.type == .int8, bias == nil || bias?.type == .int32,
      times.type == state.type
    else { throw noKernel(for: x, features, times, state, y) }
    switch state.type {
    case .int16: return try integerSVDF(shape, x, features, times, bias, state, y, as: Int16.self)
    case .int8: return try integerSVDF(shape, x, features, times, bias, state, y, as: Int8.self)
    default: throw noKernel(for: x, features, times, state, y)
    }
  }

  private func integerSVDF<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ shape: SVDFShape, _ x: Operand, _ features: Operand, _ times: Operand, _ bias: Operand?,
    _ state: Operand,
    _ y: Operand, as _: Element.Type
  ) throws(Diagnostic) -> KernelBody {
    try requireQuantized(x, features, times, state, y)
    let toState = try Multiplier(stateRatio(x.grid.scale, features.grid.scale, state.grid.scale))
    let toResult = try Multiplier(stateRatio(state.grid.scale, times.grid.scale, y.grid.scale))
    let stateZero = state.grid.zeroPoint
    let range = Int32(Element.min)...Int32(Element.max)
    let bias = Bias(bias)
    return { memory in
      let (data, weights, past) = (
        memory(x, as: Int8.self), memory(features, as: Int8.self), memory(state, as: Element.self)
      )
      shape.shift(past)
      for (sample, filter, place) in shape.newest {
        var sum: Int32 = 0
        for k in 0..<shape.inputs {
          sum &+=
            Int32(weights[filter * shape.inputs + k])
            &* (Int32(data[sample * shape.inputs + k]) &- x.grid.zeroPoint)
        }
        past[place] = Element(truncatingIfNeeded: toState.apply(sum).held(to: range) &+ stateZero)
      }
      let (result, timeWeights) = (memory(y, as: Int8.self), memory(times, as: Element.self))
      let bias = bias.values(memory, count: shape.units)
      for place in 0..<result.count {
        var sum = Int32(truncatingIfNeeded: bias[place % shape.units])
        shape.forEachFactor(of: place) { pastPlace, weightPlace in
          sum &+= Int32(timeWeights[weightPlace]) &* (Int32(past[pastPlace]) &- stateZero)
        }
        result[place] = Int8(clamping: toResult.apply(sum) &+ y.grid.zeroPoint)
      }
    }
  }

  /// a · b / c, in float in the older source.
  private func stateRatio(_ a: Float, _ b: Float, _ c: Float) -> Double {
    profile == .mirror ? Double(a * b / c) : Double(a) * Double(b) / Double(c)
  }

  private func floatSVDF(
    _ shape: SVDFShape, _ x: Operand, _ features: Operand, _ times: Operand, _ bias: Operand?,
    _ state: Operand,
    _ y: Operand, _ activation: MicroActivation
  ) -> KernelBody {
    return { memory in
      let (data, weights, past) = (
        memory(x, as: Float.self), memory(features, as: Float.self), memory(state, as: Float.self)
      )
      shape.shift(past)
      for (sample, filter, place) in shape.newest {
        var sum: Float = 0
        for k in 0..<shape.inputs {
          sum += weights[filter * shape.inputs + k] * data[sample * shape.inputs + k]
        }
        past[place] = sum
      }
      let (result, timeWeights) = (memory(y, as: Float.self), memory(times, as: Float.self))
      let bias = bias.map { memory($0, as: Float.self) }
      for place in 0..<result.count {
        var sum = bias?[place % shape.units] ?? 0
        shape.forEachFactor(of: place) { sum += timeWeights[$1] * past[$0] }
        result[place] = sum.held(to: activation.floatRange)
      }
    }
  }
}

private struct SVDFShape: Sendable {
  var batch, inputs, filters, depth, rank: Int
  var units: Int { filters / rank }

  /// Forgets the oldest call.
  func shift<Element: BitwiseCopyable>(_ past: View<Element>) {
    for index in 0..<past.count - 1 { past[index] = past[index + 1] }
  }

  /// Where each filter's newest number goes.
  var newest: [(sample: Int, filter: Int, place: Int)] {
    (0..<batch * filters).map { ($0 / filters, $0 % filters, ($0 + 1) * depth - 1) }
  }

  /// Calls `body` with the places in the state and in the weights that a result sums over.
  @inline(__always)
  func forEachFactor(of place: Int, _ body: (_ past: Int, _ weight: Int) -> Void) {
    let (sample, unit) = (place / units, place % units)
    for step in 0..<rank * depth {
      let factor = unit * rank * depth + step
      body(sample * filters * depth + factor, factor)
    }
  }
}
