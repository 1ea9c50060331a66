import Graph

extension Legalizer {
  /// ONNX's CRD order holds the place inside the block in the last part of the channels, the device in the first.
  mutating func rewriteDepthToSpace(_ block: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0] else { return false }
    let whole = shape(data)
    let positions = whole[1].perSample * whole[2].perSample
    let depth = whole[3].perSample / (block * block)
    let split = try reshape(
      data, to: Shape([whole[0], .fixed(positions), .fixed(depth), .fixed(block * block)]), for: node)
    let turned = try add(.transpose([0, 1, 3, 2]), [split], for: node)
    let ordered = try reshape(turned, to: whole, for: node)
    try add(
      .composite(.depthToSpace(blockSize: block, depthFirst: true, layout: .channelsLast)), [ordered],
      for: node, into: result)
    record("depth to space with its channels in the device's order", node)
    return true
  }

  /// Sums over neighboring channels as a dense layer of ones; the power is one function.
  mutating func rewriteLocalResponse(
    size: Int, alpha: Float, beta: Float, bias: Float, axis: Int, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0] else { return false }
    if axis != shape(data).rank - 1 {
      var permutation = Array(0..<shape(data).rank)
      permutation.swapAt(axis, permutation.count - 1)
      let turned = try add(.transpose(permutation), [data], for: node)
      let composite = Composite.localResponseNormalization(
        size: size, alpha: alpha, beta: beta, bias: bias, channelAxis: permutation.count - 1)
      let made = try add(.composite(composite), [turned], for: node)
      try add(.transpose(permutation), [made], for: node, into: result)
      return true
    }
    let channels = shape(data)[axis].perSample
    let before = (size - 1) / 2
    let after = size - 1 - before
    let band = (0..<channels).flatMap { channel in
      (0..<channels).map { ($0 - channel >= -before && $0 - channel <= after) ? alpha / Float(size) : 0 }
    }
    let squares = try addWide(.unary(.square), [data], for: node)
    let filter = addConstant(band, [channels, channels], name: "neighbors")
    let shift = addConstant([Float](repeating: bias, count: channels), [channels], name: "bias")
    let sums = try addWide(.dense(clamp: nil), [squares, filter, shift], for: node)
    let factor = try add(.binary(.power, clamp: nil), [sums, scalar(-beta)], for: node)
    try add(.binary(.multiply, clamp: nil), [data, factor], for: node, into: result)
    record("local response normalization through a dense layer", node)
    return true
  }
}
