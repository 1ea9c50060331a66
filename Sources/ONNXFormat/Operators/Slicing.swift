import Graph

extension OperatorRegistry {
  /// Operators that take parts, or add something around.
  static let slicing: [OperatorEntry] = [
    OperatorEntry("Slice", inputs: 5, shapeOperands: [1, 2, 3, 4], slice),
    OperatorEntry(many: "Split", since: 2, inputs: 2, shapeOperands: [1], split),
    OperatorEntry("Pad", since: 2, inputs: 4, shapeOperands: [1, 3], pad),
    OperatorEntry("CenterCropPad", since: 18, inputs: 2, shapeOperands: [1], centerCropPad),
  ]

  private static func slice(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    let shape = importing.shape(data)
    let (starts, ends): ([Scalar], [Scalar])
    if node.opset < 10 {
      starts = (try node.integers("starts") ?? []).map { Scalar($0) }
      ends = (try node.integers("ends") ?? []).map { Scalar($0) }
    } else {
      starts = try importing.scalars(node, 1, "starts") ?? []
      ends = try importing.scalars(node, 2, "ends") ?? []
    }
    let listed = try node.opset < 10 ? node.integers("axes") : importing.integers(node, 3, "axes")
    let steps = try importing.integers(node, 4, "steps") ?? [Int](repeating: 1, count: starts.count)
    let axes = listed ?? Array(starts.indices)
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
      throw node.problem(
        "has \(starts.count) starts, \(ends.count) ends, \(axes.count) axes and \(steps.count) steps")
    }
    var result = Slice(
      starts: [Int](repeating: 0, count: shape.rank), steps: [Int](repeating: 1, count: shape.rank),
      counts: shape)
    _ = try node.axes(axes, rank: shape.rank)
    for index in axes.indices {
      let axis = try node.axis(axes[index], rank: shape.rank)
      guard steps[index] != 0 else { throw node.problem("has a step of 0") }
      guard let size = shape[axis].fixedValue else {
        let isWhole = isWholeBatch(starts[index], ends[index], steps[index], shape[axis])
        guard
          isWhole
            || importing.options.batch == .symbolic && takesOnly(starts[index], ends[index], steps[index])
        else {
          throw node.unsupported("takes a part of the batch axis of \(shape)", hint: Importing.fixBatchHint)
        }
        continue
      }
      guard let start = starts[index].integer, let end = ends[index].integer else {
        throw node.unsupported("has bounds that depend on the batch size", hint: Importing.fixBatchHint)
      }
      guard let range = SliceRange(start: start, end: end, step: steps[index], size: size) else {
        throw node.problem("has the step \(steps[index])")
      }
      result.starts[axis] = range.start
      result.steps[axis] = steps[index]
      result.counts[axis] = .fixed(range.count)
    }
    if result.counts == shape && result.steps.allSatisfy({ $0 == 1 }) { return data }
    return try importing.emit(.slice(result), data)
  }

  /// Bounds that take every sample, whatever the batch size.
  private static func isWholeBatch(_ start: Scalar, _ end: Scalar, _ step: Int, _ extent: Extent) -> Bool {
    guard start.integer == 0, step == 1 else { return false }
    return end == Scalar(extent) || (end.integer ?? 0) >= Int(Int32.max)
  }

  /// Bounds that take the one sample of a file exported for a batch of 1.
  private static func takesOnly(_ start: Scalar, _ end: Scalar, _ step: Int) -> Bool {
    start.integer == 0 && step == 1 && (end.integer ?? 0) >= 1
  }

  private static func split(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> [ImportedValue?]
  {
    let data = try importing.tensor(node, 0)
    let shape = importing.shape(data)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: shape.rank)
    guard node.outputCount > 0 else { throw node.problem("has no outputs") }
    var parts: [Extent] = []
    let listed = try node.opset < 13 ? node.integers("split") : importing.integers(node, 1, "split")
    if let listed {
      guard listed.count == node.outputCount,
        listed.allSatisfy({ $0 >= 0 && $0 <= Shape.maximumElementCount })
      else {
        throw node.problem("splits into \(listed) but has \(node.outputCount) outputs")
      }
      parts = listed.map(Extent.fixed)
    } else {
      let count = try node.integer("num_outputs", default: node.outputCount)
      guard count == node.outputCount else {
        throw node.problem("has \(node.outputCount) outputs; its attribute says \(count)")
      }
      parts = try evenParts(shape[axis], count, node)
    }
    if parts.count == 1 { return [.tensor(data)] }
    let wanted = (0..<parts.count).map { node.wants($0) }
    return try importing.emit(.split(axis: axis, parts: parts), [data], wanted: wanted).map {
      $0.map { .tensor($0) }
    }
  }

  /// All parts the same size, the last one smaller when it must be.
  private static func evenParts(_ extent: Extent, _ count: Int, _ node: Node) throws(Diagnostic) -> [Extent] {
    guard let size = extent.fixedValue else {
      guard extent.perSample % count == 0 else {
        throw node.unsupported("splits the batch axis", hint: Importing.fixBatchHint)
      }
      return [Extent](repeating: .batch(extent.perSample / count), count: count)
    }
    let even = (size + count - 1) / count
    guard even * (count - 1) <= size else {
      throw node.problem("splits an axis of \(size) into \(count) parts")
    }
    return (0..<count).map { .fixed($0 < count - 1 ? even : size - even * (count - 1)) }
  }

  private static func pad(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    let rank = importing.rank(data)
    let name = try node.string("mode", default: "constant")
    guard let mode = Pad.Mode(rawValue: name) else {
      throw node.unsupported("has mode '\(name)'; known are constant, reflect, edge and wrap")
    }
    let isOld = node.opset < 11
    guard let amounts = try isOld ? node.integers("pads") : importing.integers(node, 1, "pads") else {
      throw node.problem("lacks its pads")
    }
    let axes = try importing.integers(node, 3, "axes") ?? Array(0..<rank)
    guard amounts.count == 2 * axes.count else {
      throw node.problem("has \(amounts.count) pads for \(axes.count) axes; two per axis are needed")
    }
    _ = try node.axes(axes, rank: rank)
    var before = [Int](repeating: 0, count: rank)
    var after = before
    for (index, listed) in axes.enumerated() {
      let axis = try node.axis(listed, rank: rank)
      before[axis] = amounts[index]
      after[axis] = amounts[axes.count + index]
    }
    if (before + after).allSatisfy({ $0 == 0 }) { return data }
    var value: TensorID?
    if mode == .constant {
      if isOld {
        let fill = try node.float("value", default: 0)
        value = fill == 0 ? nil : importing.scalar(fill)
      } else if let given = try importing.optionalTensor(node, 2) {
        value = try importing.asScalar(given)
      }
    }
    return try importing.emit(.pad(Pad(mode: mode, before: before, after: after)), data, value)
  }

  private static func centerCropPad(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID
  {
    let data = try importing.tensor(node, 0)
    let rank = importing.rank(data)
    guard let sizes = try importing.integers(node, 1, "shape") else { throw node.problem("lacks its shape") }
    let axes = try node.integers("axes") ?? Array(0..<rank)
    guard axes.count == sizes.count else {
      throw node.problem("has \(sizes.count) sizes for \(axes.count) axes")
    }
    var pad = Pad(
      mode: .constant, before: [Int](repeating: 0, count: rank), after: [Int](repeating: 0, count: rank))
    for (listed, target) in zip(axes, sizes) {
      let axis = try node.axis(listed, rank: rank)
      guard target >= 0, target <= Shape.maximumElementCount else {
        throw node.problem("asks for size \(target)")
      }
      let missing = target - (try importing.size(data, axis, node))
      // An odd remainder is cropped and padded at the end.
      pad.before[axis] = missing >= 0 ? missing / 2 : -(-missing / 2)
      pad.after[axis] = missing - pad.before[axis]
    }
    return try importing.emit(.pad(pad), data)
  }
}
