import Graph
import Micro
import Storage

/// CONV_2D and DEPTHWISE_CONV_2D.
extension OperatorContext {
  func convolution() throws(Diagnostic) -> KernelBody {
    guard case .convolution(let options) = operation.options else { throw bad("it has no options") }
    let (x, w, y) = (try input(0), try input(1), try output())
    let bias = optionalInput(2)
    try requireRank(4, x, w, y)
    let depth = w.shape[3]
    try require(depth > 0 && x.shape[3] % depth == 0, "filters of \(depth) channels do not fit \(x.shape)")
    let groups = x.shape[3] / depth
    try require(
      groups > 0 && w.shape[0] > 0 && w.shape[0] % groups == 0 && y.shape[3] == w.shape[0]
        && y.shape[0] == x.shape[0],
      "\(w.shape[0]) filters in \(groups) groups do not give \(y.shape) from \(x.shape)")
    let (rows, columns) = try window(x, kernel: (w.shape[1], w.shape[2]), y, options)
    let shape = ConvolutionShape(
      batch: x.shape[0], rows: rows, columns: columns, inputChannels: x.shape[3], outputChannels: y.shape[3],
      filterDepth: depth)
    try checkBias(bias, channels: shape.outputChannels)
    if x.type == .float32 {
      try requireFloat(w, bias, y)
      return fastFloatConvolution(shape, x, w, bias, y, options.activation)
        ?? FloatConvolution(shape, x, w, bias, y, range: options.activation.floatRange).kernel
    }
    let requantization = try convolutionRequantization(
      x, w, bias, y, channels: shape.outputChannels, options, isDepthwise: false)
    return fastConvolution(shape, x, w, bias, y, requantization)
      ?? IntegerConvolution(shape, x, w, bias, y, requantization).kernel
  }

  func depthwiseConvolution() throws(Diagnostic) -> KernelBody {
    guard case .depthwise(let options, let multiplier) = operation.options else {
      throw bad("it has no options")
    }
    let (x, w, y) = (try input(0), try input(1), try output())
    let bias = optionalInput(2)
    try requireRank(4, x, w, y)
    let channels = w.shape[3]
    try require(
      channels == x.shape[3] * multiplier && y.shape[3] == channels && y.shape[0] == x.shape[0]
        && w.shape[0] == 1,
      "\(w.shape) with a depth multiplier of \(multiplier) does not give \(y.shape) from \(x.shape)")
    let (rows, columns) = try window(x, kernel: (w.shape[1], w.shape[2]), y, options)
    let shape = ConvolutionShape(
      batch: x.shape[0], rows: rows, columns: columns, inputChannels: x.shape[3], outputChannels: channels,
      filterDepth: 1)
    try checkBias(bias, channels: channels)
    if x.type == .float32 {
      try requireFloat(w, bias, y)
      return fastFloatDepthwise(shape, x, w, bias, y, options.activation)
        ?? FloatDepthwise(
          shape, multiplier: multiplier, x, w, bias, y, range: options.activation.floatRange
        ).kernel
    }
    let requantization = try convolutionRequantization(
      x, w, bias, y, channels: channels, options, isDepthwise: true)
    return fastDepthwise(shape, multiplier: multiplier, x, w, bias, y, requantization)
      ?? IntegerDepthwise(shape, multiplier: multiplier, x, w, bias, y, requantization).kernel
  }

  /// Which accumulator and rounding go with these types.
  private func convolutionRequantization(
    _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand, channels: Int, _ options: ConvolutionOptions,
    isDepthwise: Bool
  ) throws(Diagnostic) -> Requantization {
    try requireSameType(x, y)
    let multipliers = try channelMultipliers(x, w, y, channels: channels)
    switch (x.type, w.type, bias?.type) {
    case (.int8, .int8, nil), (.int8, .int8, .int32), (.int8, .int4, nil), (.int8, .int4, .int32):
      return Requantization(
        multipliers: multipliers, zeroPoint: y.grid.zeroPoint,
        range: y.grid.range(of: options.activation, bits: 8), isWide: false)
    case (.int16, .int8, let type) where type == nil || type == .int64 || (type == .int32 && !isDepthwise):
      let isWide = isDepthwise || !(type == .int32 || (type == nil && options.biasType == .int32))
      if isWide { try requireWide(multipliers) }
      return Requantization(
        multipliers: multipliers, zeroPoint: 0, range: y.grid.range(of: options.activation, bits: 16),
        isWide: isWide)
    default:
      throw unsupported(
        "there is no kernel for \(x.type) data with \(w.type) weights and \(bias.map { "\($0.type)" } ?? "no") bias"
      )
    }
  }

  func checkBias(_ bias: Operand?, channels: Int) throws(Diagnostic) {
    guard let bias else { return }
    try require(
      bias.count == channels, "its bias \(bias.shape) is not one number for each of \(channels) channels")
  }

