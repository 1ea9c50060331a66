extension Operands {
  func movement(_ operation: Operation) throws(Diagnostic) -> [TensorType] {
    let operand = try type(0)
    let shape = operand.shape
    switch operation {
    case .reshape(let target):
      guard target.matchesCount(of: shape) else {
        throw problem("reshapes \(shape) to \(target), which has another number of elements")
      }
      return [TensorType(operand.element, target)]
    case .transpose(let permutation):
      guard permutation.sorted() == Array(0..<shape.rank) else {
        throw problem("permutes \(shape) by \(permutation), which is not a permutation of its axes")
      }
      return [TensorType(operand.element, shape.permuted(permutation))]
    case .broadcast(let target):
      guard try broadcast([shape, target]) == target else {
        throw problem("cannot broadcast \(shape) to \(target)")
      }
      return [TensorType(operand.element, target)]
    case .tile(let repeats):
      guard repeats.count == shape.rank, repeats.allSatisfy({ $0 >= 0 }) else {
        throw problem("tiles \(shape) by \(repeats); one count per axis is needed")
      }
      return [TensorType(operand.element, try tiled(shape, repeats))]
    case .concat(let axis): return [try concatenated(axis: axis)]
    case .split(let axis, let parts): return try split(operand, axis: axis, parts: parts)
    case .slice(let slice):
      guard slice.starts.count == shape.rank, slice.steps.count == shape.rank, slice.counts.rank == shape.rank
      else {
        throw problem("slices \(shape) with \(slice.starts.count) starts")
      }
      try checkSlice(slice, of: shape)
      return [TensorType(operand.element, slice.counts)]
    case .pad(let pad): return [try padded(operand, pad)]
    default: throw problem("is no movement")
    }
  }

  private func tiled(_ shape: Shape, _ repeats: [Int]) throws(Diagnostic) -> Shape {
    var extents: [Extent] = []
    for (extent, count) in zip(shape.extents, repeats) {
      let (product, overflow) = extent.perSample.multipliedReportingOverflow(by: count)
      guard !overflow else {
        throw problem("tiles \(shape) by \(repeats), more elements than can be counted")
      }
      extents.append(extent.isBatch && count > 0 ? .batch(product) : .fixed(product))
    }
    return Shape(extents)
  }

  private func concatenated(axis: Int) throws(Diagnostic) -> TensorType {
    let first = try type(0)
    try check(axis: axis, rank: first.shape.rank)
    var total = first.shape
    for index in types.indices.dropFirst() {
      let next = try type(index)
      try sameElement(first, next)
      var expected = first.shape
      guard next.shape.rank == expected.rank else {
        throw problem("joins tensors of shapes \(first.shape) and \(next.shape)")
      }
      expected[axis] = next.shape[axis]
      guard expected == next.shape else {
        throw problem("joins \(first.shape) and \(next.shape) along axis \(axis); the other axes differ")
      }
      switch (total[axis], next.shape[axis]) {
      case (.fixed(let sum), .fixed(let more)): total[axis] = .fixed(sum + more)
      case (.batch(let sum), .batch(let more)): total[axis] = .batch(sum + more)
      default:
        throw problem(
          "joins the batch axis with an axis of fixed size (\(first.shape) and \(next.shape))",
          hint: "fix the batch with --input-shape")
      }
    }
    return TensorType(first.element, total)
  }

  private func split(_ operand: TensorType, axis: Int, parts: [Extent]) throws(Diagnostic) -> [TensorType] {
    try check(axis: axis, rank: operand.shape.rank)
    let extent = operand.shape[axis]
    let sum = parts.reduce(0) { $0 + $1.perSample }
    guard sum == extent.perSample, parts.allSatisfy({ $0.isBatch == extent.isBatch || $0 == 0 }) else {
      throw problem("splits an axis of \(extent) into parts \(parts)")
    }
    return parts.map { part in
      var shape = operand.shape
      shape[axis] = part
      return TensorType(operand.element, shape)
    }
  }

  private func checkSlice(_ slice: Slice, of shape: Shape) throws(Diagnostic) {
    for axis in 0..<shape.rank {
      let count = slice.counts[axis]
      if count == shape[axis] && slice.steps[axis] == 1 && slice.starts[axis] == 0 { continue }
      guard let size = shape[axis].fixedValue, let taken = count.fixedValue else {
        throw problem("slices \(shape) along its batch axis", hint: "fix the batch with --input-shape")
      }
      let last = slice.starts[axis] + (taken - 1) * slice.steps[axis]
      guard taken == 0 || (0..<size).contains(slice.starts[axis]) && (0..<size).contains(last) else {
        throw problem("slices \(shape) outside of axis \(axis)")
      }
    }
  }

  private func padded(_ operand: TensorType, _ pad: Pad) throws(Diagnostic) -> TensorType {
    guard pad.before.count == operand.shape.rank, pad.after.count == operand.shape.rank else {
      throw problem("pads \(operand.shape) with \(pad.before.count) amounts; one per axis and side is needed")
    }
    var shape = operand.shape
    for axis in 0..<shape.rank where pad.before[axis] != 0 || pad.after[axis] != 0 {
      guard let size = shape[axis].fixedValue else {
        throw problem("pads the batch axis of \(operand.shape)", hint: "fix the batch with --input-shape")
      }
      let (partial, first) = size.addingReportingOverflow(pad.before[axis])
      let (total, second) = partial.addingReportingOverflow(pad.after[axis])
      guard !first, !second, total >= 0 else {
        throw problem("pads axis \(axis) of \(operand.shape) by \(pad.before[axis]) and \(pad.after[axis])")
      }
      if pad.mode == .reflect, size > 0 || total > 0 {
        guard size > 1 || total == size, pad.before[axis] < max(size, 1), pad.after[axis] < max(size, 1)
        else {
          throw problem("reflects more than axis \(axis) of \(operand.shape) has")
        }
      }
      guard size > 0 || pad.mode == .constant || total == 0 else {
        throw problem("pads the empty axis \(axis) with values of its edge")
      }
      shape[axis] = .fixed(total)
    }
    return TensorType(operand.element, shape)
  }

  func indexed(_ operation: Operation) throws(Diagnostic) -> TensorType {
    let operand = try type(0)
    let shape = operand.shape
    switch operation {
    case .gather(let axis):
      try check(axis: axis, rank: shape.rank)
      let indices = try indexType(1).shape
      return TensorType(
        operand.element,
        Shape(Array(shape.extents[..<axis]) + indices.extents + Array(shape.extents[(axis + 1)...])))
    case .gatherElements(let axis):
      try check(axis: axis, rank: shape.rank)
      let indices = try indexType(1).shape
      guard indices.rank == shape.rank else { throw problem("gathers from \(shape) with indices \(indices)") }
      return TensorType(operand.element, indices)
    case .gatherND(let batchDimensions):
      let indices = try indexType(1).shape
      guard let depth = indices.extents.last?.fixedValue, batchDimensions < indices.rank,
        depth >= 0, batchDimensions + depth <= shape.rank, batchDimensions <= shape.rank
      else { throw problem("gathers from \(shape) with indices \(indices)") }
      return TensorType(
        operand.element, Shape(indices.extents.dropLast() + shape.extents[(batchDimensions + depth)...]))
    case .scatterElements(let axis, _):
      try check(axis: axis, rank: shape.rank)
      let (indices, updates) = (try indexType(1).shape, try type(2))
      try sameElement(operand, updates)
      guard indices == updates.shape, indices.rank == shape.rank else {
        throw problem("scatters updates \(updates.shape) with indices \(indices) into \(shape)")
      }
      return operand
    case .scatterND:
      let (indices, updates) = (try indexType(1).shape, try type(2))
      try sameElement(operand, updates)
      guard let depth = indices.extents.last?.fixedValue, depth <= shape.rank,
        updates.shape.extents == indices.extents.dropLast() + shape.extents[depth...]
      else { throw problem("scatters updates \(updates.shape) with indices \(indices) into \(shape)") }
      return operand
    case .oneHot(let axis, let depth):
      let values = try type(1)
      guard axis >= 0 && axis <= shape.rank, depth >= 0 else {
        throw problem("inserts axis \(axis) of \(depth) into \(shape)")
      }
      guard values.shape.elementCountPerSample == 2 else { throw problem("needs two values, off and on") }
      var extents = shape.extents
      extents.insert(.fixed(depth), at: axis)
      return TensorType(values.element, Shape(extents))
    case .triangle:
      guard shape.rank >= 2 else { throw problem("needs at least 2 axes, found \(shape)") }
      return operand
    case .reverseSequence(let batchAxis, let timeAxis):
      try check(axis: batchAxis, rank: shape.rank)
      try check(axis: timeAxis, rank: shape.rank)
      return operand
    default: throw problem("takes no indices")
    }
  }

  private func indexType(_ index: Int) throws(Diagnostic) -> TensorType {
    let type = try type(index)
    guard type.element == .int32 || type.element == .int64 else {
      throw problem("needs int32 or int64 indices, found \(type.element)")
    }
    return type
  }
}

extension Shape {
  /// Whether both shapes have the same number of elements for every batch size.
  public func matchesCount(of other: Shape) -> Bool {
    let batches = extents.filter(\.isBatch).count
    let otherBatches = other.extents.filter(\.isBatch).count
    if elementCountPerSample == 0 && other.elementCountPerSample == 0 { return true }
    return batches == otherBatches && elementCountPerSample == other.elementCountPerSample
      && elementCountPerSample != Int.max
  }
}
