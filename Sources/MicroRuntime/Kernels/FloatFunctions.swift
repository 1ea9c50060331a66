import Graph
import Micro
import Storage
import TensorMath

/// Element-wise functions that TFLM has for floats alone, and ABS and RSQRT.
extension OperatorContext {
  func floatFunction() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    guard x.type == .float32, y.type == .float32 else { throw noKernel(for: x, y) }
    switch operation.code {
    case .neg: return try mapping(x, to: y) { (x: Float) in -x }
    case .sqrt: return try mapping(x, to: y) { (x: Float) in x.squareRoot() }
    case .square: return try mapping(x, to: y) { (x: Float) in x * x }
    case .floor: return try mapping(x, to: y) { (x: Float) in x.rounded(.down) }
    case .ceil: return try mapping(x, to: y) { (x: Float) in x.rounded(.up) }
    case .round: return try mapping(x, to: y) { (x: Float) in x.rounded(.toNearestOrEven) }
    case .sin: return try floatFunction(.sin, x, y)
    case .cos: return try floatFunction(.cos, x, y)
    case .log: return try floatFunction(.log, x, y)
    default: return try floatFunction(.exp, x, y)
    }
  }

  /// A function of the float executor, whose bits are the same everywhere.
  func floatFunction(_ function: ElementwiseFunction, _ x: Operand, _ y: Operand) throws(Diagnostic)
    -> KernelBody
  {
    try requireSameCount(x, y)
    return { memory in
      function.apply(memory(x, as: Float.self), into: memory(y, as: Float.self), on: Workers(threads: 1))
    }
  }

  func absolute() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    if x.type == .float32 { return try mapping(x, to: y) { (x: Float) in abs(x) } }
    try requireQuantized(x, y)
    let multiplier = try Multiplier(Double(x.grid.scale) / Double(y.grid.scale))
    let isRescaled = x.grid.scale != y.grid.scale
    let (from, to) = (x.grid.zeroPoint, y.grid.zeroPoint)
    let scaled = { @Sendable (number: Int32) -> Int32 in
      let magnitude = abs(number &- from)
      return (isRescaled ? multiplier.apply(magnitude) : magnitude) &+ to
    }
    switch x.type {
    case .int8:
      return try tabulating(x, to: y) { number throws(Diagnostic) in scaled(number).held(to: -128...127) }
    case .int16:
      return try mapping(x, to: y) { (x: Int16) in
        Int16(truncatingIfNeeded: scaled(Int32(x)).held(to: -32768...32767))
      }
    default: throw noKernel(for: x, y)
    }
  }

  func reciprocalSquareRoot() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    if x.type == .float32 { return try mapping(x, to: y) { (x: Float) in 1 / x.squareRoot() } }
    try requireQuantized(x, y)
    let root = try IntegerReciprocalRoot(x.grid, y.grid, profile)
    switch x.type {
    case .int8: return try rootKernel(root, x, y, as: Int8.self)
    case .int16: return try rootKernel(root, x, y, as: Int16.self)
    default: throw noKernel(for: x, y)
    }
  }

  private func rootKernel<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ root: IntegerReciprocalRoot, _ x: Operand, _ y: Operand, as _: Element.Type
  ) throws(Diagnostic) -> KernelBody {
    try requireSameCount(x, y)
    let range = Int32(Element.min)...Int32(Element.max)
    let name = name
    return { memory throws(Diagnostic) in
      let (source, target) = (memory(x, as: Element.self), memory(y, as: Element.self))
      for index in 0..<target.count {
        guard Int32(source[index]) >= x.grid.zeroPoint else {
          throw Diagnostic(
            .badData, "\(name): the root of a negative number is not defined, and TFLM stops there")
        }
        target[index] = Element(truncatingIfNeeded: root(Int32(source[index]), range: range))
      }
    }
  }
}

/// RSQRT of integers.
private struct IntegerReciprocalRoot: Sendable {
  private let multiplier: Multiplier
  private let zeroPoints: (Int32, Int32)
  /// Keeps the root of a whole number from vanishing.
  private static let extraBits: Int32 = 20

  init(_ x: Grid, _ y: Grid, _ profile: ArithmeticProfile) throws(Diagnostic) {
    let divisor =
      switch profile {
      case .mirror: Double(x.scale.squareRoot() * y.scale)
      case .wheel: Double(x.scale).squareRoot() * Double(y.scale)
      }
    multiplier = try Multiplier(1 / divisor)
    zeroPoints = (x.zeroPoint, y.zeroPoint)
  }

  func callAsFunction(_ number: Int32, range: ClosedRange<Int32>) -> Int32 {
    let value = number &- zeroPoints.0
    if value == 0 { return range.upperBound }
    var root = FixedPoint.reciprocalSquareRoot(value)
    root.shift += Self.extraBits
    let scaled = Multiplier(factor: multiplier.factor, shift: multiplier.shift - Self.extraBits)
    return (scaled.apply(root.apply(1)) &+ zeroPoints.1).held(to: range)
  }
}

extension FixedPoint {
  /// 1/√x of a whole number, as a factor and a shift.
  static func reciprocalSquareRoot(_ x: Int32) -> Multiplier {
    // 0 and 1 both count as 1.
    if x <= 1 { return Multiplier(factor: .max, shift: 0) }
    var (x, shift) = (x, Int32(11))
    while x >= 1 << 29 {
      x /= 4
      shift += 1
    }
    let pairs = Int32(x.leadingZeroBitCount - 1) / 2 - 1
    shift -= pairs
    x <<= 2 * pairs
    // Newton's iteration with 3 integer bits, from 1.
    let (input, threeHalves) = (x >> 1, Int32((1 << 28) + (1 << 27)))
    let half = roundingShift(input, 1)
    var root: Int32 = 1 << 28
    for _ in 0..<5 {
      // A product of numbers with 3 integer bits has 6, a cube 9.
      let cube = saturatingShiftLeft(product(product(root, root), root), 6)
      root = saturatingShiftLeft(product(threeHalves, root) &- product(half, cube), 3)
    }
    var factor = product(root, 1_518_500_250)
    if shift < 0 {
      factor = factor &<< -shift
      shift = 0
    }
    return Multiplier(factor: factor, shift: -shift)
  }
}
