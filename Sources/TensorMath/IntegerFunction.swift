import CKernels
import Storage

/// A function of two integers with broadcasting. Arithmetic wraps around; nothing traps.
///
///     IntegerFunction.add.apply(.int64, a, [4], b, [], into: y, on: workers)
public enum IntegerFunction: String, Sendable, Hashable, CaseIterable {
  case add, subtract, multiply
  /// Toward zero; division by zero gives 0.
  case divide
  /// Repeated multiplication; a negative exponent gives 0, except for bases 1 and −1.
  case power
  /// The remainder with the divisor's sign, and with the dividend's; 0 for a divisor of 0.
  case modulo, remainder
  case maximum, minimum
  /// On truth values these are the logical functions.
  case bitwiseAnd, bitwiseOr, bitwiseXor
  /// Bits that leave are lost; shifts by the width or more give 0 (−1 for a negative number shifted right).
  case shiftLeft, shiftRight

  /// Sets `y`, which has the broadcast sizes. `type` is not `float32`.
  public func apply(
    _ type: ScalarType, _ a: View<UInt8>, _ aSizes: [Int], _ b: View<UInt8>, _ bSizes: [Int],
    into y: View<UInt8>, on workers: Workers
  ) {
    guard let sizes = BroadcastLoop.sizes(aSizes, bSizes) else {
      preconditionFailure("sizes do not broadcast")
    }
    let loop = BroadcastLoop(output: sizes, operands: [aSizes, bSizes])
    precondition(type != .float32, "not an integer type")
    loop.run(
      a, b, width: type.byteCount, into: y, resultWidth: type.byteCount, grain: 1 << 15, on: workers
    ) { form, a, b, y, count in
      type.withInteger(
        Run(
          function: self, a: a, stepA: form == SCALAR_VECTOR ? 0 : 1, b: b,
          stepB: form == VECTOR_SCALAR ? 0 : 1,
          y: y, count: count))
    }
  }

  private struct Run: IntegerWork {
    let function: IntegerFunction
    let a: UnsafeRawPointer
    let stepA: Int
    let b: UnsafeRawPointer
    let stepB: Int
    let y: UnsafeMutableRawPointer
    let count: Int

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      function.fill(
        a.assumingMemoryBound(to: type), stepA, b.assumingMemoryBound(to: type), stepB,
        y.assumingMemoryBound(to: type), count)
    }
  }

  /// One run; a step of 0 repeats the operand.
  private func fill<Integer: FixedWidthInteger>(
    _ a: UnsafePointer<Integer>, _ stepA: Int, _ b: UnsafePointer<Integer>, _ stepB: Int,
    _ y: UnsafeMutablePointer<Integer>, _ count: Int
  ) {
    @inline(__always) func map(_ function: (Integer, Integer) -> Integer) {
      for index in 0..<count { y[index] = function(a[index * stepA], b[index * stepB]) }
    }
    switch self {
    case .add: map { $0 &+ $1 }
    case .subtract: map { $0 &- $1 }
    case .multiply: map { $0 &* $1 }
    case .divide: map { IntegerFunction.quotient($0, $1) }
    case .power: map { IntegerFunction.power($0, $1) }
    case .modulo: map { IntegerFunction.modulo($0, $1) }
    case .remainder: map { IntegerFunction.remainder($0, $1) }
    case .maximum: map { Swift.max($0, $1) }
    case .minimum: map { Swift.min($0, $1) }
    case .bitwiseAnd: map { $0 & $1 }
    case .bitwiseOr: map { $0 | $1 }
    case .bitwiseXor: map { $0 ^ $1 }
    case .shiftLeft: map { $0 << $1 }
    case .shiftRight: map { $0 >> $1 }
    }
  }

  static func quotient<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer {
    // The most negative number divided by −1 wraps around to itself.
    b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  }

  static func remainder<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer {
    guard b != 0 else { return 0 }
    let (rest, overflow) = a.remainderReportingOverflow(dividingBy: b)
    return overflow ? 0 : rest
  }

  static func modulo<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer {
    let rest = remainder(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest &+ b : rest
  }

  static func power<Integer: FixedWidthInteger>(_ base: Integer, _ exponent: Integer) -> Integer {
    if exponent < 0 {
      if base == 1 { return 1 }
      return Integer.isSigned && base == 0 &- 1 ? (exponent & 1 == 0 ? 1 : base) : 0
    }
    var result: Integer = 1
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }
}

