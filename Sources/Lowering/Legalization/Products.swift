import Graph

extension Legalizer {
  /// Weights of attention are averages over many places: a 256th is a large step for them, so that they and what they
  /// are multiplied with are int16.
  mutating func widenAttention(_ node: Operator) {
    guard target == .int8, case .softmax(let axis, _) = node.operation, let weights = node.outputs[0],
      axis == shape(weights).rank - 1, shape(weights)[axis].perSample > Self.fewPlaces,
      !graph.isOutput(weights)
    else { return }
    let readers = sourceReaders(weights)
    let isAttention =
      !readers.isEmpty
      && readers.allSatisfy { reader in
        guard case .matmul(transposesLeft: false, _) = reader.operation, reader.inputs[0] == weights,
          let values = reader.inputs[1]
        else { return false }
        return graph[values].constant == nil
      }
    guard isAttention else { return }
    wide.insert(weights)
    for reader in readers { for case let mixed? in reader.outputs { wide.insert(mixed) } }
    record("attention in int16", node)
  }

  /// Up to here a step of the weights is small beside them.
  private static let fewPlaces = 4

  /// Leading axes beyond the device's five become one.
  mutating func rewriteMatmul(_ node: Operator) throws(Diagnostic) -> Bool {
    guard let left = node.inputs[0], let right = node.inputs[1], let result = node.outputs[0],
      shape(left).rank > 5 || shape(right).rank > 5, shape(left).rank == shape(right).rank,
      shape(left).extents.dropLast(2) == shape(right).extents.dropLast(2)
    else { return false }
    let inputs = try [left, right].map { id throws(Diagnostic) in
      try reshape(id, to: shape(id).mergingLeading, for: node)
    }
    let product = try add(node.operation, inputs, for: node)
    try reshape(product, to: shape(result), for: node, into: result)
    return true
  }

  /// Groups side by side; dilations as zeros in the filter; negative padding after all.
  mutating func rewriteTransposed(
    _ convolution: TransposedConvolution, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard let filter = constant(node.inputs[1]), convolution.window.spatialRank == 2,
      let data = node.inputs[0], let result = node.outputs[0]
    else { return false }
    if convolution.window.dilations != [1, 1] {
      var plain = convolution
      plain.window.dilations = [1, 1]
      plain.window.size = (0..<2).map { convolution.window.span($0) }
      let spread = filter.realized().spread(by: convolution.window.dilations)
      let id = addConstant(Constant(spread), name: graph[node.inputs[1]!].name, like: node.inputs[1])
      try add(
        .transposedConvolution(plain), [data, id] + node.inputs.dropFirst(2), for: node, into: result)
      record("dilated transposed convolution with zeros in its filter", node)
      return true
    }
    if convolution.groups > 1 {
      var plain = convolution
      plain.groups = 1
      let dense = filter.realized().ungrouped(convolution.groups)
      let id = addConstant(Constant(dense), name: graph[node.inputs[1]!].name, like: node.inputs[1])
      try add(
        .transposedConvolution(plain), [data, id] + node.inputs.dropFirst(2), for: node, into: result)
      record("grouped transposed convolution with zeros between its groups", node)
      return true
    }
    if convolution.window.padBefore.contains(where: { $0 < 0 }) {
      var plain = convolution
      let before = convolution.window.padBefore
      plain.window.padBefore = before.map { max(0, $0) }
      plain.clamp = nil
      var larger = Pad(mode: .constant, before: [0] + before.map { max(0, -$0) } + [0], after: [0, 0, 0, 0])
      // Positions before the first window hold the bias alone.
      guard node.inputs.count < 3 || node.inputs[2] == nil, convolution.clamp == nil else { return false }
      larger.after = [0, 0, 0, 0]
      let made = try add(.transposedConvolution(plain), node.inputs, for: node)
      try add(.pad(larger), [made], for: node, into: result)
      return true
    }
    return false
  }
}

extension Shape {
  /// All axes but the last two as one; the batch stays open.
  fileprivate var mergingLeading: Shape {
    let leading = extents.dropLast(2)
    let count = leading.reduce(1) { $0 * $1.perSample }
    let merged: Extent = leading.contains(where: \.isBatch) ? .batch(count) : .fixed(count)
    return Shape([merged] + extents.suffix(2))
  }
}

extension TensorValue {
  /// A filter `[O, h, w, I]` with zeros between its taps.
  fileprivate func spread(by dilations: [Int]) -> TensorValue {
    let (height, width) = ((sizes[1] - 1) * dilations[0] + 1, (sizes[2] - 1) * dilations[1] + 1)
    let result = TensorValue(type: .float32, sizes: [sizes[0], height, width, sizes[3]])
    for output in 0..<sizes[0] {
      for row in 0..<sizes[1] {
        for column in 0..<sizes[2] {
          let source = ((output * sizes[1] + row) * sizes[2] + column) * sizes[3]
          let target = ((output * height + row * dilations[0]) * width + column * dilations[1]) * sizes[3]
          for channel in 0..<sizes[3] { result.floats[target + channel] = floats[source + channel] }
        }
      }
    }
    return result
  }

  /// A filter `[O, h, w, I/groups]` as `[O, h, w, I]`.
  fileprivate func ungrouped(_ groups: Int) -> TensorValue {
    let (outputs, width) = (sizes[0], sizes[3])
    let result = TensorValue(type: .float32, sizes: [outputs, sizes[1], sizes[2], width * groups])
    let taps = sizes[1] * sizes[2]
    for output in 0..<outputs {
      let first = output / (outputs / groups) * width
      for tap in 0..<taps {
        for channel in 0..<width {
          result.floats[(output * taps + tap) * width * groups + first + channel] =
            floats[(output * taps + tap) * width + channel]
        }
      }
    }
    return result
  }
}
