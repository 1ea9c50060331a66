import Graph
import Micro
import Storage
import TensorMath

/// LOGISTIC, TANH, RELU, RELU6, LEAKY_RELU, PRELU, ELU and HARD_SWISH.
extension OperatorContext {
  func logistic() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    switch x.type {
    case .float32: return try floatFunction(.sigmoid, x, y)
    case .int8:
      try requireQuantized(x)
      // Whatever the file says, results count in steps of 1/256.
      try require(y.grid.zeroPoint == -128, "an int8 logistic's result has the zero point -128")
      let argument = FineArgument(x)
      return try tabulating(x, to: y) { number throws(Diagnostic) in
        argument.apply(number, low: -128, high: 127) { fine in
          FixedPoint.roundingShift(FixedPoint.logistic(fine), 23) - 128
        }
      }
    case .int16:
      try requireSigmoid16(x, y)
      let sigmoid = Sigmoid16(scale: x.grid.scale, isTanh: false)
      return try mapping(x, to: y) { (x: Int16) in Int16(truncatingIfNeeded: sigmoid.logistic(Int32(x))) }
    default: throw noKernel(for: x, y)
    }
  }

  func tanh() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    switch x.type {
    case .float32: return try floatFunction(.tanh, x, y)
    case .int8:
      try requireQuantized(x)
      // Whatever the file says, results count in steps of 1/128 from 0.
      let argument = FineArgument(x)
      return try tabulating(x, to: y) { number throws(Diagnostic) in
        argument.apply(number, low: -128, high: 127) { fine in
          FixedPoint.roundingShift(FixedPoint.tanh(fine), 24)
        }
      }
    case .int16:
      try requireSigmoid16(x, y)
      let sigmoid = Sigmoid16(scale: x.grid.scale, isTanh: true)
      return try mapping(x, to: y) { (x: Int16) in Int16(truncatingIfNeeded: sigmoid.tanh(Int32(x))) }
    default: throw noKernel(for: x, y)
    }
  }

  private func requireSigmoid16(_ x: Operand, _ y: Operand) throws(Diagnostic) {
    try requireQuantized(x)
    try require(
      x.grid.zeroPoint == 0 && y.grid.zeroPoint == 0 && abs(y.grid.scale * 32768 - 1) <= 1e-3,
      "in int16 its zero points are 0 and its result has the scale 1/32768")
    try require(
      Sigmoid16.takes(scale: x.grid.scale), "'\(x.name)' has the scale \(x.grid.scale), too large for int16")
  }

  func relu() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    if x.type == .float32 { return try mapping(x, to: y) { (x: Float) in x > 0 ? x : 0 } }
    try requireQuantized(x, y)
    let multiplier = try Multiplier(profile.ratio(x.grid.scale, y.grid.scale))
    let (from, to) = (x.grid.zeroPoint, y.grid.zeroPoint)
    switch x.type {
    case .int8:
      let range = Swift.min(127, Swift.max(-128, to))...127
      return try tabulating(x, to: y) { number throws(Diagnostic) in
        (multiplier.apply(number &- from) &+ to).held(to: range)
      }
    case .int16:
      let range = Swift.min(32767, Swift.max(-32768, to))...32767
      return try mapping(x, to: y) { (x: Int16) in
        Int16(truncatingIfNeeded: (multiplier.apply(Int32(x) &- from) &+ to).held(to: range))
      }
    default: throw noKernel(for: x, y)
    }
  }

  /// Numbers are held to the operand's own 0 and 6 and keep their grid.
  func relu6() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    if x.type == .float32 { return try mapping(x, to: y) { (x: Float) in x.held(to: (0, 6)) } }
    try requireQuantized(x)
    switch x.type {
    case .int8:
      let six = Int32(clamping: Swift.min(127, x.grid.number(for: 6)))
      let zero = Swift.min(six, x.grid.zeroPoint)
      return try tabulating(x, to: y) { number throws(Diagnostic) in number.held(to: zero...six) }
    case .int16:
      let six = Int32(clamping: Swift.min(32767, x.grid.number(for: 6)))
      let zero = Swift.min(six, x.grid.zeroPoint)
      return try mapping(x, to: y) { (x: Int16) in Int16(truncatingIfNeeded: Int32(x).held(to: zero...six)) }
    default: throw noKernel(for: x, y)
    }
  }

  func leakyRelu() throws(Diagnostic) -> KernelBody {
    guard case .leakyRelu(let alpha) = operation.options else { throw bad("it has no options") }
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    if x.type == .float32 { return try mapping(x, to: y) { (x: Float) in x > 0 ? x : x * alpha } }
    try requireQuantized(x, y)
    let (sx, sy) = (x.grid.scale, y.grid.scale)
    let identity = try Multiplier(profile.ratio(sx, sy))
    let slope = try Multiplier(
      profile == .mirror ? Double(sx * alpha / sy) : Double(sx) * Double(alpha) / Double(sy))
    // The sign of the slope is applied behind the rounding.
    let steepness = Multiplier(factor: abs(slope.factor), shift: slope.shift)
    let isFalling = slope.factor < 0
    let (from, to) = (x.grid.zeroPoint, y.grid.zeroPoint)
    let scaled = { @Sendable (number: Int32) -> Int32 in
      let difference = number &- from
      if difference >= 0 { return identity.apply(difference) &+ to }
      let negative = steepness.apply(difference)
      return (isFalling ? 0 &- negative : negative) &+ to
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

  func prelu() throws(Diagnostic) -> KernelBody {
    let (x, alpha, y) = (try input(0), try input(1), try output())
    try requireSameType(x, y)
    if x.type == .float32, alpha.type == .float32 {
      return try combining(x, alpha, to: y) { (x: Float, alpha: Float) in x >= 0 ? x : x * alpha }
    }
    guard alpha.type == .int8 else { throw noKernel(for: x, alpha, y) }
    try requireQuantized(x, alpha, y)
    let identity = try Multiplier(Double(x.grid.scale) / Double(y.grid.scale))
    let slope = try Multiplier(Double(x.grid.scale) * Double(alpha.grid.scale) / Double(y.grid.scale))
    let (from, slopeZero, to) = (x.grid.zeroPoint, alpha.grid.zeroPoint, y.grid.zeroPoint)
    let scaled = { @Sendable (number: Int32, alpha: Int32) -> Int32 in
      let difference = number &- from
      if difference >= 0 { return identity.apply(difference) &+ to }
      return slope.apply(difference &* (alpha &- slopeZero)) &+ to
    }
    switch x.type {
    case .int8:
      return try combining(x, alpha, to: y) { (x: Int8, alpha: Int8) in
        Int8(truncatingIfNeeded: scaled(Int32(x), Int32(alpha)).held(to: -128...127))
      }
    case .int16:
      return try combining(x, alpha, to: y) { (x: Int16, alpha: Int8) in
        Int16(truncatingIfNeeded: scaled(Int32(x), Int32(alpha)).held(to: -32768...32767))
      }
    default: throw noKernel(for: x, alpha, y)
    }
  }

  /// In int8 a table of float results, rounded.
  func elu() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    let elu = { @Sendable (x: Float) -> Float in x < 0 ? Float(RealFunction.exp(Double(x))) - 1 : x }
    switch x.type {
    case .float32: return try mapping(x, to: y, elu)
    case .int8:
      try requireQuantized(x, y)
      let inverse = 1 / y.grid.scale
      try require(inverse.isFinite, "the scale \(y.grid.scale) of '\(y.name)' is too small to divide by")
      return try tabulating(x, to: y) { number throws(Diagnostic) in
        let result = (elu(x.grid.scale * Float(number &- x.grid.zeroPoint)) * inverse)
          .rounded(.toNearestOrAwayFromZero)
        return (Int32(Swift.min(Swift.max(result, -0x1p30), 0x1p30)) &+ y.grid.zeroPoint).held(to: -128...127)
      }
    default: throw noKernel(for: x, y)
    }
  }

  func hardSwish() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    switch x.type {
    case .float32:
      return try mapping(x, to: y) { (x: Float) in x * (x + 3).held(to: (0, 6)) / 6 }
    case .int8:
      try requireQuantized(x, y)
      let swish = try HardSwish(x.grid, y.grid, profile)
      try requireSupported(swish.isLegal, "its result's scale is so small that TFLM refuses it")
      return try tabulating(x, to: y) { number throws(Diagnostic) in swish(number) }
    default: throw noKernel(for: x, y)
    }
  }
}

