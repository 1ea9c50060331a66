import Reporting

/// The layers of ``SampleReport``.
enum SampleLayers {
  private struct Outline {
    var name: String
    var kind: String
    var input: [Int]
    var output: [Int]
    var parameters = 0
    var channels = 0
    var macs = 0
    var upper = 6.0
    var sqnr = 30.0
    var share = 0.0
  }

  private static let wide = [1, 25, 5, 64]

  private static let outlines = [
    Outline(
      name: "conv1", kind: "CONV_2D", input: [1, 49, 10, 1], output: wide, parameters: 2_624, channels: 64,
      macs: 320_000, upper: 11.2, sqnr: 33.8, share: 0.08),
    Outline(
      name: "block1/depthwise", kind: "DEPTHWISE_CONV_2D", input: wide, output: wide, parameters: 640,
      channels: 64, macs: 72_000, upper: 7.9, sqnr: 24.6, share: 0.31),
    Outline(
      name: "block1/pointwise", kind: "CONV_2D", input: wide, output: wide, parameters: 4_160, channels: 64,
      macs: 512_000, upper: 5.4, sqnr: 29.5, share: 0.11),
    Outline(
      name: "block2/depthwise", kind: "DEPTHWISE_CONV_2D", input: wide, output: wide, parameters: 640,
      channels: 64, macs: 72_000, upper: 9.1, sqnr: 22.3, share: 0.24),
    Outline(
      name: "block2/<conv>&\"relu\"", kind: "CONV_2D", input: wide, output: wide, parameters: 4_160,
      channels: 64, macs: 512_000, upper: 4.8, sqnr: 27.9, share: 0.09),
    Outline(name: "block2/add", kind: "ADD", input: wide, output: wide, upper: 8.6, sqnr: 28.1, share: 0.03),
    Outline(
      name: "block3/depthwise", kind: "DEPTHWISE_CONV_2D", input: wide, output: wide, parameters: 640,
      channels: 64, macs: 72_000, upper: 6.6, sqnr: 25.4, share: 0.07),
    Outline(
      name: "block3/pointwise", kind: "CONV_2D", input: wide, output: wide, parameters: 4_160, channels: 64,
      macs: 512_000, upper: 5.9, sqnr: 26.7, share: 0.05),
    Outline(
      name: "pool", kind: "AVERAGE_POOL_2D", input: wide, output: [1, 1, 1, 64], upper: 3.1, sqnr: 31.2,
      share: 0.01),
    Outline(
      name: "flatten", kind: "RESHAPE", input: [1, 1, 1, 64], output: [1, 64], upper: 3.1, sqnr: .infinity),
    Outline(
      name: "logits", kind: "FULLY_CONNECTED", input: [1, 64], output: [1, 10], parameters: 650, channels: 10,
      macs: 640, upper: 17.4, sqnr: 30.4, share: 0.01),
    Outline(name: "probabilities", kind: "SOFTMAX", input: [1, 10], output: [1, 10], upper: 1, sqnr: 34.0),
  ]

  static var all: [Report.Layer] {
    outlines.enumerated().map { index, outline in layer(outline, at: index) }
  }

  private static func layer(_ outline: Outline, at index: Int) -> Report.Layer {
    let weights = outline.parameters - outline.channels
    let isWeighted = outline.parameters > 0
    let values = outline.output.reduce(1, *)
    var layer = Report.Layer(
      name: outline.name, operator: outline.kind, inputShape: outline.input, outputShape: outline.output,
      type: "int8", weightBits: isWeighted ? 8 : nil, activationBits: 8, parameters: outline.parameters,
      macs: outline.macs, bytesBefore: isWeighted ? 4 * outline.parameters : nil,
      bytesAfter: isWeighted ? weights + 4 * outline.channels : 0, activationBytes: values)
    layer.nodes = isWeighted ? ["\(outline.name)/Conv", "\(outline.name)/Relu"] : [outline.name]
    let greatest = outline.upper * (index == 3 ? 1.35 : 0.99)
    let lower = outline.kind == "FULLY_CONNECTED" ? -outline.upper / 2 : 0
    layer.range = Report.ValueRange(
      least: lower, greatest: greatest, lower: lower, upper: outline.upper,
      scale: (outline.upper - lower) / 255, zeroPoint: lower < 0 ? -43 : -128,
      choice: index == 3 ? "percentile 99.99" : "minmax",
      reason: index == 3 ? "its error is 0.7 of minmax's" : nil)
    layer.sqnr = outline.sqnr
    layer.cosine = outline.sqnr.isFinite ? 1 - 0.3 / (outline.sqnr * outline.sqnr) : 1
    layer.errorShare = outline.share
    if isWeighted {
      layer.weights = bell(total: weights, from: -0.62, to: 0.7, lower: -0.7, upper: 0.7)
    }
    layer.activations = falling(total: values * 500, to: greatest, lower: lower, upper: outline.upper)
    return layer
  }

  /// Most in the middle, as weights are.
  private static func bell(
    total: Int, from start: Double, to end: Double, lower: Double, upper: Double
  ) -> Report.Histogram {
    let bins = 48
    let heights = (0..<bins).map { bin in
      let place = (Double(bin) + 0.5) / Double(bins) * 2 - 1
      let arch = 1 - place * place
      return arch * arch * arch * arch
    }
    return histogram(heights, total: total, from: start, to: end, lower: lower, upper: upper)
  }

  /// Half at zero and ever fewer above it, as behind a ReLU.
  private static func falling(total: Int, to end: Double, lower: Double, upper: Double) -> Report.Histogram {
    let bins = 64
    let heights = (0..<bins).map { bin in
      let left = 1 - Double(bin) / Double(bins)
      return bin == 0 ? 9 : left * left * left * left
    }
    return histogram(heights, total: total, from: lower, to: end, lower: lower, upper: upper)
  }

  private static func histogram(
    _ heights: [Double], total: Int, from start: Double, to end: Double, lower: Double, upper: Double
  ) -> Report.Histogram {
    let sum = heights.reduce(0, +)
    return Report.Histogram(
      start: start, width: (end - start) / Double(heights.count),
      counts: heights.map { Int((Double(total) * $0 / sum).rounded()) }, lower: lower, upper: upper)
  }
}
