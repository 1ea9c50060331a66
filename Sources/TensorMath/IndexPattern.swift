import Storage

/// Tensors that are made from indices, and copies that depend on the place alone.
///
///     IndexPattern.triangle(x, rows: 3, columns: 3, upper: true, diagonal: 0, elementByteCount: 4, into: y)
public enum IndexPattern {
  /// Keeps the upper or lower triangle of each matrix, shifted by `diagonal`; the rest becomes 0.
  public static func triangle(
    _ x: View<UInt8>, rows: Int, columns: Int, upper: Bool, diagonal: Int, elementByteCount width: Int,
    into y: View<UInt8>
  ) {
    precondition(x.count == y.count, "x and y differ in size")
    y.copy(from: x)
    guard x.count > 0 else { return }
    let target = UnsafeMutableRawPointer(y.elementPointer)
    let shift = Swift.min(Swift.max(diagonal, -rows), columns) + (upper ? 0 : 1)
    for row in 0..<(x.count / (columns * width)) {
      // The first column that belongs to the upper part, or the first one beyond the lower part.
      let border = row % rows + shift
      let edge = Swift.min(Swift.max(0, border), columns)
      let cleared = upper ? 0..<edge : edge..<columns
      (target + (row * columns + cleared.lowerBound) * width)
        .initializeMemory(as: UInt8.self, repeating: 0, count: cleared.count * width)
    }
  }

  /// y[…, i, …] = on where i is the index, else off; the new axis of `depth` stands behind `outer` leading elements.
  /// Indices outside −depth ..< depth give a row of off.
  public static func oneHot(
    _ indices: View<Int64>, outer: Int, inner: Int, depth: Int, off: View<UInt8>, on: View<UInt8>,
    into y: View<UInt8>
  ) {
    let width = off.count
    precondition(on.count == width && y.count == outer * depth * inner * width, "sizes do not match")
    precondition(indices.count == outer * inner, "the indices have another size")
    let target = UnsafeMutableRawPointer(y.elementPointer)
    for place in 0..<(outer * depth * inner) {
      (target + place * width).copyMemory(from: off.elementPointer, byteCount: width)
    }
    for row in 0..<outer {
      for column in 0..<inner {
        let index = Int(indices[row * inner + column])
        let place = index < 0 ? index + depth : index
        guard (0..<depth).contains(place) else { continue }
        (target + ((row * depth + place) * inner + column) * width)
          .copyMemory(from: on.elementPointer, byteCount: width)
      }
    }
  }

  /// For each index along the batch axis, the first `lengths[batch]` elements along the time axis in reverse order.
  /// Lengths must be inside 0 ... extent of the time axis.
  public static func reverseSequence(
    _ x: View<UInt8>, sizes: [Int], batchAxis: Int, timeAxis: Int, lengths: View<Int64>,
    elementByteCount: Int,
    into y: View<UInt8>
  ) throws(IndexError) {
    precondition(x.count == sizes.reduce(1, *) * elementByteCount && y.count == x.count, "sizes do not match")
    precondition(batchAxis != timeAxis && lengths.count == sizes[batchAxis], "one length per batch index")
    for batch in 0..<lengths.count where !(0...Int64(sizes[timeAxis])).contains(lengths[batch]) {
      throw IndexError(index: Int(lengths[batch]), extent: sizes[timeAxis], axis: timeAxis)
    }
    guard x.count > 0 else { return }
    let deeper = Swift.max(batchAxis, timeAxis)
    let block = sizes[(deeper + 1)...].reduce(elementByteCount, *)
    let (source, target) = (UnsafeRawPointer(x.elementPointer), UnsafeMutableRawPointer(y.elementPointer))
    let timeStride = sizes[(timeAxis + 1)...].reduce(elementByteCount, *)
    let batchStride = sizes[(batchAxis + 1)...].reduce(elementByteCount, *)
    for offset in stride(from: 0, to: x.count, by: block) {
      let time = offset / timeStride % sizes[timeAxis]
      let length = Int(lengths[offset / batchStride % sizes[batchAxis]])
      let from = time < length ? offset + (length - 1 - 2 * time) * timeStride : offset
      (target + offset).copyMemory(from: source + from, byteCount: block)
    }
  }
}