extension ComparisonFunction {
  /// Compares integers or truth values with broadcasting.
  public func apply(
    _ type: ScalarType, _ a: View<UInt8>, _ aSizes: [Int], _ b: View<UInt8>, _ bSizes: [Int],
    into y: View<UInt8>, on workers: Workers
  ) {
    guard let sizes = BroadcastLoop.sizes(aSizes, bSizes) else {
      preconditionFailure("sizes do not broadcast")
    }
    let loop = BroadcastLoop(output: sizes, operands: [aSizes, bSizes])
    precondition(type != .float32, "not an integer type")
    loop.run(a, b, width: type.byteCount, into: y, resultWidth: 1, grain: 1 << 15, on: workers) {
      form, a, b, y, count in
      type.withInteger(
        IntegerRun(
          function: self, a: a, stepA: form == SCALAR_VECTOR ? 0 : 1, b: b,
          stepB: form == VECTOR_SCALAR ? 0 : 1,
          y: y.assumingMemoryBound(to: UInt8.self), count: count))
    }
  }

  private struct IntegerRun: IntegerWork {
    let function: ComparisonFunction
    let a: UnsafeRawPointer
    let stepA: Int
    let b: UnsafeRawPointer
    let stepB: Int
    let y: UnsafeMutablePointer<UInt8>
    let count: Int

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      function.fill(
        a.assumingMemoryBound(to: type), stepA, b.assumingMemoryBound(to: type), stepB, y, count)
    }
  }

  /// One run; a step of 0 repeats the operand.
  private func fill<Integer: FixedWidthInteger>(
    _ a: UnsafePointer<Integer>, _ stepA: Int, _ b: UnsafePointer<Integer>, _ stepB: Int,
    _ y: UnsafeMutablePointer<UInt8>, _ count: Int
  ) {
    @inline(__always) func map(_ holds: (Integer, Integer) -> Bool) {
      for index in 0..<count { y[index] = holds(a[index * stepA], b[index * stepB]) ? 1 : 0 }
    }
    switch self {
    case .equal: map { $0 == $1 }
    case .notEqual: map { $0 != $1 }
    case .less: map { $0 < $1 }
    case .lessOrEqual: map { $0 <= $1 }
    case .greater: map { $0 > $1 }
    case .greaterOrEqual: map { $0 >= $1 }
    }
  }
}

/// A function of one integer.
public enum IntegerUnaryFunction: String, Sendable, Hashable, CaseIterable {
  case absolute, negate, sign
  case bitwiseNot
  /// 1 for 0, else 0.
  case not

  /// Sets `y` element by element; `y` may be `x`.
  public func apply(_ type: ScalarType, _ x: View<UInt8>, into y: View<UInt8>, on workers: Workers) {
    precondition(x.count == y.count, "x and y differ in size")
    let done: Void? = type.withInteger(Work(function: self, x: x, y: y))
    precondition(done != nil, "not an integer type")
  }

  private struct Work: IntegerWork {
    let function: IntegerUnaryFunction
    let x, y: View<UInt8>

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      let count = x.count / MemoryLayout<Integer>.stride
      let (x, y) = (x.reinterpreted(as: type).elementPointer, y.reinterpreted(as: type).elementPointer)
      for index in 0..<count {
        let value = x[index]
        y[index] =
          switch function {
          case .absolute: value < 0 ? 0 &- value : value
          case .negate: 0 &- value
          case .sign: value > 0 ? 1 : value < 0 ? 0 &- 1 : 0
          case .bitwiseNot: ~value
          case .not: value == 0 ? 1 : 0
          }
      }
    }
  }
}
