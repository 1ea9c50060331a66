import Graph
import Micro
import Storage

/// FULLY_CONNECTED: each row of data with each row of weights.
extension OperatorContext {
  func fullyConnected() throws(Diagnostic) -> KernelBody {
    guard case .fullyConnected(let options) = operation.options else { throw bad("it has no options") }
    let (x, w, y) = (try input(0), try input(1), try output())
    let bias = optionalInput(2)
    try requireSupported(
      options.weightsFormat == 0, "its weights are in a packed format that TFLM does not have")
    try require(
      w.rank >= 1 && y.rank >= 1, "weights and result need at least one axis")
    let depth = w.shape[w.rank - 1]
    let filters = w.count / max(1, depth)
    try require(
      depth > 0 && y.shape[y.rank - 1] == filters && x.count == y.count / max(1, filters) * depth,
      "\(w.shape) does not give \(y.shape) from \(x.shape)")
    try checkBias(bias, channels: filters)
    let rows = y.count / filters
    if x.type == .float32 {
      try requireFloat(w, bias, y)
      if let fast = fastFloatDense(
        x, w, bias, y, rows: rows, depth: depth, filters: filters, options.activation)
      {
        return fast
      }
      let range = options.activation.floatRange
      return { memory in
        Self.floatRows(memory, x, w, bias, y, rows: rows, depth: depth, filters: filters, range)
      }
    }
    let layer = try integerLayer(x, w, bias, y, rows: rows, depth: depth, filters: filters, options)
    return fastFullyConnected(layer, bias) ?? layer.kernel
  }

  private func integerLayer(
    _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand, rows: Int, depth: Int, filters: Int,
    _ options: FullyConnectedOptions
  ) throws(Diagnostic) -> IntegerFullyConnected {
    try requireSameType(x, y)
    try requireQuantized(x, y)
    let scales = w.quantization?.scales ?? []
    let isPerChannel = scales.count > 1
    var multipliers: [Multiplier] = []
    if isPerChannel {
      try requireSupported(w.type != .int4, "int4 weights have one scale only in this operator")
      multipliers = try channelMultipliers(x, w, y, channels: filters)
    } else {
      let product = profile.product(x.grid.scale, w.grid.scale)
      multipliers = [try Multiplier(product / Double(y.grid.scale))]
    }
    let bits = x.type == .int8 ? 8 : 16
    var requantization = Requantization(
      multipliers: multipliers, zeroPoint: y.grid.zeroPoint,
      range: y.grid.range(of: options.activation, bits: bits),
      isWide: false)
    switch (x.type, w.type, bias?.type) {
    case (.int8, .int8, nil), (.int8, .int8, .int32), (.int8, .int4, nil), (.int8, .int4, .int32): break
    case (.int16, .int8, .int32): break
    case (.int16, .int8, nil), (.int16, .int8, .int64):
      requantization.isWide = bias != nil || options.biasType != .int32
      if requantization.isWide { try requireWide(multipliers) }
    default:
      throw unsupported(
        "there is no kernel for \(x.type) data with \(w.type) weights and \(bias.map { "\($0.type)" } ?? "no") bias"
      )
    }
    return IntegerFullyConnected(
      x: x, w: w, y: y, bias: Bias(bias), rows: rows, depth: depth, filters: filters,
      weightZeroPoint: isPerChannel ? 0 : w.grid.zeroPoint, requantization: requantization)
  }

  private static func floatRows(
    _ memory: TensorMemory, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand, rows: Int, depth: Int,
    filters: Int, _ range: (low: Float, high: Float)
  ) {
    let (data, weights, result) = (
      memory(x, as: Float.self), memory(w, as: Float.self), memory(y, as: Float.self)
    )
    let bias = bias.map { memory($0, as: Float.self) }
    for row in 0..<rows {
      for filter in 0..<filters {
        var sum: Float = 0
        for k in 0..<depth { sum += data[row * depth + k] * weights[filter * depth + k] }
        result[row * filters + filter] = (sum + (bias?[filter] ?? 0)).held(to: range)
      }
    }
  }
}

/// FULLY_CONNECTED on integers: plain loops over every product.
struct IntegerFullyConnected: Sendable {
  let x, w, y: Operand
  let bias: Bias
  let rows, depth, filters: Int
  let weightZeroPoint: Int32
  let requantization: Requantization

  var kernel: KernelBody {
    if x.type == .int8 { return { memory in run(memory, as: Int8.self) } }
    return { memory in run(memory, as: Int16.self) }
  }

  private func run<Element: FixedWidthInteger & BitwiseCopyable>(_ memory: TensorMemory, as _: Element.Type) {
    let (data, weights, result) = (
      memory(x, as: Element.self), memory(w, as: Int8.self), memory(y, as: Element.self)
    )
    let bias = bias.values(memory, count: filters)
    let (dataOffset, weightOffset) = (Int64(x.grid.zeroPoint), Int64(weightZeroPoint))
    for row in 0..<rows {
      for filter in 0..<filters {
        var sum: Int64 = 0
        for k in 0..<depth {
          sum &+=
            (Int64(weights[filter * depth + k]) - weightOffset) &* (Int64(data[row * depth + k]) - dataOffset)
        }
        result[row * filters + filter] = Element(
          truncatingIfNeeded: requantization(sum &+ bias[filter], channel: filter))
      }
    }
  }
}
