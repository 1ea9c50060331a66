import Graph
import Micro
import Storage

/// CONCATENATION, PACK, SPLIT, SPLIT_V and UNPACK.
extension OperatorContext {
  func concatenation() throws(Diagnostic) -> KernelBody {
    guard case .concatenation(let axis, let activation) = operation.options else {
      throw bad("it has no options")
    }
    let (parts, y) = (try inputs(), try output())
    try requireSupported(parts.count <= 10, "TFLM joins up to 10 tensors, it has \(parts.count)")
    try requireSupported(activation == .none, "TFLM joins without an activation")
    let resolved = try self.axis(axis, rank: y.rank)
    for part in parts {
      try requireSameType(part, y)
      if y.type == .int8 {
        try require(part.grid == y.grid, "'\(part.name)' and its result differ in scale or zero point")
      }
    }
    return try joining(
      parts, y, extents: parts.map { $0.rank == y.rank ? $0.shape[resolved] : 0 }, axis: resolved)
  }

  func packing() throws(Diagnostic) -> KernelBody {
    guard case .pack(_, let axis) = operation.options else { throw bad("it has no options") }
    let (parts, y) = (try inputs(), try output())
    let resolved = try self.axis(axis, rank: y.rank)
    for part in parts { try requireSameType(part, y) }
    return try joining(parts, y, extents: parts.map { _ in 1 }, axis: resolved)
  }

  private func joining(_ parts: [Operand], _ y: Operand, extents: [Int], axis: Int) throws(Diagnostic)
    -> KernelBody
  {
    let pieces = try pieces(parts, of: y, extents: extents, axis: axis)
    return { memory in
      let whole = memory.bytes[y.index]
      pieces.forEach { piece, here, there, count in
        whole[there..<there + count].copy(from: memory.bytes[parts[piece].index][here..<here + count])
      }
    }
  }

  /// SPLIT (the axis first) and SPLIT_V: the declared results say where the pieces end.
  func splitting() throws(Diagnostic) -> KernelBody {
    let isEven = operation.code == .split
    let x = try input(isEven ? 1 : 0)
    guard let axis = try integers(isEven ? 0 : 2).first else { throw bad("it has no axis") }
    let resolved = try self.axis(axis, rank: x.rank)
    return try separating(
      x, extents: outputs().map { $0.rank == x.rank ? $0.shape[resolved] : 0 }, axis: resolved)
  }

  func unpacking() throws(Diagnostic) -> KernelBody {
    guard case .unpack(_, let axis) = operation.options else { throw bad("it has no options") }
    let x = try input(0)
    return try separating(x, extents: outputs().map { _ in 1 }, axis: try self.axis(axis, rank: x.rank))
  }

  private func separating(_ x: Operand, extents: [Int], axis: Int) throws(Diagnostic) -> KernelBody {
    let parts = outputs()
    for part in parts { try requireSameType(part, x) }
    let pieces = try pieces(parts, of: x, extents: extents, axis: axis)
    return { memory in
      let whole = memory.bytes[x.index]
      pieces.forEach { piece, here, there, count in
        memory.bytes[parts[piece].index][here..<here + count].copy(from: whole[there..<there + count])
      }
    }
  }

  private func pieces(_ parts: [Operand], of whole: Operand, extents: [Int], axis: Int) throws(Diagnostic)
    -> Pieces
  {
    try require(
      extents.reduce(0, +) == whole.shape[axis],
      "pieces of \(extents) along axis \(axis) do not make \(whole.shape)")
    let lines = AxisLines(whole.shape, axis: axis)
    for (part, extent) in zip(parts, extents) {
      try require(
        part.count == lines.outer * extent * lines.inner,
        "'\(part.name)' \(part.shape) does not fit \(whole.shape)")
    }
    return Pieces(
      outer: lines.outer, byteCounts: extents.map { $0 * lines.inner * (whole.type.byteCount ?? 1) })
  }
}

/// Blocks of bytes that follow each other in a whole and lie apart in its pieces.
private struct Pieces: Sendable {
  var outer: Int
  /// Of one block of each piece.
  var byteCounts: [Int]

  /// Calls `body` with a piece's number, where a block starts in it and in the whole, and its size.
  func forEach(_ body: (_ piece: Int, _ here: Int, _ there: Int, _ count: Int) -> Void) {
    let row = byteCounts.reduce(0, +)
    for block in 0..<outer {
      var start = block * row
      for (piece, count) in byteCounts.enumerated() {
        body(piece, block * count, start, count)
        start += count
      }
    }
  }
}