/// An int8 argument on a grid with 4 integer bits, and the distance from which on the function is flat.
private struct FineArgument {
  private let multiplier: Multiplier
  private let radius: Int32
  private let zeroPoint: Int32

  init(_ x: Operand) {
    let real = Double(x.grid.scale) * 0x1p27
    // The factor is rounded without the carry into the exponent that other multipliers have.
    let significand = (real.significand * 0x1p30).rounded(.toNearestOrAwayFromZero)
    let shift = Int32(real.exponent + 1)
    multiplier = Multiplier(factor: Int32(clamping: Int64(significand)), shift: shift)
    radius = FixedPoint.radius(integerBits: 4, shift: shift)
    zeroPoint = x.grid.zeroPoint
  }

  func apply(_ number: Int32, low: Int32, high: Int32, _ function: (Int32) -> Int32) -> Int32 {
    let difference = number &- zeroPoint
    if difference <= -radius { return low }
    if difference >= radius { return high }
    return function(multiplier.apply(difference)).held(to: low...high)
  }
}

/// HARD_SWISH of int8, in 16-bit steps.
private struct HardSwish {
  private let zeroPoints: (Int32, Int32)
  private let outer, inner: Int32
  private let outerShift, innerShift: Int32

  init(_ x: Grid, _ y: Grid, _ profile: ArithmeticProfile) throws(Diagnostic) {
    let fine = (1 / Float(128)) * x.scale
    let outer = try Multiplier(profile.ratio(fine, y.scale))
    let inner = try Multiplier(profile.ratio(fine, Float(3) / 32768))
    (self.outer, outerShift) = (Self.halved(outer.factor), outer.shift)
    (self.inner, innerShift) = (Self.halved(inner.factor), inner.shift)
    zeroPoints = (x.zeroPoint, y.zeroPoint)
  }

  var isLegal: Bool { outerShift <= 0 }

  /// A factor's 16 high bits.
  private static func halved(_ factor: Int32) -> Int32 {
    factor >= .max - (1 << 15) ? 32767 : (factor + (1 << 15)) >> 16
  }

  func callAsFunction(_ number: Int32) -> Int32 {
    let range: ClosedRange<Int32> = -32768...32767
    let value = (number - zeroPoints.0) &<< 7
    let scaled = FixedPoint.product16(value, outer)
    var gate = value
    if innerShift > 0 { gate = Int32(clamping: Int64(gate) << Int64(innerShift - 1)).held(to: range) }
    gate = FixedPoint.product16(gate, inner)
    if innerShift > 0 { gate = (gate << 1).held(to: range) }
    if innerShift < 0 { gate = FixedPoint.roundingShift(gate, -innerShift) }
    gate = (gate + 32768) >> 1
    let product = gate == -32768 && scaled == -32768 ? 32767 : gate * scaled / (1 << 15)
    return (FixedPoint.roundingShift(product, -outerShift) + zeroPoints.1).held(to: -128...127)
  }
}