  func requireFloat(_ operands: Operand?...) throws(Diagnostic) {
    for case let operand? in operands where operand.type != .float32 {
      throw unsupported("'\(operand.name)' is \(operand.type) beside float32 data, which TFLM does not mix")
    }
  }
}

/// CONV_2D on integers: plain loops over every product.
struct IntegerConvolution: Sendable {
  let shape: ConvolutionShape
  let x, w, y: Operand
  let bias: Bias
  let requantization: Requantization

  init(
    _ shape: ConvolutionShape, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    _ requantization: Requantization
  ) {
    self.shape = shape
    (self.x, self.w, self.y) = (x, w, y)
    self.bias = Bias(bias)
    self.requantization = requantization
  }

  var kernel: KernelBody {
    if x.type == .int8 {
      return { memory in run(memory, as: Int8.self, offset: Int64(x.grid.zeroPoint)) }
    }
    return { memory in run(memory, as: Int16.self, offset: 0) }
  }

  private func run<Element: FixedWidthInteger & BitwiseCopyable>(
    _ memory: TensorMemory, as _: Element.Type, offset: Int64
  ) {
    let (data, weights, result) = (
      memory(x, as: Element.self), memory(w, as: Int8.self), memory(y, as: Element.self)
    )
    let bias = bias.values(memory, count: shape.outputChannels)
    let (rows, columns, depth) = (shape.rows, shape.columns, shape.filterDepth)
    var place = 0
    for sample in 0..<shape.batch {
      for row in 0..<rows.output {
        let (rowTaps, top) = (rows.taps(at: row), rows.start(of: row))
        for column in 0..<columns.output {
          let (columnTaps, left) = (columns.taps(at: column), columns.start(of: column))
          for channel in 0..<shape.outputChannels {
            let first = channel / shape.filtersPerGroup * depth
            var sum: Int64 = 0
            for rowTap in rowTaps {
              let line = (sample * rows.input + top + rowTap * rows.dilation) * columns.input
              for columnTap in columnTaps {
                let source = (line + left + columnTap * columns.dilation) * shape.inputChannels + first
                let filter = ((channel * rows.kernel + rowTap) * columns.kernel + columnTap) * depth
                for k in 0..<depth {
                  sum &+= Int64(weights[filter + k]) &* (Int64(data[source + k]) - offset)
                }
              }
            }
            result[place] = Element(
              truncatingIfNeeded: requantization(sum &+ bias[channel], channel: channel))
            place += 1
          }
        }
      }
    }
  }
}

/// DEPTHWISE_CONV_2D on integers: plain loops over every product.
struct IntegerDepthwise: Sendable {
  let shape: ConvolutionShape
  let multiplier: Int
  let x, w, y: Operand
  let bias: Bias
  let requantization: Requantization

  init(
    _ shape: ConvolutionShape, multiplier: Int, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    _ requantization: Requantization
  ) {
    self.shape = shape
    self.multiplier = multiplier
    (self.x, self.w, self.y) = (x, w, y)
    self.bias = Bias(bias)
    self.requantization = requantization
  }

  var kernel: KernelBody {
    if x.type == .int8 {
      return { memory in run(memory, as: Int8.self, offset: Int64(x.grid.zeroPoint)) }
    }
    return { memory in run(memory, as: Int16.self, offset: 0) }
  }

  private func run<Element: FixedWidthInteger & BitwiseCopyable>(
    _ memory: TensorMemory, as _: Element.Type, offset: Int64
  ) {
    let (data, weights, result) = (
      memory(x, as: Element.self), memory(w, as: Int8.self), memory(y, as: Element.self)
    )
    let bias = bias.values(memory, count: shape.outputChannels)
    let (rows, columns, channels) = (shape.rows, shape.columns, shape.outputChannels)
    var place = 0
    for sample in 0..<shape.batch {
      for row in 0..<rows.output {
        let (rowTaps, top) = (rows.taps(at: row), rows.start(of: row))
        for column in 0..<columns.output {
          let (columnTaps, left) = (columns.taps(at: column), columns.start(of: column))
          for channel in 0..<channels {
            var sum: Int64 = 0
            for rowTap in rowTaps {
              let line = (sample * rows.input + top + rowTap * rows.dilation) * columns.input
              for columnTap in columnTaps {
                let source =
                  (line + left + columnTap * columns.dilation) * shape.inputChannels + channel / multiplier
                let weight = weights[(rowTap * columns.kernel + columnTap) * channels + channel]
                sum &+= Int64(weight) &* (Int64(data[source]) - offset)
              }
            }
            result[place] = Element(
              truncatingIfNeeded: requantization(sum &+ bias[channel], channel: channel))
            place += 1
          }
        }
      }
    }
  }
}
