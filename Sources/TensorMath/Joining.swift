import Storage

/// Tensors laid side by side along an axis, and taken apart again.
///
///     Joining(outer: 8, rowByteCounts: [64, 128]).concatenate([a, b], into: y, on: workers)
public struct Joining: Sendable, Hashable {
  /// The product of the extents before the axis.
  public var outer: Int
  /// For each part: the bytes of one index of `outer` (extent along the axis × what lies behind × element).
  public var rowByteCounts: [Int]

  public init(outer: Int, rowByteCounts: [Int]) {
    self.outer = outer
    self.rowByteCounts = rowByteCounts
  }

  /// The parts of a tensor of these sizes along `axis`.
  public init(sizes: [Int], axis: Int, extents: [Int], elementByteCount: Int) {
    let inner = sizes[(axis + 1)...].reduce(elementByteCount, *)
    self.init(outer: sizes[..<axis].reduce(1, *), rowByteCounts: extents.map { $0 * inner })
  }

  private var total: Int { rowByteCounts.reduce(0, +) }

  public func concatenate(_ parts: [View<UInt8>], into y: View<UInt8>, on workers: Workers) {
    check(parts, y)
    move(parts, y, on: workers) { part, whole, count in whole.copyMemory(from: part, byteCount: count) }
  }

  public func split(_ x: View<UInt8>, into parts: [View<UInt8>], on workers: Workers) {
    check(parts, x)
    move(parts, x, on: workers) { part, whole, count in part.copyMemory(from: whole, byteCount: count) }
  }

  private func check(_ parts: [View<UInt8>], _ whole: View<UInt8>) {
    precondition(parts.count == rowByteCounts.count && whole.count == outer * total, "sizes do not match")
    for (part, row) in zip(parts, rowByteCounts) {
      precondition(part.count == outer * row, "a part has another size")
    }
  }

  private func move(
    _ parts: [View<UInt8>], _ whole: View<UInt8>, on workers: Workers,
    _ body: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int) -> Void
  ) {
    let pointers = parts.map { UnsafeMutableRawPointer($0.elementPointer) }
    let base = UnsafeMutableRawPointer(whole.elementPointer)
    let total = total
    workers.parallelFor(outer, grain: max(1, (1 << 16) / max(1, total))) { range in
      for row in range {
        var offset = row * total
        for (part, count) in rowByteCounts.enumerated() where count > 0 {
          body(pointers[part] + row * count, base + offset, count)
          offset += count
        }
      }
    }
  }
}
