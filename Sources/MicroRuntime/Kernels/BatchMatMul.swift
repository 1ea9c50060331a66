import Graph
import Micro
import Storage
import TensorMath

/// BATCH_MATMUL: matrix products over leading axes that may repeat.
extension OperatorContext {
  func batchMatMul() throws(Diagnostic) -> KernelBody {
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
      let fast = FloatMatrices(product, adjointX: adjointX, adjointY: adjointY)
      return { memory in
        let scratch = memory.scratch(byteCount: fast.scratchByteCount)
        fast.run(memory(a), memory(b), into: memory(y), scratch: scratch)
      }
    case .int8:
      if kernels != nil, inner <= FloatMatrices.exactInner {
        return try exactFloatProduct(FloatMatrices(product, adjointX: adjointX, adjointY: adjointY), a, b, y)
      }
      return try integerProduct(product, a, b, y, as: Int8.self)
    case .int16:
      try require(
        a.grid.zeroPoint == 0 && b.grid.zeroPoint == 0 && y.grid.zeroPoint == 0,
        "int16 zero points have to be 0")
      return try integerProduct(product, a, b, y, as: Int16.self)
    default: throw noKernel(for: a, b, y)
    }
  }

  private func matrixRequantization(_ a: Operand, _ b: Operand, _ y: Operand) throws(Diagnostic)
    -> Requantization
  {
    try requireQuantized(a, b, y)
    let isWide = a.type == .int16
    let multiplier = try Multiplier(profile.product(a.grid.scale, b.grid.scale) / Double(y.grid.scale))
    if isWide { try requireWide([multiplier]) }
    return Requantization(
      multipliers: [multiplier], zeroPoint: y.grid.zeroPoint,
      range: y.grid.range(of: .none, bits: isWide ? 16 : 8), isWide: isWide)
  }

  /// Int8 matrices through the float kernels, whose sums are whole numbers that a float holds exactly.
  private func exactFloatProduct(_ product: FloatMatrices, _ a: Operand, _ b: Operand, _ y: Operand)
    throws(Diagnostic) -> KernelBody
  {
    let requantization = try matrixRequantization(a, b, y)
    let counts = [a.count, b.count, y.count]
    let byteCounts = counts.map { ($0 * 4 + Storage.alignment - 1) / Storage.alignment * Storage.alignment }
    let roomCount = byteCounts.reduce(0, +)
    return { memory in
      let scratch = memory.scratch(byteCount: roomCount + product.scratchByteCount)
      var start = 0
      let views = (0..<3).map { index in
        defer { start += byteCounts[index] }
        return scratch[start..<start + counts[index] * 4].reinterpreted(as: Float.self)
      }
      for (operand, view) in zip([a, b], views) {
        let (source, zeroPoint) = (memory(operand, as: Int8.self), operand.grid.zeroPoint)
        for index in 0..<view.count { view[index] = Float(Int32(source[index]) &- zeroPoint) }
      }
      product.run(views[0], views[1], into: views[2], scratch: scratch[roomCount..<scratch.count])
      let result = memory(y, as: Int8.self)
      for index in 0..<result.count {
        result[index] = Int8(truncatingIfNeeded: requantization(Int64(views[2][index]), channel: 0))
      }
    }
  }

  private func integerProduct<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ product: MatrixSteps, _ a: Operand, _ b: Operand, _ y: Operand, as _: Element.Type
  ) throws(Diagnostic) -> KernelBody {
    let requantization = try matrixRequantization(a, b, y)
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

/// The same products by the float executor's kernels.
private struct FloatMatrices: Sendable {
  /// Sums of so many products of two numbers from −255 to 255 stay below 2^24.
  static let exactInner = 258

  private let product: MatrixProduct
  private let leftOffsets, rightOffsets: [Int]

  init(_ steps: MatrixSteps, adjointX: Bool, adjointY: Bool) {
    product = MatrixProduct(
      rows: steps.rows, inner: steps.inner, columns: steps.columns, transposesLeft: adjointX,
      transposesRight: adjointY)
    func offsets(_ operand: Int, size: Int) -> [Int] {
      steps.matrices.starts[operand].flatMap { start in
        (0..<steps.matrices.run).map { (Int(start) + $0 * steps.matrices.steps[operand]) * size }
      }
    }
    leftOffsets = offsets(0, size: steps.rows * steps.inner)
    rightOffsets = offsets(1, size: steps.inner * steps.columns)
  }

  var scratchByteCount: Int { product.scratchByteCount(threads: 1) }

  func run(_ a: View<Float>, _ b: View<Float>, into y: View<Float>, scratch: View<UInt8>) {
    product.run(
      a, b, into: y, leftOffsets: leftOffsets, rightOffsets: rightOffsets, scratch: scratch,
      workers: Workers(threads: 1))
  }
}
