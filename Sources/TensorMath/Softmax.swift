import CKernels
import Storage

/// exp(x) divided by its sum along an axis, or the logarithm of that.
///
///     Softmax(sizes: [32, 10], axis: 1).apply(x, into: y, on: workers)
public struct Softmax: Sendable, Hashable {
  public var sizes: [Int]
  public var axis: Int
  public var isLogarithmic: Bool

  public init(sizes: [Int], axis: Int, isLogarithmic: Bool = false) {
    precondition(sizes.indices.contains(axis), "the axis is not there")
    self.sizes = sizes
    self.axis = axis
    self.isLogarithmic = isLogarithmic
  }

  /// `y` may be `x`.
  public func apply(_ x: View<Float>, into y: View<Float>, on workers: Workers) {
    precondition(x.count == sizes.reduce(1, *) && y.count == x.count, "x or y does not have the given sizes")
    guard x.count > 0 else { return }
    let kernels = workers.kernels.table.pointee.elementwise.pointee
    let rows = sizes[axis]
    let inner = sizes[(axis + 1)...].reduce(1, *)
    let outer = sizes[..<axis].reduce(1, *)
    let (source, target, logarithm) = (x.elementPointer, y.elementPointer, isLogarithmic)
    let grain = 1 << 13
    if inner == 1 {
      workers.parallelFor(outer, grain: max(1, grain / rows)) { range in
        for row in range { kernels.softmax(source + row * rows, target + row * rows, rows, logarithm) }
      }
    } else {
      let block = 256
      let blocks = (inner + block - 1) / block
      workers.parallelFor(outer * blocks, grain: max(1, grain / (rows * min(inner, block)))) { range in
        for item in range {
          let offset = item / blocks * rows * inner + item % blocks * block
          let count = min(block, inner - item % blocks * block)
          kernels.softmax_rows(source + offset, target + offset, rows, inner, count, logarithm)
        }
      }
    }
  }
}
