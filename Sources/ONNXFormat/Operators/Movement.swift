import Graph

extension OperatorRegistry {
  /// Operators that give elements another place or shape.
  static let movement: [OperatorEntry] = [
    OperatorEntry("Identity", inputs: 1) { importing, node throws(Diagnostic) in try importing.tensor(node, 0)
    },
    OperatorEntry("Reshape", since: 5, inputs: 2, shapeOperands: [1], reshape),
    OperatorEntry("Flatten", inputs: 1) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let axis = try node.integer("axis", default: 1)
      let rank = importing.rank(data)
      guard axis >= -rank && axis <= rank else { throw node.problem("names axis \(axis) of rank \(rank)") }
      let target = try importing.matrix(importing.shape(data), before: axis < 0 ? axis + rank : axis, node)
      return try importing.reshape(data, to: target)
    },
    OperatorEntry("Transpose", inputs: 1) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let reversed = Array((0..<importing.rank(data)).reversed())
      let permutation = try node.integers("perm") ?? reversed
      guard permutation.sorted() == reversed.reversed() else {
        throw node.problem("permutes \(importing.shape(data)) by \(permutation)")
      }
      return try importing.transpose(data, permutation)
    },
    OperatorEntry("Squeeze", inputs: 2, shapeOperands: [1], squeeze),
    OperatorEntry("Unsqueeze", inputs: 2, shapeOperands: [1], unsqueeze),
    OperatorEntry("Expand", since: 8, inputs: 2, shapeOperands: [1]) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let wanted = try importing.extents(node, 1, "shape")
      let target = try importing.broadcastShape(importing.shape(data), wanted, node)
      return try importing.broadcast(data, to: target)
    },
    OperatorEntry("Tile", since: 6, inputs: 2, shapeOperands: [1], tile),
    OperatorEntry("Concat", since: 4, inputs: .max, concat),
    OperatorEntry("DepthToSpace", inputs: 1) { importing, node throws(Diagnostic) in
      let mode = try node.string("mode", default: "DCR")
      guard mode == "DCR" || mode == "CRD" else {
        throw node.problem("has mode '\(mode)'; expected DCR or CRD")
      }
      let composite = Composite.depthToSpace(
        blockSize: try node.integer("blocksize", default: 0), depthFirst: mode == "DCR",
        layout: .channelsFirst)
      return try importing.emit(.composite(composite), importing.tensor(node, 0))
    },
    OperatorEntry("SpaceToDepth", inputs: 1, spaceToDepth),
    OperatorEntry("ReverseSequence", since: 10, inputs: 2) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let rank = importing.rank(data)
      let batchAxis = try node.axis(try node.integer("batch_axis", default: 1), rank: rank)
      let timeAxis = try node.axis(try node.integer("time_axis", default: 0), rank: rank)
      let lengths = try importing.cast(importing.tensor(node, 1), to: .int64)
      guard importing.shape(lengths) == Shape([importing.shape(data)[batchAxis]]), batchAxis != timeAxis
      else {
        throw node.problem(
          "has lengths \(importing.shape(lengths)) for axis \(batchAxis) of \(importing.shape(data))")
      }
      return try importing.emit(.reverseSequence(batchAxis: batchAxis, timeAxis: timeAxis), data, lengths)
    },
    OperatorEntry("Trilu", since: 14, inputs: 2, shapeOperands: [1]) { importing, node throws(Diagnostic) in
      // Beyond the matrix, all diagonals are the same.
      let diagonal = min(max(try importing.integer(node, 1, "diagonal") ?? 0, -1 << 31), 1 << 31)
      let upper = try node.flag("upper", default: true)
      return try importing.emit(.triangle(upper: upper, diagonal: diagonal), importing.tensor(node, 0))
    },
  ]

  private static func reshape(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    guard let target = try importing.scalars(node, 1, "shape") else { throw node.problem("lacks its shape") }
    let reshaping = ReshapeTarget(
      data: importing.shape(data), keepsZeros: try node.flag("allowzero"),
      batchIsAssumed: importing.options.batch == .symbolic)
    return try importing.reshape(data, to: try reshaping.shape(target, node))
  }

  private static func squeeze(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    let shape = importing.shape(data)
    let listed = try importing.axes(node)
    let axes =
      try listed.map { axes throws(Diagnostic) in try node.axes(axes, rank: shape.rank) }
      ?? shape.extents.indices.filter { shape[$0] == 1 }
    for axis in axes where shape[axis] != 1 {
      if shape[axis].isBatch {
        throw node.unsupported("removes the batch axis of \(shape)", hint: Importing.fixBatchHint)
      }
      throw node.problem("removes axis \(axis) of \(shape), which has more than one element")
    }
    let rest = shape.extents.indices.filter { !axes.contains($0) }.map { shape[$0] }
    return try importing.reshape(data, to: Shape(rest))
  }

  private static func unsqueeze(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    guard let listed = try importing.axes(node) else { throw node.problem("lacks its axes") }
    let rank = importing.rank(data) + listed.count
    guard rank <= ImportLimits.rank else { throw node.unsupported("would make a tensor of rank \(rank)") }
    var extents = importing.shape(data).extents
    for axis in try node.axes(listed, rank: rank) { extents.insert(1, at: axis) }
    return try importing.reshape(data, to: Shape(extents))
  }

  private static func tile(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    guard let repeats = try importing.scalars(node, 1, "repeats") else {
      throw node.problem("lacks its repeats")
    }
    let counts = repeats.compactMap(\.integer)
    if counts.count == repeats.count {
      return counts.allSatisfy { $0 == 1 } && counts.count == importing.rank(data)
        ? data : try importing.emit(.tile(counts), data)
    }
    // Repeats by the batch: possible where the axis has one element, as a broadcast.
    var extents = importing.shape(data).extents
    guard repeats.count == extents.count else { throw node.problem("has \(repeats.count) repeats") }
    for (axis, scalar) in repeats.enumerated() where scalar.integer != 1 {
      guard extents[axis] == 1, let extent = scalar.extent else {
        throw node.unsupported(
          "repeats axis \(axis) as often as the batch says", hint: Importing.fixBatchHint)
      }
      extents[axis] = extent
    }
    return try importing.broadcast(data, to: Shape(extents))
  }

  private static func concat(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    var parts = try importing.tensors(node)
    guard let first = parts.first else { throw node.problem("has no inputs") }
    let axis = try node.axis(try node.integer("axis", default: 1), rank: importing.rank(first))
    if importing.options.batch == .symbolic { try importing.spreadOverBatch(&parts, except: axis) }
    return parts.count == 1 ? first : try importing.emit(.concat(axis: axis), parts, wanted: [true])[0]!
  }

  /// In the usual order the position inside a block comes before the channel; opset 28 knows the other one, too.
  private static func spaceToDepth(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID
  {
    let data = try importing.tensor(node, 0)
    let block = try node.integer("blocksize", default: 0)
    let mode = try node.string("mode", default: "DCR")
    guard mode == "CRD" else {
      guard mode == "DCR" else { throw node.problem("has mode '\(mode)'; expected DCR or CRD") }
      return try importing.emit(.composite(.spaceToDepth(blockSize: block, layout: .channelsFirst)), data)
    }
    try importing.requireRank(data, 4...4, node)
    let channels = try importing.size(data, 1, node)
    let (rows, columns) = (try importing.size(data, 2, node), try importing.size(data, 3, node))
    guard block > 0, block < 1 << 15, rows % block == 0, columns % block == 0 else {
      throw node.problem("has blocks of \(block) in data \(importing.shape(data))")
    }
    let batch = importing.shape(data)[0]
    let (height, width) = (rows / block, columns / block)
    let fine = Shape([batch] + [channels, height, block, width, block].map(Extent.fixed))
    let moved = try importing.transpose(importing.reshape(data, to: fine), [0, 1, 3, 5, 2, 4])
    return try importing.reshape(
      moved, to: Shape([batch] + [channels * block * block, height, width].map(Extent.fixed)))
  }
}

