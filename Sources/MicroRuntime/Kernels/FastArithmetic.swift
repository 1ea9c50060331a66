import Graph
import Micro
import Storage
import TensorMath

/// ADD, SUB and MUL of int8 through the micro-kernels, with the bytes of the plain loops; nil where those do not suit.
extension OperatorContext {
  func fastAddition(_ a: Operand, _ b: Operand, _ y: Operand, _ sum: FineSum) throws(Diagnostic)
    -> KernelBody?
  {
    guard let kernels, let left = sum.left.multiplier.fast, let right = sum.right.multiplier.fast,
      let factor = sum.multiplier.fast, left.shift <= 0, right.shift <= 0, let bounds = sum.range.withinInt8
    else { return nil }
    let fast = Int8Sum(
      zeroPoints: (sum.left.zeroPoint, sum.right.zeroPoint), factors: (left, right),
      headroom: sum.left.leftShift, factor: factor, zeroPoint: sum.zeroPoint, bounds: bounds,
      subtracts: sum.right.isNegative)
    return try combiningRuns(a, b, to: y) { fast.run($0, $1, into: $2, kernels: kernels) }
  }

  func fastMultiplication(
    _ a: Operand, _ b: Operand, _ y: Operand, _ multiplier: Multiplier, _ range: ClosedRange<Int32>
  ) throws(Diagnostic) -> KernelBody? {
    guard let kernels, let factor = multiplier.fast, let bounds = range.withinInt8 else { return nil }
    let fast = Int8Product(
      zeroPoints: (a.grid.zeroPoint, b.grid.zeroPoint), factor: factor, zeroPoint: y.grid.zeroPoint,
      bounds: bounds)
    return try combiningRuns(a, b, to: y) { fast.run($0, $1, into: $2, kernels: kernels) }
  }

  /// A kernel that combines runs of the left operand with runs, or single elements, of the right one.
  private func combiningRuns(
    _ a: Operand, _ b: Operand, to y: Operand,
    _ combine: @escaping @Sendable (View<Int8>, View<Int8>, View<Int8>) -> Void
  ) throws(Diagnostic) -> KernelBody? {
    let broadcast = try broadcast(a, b, to: y)
    let run = broadcast.run
    guard run > 1, broadcast.steps == [1, 1] || broadcast.steps == [1, 0] else { return nil }
    let width = broadcast.steps[1] == 1 ? run : 1
    return { memory in
      let (left, right, result) = (
        memory(a, as: Int8.self), memory(b, as: Int8.self), memory(y, as: Int8.self)
      )
      for index in broadcast.starts[0].indices {
        let (i, j) = (Int(broadcast.starts[0][index]), Int(broadcast.starts[1][index]))
        combine(left[i..<i + run], right[j..<j + width], result[index * run..<(index + 1) * run])
      }
    }
  }
}
