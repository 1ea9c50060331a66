import Graph

extension Legalizer {
  /// A view of a view is a view of the first.
  mutating func rewriteReshape(_ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0] else { return false }
    let root = reshapeRoot(data)
    if shape(root) == shape(result), graph[result].quantization == graph[root].quantization {
      try forward(result, to: root, for: node)
      return true
    }
    guard root != data else { return false }
    keep(Operator(node.operation, inputs: [root], outputs: node.outputs, sources: node.sources))
    return true
  }

  /// One known index is a slice; several become int32 and count from the front.
  mutating func rewriteGather(axis: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let indices = node.inputs[1], let result = node.outputs[0],
      graph[data].constant == nil, let known = constant(indices),
      let extent = shape(data)[axis].fixedValue
    else { return false }
    let values = known.realized().integers
    guard values.allSatisfy({ -extent <= $0 && $0 < extent }) else {
      report(
        (
          "reads index \(values.first { !(-extent <= $0 && $0 < extent) } ?? 0) of \(extent)",
          "correct the model"
        ),
        at: node)
      return false
    }
    let positive = values.map { $0 < 0 ? $0 + extent : $0 }
    if let run = ArithmeticRun(positive) {
      var slice = Slice(whole: shape(data))
      slice.starts[axis] = run.start
      slice.steps[axis] = run.step
      slice.counts[axis] = .fixed(run.count)
      let part = try add(.slice(slice), [data], for: node)
      try reshape(part, to: shape(result), for: node, into: result)
      return true
    }
    guard positive != values || known.type != .int32 else { return false }
    let rows = addConstant(
      Constant(TensorValue(integers: positive, type: .int32, sizes: known.sizes)), name: graph[indices].name,
      like: indices)
    try add(.gather(axis: axis), [data, rows], for: node, into: result)
    return true
  }
}

/// Numbers with one distance.
private struct ArithmeticRun {
  var start: Int
  var step: Int
  var count: Int

  init?(_ numbers: [Int]) {
    guard let first = numbers.first else { return nil }
    start = first
    count = numbers.count
    step = numbers.count > 1 ? numbers[1] - first : 1
    guard step != 0, numbers.enumerated().allSatisfy({ $1 == first + $0 * step }) else { return nil }
  }
}

extension Slice {
  /// A slice that takes everything.
  init(whole shape: Shape) {
    self.init(
      starts: [Int](repeating: 0, count: shape.rank), steps: [Int](repeating: 1, count: shape.rank),
      counts: shape)
  }

  /// `count` elements from `start` along one axis.
  init(of shape: Shape, axis: Int, start: Int, count: Int) {
    self.init(whole: shape)
    starts[axis] = start
    counts[axis] = .fixed(count)
  }
}