extension Importing {
  /// Axes: an attribute in older opsets, operand 1 in newer ones.
  func axes(_ node: Node) throws(Diagnostic) -> [Int]? {
    if let axes = try node.integers("axes") { return axes }
    return try integers(node, 1, "axes")
  }

  /// An operand that is a shape.
  func extents(_ node: Node, _ index: Int, _ what: String) throws(Diagnostic) -> Shape {
    guard let scalars = try scalars(node, index, what) else { throw node.problem("lacks its \(what)") }
    guard scalars.count <= ImportLimits.rank else {
      throw node.unsupported("has \(scalars.count) numbers as \(what); the most is \(ImportLimits.rank)")
    }
    var extents: [Extent] = []
    for scalar in scalars {
      guard let extent = scalar.extent else {
        throw node.unsupported("has a size that mixes the batch with a number", hint: Self.fixBatchHint)
      }
      guard extent.perSample >= 0 else { throw node.problem("has the size \(extent) in its \(what)") }
      extents.append(extent)
    }
    return Shape(extents)
  }

  func broadcastShape(_ left: Shape, _ right: Shape, _ node: Node) throws(Diagnostic) -> Shape {
    let rank = max(left.rank, right.rank)
    var extents: [Extent] = []
    for axis in 0..<rank {
      let a = axis + left.rank - rank >= 0 ? left[axis + left.rank - rank] : 1
      let b = axis + right.rank - rank >= 0 ? right[axis + right.rank - rank] : 1
      guard a == b || a == 1 || b == 1 else { throw node.problem("cannot broadcast \(left) with \(right)") }
      extents.append(a == 1 ? b : a)
    }
    return Shape(extents)
  }

  mutating func broadcast(_ id: TensorID, to target: Shape) throws(Diagnostic) -> TensorID {
    shape(id) == target ? id : try emit(.broadcast(target), id)
  }

  /// The shape with the axes before `axis` and those from it on merged.
  func matrix(_ shape: Shape, before axis: Int, _ node: Node) throws(Diagnostic) -> Shape {
    Shape([try product(shape.extents[..<axis], node), try product(shape.extents[axis...], node)])
  }

  func product(_ extents: ArraySlice<Extent>, _ node: Node) throws(Diagnostic) -> Extent {
    let count = Shape.elementCount(extents.map(\.perSample))
    switch extents.filter(\.isBatch).count {
    case 0: return .fixed(count)
    case 1 where count > 0: return .batch(count)
    case 1: return .fixed(0)
    default: throw node.unsupported("merges two axes that follow the batch", hint: Self.fixBatchHint)
    }
  }

  /// Where one part has a batch and another a single element in its place, which was the batch of 1 in the file, the
  /// latter is repeated.
  mutating func spreadOverBatch(_ parts: inout [TensorID], except axis: Int) throws(Diagnostic) {
    let rank = rank(parts[0])
    guard parts.allSatisfy({ self.rank($0) == rank }) else { return }
    for other in 0..<rank where other != axis {
      guard let extent = parts.map({ shape($0)[other] }).first(where: \.isBatch) else { continue }
      for index in parts.indices
      where shape(parts[index])[other] == .fixed(extent.perSample) && extent.perSample == 1 {
        var target = shape(parts[index])
        target[other] = extent
        parts[index] = try broadcast(parts[index], to: target)
      }
    }
  }
}
