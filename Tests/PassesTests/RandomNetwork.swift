import Graph

/// A random network of the operators around convolutions: what the layout pass has to carry orders through.
struct RandomNetwork {
  var builder = GraphBuilder()
  private var random: Noise
  /// Tensors that later operators may read.
  private var live: [TensorID] = []

  init(seed: UInt64, operatorCount: Int) throws {
    random = Noise(seed: seed)
    let channels = [1, 3, 4, 6][random.below(4)]
    live.append(builder.input("x", [.batch(1), .fixed(channels), 8, 6]))
    for _ in 0..<operatorCount { try grow() }
    for index in 0..<(1 + random.below(2)) {
      builder.output(live[live.count - 1 - index % live.count], "y\(index)")
    }
  }

  var graph: Graph { builder.graph }

  private func shape(_ id: TensorID) -> Shape { builder.graph[id].shape }
  private func size(_ id: TensorID, _ axis: Int) -> Int { shape(id)[axis].perSample }

  /// Mostly the newest tensor, sometimes an older one.
  private mutating func pick() -> TensorID {
    random.below(4) == 0 ? live[random.below(live.count)] : live[live.count - 1]
  }

  private mutating func fixedAxis(_ id: TensorID) -> Int? {
    let axes = (0..<shape(id).rank).filter { !shape(id)[$0].isBatch }
    return axes.isEmpty ? nil : axes[random.below(axes.count)]
  }

  private mutating func grow() throws {
    let x = pick()
    let rank = shape(x).rank
    guard shape(x).elementCountPerSample <= 20_000, rank <= 5 else { return try grow() }
    let isImage = rank == 4 && shape(x)[0].isBatch && !shape(x).extents.dropFirst().contains(where: \.isBatch)
    let choice = random.below(22)
    switch choice {
    case 0...4 where isImage: live.append(try convolution(x))
    case 5 where isImage && size(x, 2) > 1 && size(x, 3) > 1: live.append(try pool(x))
    case 6 where isImage: live.append(try shuffle(x))
    case 7 where isImage: live.append(try resize(x))
    case 0...3:
      if let image = live.last(where: { shape($0).rank == 4 && shape($0)[0].isBatch }), image != x {
        live.append(try convolution(image))
      }
    case 8: live.append(try builder.apply(.unary([.relu, .sigmoid, .absolute][random.below(3)]), [x]))
    case 9: live.append(try scale(x))
    case 10: live.append(try transpose(x))
    case 11: if let axis = fixedAxis(x) { live.append(try reduce(x, axis)) }
    case 12:
      if let axis = fixedAxis(x) {
        live.append(try builder.apply(.softmax(axis: axis, logarithmic: false), [x]))
      }
    case 13: if let axis = fixedAxis(x) { live.append(try slice(x, axis)) }
    case 14: if let axis = fixedAxis(x) { live.append(try pad(x, axis)) }
    case 15, 16: try combine(x)
    case 17: live.append(try reshape(x))
    case 18: live.append(try flattenAndMultiply(x))
    case 19: if let axis = fixedAxis(x) { try split(x, axis) }
    case 20: live.append(try matmul(x))
    default: if let axis = fixedAxis(x) { live.append(try gather(x, axis)) }
    }
  }
}

extension RandomNetwork {
  private mutating func convolution(_ x: TensorID) throws -> TensorID {
    let channels = size(x, 1)
    let groups = [1, 1, channels][random.below(3)]
    let y = try builder.convolution(
      x, channels: groups * (1 + random.below(4)), kernel: [1, 3][random.below(2)], groups: groups,
      bias: random.below(2) == 0)
    if random.below(2) == 0 { return y }
    let count = size(y, 1)
    let scaled = try builder.apply(.binary(.multiply, clamp: nil), [y, builder.noise([count, 1, 1])])
    let shifted = try builder.apply(.binary(.add, clamp: nil), [scaled, builder.noise([1, count, 1, 1])])
    return try builder.apply(.unary(.relu), [shifted])
  }

  private mutating func pool(_ x: TensorID) throws -> TensorID {
    let kind: Pool.Kind = random.below(2) == 0 ? .maximum : .average(countsPadding: false)
    return try builder.apply(
      .pool(
        Pool(kind: kind, window: WindowGeometry(size: [2, 2], strides: [2, 2]), layout: .channelsFirst)), [x])
  }

  private mutating func shuffle(_ x: TensorID) throws -> TensorID {
    let channels = size(x, 1)
    let groups = channels % 2 == 0 ? 2 : 1
    let (height, width) = (shape(x)[2], shape(x)[3])
    let wide: Shape = [.batch(1), .fixed(groups), .fixed(channels / groups), height, width]
    let y = try builder.apply(.transpose([0, 2, 1, 3, 4]), [try builder.apply(.reshape(wide), [x])])
    return try builder.apply(.reshape(shape(x)), [y])
  }

  private mutating func resize(_ x: TensorID) throws -> TensorID {
    var output = shape(x)
    output[3] = .fixed(size(x, 3) * 2)
    return try builder.apply(
      .resize(
        Resize(mode: .nearest(.floor), coordinates: .asymmetric, output: output, scales: [1, 1, 1, 2])), [x])
  }

  private mutating func scale(_ x: TensorID) throws -> TensorID {
    let rank = shape(x).rank
    let first = random.below(rank)
    let sizes = (first..<rank).map { axis in
      shape(x)[axis].isBatch || random.below(2) == 0 ? 1 : size(x, axis)
    }
    let kind: Binary = [.multiply, .add, .subtract, .maximum][random.below(4)]
    return try builder.apply(.binary(kind, clamp: nil), [x, builder.noise(sizes)])
  }

