extension Composite {
  /// Appends core operators to `graph` that compute what this composite computes, and returns the results in the order
  /// of the composite's outputs (nil where there is none).
  ///
  ///     let results = try composite.expand(inputs: node.inputs, resultCount: 1, name: "norm", sources: ["n0"], in: &graph)
  public func expand(
    inputs: [TensorID?], resultCount: Int, name: String, sources: [String], in graph: inout Graph
  ) throws(Diagnostic) -> [TensorID?] {
    guard let data = inputs.first ?? nil else {
      throw Diagnostic(.badData, "'\(name)' (\(self.name)) has no data operand")
    }
    var writer = ExpansionWriter(name: name, sources: sources, graph: graph)
    let scale = inputs.count > 1 ? inputs[1] : nil
    let bias = inputs.count > 2 ? inputs[2] : nil
    var results: [TensorID?]
    switch self {
    case .layerNormalization(let axis, let epsilon):
      results = try writer.layerNormalization(data, scale, bias, axis: axis, epsilon: epsilon)
    case .rmsNormalization(let axis, let epsilon):
      results = [try writer.rmsNormalization(data, scale, axis: axis, epsilon: epsilon)]
    case .groupNormalization(let groups, let epsilon, let layout):
      results = [try writer.groupNormalization(data, scale, bias, groups, epsilon, layout)]
    case .localResponseNormalization(let size, let alpha, let beta, let offset, let axis):
      results = [
        try writer.localResponseNormalization(
          data, size: size, alpha: alpha, beta: beta, offset: offset, axis: axis)
      ]
    case .depthToSpace(let blockSize, let depthFirst, let layout):
      results = [try writer.depthToSpace(data, blockSize, depthFirst: depthFirst, layout)]
    case .spaceToDepth(let blockSize, let layout):
      results = [try writer.spaceToDepth(data, blockSize, layout)]
    }
    graph = writer.graph
    while results.count < resultCount { results.append(nil) }
    return results
  }
}

extension Graph {
  /// The same network with every composite that `isExpanded` accepts replaced by core operators.
  ///
  ///     let core = try graph.expandingComposites { _ in true }
  public func expandingComposites(
    where isExpanded: (Composite) -> Bool
  ) throws(Diagnostic) -> Graph {
    var result = self
    result.operators = []
    for node in operators {
      guard case .composite(let composite) = node.operation, isExpanded(composite) else {
        result.operators.append(node)
        continue
      }
      let first = result.operators.count
      let outputName = node.outputs.compactMap { $0 }.first.map { self[$0].name } ?? node.sourceName
      let made = try composite.expand(
        inputs: node.inputs, resultCount: node.outputs.count, name: outputName, sources: node.sources,
        in: &result)
      // The results keep the tensors (and so the names and origins) that the composite wrote.
      for (old, new) in zip(made, node.outputs) {
        guard let old, let new else { continue }
        for index in first..<result.operators.count {
          result.operators[index].inputs = result.operators[index].inputs.map { $0 == old ? new : $0 }
          result.operators[index].outputs = result.operators[index].outputs.map { $0 == old ? new : $0 }
        }
      }
    }
    result.removeUnused()
    return result
  }
}

/// Appends operators that all stand for one composite.
private struct ExpansionWriter {
  let name: String
  let sources: [String]
  var graph: Graph

  mutating func add(_ operation: Operation, _ inputs: [TensorID?]) throws(Diagnostic) -> TensorID {
    let part = "\(name)/\(operation.name) \(graph.operators.count)"
    return try graph.append(operation, inputs: inputs, names: [part], sources: sources)[0]!
  }

  mutating func scalar(_ value: Float) -> TensorID {
    graph.addConstant(Constant(TensorValue(floats: [value], sizes: [])), name: "\(name)/\(value)")
  }

  mutating func mean(_ data: TensorID, axes: [Int]) throws(Diagnostic) -> TensorID {
    try add(.reduce(.mean, axes: axes, keepsAxes: true), [data])
  }

