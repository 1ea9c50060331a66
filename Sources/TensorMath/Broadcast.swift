import CKernels
import Storage

/// One operand run against another: element with element, or one of them a single number.
typealias BinaryKernel = (
  operand_form, UnsafeRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer, _ count: Int
) -> Void

extension BroadcastLoop {
  /// Runs that are shorter are first written out, so that the kernel sees long ones.
  private static var shortestRun: Int { 32 }
  private static var chunk: Int { 1024 }

  /// Calls `kernel` so that all of `result` is written. The operands are number 0 and 1 of the loop and have elements
  /// of `width` bytes. Bytes and one closure per call, not generic code: that would be compiled once per type and
  /// function.
  func run(
    _ left: View<UInt8>, _ right: View<UInt8>, width: Int, into result: View<UInt8>, resultWidth: Int,
    grain: Int, on workers: Workers, kernel: BinaryKernel
  ) {
    precondition(result.count == count * resultWidth, "the result does not have the broadcast size")
    guard count > 0 else { return }
    let a = UnsafeRawPointer(left.elementPointer)
    let b = UnsafeRawPointer(right.elementPointer)
    let y = UnsafeMutableRawPointer(result.elementPointer)
    if inner < BroadcastLoop.shortestRun && outer > 1 {
      runExpanded(a, b, width, y, resultWidth, grain: grain, on: workers, kernel: kernel)
    } else if sizes.count == 1 {
      let form = innerForm
      let (stepA, stepB) = (innerStride(0) * width, innerStride(1) * width)
      workers.parallelFor(inner, grain: grain) { range in
        let start = range.lowerBound
        kernel(form, a + start * stepA, b + start * stepB, y + start * resultWidth, range.count)
      }
    } else {
      let form = innerForm
      workers.parallelFor(outer, grain: max(1, grain / inner)) { range in
        var position = Position(self, outer: range.lowerBound)
        for row in range {
          let (fromA, fromB) = (a + position.offsets[0] * width, b + position.offsets[1] * width)
          kernel(form, fromA, fromB, y + row * inner * resultWidth, inner)
          position.advance()
        }
      }
    }
  }

  /// A loop whose operands both repeat along the inner run has one output element per run: it is one vector of length 1.
  private var innerForm: operand_form {
    innerStride(0) == 0 ? SCALAR_VECTOR : innerStride(1) == 0 ? VECTOR_SCALAR : VECTOR_VECTOR
  }

  private func runExpanded(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ width: Int, _ y: UnsafeMutableRawPointer,
    _ resultWidth: Int,
    grain: Int, on workers: Workers, kernel: BinaryKernel
  ) {
    let chunk = BroadcastLoop.chunk
    let chunks = (count + chunk - 1) / chunk
    workers.parallelFor(chunks, grain: max(1, grain / chunk)) { range in
      withUnsafeTemporaryAllocation(byteCount: 2 * chunk * width, alignment: 64) { room in
        let (roomA, roomB) = (room.baseAddress!, room.baseAddress! + chunk * width)
        for index in range {
          let elements = index * chunk..<min(count, (index + 1) * chunk)
          expand(0, a, width, elements, into: roomA)
          expand(1, b, width, elements, into: roomB)
          kernel(
            VECTOR_VECTOR, roomA, roomB, y + elements.lowerBound * resultWidth, elements.count)
        }
      }
    }
  }
}

/// A function of two floats with broadcasting.
///
///     BinaryFunction.add.apply(a, [8, 4], b, [4], into: y, on: workers)
public enum BinaryFunction: String, Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide
  /// As IEEE 754 has it.
  case power
  /// The remainder with the divisor's sign, as in Python.
  case modulo
  /// The remainder with the dividend's sign, as in C.
  case remainder
  /// NaN wins.
  case maximum, minimum
  /// a < 0 ? a·b : a
  case prelu

  /// Sets `y`, which has the broadcast sizes, to clamp(f(a, b)). `y` may share memory with an operand of its own size.
  public func apply(
    _ a: View<Float>, _ aSizes: [Int], _ b: View<Float>, _ bSizes: [Int], into y: View<Float>,
    low: Float = -.infinity, high: Float = .infinity, on workers: Workers
  ) {
    guard let sizes = BroadcastLoop.sizes(aSizes, bSizes) else {
      preconditionFailure("sizes do not broadcast")
    }
    let loop = BroadcastLoop(output: sizes, operands: [aSizes, bSizes])
    precondition(a.count >= aSizes.reduce(1, *) && b.count >= bSizes.reduce(1, *), "an operand is too short")
    let run = workers.kernels.table.pointee.elementwise.pointee.binary
    let kind = kernel
    loop.run(
      a.bytes, b.bytes, width: 4, into: y.bytes, resultWidth: 4, grain: isCheap ? 1 << 15 : 1 << 12,
      on: workers
    ) { form, a, b, y, count in
      let (a, b) = (a.assumingMemoryBound(to: Float.self), b.assumingMemoryBound(to: Float.self))
      run(kind, form, a, b, y.assumingMemoryBound(to: Float.self), count, low, high)
    }
  }

  private var isCheap: Bool { self != .power && self != .modulo && self != .remainder }

  private var kernel: binary_function {
    switch self {
    case .add: BINARY_ADD
    case .subtract: BINARY_SUB
    case .multiply: BINARY_MUL
    case .divide: BINARY_DIV
    case .power: BINARY_POW
    case .modulo: BINARY_MOD
    case .remainder: BINARY_FMOD
    case .maximum: BINARY_MAX
    case .minimum: BINARY_MIN
    case .prelu: BINARY_PRELU
    }
  }
}

/// A comparison of two elements; gives 1 or 0. Every comparison with NaN is false, except `notEqual`.
public enum ComparisonFunction: String, Sendable, Hashable, CaseIterable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

  /// Compares with broadcasting.
  public func apply(
    _ a: View<Float>, _ aSizes: [Int], _ b: View<Float>, _ bSizes: [Int], into y: View<UInt8>,
    on workers: Workers
  ) {
    guard let sizes = BroadcastLoop.sizes(aSizes, bSizes) else {
      preconditionFailure("sizes do not broadcast")
    }
    let loop = BroadcastLoop(output: sizes, operands: [aSizes, bSizes])
    precondition(a.count >= aSizes.reduce(1, *) && b.count >= bSizes.reduce(1, *), "an operand is too short")
    let run = workers.kernels.table.pointee.elementwise.pointee.compare
    let kind = kernel
    loop.run(a.bytes, b.bytes, width: 4, into: y, resultWidth: 1, grain: 1 << 15, on: workers) {
      form, a, b, y, count in
      let (a, b) = (a.assumingMemoryBound(to: Float.self), b.assumingMemoryBound(to: Float.self))
      run(kind, form, a, b, y.assumingMemoryBound(to: UInt8.self), count)
    }
  }

  private var kernel: compare_function {
    switch self {
    case .equal: COMPARE_EQUAL
    case .notEqual: COMPARE_NOT_EQUAL
    case .less: COMPARE_LESS
    case .lessOrEqual: COMPARE_LESS_EQUAL
    case .greater: COMPARE_GREATER
    case .greaterOrEqual: COMPARE_GREATER_EQUAL
    }
  }
}
