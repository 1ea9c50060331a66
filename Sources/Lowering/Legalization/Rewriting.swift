import Graph

extension Legalizer {
  /// Writes simpler operators in the place of `node`; false when it may stay as it is.
  mutating func rewrite(_ node: Operator) throws(Diagnostic) -> Bool {
    if try rewriteInFlatPlane(node) { return true }
    switch node.operation {
    case .unary(let kind): return try rewriteUnary(kind, node)
    case .binary(.add, _):
      widenStream(node)
      return false
    case .binary(let kind, let clamp): return try rewriteBinary(kind, clamp: clamp, node)
    case .reshape: return try rewriteReshape(node)
    case .pad(let pad): return try rewritePad(pad, node)
    case .gather(let axis): return try rewriteGather(axis: axis, node)
    case .gatherElements(let axis): return try rewriteGatherElements(axis: axis, node)
    case .gatherND(let batchDimensions): return try rewriteGatherND(batchDimensions: batchDimensions, node)
    case .scatterElements(let axis, let reduction): return try rewriteScatter(reduction, axis: axis, node)
    case .scatterND(let reduction): return try rewriteScatter(reduction, axis: nil, node)
    case .oneHot(let axis, let depth): return try rewriteOneHot(axis: axis, depth: depth, node)
    case .triangle(let upper, let diagonal):
      return try rewriteTriangle(upper: upper, diagonal: diagonal, node)
    case .reverseSequence(let batchAxis, let timeAxis):
      return try rewriteReverse(batchAxis: batchAxis, timeAxis: timeAxis, node)
    case .reduce(let reduction, let axes, let keepsAxes):
      return try rewriteReduction(reduction, axes: axes, keepsAxes: keepsAxes, node)
    case .argExtreme(let maximum, let axis, let keepsAxis, true):
      return try rewriteArgument(maximum: maximum, axis: axis, keepsAxis: keepsAxis, node)
    case .topK(let top): return try rewriteTopK(top, node)
    case .cumulative(let cumulative): return try rewriteCumulative(cumulative, node)
    case .softmax(_, false):
      widenAttention(node)
      return false
    case .matmul: return try rewriteMatmul(node)
    case .convolution(let convolution): return try rewriteConvolution(convolution, node)
    case .transposedConvolution(let convolution): return try rewriteTransposed(convolution, node)
    case .pool(let pool): return try rewritePool(pool, node)
    case .resize(let resize): return try rewriteResize(resize, node)
    case .recurrent(let layer): return try rewriteRecurrent(layer, node)
    case .composite(let composite): return try rewriteComposite(composite, node)
    default: return false
    }
  }

  /// Why an operator that no rewrite changed cannot be expressed; nil when it can.
  func problem(with node: Operator) -> (reason: String, suggestion: String)? {
    switch node.operation {
    case .gatherElements, .gatherND, .scatterElements, .scatterND, .reverseSequence:
      (
        "has no kernel on the device for indices or lengths of this kind",
        "make its indices constant, and its batch fixed"
      )
    case .oneHot: ("has values of a kind that the device cannot choose", "use a comparison in the model")
    case .triangle: ("keeps a triangle of what are no floats", "use a constant mask in the model")
    case .topK(let top): ("finds the top \(top.count)", "leave the top elements to the code around the model")
    case .binary(.bitwiseAnd, _), .binary(.bitwiseOr, _), .binary(.bitwiseXor, _), .binary(.shiftLeft, _),
      .binary(.shiftRight, _), .unary(.bitwiseNot):
      ("works on bits, which no kernel of the device does", "leave it to the code around the model")
    case .convolution(let convolution) where convolution.window.spatialRank != 2:
      ("slides over \(convolution.window.spatialRank) axes; the device knows two", "use 2-D convolutions")
    case .pool(let pool) where pool.window.spatialRank != 2:
      ("slides over \(pool.window.spatialRank) axes; the device knows two", "use 2-D windows")
    case .pool where node.outputs.count > 1 && node.outputs[1] != nil:
      ("gives the places of its maxima, which the device does not", "use a pool without indices")
    case .reduce(.product, _, _):
      ("multiplies too many elements", "shorten the axis")
    default: nil
    }
  }
}
