import Graph
import Micro
import Storage

/// MUL, DIV, SQUARED_DIFFERENCE, MAXIMUM, MINIMUM, FLOOR_DIV and FLOOR_MOD.
extension OperatorContext {
  func multiplication() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    let activation = try arithmeticActivation()
    try requireSameType(a, y)
    try requireSameType(b, y)
    switch y.type {
    case .float32:
      let range = activation.floatRange
      return try combining(a, b, to: y) { (a: Float, b: Float) in (a * b).held(to: range) }
    case .int32: return try combining(a, b, to: y) { (a: Int32, b: Int32) in a &* b }
    case .int8, .int16:
      try requireQuantized(a, b, y)
      let multiplier = try Multiplier(Double(a.grid.scale) * Double(b.grid.scale) / Double(y.grid.scale))
      let (za, zb, zy) = (a.grid.zeroPoint, b.grid.zeroPoint, y.grid.zeroPoint)
      if y.type == .int16 { try require(za == 0 && zb == 0 && zy == 0, "int16 zero points have to be 0") }
      let range = y.grid.range(of: activation, bits: y.type == .int8 ? 8 : 16)
      if y.type == .int8 {
        if let kernel = try fastMultiplication(a, b, y, multiplier, range) { return kernel }
        return try combining(a, b, to: y) { (a: Int8, b: Int8) in
          let product = (Int32(a) &- za) &* (Int32(b) &- zb)
          return Int8(truncatingIfNeeded: (multiplier.apply(product) &+ zy).held(to: range))
        }
      }
      return try combining(a, b, to: y) { (a: Int16, b: Int16) in
        Int16(truncatingIfNeeded: multiplier.apply(Int32(a) &* Int32(b)).held(to: range))
      }
    default: throw noKernel(for: a, b, y)
    }
  }

  func division() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    let activation = try arithmeticActivation()
    try requireSameType(a, y)
    try requireSameType(b, y)
    switch y.type {
    case .float32:
      let range = activation.floatRange
      return try combining(a, b, to: y) { (a: Float, b: Float) in (a / b).held(to: range) }
    case .int8:
      try requireQuantized(a, b, y)
      let (sa, sb, sy) = (a.grid.scale, b.grid.scale, y.grid.scale)
      let real =
        profile == .mirror ? Double(sa / (sb * sy)) : Double(sa) / (Double(sb) * Double(sy))
      let quotient = Quotient(
        multiplier: try Multiplier(real), zeroPoints: (a.grid.zeroPoint, b.grid.zeroPoint, y.grid.zeroPoint),
        range: y.grid.range(of: activation, bits: 8))
      return try combining(a, b, to: y) { (a: Int8, b: Int8) in
        Int8(truncatingIfNeeded: quotient(Int32(a), by: Int32(b)))
      }
    default: throw noKernel(for: a, b, y)
    }
  }

  func squaredDifference() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    try requireSameType(a, y)
    try requireSameType(b, y)
    switch y.type {
    case .float32: return try combining(a, b, to: y) { (a: Float, b: Float) in (a - b) * (a - b) }
    case .int32: return try combining(a, b, to: y) { (a: Int32, b: Int32) in (a &- b) &* (a &- b) }
    case .int8:
      let square = try SquareOnCommonGrid(a, b, y, leftShift: 7, bits: 8, self)
      return try combining(a, b, to: y) { (a: Int8, b: Int8) in
        Int8(truncatingIfNeeded: square(Int32(a), Int32(b)))
      }
    case .int16:
      let square = try SquareOnCommonGrid(a, b, y, leftShift: 0, bits: 16, self)
      return try combining(a, b, to: y) { (a: Int16, b: Int16) in
        Int16(truncatingIfNeeded: square(Int32(a), Int32(b)))
      }
    default: throw noKernel(for: a, b, y)
    }
  }

  /// Raw numbers are compared, so that both operands and the result need one grid.
  func extreme() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    try requireSameType(a, y)
    try requireSameType(b, y)
    switch y.type {
    case .float32: return try extreme(a, b, y, as: Float.self)
    case .int8: return try extreme(a, b, y, as: Int8.self)
    case .int16: return try extreme(a, b, y, as: Int16.self)
    case .int32: return try extreme(a, b, y, as: Int32.self)
    case .int64: return try extreme(a, b, y, as: Int64.self)
    default: throw noKernel(for: a, b, y)
    }
  }

  private func extreme<Element: Comparable & BitwiseCopyable & Sendable>(
    _ a: Operand, _ b: Operand, _ y: Operand, as _: Element.Type
  ) throws(Diagnostic) -> KernelBody {
    if operation.code == .maximum {
      return try combining(a, b, to: y) { (a: Element, b: Element) in a > b ? a : b }
    }
    return try combining(a, b, to: y) { (a: Element, b: Element) in a < b ? a : b }
  }

  func floorDivision() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    guard a.type == .float32, b.type == .float32, y.type == .float32 else { throw noKernel(for: a, b, y) }
    if operation.code == .floorDiv {
      return try combining(a, b, to: y) { (a: Float, b: Float) in (a / b).rounded(.down) }
    }
    return try combining(a, b, to: y) { (a: Float, b: Float) in
      // The remainder of a division has a's sign; the modulus has b's.
      let remainder = RealFunction.remainder(a, b)
      return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
    }
  }
}

