extension Operands {
  func windowed(_ layout: DataLayout, _ window: WindowGeometry) throws(Diagnostic) -> TensorType {
    let data = try type(0)
    guard data.shape.rank == window.spatialRank + 2, (1...6).contains(window.spatialRank) else {
      throw problem(
        "has \(window.spatialRank) window axes on data \(data.shape); expected rank \(window.spatialRank + 2)"
      )
    }
    for axis in 0..<window.spatialRank {
      guard window.size[axis] > 0, window.strides[axis] > 0, window.dilations[axis] > 0 else {
        throw problem("has window \(window.size), strides \(window.strides), dilations \(window.dilations)")
      }
      let limit = 1 << 30
      guard window.size[axis] < limit, window.strides[axis] < limit, window.dilations[axis] < limit,
        abs(window.padBefore[axis]) < limit, abs(window.padAfter[axis]) < limit
      else { throw problem("has a window beyond all bounds: \(window.size), dilations \(window.dilations)") }
    }
    return data
  }

  func convolution(_ convolution: Convolution) throws(Diagnostic) -> TensorType {
    let window = convolution.window
    let data = try windowed(convolution.layout, window)
    let filter = try type(1)
    try sameElement(data, filter)
    let channelAxis = convolution.layout.channelAxis(rank: data.shape.rank)
    let outputs = try checkFilter(
      filter.shape, window, groups: convolution.groups, channels: data.shape[channelAxis])
    try checkBias(2, count: outputs)
    var result = data.shape
    result[channelAxis] = outputs
    for (index, axis) in convolution.layout.spatialAxes(rank: data.shape.rank).enumerated() {
      result[axis] = try windowCount(data.shape[axis], window, index, roundsUp: false)
    }
    return TensorType(data.element, result)
  }

  private func checkFilter(
    _ filter: Shape, _ window: WindowGeometry, groups: Int, channels: Extent
  ) throws(Diagnostic) -> Extent {
    guard filter.rank == window.spatialRank + 2,
      filter.extents[1...window.spatialRank] == window.size.map(Extent.fixed)[...]
    else { throw problem("has a filter \(filter) (outputs, window, inputs) for a window of \(window.size)") }
    guard let inputs = channels.fixedValue, let perGroup = filter[filter.rank - 1].fixedValue,
      let outputs = filter[0].fixedValue, groups > 0, perGroup <= inputs / groups,
      perGroup * groups == inputs,
      outputs % groups == 0
    else {
      throw problem(
        "has \(channels) input channels in \(groups) groups, its filter \(filter) takes \(filter[filter.rank - 1]) per group",
        hint: "the weights do not belong to this data; re-export the model")
    }
    return filter[0]
  }

  /// How many windows fit along one spatial axis.
  private func windowCount(
    _ extent: Extent, _ window: WindowGeometry, _ axis: Int, roundsUp: Bool
  ) throws(Diagnostic) -> Extent {
    guard let size = extent.fixedValue else { throw problem("slides its window along the batch axis") }
    let room = size + window.padBefore[axis] + window.padAfter[axis] - window.span(axis)
    guard room >= 0 else {
      throw problem(
        "has a window of \(window.span(axis)) on \(size) positions plus padding "
          + "\(window.padBefore[axis]) and \(window.padAfter[axis])")
    }
    var count = room / window.strides[axis] + 1
    if roundsUp, room % window.strides[axis] != 0 {
      // A window that would start in the trailing padding does not count.
      if count * window.strides[axis] < size + window.padBefore[axis] { count += 1 }
    }
    return .fixed(count)
  }

  func transposedConvolution(_ convolution: TransposedConvolution) throws(Diagnostic) -> TensorType {
    let window = convolution.window
    let data = try windowed(convolution.layout, window)
    let filter = try type(1)
    try sameElement(data, filter)
    let channelAxis = convolution.layout.channelAxis(rank: data.shape.rank)
    let outputs = try checkFilter(
      filter.shape, window, groups: convolution.groups, channels: data.shape[channelAxis])
    try checkBias(2, count: outputs)
    guard convolution.outputPadding.count == window.spatialRank else {
      throw problem("has output padding \(convolution.outputPadding) for \(window.spatialRank) window axes")
    }
    var result = data.shape
    result[channelAxis] = outputs
    for (index, axis) in convolution.layout.spatialAxes(rank: data.shape.rank).enumerated() {
      guard let size = data.shape[axis].fixedValue else {
        throw problem("slides its window along the batch axis")
      }
      let full = window.strides[index] * max(0, size - 1) + (size > 0 ? window.span(index) : 0)
      let count = full + convolution.outputPadding[index] - window.padBefore[index] - window.padAfter[index]
      guard count >= 0 else { throw problem("crops more than it makes: \(full) minus its padding") }
      result[axis] = .fixed(count)
    }
    return TensorType(data.element, result)
  }

