import Graph
import Micro

/// One axis of a sliding window.
struct WindowAxis: Sendable {
  var input: Int
  var output: Int
  var kernel: Int
  var stride: Int
  var dilation = 1
  /// How far the first window starts before the image.
  var before: Int

  init(input: Int, output: Int, kernel: Int, stride: Int, dilation: Int = 1, before: Int) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.before = before
  }

  /// The window of an operator with this padding; `output` is what the file declares, which is what TFLM loops over.
  init(input: Int, output: Int, kernel: Int, stride: Int, dilation: Int = 1, padding: MicroPadding) {
    let reach = (kernel - 1) * dilation + 1
    let proper =
      padding == .same ? (input + stride - 1) / stride : (input - reach + stride) / stride
    let total = max(0, (proper - 1) * stride + reach - input)
    self.init(
      input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, before: total / 2)
  }

  func start(of output: Int) -> Int { output * stride - before }

  /// How far the last window reaches behind the image.
  var after: Int { max(0, (output - 1) * stride + (kernel - 1) * dilation + 1 - before - input) }

  /// How many places of the padded image the windows reach over.
  var paddedExtent: Int { max(before + input, (max(output, 1) - 1) * stride + (kernel - 1) * dilation + 1) }

  /// The taps that fall into the image.
  func taps(at output: Int) -> Range<Int> {
    let start = start(of: output)
    let low = start < 0 ? (-start + dilation - 1) / dilation : 0
    let high = min(kernel, start < input ? (input - start + dilation - 1) / dilation : 0)
    return min(low, kernel)..<max(min(low, kernel), high)
  }
}

/// Shapes of a convolution: NHWC data, OHWI weights.
struct ConvolutionShape: Sendable {
  var batch: Int
  var rows: WindowAxis
  var columns: WindowAxis
  var inputChannels: Int
  var outputChannels: Int
  /// Channels that one filter reads; fewer than there are in a grouped convolution.
  var filterDepth: Int

  /// Whether a padded copy of an image is of a sensible size; a hostile file's stride or dilation may be anything.
  var isCompact: Bool {
    let (area, overflow) = rows.paddedExtent.multipliedReportingOverflow(by: columns.paddedExtent)
    return !overflow && area <= (1 << 28) / max(inputChannels, 1)
  }

  var filtersPerGroup: Int { outputChannels / (inputChannels / filterDepth) }
}

extension OperatorContext {
  /// The window of a convolution, checked.
  func window(
    _ x: Operand, kernel: (rows: Int, columns: Int), _ y: Operand, _ options: ConvolutionOptions
  ) throws(Diagnostic) -> (rows: WindowAxis, columns: WindowAxis) {
    try require(
      options.strideHeight > 0 && options.strideWidth > 0 && options.dilationHeight > 0
        && options.dilationWidth > 0, "strides and dilations have to be above zero")
    try require(kernel.rows > 0 && kernel.columns > 0, "its filter is empty")
    return (
      WindowAxis(
        input: x.shape[1], output: y.shape[1], kernel: kernel.rows, stride: options.strideHeight,
        dilation: options.dilationHeight, padding: options.padding),
      WindowAxis(
        input: x.shape[2], output: y.shape[2], kernel: kernel.columns, stride: options.strideWidth,
        dilation: options.dilationWidth, padding: options.padding)
    )
  }

  /// One multiplier for each output channel: Sx · Sw / Sy.
  func channelMultipliers(_ x: Operand, _ w: Operand, _ y: Operand, channels: Int) throws(Diagnostic)
    -> [Multiplier]
  {
    try requireQuantized(x, y)
    let scales = w.quantization?.scales ?? []
    try require(
      scales.count == 1 || scales.count == channels,
      "its weights have \(scales.count) scales for \(channels) channels")
    var multipliers: [Multiplier] = []
    for channel in 0..<channels {
      let scale = scales.count == 1 ? scales[0] : scales[channel]
      multipliers.append(try Multiplier(Double(x.grid.scale) * Double(scale) / Double(y.grid.scale)))
    }
    return multipliers
  }

  /// Refuses multipliers for which the device's 64-bit rounding is undefined.
  func requireWide(_ multipliers: [Multiplier]) throws(Diagnostic) {
    try requireSupported(
      multipliers.allSatisfy(\.isWide),
      "the ratio of its scales is 256 or more, where TFLM's result is undefined")
  }
}