  /// 1 ÷ √(mean of squares + epsilon) over `axes`.
  mutating func inverseDeviation(
    _ centered: TensorID, axes: [Int], epsilon: Float
  ) throws(Diagnostic) -> TensorID {
    let squares = try add(.unary(.square), [centered])
    let variance = try add(.binary(.add, clamp: nil), [mean(squares, axes: axes), scalar(epsilon)])
    return try add(.unary(.reciprocal), [add(.unary(.squareRoot), [variance])])
  }

  mutating func scaled(
    _ data: TensorID, _ scale: TensorID?, _ bias: TensorID?
  ) throws(Diagnostic) -> TensorID {
    var result = data
    if let scale { result = try add(.binary(.multiply, clamp: nil), [result, scale]) }
    if let bias { result = try add(.binary(.add, clamp: nil), [result, bias]) }
    return result
  }

  mutating func layerNormalization(
    _ data: TensorID, _ scale: TensorID?, _ bias: TensorID?, axis: Int, epsilon: Float
  ) throws(Diagnostic) -> [TensorID?] {
    let axes = Array(axis..<graph[data].shape.rank)
    let average = try mean(data, axes: axes)
    let centered = try add(.binary(.subtract, clamp: nil), [data, average])
    let inverse = try inverseDeviation(centered, axes: axes, epsilon: epsilon)
    let normalized = try add(.binary(.multiply, clamp: nil), [centered, inverse])
    return [try scaled(normalized, scale, bias), average, inverse]
  }

  mutating func rmsNormalization(
    _ data: TensorID, _ scale: TensorID?, axis: Int, epsilon: Float
  ) throws(Diagnostic) -> TensorID {
    let axes = Array(axis..<graph[data].shape.rank)
    let inverse = try inverseDeviation(data, axes: axes, epsilon: epsilon)
    return try scaled(add(.binary(.multiply, clamp: nil), [data, inverse]), scale, nil)
  }

  mutating func groupNormalization(
    _ data: TensorID, _ scale: TensorID?, _ bias: TensorID?, _ groups: Int, _ epsilon: Float,
    _ layout: DataLayout
  ) throws(Diagnostic) -> TensorID {
    let shape = graph[data].shape
    let channelAxis = layout.channelAxis(rank: shape.rank)
    let channels = shape[channelAxis].perSample
    let positions = layout.spatialAxes(rank: shape.rank).reduce(1) { $0 * shape[$1].perSample }
    let width = channels / max(1, groups)
    let grouped: Shape
    let axes: [Int]
    switch layout {
    case .channelsLast:
      grouped = Shape([shape[0], .fixed(positions), .fixed(groups), .fixed(width)])
      axes = [1, 3]
    case .channelsFirst:
      grouped = Shape([shape[0], .fixed(groups), .fixed(width * positions)])
      axes = [2]
    }
    let split = try add(.reshape(grouped), [data])
    let centered = try add(.binary(.subtract, clamp: nil), [split, mean(split, axes: axes)])
    let inverse = try inverseDeviation(centered, axes: axes, epsilon: epsilon)
    let normalized = try add(.binary(.multiply, clamp: nil), [centered, inverse])
    let whole = try add(.reshape(shape), [normalized])
    guard layout == .channelsFirst else { return try scaled(whole, scale, bias) }
    // One factor per channel has to line up with axis 1.
    let column = Shape([channels] + [Int](repeating: 1, count: shape.rank - 2))
    var factors: [TensorID?] = [nil, nil]
    if let scale { factors[0] = try add(.reshape(column), [scale]) }
    if let bias { factors[1] = try add(.reshape(column), [bias]) }
    return try scaled(whole, factors[0], factors[1])
  }

