import Graph

// Normalizations in the device's arithmetic. On int8 the steps between the data and the normalized result are int16:
// a variance spans far more than 256 steps.
extension Legalizer {
  mutating func rewriteComposite(_ composite: Composite, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0] else { return false }
    let scale = node.inputs.count > 1 ? node.inputs[1] : nil
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    switch composite {
    case .layerNormalization(let axis, let epsilon):
      let axes = Array(axis..<shape(data).rank)
      let mean = node.outputs.count > 1 ? node.outputs[1] : nil
      let inverse = node.outputs.count > 2 ? node.outputs[2] : nil
      let centered = try centered(data, axes: axes, for: node, mean: mean)
      try normalize(
        centered, axes: axes, epsilon: epsilon, scale, bias, for: node, inverse: inverse)
      record("layer normalization written out", node, .within(rsqrtError))
    case .rmsNormalization(let axis, let epsilon):
      let axes = Array(axis..<shape(data).rank)
      try normalize(data, axes: axes, epsilon: epsilon, scale, nil, for: node, inverse: nil)
      record("rms normalization written out", node, .within(rsqrtError))
    case .groupNormalization(let groups, let epsilon, let layout):
      guard layout == .channelsLast else { return false }
      try normalizeGroups(groups, epsilon: epsilon, scale, bias, node)
      record("group normalization written out", node, .within(rsqrtError))
    case .localResponseNormalization(let size, let alpha, let beta, let bias, let axis):
      return try rewriteLocalResponse(
        size: size, alpha: alpha, beta: beta, bias: bias, axis: axis, node)
    case .depthToSpace(let block, false, .channelsLast): return try rewriteDepthToSpace(block, node)
    default: return false
    }
    return true
  }

  /// A sum that is normalized is one link of a chain of sums, each a little more than the last: in int8 all of them
  /// would be rounded to the steps of the greatest.
  mutating func widenStream(_ node: Operator) {
    guard target == .int8, let sum = node.outputs[0], graph[sum].element.isFloat, !graph.isOutput(sum) else {
      return
    }
    let isNormalized = sourceReaders(sum).contains { reader in
      switch reader.operation {
      case .composite(.layerNormalization), .composite(.rmsNormalization): reader.inputs[0] == sum
      default: false
      }
    }
    guard isNormalized else { return }
    wide.insert(sum)
    record("sums before normalizations in int16", node)
  }

  /// What the device's fixed-point reciprocal square root may be off by, relatively.
  private var rsqrtError: Float { target == .int8 ? 2e-4 : 1e-6 }

  private mutating func centered(
    _ data: TensorID, axes: [Int], for node: Operator, mean: TensorID?
  ) throws(Diagnostic) -> TensorID {
    let average = try addWide(
      .reduce(.mean, axes: axes, keepsAxes: true), [data], for: node, into: mean)
    return try addWide(.binary(.subtract, clamp: nil), [data, average], for: node)
  }

  /// `data` ÷ √(mean of squares + epsilon) · scale + bias, into the node's result (or `result`).
  private mutating func normalize(
    _ data: TensorID, axes: [Int], epsilon: Float, _ scale: TensorID?, _ bias: TensorID?, for node: Operator,
    inverse: TensorID?
  ) throws(Diagnostic) {
    guard let result = node.outputs[0] else { return }
    let deviation = try inverseDeviation(data, axes: axes, epsilon: epsilon, for: node, into: inverse)
    let steps = scale != nil || bias != nil
    let normalized = try addWide(
      .binary(.multiply, clamp: nil), [data, deviation], for: node, into: steps ? nil : result)
    if steps { try scaled(normalized, scale, bias, for: node, into: result) }
  }

  private mutating func inverseDeviation(
    _ data: TensorID, axes: [Int], epsilon: Float, for node: Operator, into result: TensorID?
  ) throws(Diagnostic) -> TensorID {
    let squares = try addWide(.unary(.square), [data], for: node)
    let variance = try addWide(.reduce(.mean, axes: axes, keepsAxes: true), [squares], for: node)
    let shifted = try addWide(.binary(.add, clamp: nil), [variance, scalar(epsilon)], for: node)
    return try addWide(.unary(.reciprocalSquareRoot), [shifted], for: node, into: result)
  }

  private mutating func scaled(
    _ data: TensorID, _ scale: TensorID?, _ bias: TensorID?, for node: Operator, into result: TensorID
  ) throws(Diagnostic) {
    var data = data
    if let scale {
      data = try addWide(
        .binary(.multiply, clamp: nil), [data, scale], for: node, into: bias == nil ? result : nil)
    }
    if let bias { try addWide(.binary(.add, clamp: nil), [data, bias], for: node, into: result) }
  }

  private mutating func normalizeGroups(
    _ groups: Int, epsilon: Float, _ scale: TensorID?, _ bias: TensorID?, _ node: Operator
  ) throws(Diagnostic) {
    guard let data = node.inputs[0], let result = node.outputs[0] else { return }
    let whole = shape(data)
    let channels = whole[whole.rank - 1].perSample
    let positions = whole.extents[1..<(whole.rank - 1)].reduce(1) { $0 * $1.perSample }
    // With a group for each channel the grouping axis is the channel axis.
    let isInstance = groups == channels
    let grouped = Shape(
      [whole[0], .fixed(positions), .fixed(groups)] + (isInstance ? [] : [.fixed(channels / groups)]))
    let axes = isInstance ? [1] : [1, 3]
    let split = try reshape(data, to: grouped, for: node)
    let centered = try centered(split, axes: axes, for: node, mean: nil)
    let deviation = try inverseDeviation(centered, axes: axes, epsilon: epsilon, for: node, into: nil)
    let normalized = try addWide(.binary(.multiply, clamp: nil), [centered, deviation], for: node)
    if scale == nil, bias == nil {
      try reshape(normalized, to: whole, for: node, into: result)
      wideIfInt8(result)
      return
    }
    let merged = try reshape(normalized, to: whole, for: node)
    wideIfInt8(merged)
    try scaled(merged, scale, bias, for: node, into: result)
  }

  mutating func wideIfInt8(_ id: TensorID) { if target == .int8 { wide.insert(id) } }

  /// √x as x ÷ √x, which the device has in int16.
  mutating func addSquareRoot(
    of data: TensorID, for node: Operator, into result: TensorID?
  ) throws(Diagnostic) -> TensorID {
    if target == .float32 { return try add(.unary(.squareRoot), [data], for: node, into: result) }
    let floor = try addWide(.binary(.maximum, clamp: nil), [data, scalar(0x1p-40)], for: node)
    let inverse = try addWide(.unary(.reciprocalSquareRoot), [floor], for: node)
    return try addWide(.binary(.multiply, clamp: nil), [floor, inverse], for: node, into: result)
  }
}
