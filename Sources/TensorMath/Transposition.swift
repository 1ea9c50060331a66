import CKernels
import Storage

/// A permutation of axes: axis i of the result is axis permutation[i] of the operand.
///
///     Transposition(sizes: [1, 3, 224, 224], permutation: [0, 2, 3, 1])
///       .apply(x, elementByteCount: 4, into: y, on: workers)
public struct Transposition: Sendable, Hashable {
  public let sizes: [Int]
  public let permutation: [Int]

  public init(sizes: [Int], permutation: [Int]) {
    precondition(permutation.sorted() == Array(sizes.indices), "not a permutation of the axes")
    self.sizes = sizes
    self.permutation = permutation
  }

  public var outputSizes: [Int] { permutation.map { sizes[$0] } }

  /// Whether the bytes stay where they are.
  public var isTrivial: Bool {
    let moving = permutation.filter { sizes[$0] != 1 }
    return moving == moving.sorted() || sizes.contains(0)
  }

  /// Moves elements of 1, 2, 4 or 8 bytes. `y` must not overlap `x`.
  public func apply(
    _ x: View<UInt8>, elementByteCount: Int, into y: View<UInt8>, on workers: Workers
  ) {
    let count = sizes.reduce(1, *)
    precondition(x.count == count * elementByteCount && y.count == x.count, "x or y has another size")
    if isTrivial { return y.copy(from: x) }
    var axes = mergedAxes()
    var width = elementByteCount
    // An inner run that stays together is an element of its own, if there is a type of that size.
    if axes[axes.count - 1].stride == 1, axes.count > 1 {
      let run = axes[axes.count - 1].size * width
      guard [2, 4, 8].contains(run) else {
        return copyRuns(x, into: y, axes.dropLast(), byteCount: run, elementByteCount: width, on: workers)
      }
      let factor = axes.removeLast().size
      for index in axes.indices { axes[index].stride /= factor }
      width = run
    }
    transposePlanes(x, into: y, axes, width: width, on: workers)
  }

  /// An axis of the result: its size, and the distance of neighbors in the operand.
  private struct Axis {
    var size, stride: Int
  }

  /// The axes of the result, without those of size 1, those merged that are neighbors in the operand too.
  private func mergedAxes() -> [Axis] {
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in sizes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
    var merged: [Axis] = []
    for axis in permutation where sizes[axis] != 1 {
      if let last = merged.last, last.stride == strides[axis] * sizes[axis] {
        merged[merged.count - 1] = Axis(size: last.size * sizes[axis], stride: strides[axis])
      } else {
        merged.append(Axis(size: sizes[axis], stride: strides[axis]))
      }
    }
    return merged
  }

  private func copyRuns(
    _ x: View<UInt8>, into y: View<UInt8>, _ axes: ArraySlice<Axis>, byteCount: Int, elementByteCount: Int,
    on workers: Workers
  ) {
    let axes = Array(axes)
    let (source, target) = (x.elementPointer, y.elementPointer)
    let inner = axes[axes.count - 1]
    let step = inner.stride * elementByteCount
    let outer = axes.dropLast().reduce(1) { $0 * $1.size }
    let grain = max(1, (1 << 16) / (inner.size * byteCount))
    workers.parallelFor(outer, grain: grain) { range in
      for row in range {
        var from = UnsafeRawPointer(source) + offset(of: row, axes.dropLast()) * elementByteCount
        var to = UnsafeMutableRawPointer(target) + row * inner.size * byteCount
        for _ in 0..<inner.size {
          to.copyMemory(from: from, byteCount: byteCount)
          from += step
          to += byteCount
        }
      }
    }
  }

  /// Where the operand stands for the given number of the outer axes.
  private func offset(of number: Int, _ axes: ArraySlice<Axis>) -> Int {
    var rest = number
    var offset = 0
    for axis in axes.reversed() {
      offset += rest % axis.size * axis.stride
      rest /= axis.size
    }
    return offset
  }

  /// The result's last axis and the operand's last axis span planes, which are transposed one by one.
  private func transposePlanes(
    _ x: View<UInt8>, into y: View<UInt8>, _ axes: [Axis], width: Int, on workers: Workers
  ) {
    let run = workers.kernels.table.pointee.elementwise.pointee.transpose
    let last = axes[axes.count - 1]
    guard let unit = axes.firstIndex(where: { $0.stride == 1 }) else {
      preconditionFailure("a permutation keeps an axis with stride 1")
    }
    let columns = axes[unit].size
    var strides = [Int](repeating: 1, count: axes.count)
    for axis in axes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * axes[axis + 1].size }
    let others = axes.indices.filter { $0 != unit && $0 != axes.count - 1 }
    let planes = others.reduce(1) { $0 * axes[$1].size }
    // Planes are cut along their longer side, so that one large plane keeps all threads busy.
    let cutsRows = last.size >= columns
    let strip = 64
    let strips = ((cutsRows ? last.size : columns) + strip - 1) / strip
    let stripBytes = strip * min(last.size, columns) * width
    let (source, target) = (UnsafeRawPointer(x.elementPointer), UnsafeMutableRawPointer(y.elementPointer))
    let outputStride = strides[unit]
    workers.parallelFor(planes * strips, grain: max(1, (1 << 16) / max(1, stripBytes))) { range in
      for item in range {
        var rest = item / strips
        var (from, to) = (0, 0)
        for axis in others.reversed() {
          let index = rest % axes[axis].size
          rest /= axes[axis].size
          from += index * axes[axis].stride
          to += index * strides[axis]
        }
        let first = item % strips * strip
        if cutsRows {
          run(
            width, source + (from + first * last.stride) * width, last.stride, target + (to + first) * width,
            outputStride, min(strip, last.size - first), columns)
        } else {
          run(
            width, source + (from + first) * width, last.stride, target + (to + first * outputStride) * width,
            outputStride, last.size, min(strip, columns - first))
        }
      }
    }
  }
}