  mutating func localResponseNormalization(
    _ data: TensorID, size: Int, alpha: Float, beta: Float, offset: Float, axis: Int
  ) throws(Diagnostic) -> TensorID {
    let shape = graph[data].shape
    let zeros = [Int](repeating: 0, count: shape.rank)
    var before = zeros
    var after = zeros
    before[axis] = (size - 1) / 2
    after[axis] = size - 1 - before[axis]
    let squares = try add(.unary(.square), [data])
    let padded = try add(.pad(Pad(mode: .constant, before: before, after: after)), [squares])
    var sum: TensorID?
    for shift in 0..<size {
      var starts = zeros
      starts[axis] = shift
      let slice = Slice(starts: starts, steps: [Int](repeating: 1, count: shape.rank), counts: shape)
      let shifted = try add(.slice(slice), [padded])
      if let partial = sum {
        sum = try add(.binary(.add, clamp: nil), [partial, shifted])
      } else {
        sum = shifted
      }
    }
    let scaledSum = try add(.binary(.multiply, clamp: nil), [sum ?? squares, scalar(alpha / Float(size))])
    let base = try add(.binary(.add, clamp: nil), [scaledSum, scalar(offset)])
    let power = try add(.binary(.power, clamp: nil), [base, scalar(beta)])
    return try add(.binary(.divide, clamp: nil), [data, power])
  }

  mutating func depthToSpace(
    _ data: TensorID, _ block: Int, depthFirst: Bool, _ layout: DataLayout
  ) throws(Diagnostic) -> TensorID {
    let shape = graph[data].shape
    let edge = Extent.fixed(block)
    switch layout {
    case .channelsLast:
      let depth = Extent.fixed(shape[3].perSample / (block * block))
      let blocks = depthFirst ? [edge, edge, depth] : [depth, edge, edge]
      let split = try add(.reshape(Shape([shape[0], shape[1], shape[2]] + blocks)), [data])
      let moved = try add(.transpose(depthFirst ? [0, 1, 3, 2, 4, 5] : [0, 1, 4, 2, 5, 3]), [split])
      return try add(.reshape(Shape([shape[0], shape[1] * block, shape[2] * block, depth])), [moved])
    case .channelsFirst:
      let depth = Extent.fixed(shape[1].perSample / (block * block))
      let blocks = depthFirst ? [edge, edge, depth] : [depth, edge, edge]
      let split = try add(.reshape(Shape([shape[0]] + blocks + [shape[2], shape[3]])), [data])
      let moved = try add(.transpose(depthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]), [split])
      return try add(.reshape(Shape([shape[0], depth, shape[2] * block, shape[3] * block])), [moved])
    }
  }

  mutating func spaceToDepth(_ data: TensorID, _ block: Int, _ layout: DataLayout) throws(Diagnostic)
    -> TensorID
  {
    let shape = graph[data].shape
    let edge = Extent.fixed(block)
    switch layout {
    case .channelsLast:
      let split = Shape([shape[0], shape[1] / block, edge, shape[2] / block, edge, shape[3]])
      let moved = try add(.transpose([0, 1, 3, 2, 4, 5]), [add(.reshape(split), [data])])
      let depth = Extent.fixed(shape[3].perSample * block * block)
      return try add(.reshape(Shape([shape[0], split[1], split[3], depth])), [moved])
    case .channelsFirst:
      let split = Shape([shape[0], shape[1], shape[2] / block, edge, shape[3] / block, edge])
      let moved = try add(.transpose([0, 3, 5, 1, 2, 4]), [add(.reshape(split), [data])])
      let depth = Extent.fixed(shape[1].perSample * block * block)
      return try add(.reshape(Shape([shape[0], depth, split[2], split[4]])), [moved])
    }
  }
}

extension Extent {
  fileprivate static func * (extent: Extent, factor: Int) -> Extent {
    switch extent {
    case .fixed(let count): .fixed(count * factor)
    case .batch(let count): .batch(count * factor)
    }
  }

  fileprivate static func / (extent: Extent, divisor: Int) -> Extent { .fixed(extent.perSample / divisor) }
}
