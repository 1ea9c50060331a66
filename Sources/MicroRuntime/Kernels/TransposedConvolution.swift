import Graph
import Micro
import Storage

/// TRANSPOSE_CONV: every input adds its filter to the result around it.
extension OperatorContext {
  func transposedConvolution() throws(Diagnostic) -> KernelBody {
    guard case .transposedConvolution(let options) = operation.options else { throw bad("it has no options") }
    let (w, x, y) = (try input(1), try input(2), try output())
    let bias = optionalInput(3)
    try requireRank(4, x, w, y)
    try require(
      w.shape[3] == x.shape[3] && y.shape[3] == w.shape[0] && y.shape[0] == x.shape[0],
      "\(w.shape) does not give \(y.shape) from \(x.shape)")
    try require(options.strideHeight > 0 && options.strideWidth > 0, "strides have to be above zero")
    try require(w.shape[1] > 0 && w.shape[2] > 0, "its filter is empty")
    try checkBias(bias, channels: y.shape[3])
    // Padding belongs to the forward convolution, whose input is the result here.
    func axis(_ k: Int, stride: Int) -> WindowAxis {
      WindowAxis(
        input: y.shape[k], output: x.shape[k], kernel: w.shape[k], stride: stride, padding: options.padding)
    }
    let (rows, columns) = (axis(1, stride: options.strideHeight), axis(2, stride: options.strideWidth))
    let scatter = Scatter(
      rows: rows, columns: columns, batch: x.shape[0], inputChannels: x.shape[3], outputChannels: y.shape[3])
    if x.type == .float32 {
      try requireFloat(w, bias, y)
      return floatScatter(scatter, x, w, bias, y, options.activation.floatRange)
    }
    try requireSameType(x, y)
    let multipliers = try channelMultipliers(x, w, y, channels: y.shape[3])
    let isWide = x.type == .int16
    switch (x.type, w.type, bias?.type) {
    case (.int8, .int8, nil), (.int8, .int8, .int32): break
    case (.int16, .int8, nil), (.int16, .int8, .int64), (.int16, .int8, .int16): try requireWide(multipliers)
    default:
      throw unsupported(
        "there is no kernel for \(x.type) data with \(w.type) weights and \(bias.map { "\($0.type)" } ?? "no") bias"
      )
    }
    let requantization = Requantization(
      multipliers: multipliers, zeroPoint: isWide ? 0 : y.grid.zeroPoint,
      range: y.grid.range(of: options.activation, bits: isWide ? 16 : 8), isWide: isWide)
    if isWide { return integerScatter(scatter, x, w, Bias(bias), y, requantization, as: Int16.self) }
    return integerScatter(scatter, x, w, Bias(bias), y, requantization, as: Int8.self)
  }

  private func integerScatter<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ scatter: Scatter, _ x: Operand, _ w: Operand, _ bias: Bias, _ y: Operand,
    _ requantization: Requantization,
    as _: Element.Type
  ) -> KernelBody {
    let offset = requantization.isWide ? 0 : Int64(x.grid.zeroPoint)
    return { memory in
      let (data, weights) = (memory(x, as: Element.self), memory(w, as: Int8.self))
      let channels = scatter.outputChannels
      var sums = [Int64](repeating: 0, count: y.count)
      scatter.forEachTap { source, filter, target in
        for k in 0..<scatter.inputChannels {
          sums[target] &+= (Int64(data[source + k]) - offset) &* Int64(weights[filter + k])
        }
      }
      let (result, bias) = (memory(y, as: Element.self), bias.values(memory, count: channels))
      for place in sums.indices {
        let channel = place % channels
        result[place] = Element(
          truncatingIfNeeded: requantization(sums[place] &+ bias[channel], channel: channel))
      }
    }
  }

  private func floatScatter(
    _ scatter: Scatter, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    _ range: (low: Float, high: Float)
  ) -> KernelBody {
    return { memory in
      let (data, weights) = (memory(x, as: Float.self), memory(w, as: Float.self))
      let result = memory(y, as: Float.self)
      result.fill(0)
      // TFLM adds channel after channel of an input to the result, filter after filter.
      scatter.forEachTap { source, filter, target in
        for k in 0..<scatter.inputChannels { result[target] += data[source + k] * weights[filter + k] }
      }
      let bias = bias.map { memory($0, as: Float.self) }
      for place in 0..<result.count {
        result[place] = (result[place] + (bias?[place % scatter.outputChannels] ?? 0)).held(to: range)
      }
    }
  }
}

/// Which result each tap of each input adds to.
private struct Scatter: Sendable {
  /// Of the forward convolution: its input is the result.
  var rows, columns: WindowAxis
  var batch, inputChannels, outputChannels: Int

  /// `body` gets where an input pixel, a filter's channels at one tap, and the sum they belong to start.
  @inline(__always)
  func forEachTap(_ body: (_ source: Int, _ filter: Int, _ target: Int) -> Void) {
    for sample in 0..<batch {
      for row in 0..<rows.output {
        for column in 0..<columns.output {
          let source = ((sample * rows.output + row) * columns.output + column) * inputChannels
          for rowTap in rows.taps(at: row) {
            let line = (sample * rows.input + rows.start(of: row) + rowTap) * columns.input
            for columnTap in columns.taps(at: column) {
              let target = (line + columns.start(of: column) + columnTap) * outputChannels
              for channel in 0..<outputChannels {
                let filter = ((channel * rows.kernel + rowTap) * columns.kernel + columnTap) * inputChannels
                body(source, filter, target + channel)
              }
            }
          }
        }
      }
    }
  }
}
