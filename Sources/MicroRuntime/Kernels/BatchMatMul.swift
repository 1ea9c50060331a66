import Graph
import Micro
import Storage

/// BATCH_MATMUL: matrix products over leading axes that may repeat.
extension OperatorContext {
  func batchMatMul() throws(Diagnostic) -> MicroKernel {
    guard case .batchMatMul(let adjointX, let adjointY, _) = operation.options else {
      throw bad("it has no options")
    }
    let (a, b, y) = (try input(0), try input(1), try output())
    try requireSameType(a, b)
    try requireSameType(a, y)
    try requireSupported((2...5).contains(a.rank) && (2...5).contains(b.rank), "TFLM takes 2 to 5 axes")
    try require(y.rank >= max(a.rank, b.rank), "the result \(y.shape) has too few axes")
    let (aRows, aColumns) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
    let (bRows, bColumns) = (b.shape[b.rank - 2], b.shape[b.rank - 1])
    let (rows, inner) = adjointX ? (aColumns, aRows) : (aRows, aColumns)
    let (innerOfB, columns) = adjointY ? (bColumns, bRows) : (bRows, bColumns)
    try require(
      inner == innerOfB && y.shape[y.rank - 2] == rows && y.shape[y.rank - 1] == columns,
      "\(a.shape) and \(b.shape) do not give \(y.shape)")
    let leading = Array(y.shape.dropLast(2))
    guard let matrices = Broadcast([Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2))], to: leading)
    else {
      throw bad("\(a.shape) and \(b.shape) do not give \(y.shape)")
    }
    let product = MatrixSteps(
      matrices: matrices, rows: rows, inner: inner, columns: columns,
      a: adjointX ? (1, rows) : (inner, 1), b: adjointY ? (1, inner) : (columns, 1))
    switch a.type {
    case .float32:
      return { memory in
        let (left, right, result) = (
          memory(a, as: Float.self), memory(b, as: Float.self), memory(y, as: Float.self)
        )
        product.forEach { i, j, place in
          var sum: Float = 0
          for k in 0..<inner { sum += left[i + k * product.a.1] * right[j + k * product.b.0] }
          result[place] = sum
        }
      }
    case .int8: return try integerProduct(product, a, b, y, as: Int8.self)
    case .int16:
      try require(
        a.grid.zeroPoint == 0 && b.grid.zeroPoint == 0 && y.grid.zeroPoint == 0,
        "int16 zero points have to be 0")
      return try integerProduct(product, a, b, y, as: Int16.self)
    default: throw noKernel(for: a, b, y)
    }
  }

  private func integerProduct<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ product: MatrixSteps, _ a: Operand, _ b: Operand, _ y: Operand, as _: Element.Type
  ) throws(Diagnostic) -> MicroKernel {
    try requireQuantized(a, b, y)
    let isWide = a.type == .int16
    let multiplier = try Multiplier(profile.product(a.grid.scale, b.grid.scale) / Double(y.grid.scale))
    if isWide { try requireWide([multiplier]) }
    let requantization = Requantization(
      multipliers: [multiplier], zeroPoint: y.grid.zeroPoint,
      range: y.grid.range(of: .none, bits: isWide ? 16 : 8), isWide: isWide)
    let (aOffset, bOffset) = (Int64(a.grid.zeroPoint), Int64(b.grid.zeroPoint))
    return { memory in
      let (left, right, result) = (
        memory(a, as: Element.self), memory(b, as: Element.self), memory(y, as: Element.self)
      )
      product.forEach { i, j, place in
        var sum: Int64 = 0
        for k in 0..<product.inner {
          sum &+=
            (Int64(left[i + k * product.a.1]) - aOffset) &* (Int64(right[j + k * product.b.0]) - bOffset)
        }
        result[place] = Element(truncatingIfNeeded: requantization(sum, channel: 0))
      }
    }
  }
}

/// Products of matrices, and the steps from row to row and column to column in both.
private struct MatrixSteps: Sendable {
  var matrices: Broadcast
  var rows, inner, columns: Int
  /// (from row to row, from column to column)
  var a, b: (Int, Int)

  /// `body` gets the starts of a row, a column, and the place of their product.
  @inline(__always)
  func forEach(_ body: (_ row: Int, _ column: Int, _ place: Int) -> Void) {
    var place = 0
    for index in matrices.starts[0].indices {
      for step in 0..<matrices.run {
        let left = (Int(matrices.starts[0][index]) + step * matrices.steps[0]) * rows * inner
        let right = (Int(matrices.starts[1][index]) + step * matrices.steps[1]) * inner * columns
        for row in 0..<rows {
          for column in 0..<columns {
            body(left + row * a.0, right + column * b.1, place)
            place += 1
          }
        }
      }
    }
  }
}