  func pool(_ pool: Pool) throws(Diagnostic) -> [TensorType] {
    let data = try windowed(pool.layout, pool.window)
    guard data.element != .bool else { throw problem("cannot work on bool") }
    var result = data.shape
    for (index, axis) in pool.layout.spatialAxes(rank: data.shape.rank).enumerated() {
      result[axis] = try windowCount(data.shape[axis], pool.window, index, roundsUp: pool.roundsUp)
    }
    return [TensorType(data.element, result), TensorType(.int64, result)]
  }

  func resize(_ resize: Resize) throws(Diagnostic) -> TensorType {
    let data = try type(0)
    guard resize.output.rank == data.shape.rank, resize.scales.count == data.shape.rank else {
      throw problem("resizes \(data.shape) to \(resize.output) with \(resize.scales.count) scales")
    }
    for axis in 0..<data.shape.rank where data.shape[axis].isBatch || resize.output[axis].isBatch {
      guard data.shape[axis] == resize.output[axis] else { throw problem("resizes the batch axis") }
    }
    guard resize.scales.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw problem("has scales \(resize.scales); each must be positive")
    }
    guard resize.output.elementCountPerSample == 0 || data.shape.elementCountPerSample > 0 else {
      throw problem("makes \(resize.output) from nothing")
    }
    return TensorType(data.element, resize.output)
  }

  func composite(_ composite: Composite) throws(Diagnostic) -> [TensorType] {
    let data = try type(0)
    let shape = data.shape
    guard data.element.isFloat || composite.movesOnly else {
      throw problem("needs float data, found \(data.element)")
    }
    switch composite {
    case .layerNormalization(let axis, _), .rmsNormalization(let axis, _):
      try check(axis: axis, rank: shape.rank)
      var reduced = shape
      for index in axis..<shape.rank { reduced[index] = 1 }
      for index in 1..<types.count where types[index] != nil {
        guard try broadcast([shape, self.shape(index)]) == shape else {
          throw problem("has a scale or bias of shape \(try self.shape(index)) for data \(shape)")
        }
      }
      return [data, TensorType(data.element, reduced), TensorType(data.element, reduced)]
    case .groupNormalization(let groups, _, let layout):
      guard shape.rank >= 2, let channels = shape[layout.channelAxis(rank: shape.rank)].fixedValue,
        groups > 0,
        channels % groups == 0
      else { throw problem("normalizes \(shape) in \(groups) groups") }
      try checkBias(1, count: .fixed(channels))
      try checkBias(2, count: .fixed(channels))
      return [data]
    case .localResponseNormalization(let size, _, _, _, let axis):
      try check(axis: axis, rank: shape.rank)
      guard size > 0 else { throw problem("has a window of \(size) channels") }
      return [data]
    case .depthToSpace(let block, _, let layout), .spaceToDepth(let block, let layout):
      var result = shape
      guard shape.rank == 4, block > 0, block < 1 << 15 else {
        throw problem("moves blocks of \(block) in \(shape); expected rank 4")
      }
      let deeper = if case .spaceToDepth = composite { true } else { false }
      let channelAxis = layout.channelAxis(rank: 4)
      result[channelAxis] = try moved(shape[channelAxis], by: block * block, grows: deeper)
      for axis in layout.spatialAxes(rank: 4) {
        result[axis] = try moved(shape[axis], by: block, grows: !deeper)
      }
      return [TensorType(data.element, result)]
    }
  }

  private func moved(_ extent: Extent, by factor: Int, grows: Bool) throws(Diagnostic) -> Extent {
    guard let size = extent.fixedValue, grows || size % factor == 0 else {
      throw problem("needs an extent that is a multiple of \(factor), found \(extent)")
    }
    return .fixed(grows ? size * factor : size / factor)
  }
}

extension Composite {
  /// Whether the composite only moves elements, so that any type will do.
  var movesOnly: Bool {
    switch self {
    case .depthToSpace, .spaceToDepth: true
    default: false
    }
  }
}
