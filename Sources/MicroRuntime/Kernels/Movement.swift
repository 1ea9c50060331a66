import Graph
import Micro
import Storage

/// Operators whose result is their operand's elements in another order or shape.
extension OperatorContext {
  /// RESHAPE, SQUEEZE and EXPAND_DIMS: the declared shape of the result is what counts.
  func reshape() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    try requireSameCount(x, y)
    return { memory in memory.bytes[y.index].copy(from: memory.bytes[x.index]) }
  }

  func transposition() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    let order = try integers(1)
    try requireSupported(x.rank <= 5, "TFLM transposes up to 5 axes, '\(x.name)' has \(x.rank)")
    try require(
      order.sorted() == Array(0..<x.rank) && y.shape == order.map { x.shape[$0] },
      "the order \(order) does not make \(y.shape) of \(x.shape)")
    let strides = Positions.strides(x.shape)
    let steps = order.map { strides[$0] }
    return try moving(x, to: y, by: Positions.map(y.shape) { index in dot(index, steps) })
  }

  /// PAD and PADV2.
  func padding() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    let pads = try pads(of: x, to: y)
    try requireSupported(x.rank <= 5, "TFLM pads up to 5 axes, '\(x.name)' has \(x.rank)")
    var fill = x.type == .int8 ? Int(y.grid.zeroPoint) : 0
    if let value = optionalInput(2) {
      try requireSameType(value, x)
      try require(value.count == 1, "its pad value is not one number")
      if x.type == .int8 {
        try require(value.grid == y.grid, "its pad value and result differ in scale or zero point")
      }
      guard let bytes = value.constant else { throw unsupported("its pad value is not constant") }
      fill = Self.pattern(bytes)
    }
    return try moving(x, to: y, fill: fill, by: paddedPositions(x, y, pads))
  }

  /// The bits of one element.
  private static func pattern(_ bytes: View<UInt8>) -> Int {
    (0..<min(8, bytes.count)).reduce(0) { $0 | Int(truncatingIfNeeded: UInt64(bytes[$1]) << UInt64(8 * $1)) }
  }

  /// Elements before and after each axis.
  private func pads(of x: Operand, to y: Operand) throws(Diagnostic) -> [(before: Int, after: Int)] {
    let numbers = try integers(1)
    try require(
      numbers.count == 2 * x.rank && x.rank == y.rank, "its paddings do not fit '\(x.name)' \(x.shape)")
    var pads: [(before: Int, after: Int)] = []
    for axis in 0..<x.rank {
      let (before, after) = (numbers[2 * axis], numbers[2 * axis + 1])
      try require(
        before >= 0 && after >= 0 && y.shape[axis] == x.shape[axis] + before + after,
        "paddings \(numbers) do not make \(y.shape) of \(x.shape)")
      pads.append((before, after))
    }
    return pads
  }

  private func paddedPositions(_ x: Operand, _ y: Operand, _ pads: [(before: Int, after: Int)]) -> [Int] {
    let strides = Positions.strides(x.shape)
    return Positions.map(y.shape) { index in
      var place = 0
      for (axis, position) in index.enumerated() {
        let source = position - pads[axis].before
        guard (0..<x.shape[axis]).contains(source) else { return IndexMap.fill }
        place += source * strides[axis]
      }
      return place
    }
  }

  func mirrorPadding() throws(Diagnostic) -> KernelBody {
    guard case .mirrorPad(let isSymmetric) = operation.options else { throw bad("it has no options") }
    let (x, y) = (try input(0), try output())
    guard x.type == .float32 || x.type == .int8 else { throw noKernel(for: x, y) }
    let pads = try pads(of: x, to: y)
    let border = isSymmetric ? 0 : 1
    for (axis, pad) in pads.enumerated() {
      try require(
        max(pad.before, pad.after) <= x.shape[axis] - border,
        "its padding is wider than '\(x.name)' \(x.shape)")
    }
    let strides = Positions.strides(x.shape)
    let sources = Positions.map(y.shape) { index in
      var place = 0
      for (axis, position) in index.enumerated() {
        var source = position - pads[axis].before
        if source < 0 { source = -source - 1 + border }
        if source >= x.shape[axis] { source = 2 * x.shape[axis] - source - 1 - border }
        place += source * strides[axis]
      }
      return place
    }
    return try moving(x, to: y, by: sources)
  }

  func reversal() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    var axes = Set<Int>()
    for axis in try integers(1) { axes.insert(try self.axis(axis, rank: x.rank)) }
    try require(x.shape == y.shape, "\(x.shape) does not give \(y.shape)")
    let strides = Positions.strides(x.shape)
    let sources = Positions.map(y.shape) { index in
      index.indices.reduce(0) {
        $0 + (axes.contains($1) ? x.shape[$1] - 1 - index[$1] : index[$1]) * strides[$1]
      }
    }
    return try moving(x, to: y, by: sources)
  }

  func broadcastTo() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSupported(y.rank <= 5, "TFLM repeats along up to 5 axes, '\(y.name)' has \(y.rank)")
    guard let broadcast = Broadcast([x.shape], to: y.shape) else {
      throw bad("\(x.shape) does not give \(y.shape)")
    }
    var sources: [Int] = []
    for start in broadcast.starts[0] {
      for step in 0..<broadcast.run { sources.append(Int(start) + step * broadcast.steps[0]) }
    }
    return try moving(x, to: y, by: sources)
  }

  // MARK: Blocks

  /// SPACE_TO_DEPTH and DEPTH_TO_SPACE: the position inside of a block counts before the channel.
  func depthBlocks() throws(Diagnostic) -> KernelBody {
    guard case .blocks(let size) = operation.options, size > 0 else { throw bad("it has no block size") }
    let (x, y) = (try input(0), try output())
    guard x.type == .float32 || x.type == .int8 else { throw noKernel(for: x, y) }
    try requireRank(4, x, y)
    let toDepth = operation.code == .spaceToDepth
    let (fine, coarse) = toDepth ? (x.shape, y.shape) : (y.shape, x.shape)
    try require(
      fine[0] == coarse[0] && fine[1] == coarse[1] * size && fine[2] == coarse[2] * size
        && coarse[3] == fine[3] * size * size, "blocks of \(size) do not make \(y.shape) of \(x.shape)")
    let strides = Positions.strides(x.shape)
    let depth = fine[3]
    let sources = Positions.map(y.shape) { index in
      if toDepth {
        let (block, channel) = (index[3] / depth, index[3] % depth)
        return dot(
          [index[0], index[1] * size + block / size, index[2] * size + block % size, channel], strides)
      }
      let block = index[1] % size * size + index[2] % size
      return dot([index[0], index[1] / size, index[2] / size, block * depth + index[3]], strides)
    }
    return try moving(x, to: y, by: sources)
  }

  func spaceToBatch() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    let blocks = try blocks(x, y)
    guard blocks.edges.allSatisfy({ $0 == (0, 0) }) else {
      throw unsupported(
        "it pads its operand, and TFLM takes the number for the border from memory that it never set",
        hint: "pad with PAD in front of it")
    }
    let strides = Positions.strides(x.shape)
    let sources = Positions.map(y.shape) { index in
      var (part, place) = (index[0] / x.shape[0], index[0] % x.shape[0] * strides[0])
      for axis in blocks.sizes.indices.reversed() {
        let source = index[axis + 1] * blocks.sizes[axis] + part % blocks.sizes[axis] - blocks.edges[axis].0
        part /= blocks.sizes[axis]
        guard (0..<x.shape[axis + 1]).contains(source) else { return IndexMap.fill }
        place += source * strides[axis + 1]
      }
      for axis in blocks.sizes.count + 1..<x.rank { place += index[axis] * strides[axis] }
      return place
    }
    return try moving(x, to: y, by: sources)
  }

  func batchToSpace() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    let blocks = try blocks(x, y)
    let strides = Positions.strides(x.shape)
    let sources = Positions.map(y.shape) { index in
      var (part, place) = (0, 0)
      for axis in blocks.sizes.indices {
        let position = index[axis + 1] + blocks.edges[axis].0
        part = part * blocks.sizes[axis] + position % blocks.sizes[axis]
        place += position / blocks.sizes[axis] * strides[axis + 1]
      }
      for axis in blocks.sizes.count + 1..<x.rank { place += index[axis] * strides[axis] }
      return place + (part * y.shape[0] + index[0]) * strides[0]
    }
    return try moving(x, to: y, by: sources)
  }

  /// Block sizes, and what is added or cut at the edges.
  private func blocks(_ x: Operand, _ y: Operand) throws(Diagnostic) -> (sizes: [Int], edges: [(Int, Int)]) {
    guard x.type == .float32 || x.type == .int8 else { throw noKernel(for: x, y) }
    let (sizes, edges) = (try integers(1), try integers(2))
    try require(
      (3...4).contains(x.rank) && x.rank == y.rank && sizes.count == x.rank - 2
        && edges.count == 2 * sizes.count
        && sizes.allSatisfy { $0 > 0 } && edges.allSatisfy { $0 >= 0 },
      "its blocks do not fit '\(x.name)' \(x.shape)")
    let total = sizes.reduce(1, *)
    let (whole, parts) = operation.code == .spaceToBatchND ? (x.shape, y.shape) : (y.shape, x.shape)
    try require(
      total <= parts[0] && parts[0] == whole[0] * total && parts.last == whole.last
        && sizes.indices.allSatisfy {
          parts[$0 + 1] * sizes[$0] == whole[$0 + 1] + edges[2 * $0] + edges[2 * $0 + 1]
        }, "blocks of \(sizes) do not make \(y.shape) of \(x.shape)")
    return (sizes, sizes.indices.map { (edges[2 * $0], edges[2 * $0 + 1]) })
  }
}

/// The sum of products.
func dot(_ a: [Int], _ b: [Int]) -> Int {
  var sum = 0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}