/// DIV of int8: a fixed-point reciprocal of the divisor, then one multiplication.
private struct Quotient: Sendable {
  var multiplier: Multiplier
  var zeroPoints: (Int32, Int32, Int32)
  var range: ClosedRange<Int32>

  func callAsFunction(_ a: Int32, by b: Int32) -> Int32 {
    var (a, b) = (a - zeroPoints.0, b - zeroPoints.1)
    if b < 0 { (a, b) = (-a, -b) }
    let (inverse, inverseShift) = FixedPoint.reciprocal(b, integerBits: 31)
    // The sign bit's copies say how far the numerator may be shifted up.
    let headroom = Int32((a < 0 ? ~a : a).leadingZeroBitCount) - 1
    let unscaled = FixedPoint.product(a &<< headroom, inverse)
    let shift = multiplier.shift - inverseShift - headroom
    let scaled = FixedPoint.roundingShift(FixedPoint.product(unscaled, multiplier.factor), -shift)
    return (scaled &+ zeroPoints.2).held(to: range)
  }
}

/// (a − b)² of operands on a common grid.
private struct SquareOnCommonGrid: Sendable {
  private let left, right: FineSum.Term
  private let multiplier: Multiplier
  private let zeroPoint: Int32
  private let range: ClosedRange<Int32>

  init(
    _ a: Operand, _ b: Operand, _ y: Operand, leftShift: Int32, bits: Int, _ context: OperatorContext
  ) throws(Diagnostic) {
    try context.requireQuantized(a, b, y)
    if bits == 16 {
      try context.require(
        a.grid.zeroPoint == 0 && b.grid.zeroPoint == 0 && y.grid.zeroPoint == 0,
        "int16 zero points have to be 0")
    }
    let twice = 2 * Double(max(a.grid.scale, b.grid.scale))
    left = FineSum.Term(
      zeroPoint: a.grid.zeroPoint, leftShift: leftShift,
      multiplier: try Multiplier(
        belowOne: Double(a.grid.scale) / twice, of: "\(context.name): the ratio of its scales"))
    right = FineSum.Term(
      zeroPoint: b.grid.zeroPoint, leftShift: leftShift,
      multiplier: try Multiplier(
        belowOne: Double(b.grid.scale) / twice, of: "\(context.name): the ratio of its scales"))
    let scale = twice * twice / (Double(1 << (2 * leftShift)) * Double(y.grid.scale))
    multiplier = try Multiplier(scale)
    zeroPoint = y.grid.zeroPoint
    range = y.grid.range(of: .none, bits: bits)
  }

  @inline(__always)
  func callAsFunction(_ a: Int32, _ b: Int32) -> Int32 {
    let difference = left(a) &- right(b)
    return (multiplier.apply(difference &* difference) &+ zeroPoint).held(to: range)
  }
}