  private mutating func transpose(_ x: TensorID) throws -> TensorID {
    let rank = shape(x).rank
    if rank == 4, random.below(2) == 0 {
      return try builder.apply(.transpose([[0, 2, 3, 1], [0, 3, 1, 2]][random.below(2)]), [x])
    }
    var order = Array(0..<rank)
    for index in order.indices.reversed() { order.swapAt(index, random.below(index + 1)) }
    return try builder.apply(.transpose(order), [x])
  }

  private mutating func reduce(_ x: TensorID, _ axis: Int) throws -> TensorID {
    let kind: Reduction = [.mean, .maximum, .sum][random.below(3)]
    return try builder.apply(
      .reduce(kind, axes: [axis], keepsAxes: shape(x).rank < 3 || random.below(2) == 0), [x])
  }

  private mutating func slice(_ x: TensorID, _ axis: Int) throws -> TensorID {
    let rank = shape(x).rank
    var slice = Slice(
      starts: Array(repeating: 0, count: rank), steps: Array(repeating: 1, count: rank), counts: shape(x))
    let count = 1 + random.below(size(x, axis))
    slice.counts[axis] = .fixed(count)
    if random.below(3) == 0 {
      slice.starts[axis] = size(x, axis) - 1
      slice.steps[axis] = -1
    } else {
      slice.starts[axis] = size(x, axis) - count
    }
    return try builder.apply(.slice(slice), [x])
  }

  private mutating func pad(_ x: TensorID, _ axis: Int) throws -> TensorID {
    var amounts = [Int](repeating: 0, count: shape(x).rank)
    amounts[axis] = 1
    return try builder.apply(
      .pad(Pad(mode: [.constant, .edge][random.below(2)], before: amounts, after: amounts.map { $0 * 2 })),
      [x])
  }

  private mutating func combine(_ x: TensorID) throws {
    let partners = live.filter { shape($0) == shape(x) }
    let other = partners[random.below(partners.count)]
    if random.below(2) == 0 {
      live.append(try builder.apply(.binary(.add, clamp: nil), [x, other]))
    } else if let axis = fixedAxis(x) {
      live.append(try builder.apply(.concat(axis: axis), [x, other]))
    }
  }

  /// Joins two neighboring axes or divides one.
  private mutating func reshape(_ x: TensorID) throws -> TensorID {
    var extents = shape(x).extents
    let axis = random.below(extents.count)
    let fits = axis + 1 < extents.count && !(extents[axis].isBatch || extents[axis + 1].isBatch)
    if fits, random.below(3) > 0 {
      extents[axis] = .fixed(extents[axis].perSample * extents[axis + 1].perSample)
      extents.remove(at: axis + 1)
    } else if !extents[axis].isBatch, extents[axis].perSample % 2 == 0 {
      extents[axis] = .fixed(extents[axis].perSample / 2)
      extents.insert(2, at: axis + random.below(2))
    } else {
      extents.insert(1, at: axis)
    }
    return try builder.apply(.reshape(Shape(extents)), [x])
  }

  /// Flattens everything behind the batch, multiplies, and sometimes makes an image again.
  private mutating func flattenAndMultiply(_ x: TensorID) throws -> TensorID {
    guard shape(x)[0].isBatch else {
      return try builder.apply(.unary(.exp), [try builder.apply(.unary(.sigmoid), [x])])
    }
    let count = shape(x).elementCountPerSample
    var y = try builder.apply(.reshape([.batch(1), .fixed(count)]), [x])
    if random.below(2) == 0 {
      y = try builder.apply(.binary(.multiply, clamp: nil), [y, builder.noise([count])])
    }
    y = try builder.apply(
      .matmul(transposesLeft: false, transposesRight: false), [y, builder.noise([count, 24])])
    if random.below(2) == 0 { return y }
    return try builder.apply(.reshape([.batch(1), 3, 4, 2]), [y])
  }

  private mutating func split(_ x: TensorID, _ axis: Int) throws {
    let count = size(x, axis)
    guard count > 1 else { return }
    let first = 1 + random.below(count - 1)
    let parts = try builder.graph.append(
      .split(axis: axis, parts: [.fixed(first), .fixed(count - first)]), inputs: [x],
      names: ["p\(live.count)", "q\(live.count)"], sources: ["split \(live.count)"])
    live += parts.compactMap { $0 }
  }

  private mutating func matmul(_ x: TensorID) throws -> TensorID {
    guard shape(x).rank >= 3, !shape(x).extents.suffix(2).contains(where: \.isBatch) else {
      return try builder.apply(.unary(.square), [x])
    }
    let scores = try builder.apply(.matmul(transposesLeft: false, transposesRight: true), [x, x])
    let damped = try builder.apply(.binary(.multiply, clamp: nil), [scores, builder.scalar(0.1)])
    return try builder.apply(.matmul(transposesLeft: false, transposesRight: false), [damped, x])
  }

  private mutating func gather(_ x: TensorID, _ axis: Int) throws -> TensorID {
    let isScalar = random.below(2) == 0 && shape(x).rank > 2
    let indices = isScalar ? [0] : [size(x, axis) - 1, 0]
    let value = TensorValue(int64s: indices, sizes: isScalar ? [] : [2])
    let constant = builder.graph.addConstant(Constant(value), name: "indices")
    return try builder.apply(.gather(axis: axis), [x, constant])
  }
}
