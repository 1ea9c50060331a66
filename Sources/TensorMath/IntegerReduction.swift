import Storage

extension ReductionFunction {
  /// Reduces integers along `axes`. Sums and products wrap around; a mean is truncated toward zero, and so are roots and
  /// logarithms, which are computed in float32. Nothing to reduce gives 0, 1, or the type's bounds.
  public func apply(
    _ type: ScalarType, _ x: View<UInt8>, sizes: [Int], axes: [Int], into y: View<UInt8>, on workers: Workers
  ) {
    let shape = ReductionShape(sizes: sizes, axes: axes)
    precondition(x.count == sizes.reduce(1, *) * type.byteCount, "x does not have the given sizes")
    precondition(y.count == shape.outputCount * type.byteCount, "y does not have the reduced size")
    guard y.count > 0 else { return }
    switch self {
    case .l2, .logSum, .logSumExp:
      let floats = View<Float>(count: sizes.reduce(1, *))
      let result = View<Float>(count: shape.outputCount)
      Cast.apply(x, type, to: .float32, into: floats.bytes)
      apply(floats, sizes: sizes, axes: axes, into: result, on: workers)
      Cast.apply(result.bytes, .float32, to: type, into: y)
    case .sum, .mean, .maximum, .minimum, .product, .l1, .sumOfSquares:
      var data = x
      var lanes = (outer: shape.outer, inner: shape.inner)
      if let permutation = shape.permutation(movesAllInnermost: false) {
        data = View(count: x.count)
        Transposition(sizes: shape.sizes, permutation: permutation)
          .apply(x, elementByteCount: type.byteCount, into: data, on: workers)
        lanes = (outer: shape.outputCount, inner: 1)
      }
      let work = IntegerReductionWork(
        function: self, outer: lanes.outer, rows: shape.reducedCount, inner: lanes.inner, x: data, y: y)
      if type == .float32 {
        apply(
          x.reinterpreted(as: Float.self), sizes: sizes, axes: axes, into: y.reinterpreted(as: Float.self),
          on: workers)
      } else {
        type.withInteger(work)
      }
    }
  }
}

private struct IntegerReductionWork: IntegerWork {
  let function: ReductionFunction
  let outer, rows, inner: Int
  let x, y: View<UInt8>

  func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
    switch function {
    case .mean: mean(type)
    case .maximum: fold(.min) { (sum: Integer, value) in max(sum, value) }
    case .minimum: fold(.max) { (sum: Integer, value) in min(sum, value) }
    case .product: fold(1) { (sum: Integer, value) in sum &* value }
    case .l1: fold(0) { (sum: Integer, value) in value < 0 ? sum &- value : sum &+ value }
    case .sumOfSquares: fold(0) { (sum: Integer, value) in sum &+ value &* value }
    case .sum, .l2, .logSum, .logSumExp: fold(0) { (sum: Integer, value) in sum &+ value }
    }
  }

  @inline(__always)
  private func fold<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ start: Integer, _ join: (Integer, Integer) -> Integer
  ) {
    let source = x.reinterpreted(as: Integer.self).elementPointer
    let target = y.reinterpreted(as: Integer.self).elementPointer
    for lane in 0..<outer * inner {
      let base = source + lane / inner * rows * inner + lane % inner
      var result = start
      for row in 0..<rows { result = join(result, base[row * inner]) }
      target[lane] = result
    }
  }

  private func mean<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
    let source = x.reinterpreted(as: type).elementPointer
    let target = y.reinterpreted(as: type).elementPointer
    for lane in 0..<outer * inner {
      let base = source + lane / inner * rows * inner + lane % inner
      var sum: Int64 = 0
      for row in 0..<rows { sum &+= Int64(truncatingIfNeeded: base[row * inner]) }
      target[lane] = rows == 0 ? 0 : Integer(truncatingIfNeeded: sum / Int64(rows))
    }
  }
}
