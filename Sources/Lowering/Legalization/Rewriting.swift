import Graph

extension Legalizer {
  /// Writes simpler operators in the place of `node`; false when it may stay as it is.
  mutating func rewrite(_ node: Operator) throws(Diagnostic) -> Bool {
    if try rewriteInFlatPlane(node) { return true }
    switch node.operation {
    case .reshape: return try rewriteReshape(node)
    case .convolution(let convolution): return try rewriteConvolution(convolution, node)
    case .pool(let pool): return try rewritePool(pool, node)
    case .gather(let axis): return try rewriteGather(axis: axis, node)
    case .softmax(let axis, let logarithmic):
      return try rewriteSoftmax(axis: axis, logarithmic: logarithmic, node)
    case .recurrent(let layer): return try rewriteRecurrent(layer, node)
    case .composite(let composite): return try rewriteComposite(composite, node)
    default: return false
    }
  }

  /// Why an operator that no rewrite changed cannot be expressed; nil when it can.
  func problem(with node: Operator) -> (reason: String, suggestion: String)? {
    nil
  }
}
