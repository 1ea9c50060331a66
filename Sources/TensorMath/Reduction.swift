import CKernels
import Storage

/// How values along axes become one.
///
/// The order of a sum is part of its meaning. Along the innermost axis: 32 lanes, element i in lane i mod 32, then a
/// halving tree. Along outer axes: rows in order in blocks of 64, then the blocks in order. Other sets of axes are
/// first moved innermost. No order depends on threads or vector widths.
///
///     ReductionFunction.mean.apply(x, sizes: [8, 7, 7, 64], axes: [1, 2], into: y, on: workers)
public enum ReductionFunction: String, Sendable, Hashable, CaseIterable {
  case sum, mean, maximum, minimum, product, l1, l2, sumOfSquares, logSum, logSumExp

  /// Reduces `x` along `axes`; an empty set of axes applies the function to every element alone. Nothing to reduce
  /// gives the identity: 0, 1, ∓∞; the mean of nothing is NaN.
  public func apply(_ x: View<Float>, sizes: [Int], axes: [Int], into y: View<Float>, on workers: Workers) {
    let shape = ReductionShape(sizes: sizes, axes: axes)
    precondition(x.count == sizes.reduce(1, *), "x does not have the given sizes")
    precondition(y.count == shape.outputCount, "y does not have the reduced size")
    guard y.count > 0 else { return }
    if let permutation = shape.permutation(movesAllInnermost: self == .logSumExp) {
      let moved = View<Float>(count: x.count)
      Transposition(sizes: shape.sizes, permutation: permutation)
        .apply(x.bytes, elementByteCount: 4, into: moved.bytes, on: workers)
      reduceInnermost(moved, outer: y.count, rows: shape.reducedCount, into: y, on: workers)
    } else if shape.inner == 1 {
      reduceInnermost(x, outer: shape.outer, rows: shape.reducedCount, into: y, on: workers)
    } else {
      reduceRows(x, shape, into: y, on: workers)
    }
    finish(y, count: shape.reducedCount, on: workers)
  }

  private func reduceInnermost(
    _ x: View<Float>, outer: Int, rows: Int, into y: View<Float>, on workers: Workers
  ) {
    let kernels = workers.kernels.table.pointee.elementwise.pointee
    let source = x.elementPointer
    let target = y.elementPointer
    let kind = kernel
    workers.parallelFor(outer, grain: max(1, (1 << 15) / max(1, rows))) { range in
      for row in range {
        let start = source + row * rows
        target[row] =
          self == .logSumExp ? kernels.log_sum_exp(start, rows) : kernels.reduce(kind, start, rows)
      }
    }
  }

  private func reduceRows(
    _ x: View<Float>, _ shape: ReductionShape, into y: View<Float>, on workers: Workers
  ) {
    let run = workers.kernels.table.pointee.elementwise.pointee.reduce_rows
    let source = x.elementPointer
    let target = y.elementPointer
    let kind = kernel
    let (rows, inner) = (shape.reducedCount, shape.inner)
    let block = 256
    let blocks = (inner + block - 1) / block
    let cost = max(1, rows * min(inner, block))
    workers.parallelFor(shape.outer * blocks, grain: max(1, (1 << 15) / cost)) { range in
      for item in range {
        let (outer, first) = (item / blocks, item % blocks * block)
        let count = min(block, inner - first)
        run(kind, source + outer * rows * inner + first, rows, inner, target + outer * inner + first, count)
      }
    }
  }

  /// What is done to the reduced values.
  private func finish(_ y: View<Float>, count: Int, on workers: Workers) {
    switch self {
    case .mean:
      let divisor = View<Float>([Float(count)])
      BinaryFunction.divide.apply(y, [y.count], divisor, [], into: y, on: workers)
    case .l2: ElementwiseFunction.squareRoot.apply(y, into: y, on: workers)
    case .logSum: ElementwiseFunction.log.apply(y, into: y, on: workers)
    case .sum, .maximum, .minimum, .product, .l1, .sumOfSquares, .logSumExp: break
    }
  }

  private var kernel: reduce_function {
    switch self {
    case .sum, .mean, .logSum, .logSumExp: REDUCE_SUM
    case .maximum: REDUCE_MAX
    case .minimum: REDUCE_MIN
    case .product: REDUCE_PRODUCT
    case .l1: REDUCE_L1
    case .l2, .sumOfSquares: REDUCE_SUM_SQUARE
    }
  }
}

/// The axes of a reduction, merged where neighbors share their fate.
struct ReductionShape {
  /// Merged extents and whether each is reduced; axes of 1 are gone.
  private(set) var sizes: [Int] = []
  private(set) var reduced: [Bool] = []

  init(sizes: [Int], axes: [Int]) {
    let marked = Set(axes)
    precondition(marked.allSatisfy { sizes.indices.contains($0) }, "an axis is not there")
    for axis in sizes.indices where sizes[axis] != 1 {
      let isReduced = marked.contains(axis)
      if reduced.last == isReduced {
        self.sizes[self.sizes.count - 1] *= sizes[axis]
      } else {
        self.sizes.append(sizes[axis])
        reduced.append(isReduced)
      }
    }
  }

  var outputCount: Int { zip(sizes, reduced).reduce(1) { $1.1 ? $0 : $0 * $1.0 } }
  var reducedCount: Int { zip(sizes, reduced).reduce(1) { $1.1 ? $0 * $1.0 : $0 } }
  /// Kept elements before and behind the one reduced axis; when nothing is reduced, all are behind.
  var outer: Int { reduced.contains(true) && !reduced[0] ? sizes[0] : 1 }
  var inner: Int {
    if !reduced.contains(true) { return outputCount }
    return reduced[reduced.count - 1] ? 1 : sizes[sizes.count - 1]
  }

  /// What brings all reduced axes innermost, where the data must be moved.
  func permutation(movesAllInnermost: Bool) -> [Int]? {
    let runs = reduced.filter { $0 }.count
    let isInnermost = runs == 0 || (runs == 1 && reduced[reduced.count - 1])
    guard runs > 1 || (movesAllInnermost && !isInnermost) else { return nil }
    return sizes.indices.filter { !reduced[$0] } + sizes.indices.filter { reduced[$0] }
  }
}
