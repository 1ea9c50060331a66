import CKernels
import Storage

/// One operand run against another: element with element, or one of them a single number.
typealias BinaryKernel<Left, Right, Result> = (
  operand_form, UnsafePointer<Left>, UnsafePointer<Right>, UnsafeMutablePointer<Result>, Int
) -> Void

extension BroadcastLoop {
  /// Runs that are shorter are first written out, so that the kernel sees long ones.
  private static var shortestRun: Int { 32 }
  private static var chunk: Int { 1024 }

  /// Calls `kernel` so that all of `result` is written. The operands are number 0 and 1 of the loop.
  func run<Left: BitwiseCopyable, Right: BitwiseCopyable, Result: BitwiseCopyable>(
    _ left: View<Left>, _ right: View<Right>, into result: View<Result>, grain: Int, on workers: Workers,
    kernel: BinaryKernel<Left, Right, Result>
  ) {
    precondition(result.count == count, "the result does not have the broadcast size")
    guard count > 0 else { return }
    let a = UnsafePointer(left.elementPointer)
    let b = UnsafePointer(right.elementPointer)
    let y = result.elementPointer
    if inner < BroadcastLoop.shortestRun && outer > 1 {
      runExpanded(a, b, y, grain: grain, on: workers, kernel: kernel)
    } else if sizes.count == 1 {
      let form = innerForm
      let (stepA, stepB) = (innerStride(0), innerStride(1))
      workers.parallelFor(inner, grain: grain) { range in
        let start = range.lowerBound
        kernel(form, a + start * stepA, b + start * stepB, y + start, range.count)
      }
    } else {
      let form = innerForm
      workers.parallelFor(outer, grain: max(1, grain / inner)) { range in
        var position = Position(self, outer: range.lowerBound)
        for row in range {
          kernel(form, a + position.offsets[0], b + position.offsets[1], y + row * inner, inner)
          position.advance()
        }
      }
    }
  }

  /// A loop whose operands both repeat along the inner run has one output element per run: it is one vector of length 1.
  private var innerForm: operand_form {
    innerStride(0) == 0 ? SCALAR_VECTOR : innerStride(1) == 0 ? VECTOR_SCALAR : VECTOR_VECTOR
  }

  private func runExpanded<Left: BitwiseCopyable, Right: BitwiseCopyable, Result: BitwiseCopyable>(
    _ a: UnsafePointer<Left>, _ b: UnsafePointer<Right>, _ y: UnsafeMutablePointer<Result>, grain: Int,
    on workers: Workers, kernel: BinaryKernel<Left, Right, Result>
  ) {
    let chunk = BroadcastLoop.chunk
    let chunks = (count + chunk - 1) / chunk
    workers.parallelFor(chunks, grain: max(1, grain / chunk)) { range in
      withUnsafeTemporaryAllocation(of: Left.self, capacity: chunk) { roomA in
        withUnsafeTemporaryAllocation(of: Right.self, capacity: chunk) { roomB in
          for index in range {
            let elements = index * chunk..<min(count, (index + 1) * chunk)
            expand(0, a, elements, into: roomA.baseAddress!)
            expand(1, b, elements, into: roomB.baseAddress!)
            kernel(
              VECTOR_VECTOR, roomA.baseAddress!, roomB.baseAddress!, y + elements.lowerBound, elements.count)
          }
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
    loop.run(a, b, into: y, grain: isCheap ? 1 << 15 : 1 << 12, on: workers) { form, a, b, y, count in
      run(kind, form, a, b, y, count, low, high)
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
    loop.run(a, b, into: y, grain: 1 << 15, on: workers) { form, a, b, y, count in
      run(kind, form, a, b, y, count)
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
