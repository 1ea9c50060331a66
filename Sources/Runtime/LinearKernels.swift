import Graph
import Storage
import TensorMath

extension Binding {
  func dense() throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    guard x.type.isFloat else { return try integerDense() }
    let residual = step.addsLastInput ? inputs.last??.floats : nil
    let clamp = step.clampRange
    let (source, target) = (x.floats, y.floats)
    let columns = y.sizes[y.sizes.count - 1]
    let rows = columns == 0 ? 0 : y.elementCount / columns
    if case .matrix(let packed, let bias) = step.preparation {
      return { workers in
        gemm(
          source, rows: rows, packed: packed, bias: bias, addend: residual, clamp: clamp, into: target,
          workers: workers)
      }
    }
    let weights = try input(1)
    let (bias, inner) = (optional(2)?.floats, weights.sizes[1])
    return { workers in
      let packed = PackedMatrix(weights.floats, inner: inner, columns: columns, transposed: true)
      gemm(
        source, rows: rows, packed: packed, bias: bias, addend: residual, clamp: clamp, into: target,
        workers: workers)
    }
  }

  func matmul(transposesLeft: Bool, transposesRight: Bool) throws(Diagnostic) -> Kernel {
    let (a, y) = (try input(0), try output())
    guard a.type.isFloat else {
      return try integerMatmul(transposesLeft: transposesLeft, transposesRight: transposesRight)
    }
    let (left, target) = (a.floats, y.floats)
    if case .matrix(let packed, _) = step.preparation {
      let rows = packed.columns == 0 ? 0 : y.elementCount / packed.columns
      return { workers in gemm(left, rows: rows, packed: packed, into: target, workers: workers) }
    }
    let b = try input(1)
    let plan = ProductPlan(
      left: a.sizes, right: b.sizes, transposesLeft: transposesLeft, transposesRight: transposesRight)
    let (right, scratch) = (b.floats, self.scratch)
    return { workers in
      plan.product.run(
        left, right, into: target, leftOffsets: plan.leftOffsets, rightOffsets: plan.rightOffsets,
        scratch: scratch,
        workers: workers)
    }
  }
}

/// The matrix products that make up one batched, broadcast product.
struct ProductPlan: Sendable {
  let product: MatrixProduct
  /// Where the operands of each product start, in elements; results follow each other.
  private(set) var leftOffsets: [Int] = []
  private(set) var rightOffsets: [Int] = []

  init(left: [Int], right: [Int], transposesLeft: Bool, transposesRight: Bool) {
    var (a, b) = (left, right)
    let (flipsLeft, flipsRight) = (transposesLeft && a.count > 1, transposesRight && b.count > 1)
    if a.count == 1 { a.insert(1, at: 0) }
    if b.count == 1 { b.append(1) }
    if flipsLeft { a.swapAt(a.count - 1, a.count - 2) }
    if flipsRight { b.swapAt(b.count - 1, b.count - 2) }
    let (rows, inner, columns) = (a[a.count - 2], a[a.count - 1], b[b.count - 1])
    let (outerA, outerB) = (Array(a.dropLast(2)), Array(b.dropLast(2)))
    if !flipsLeft, Shape.elementCount(outerB) == 1 {
      // One right matrix for all: the left ones are the rows of a single product.
      product = MatrixProduct(
        rows: rows * Shape.elementCount(outerA), inner: inner, columns: columns, transposesRight: flipsRight)
      (leftOffsets, rightOffsets) = ([0], [0])
      return
    }
    product = MatrixProduct(
      rows: rows, inner: inner, columns: columns, transposesLeft: flipsLeft, transposesRight: flipsRight)
    let rank = max(outerA.count, outerB.count)
    let sizesA = [Int](repeating: 1, count: rank - outerA.count) + outerA
    let sizesB = [Int](repeating: 1, count: rank - outerB.count) + outerB
    let outer = zip(sizesA, sizesB).map { $0 == 1 ? $1 : $0 }
    let (stepsA, stepsB) = (Shape.strides(sizesA), Shape.strides(sizesB))
    for index in 0..<Shape.elementCount(outer) {
      var (rest, first, second) = (index, 0, 0)
      for axis in stride(from: rank - 1, through: 0, by: -1) {
        let position = rest % outer[axis]
        rest /= outer[axis]
        if sizesA[axis] > 1 { first += position * stepsA[axis] }
        if sizesB[axis] > 1 { second += position * stepsB[axis] }
      }
      leftOffsets.append(first * rows * inner)
      rightOffsets.append(second * inner * columns)
    }
  }
}
