/// The rounding steps that TFLM's integer kernels are made of, each exactly as on the device.
///
///     FixedPoint.roundingShift(5, 1)   // 3: halves go away from zero
enum FixedPoint {
  /// The high half of 2·a·b, rounded: a product of two fractions with 31 bits behind the point. Halves go up.
  @inline(__always)
  static func product(_ a: Int32, _ b: Int32) -> Int32 {
    if a == .min && b == .min { return .max }
    return Int32(truncatingIfNeeded: (Int64(a) * Int64(b) + (1 << 30)) >> 31)
  }

  /// x / 2^exponent, halves away from zero.
  ///
  /// Beyond an exponent of 31 the device's language leaves the result open; this is what x86-64 makes of it, where
  /// a shift takes the low five bits of its count.
  @inline(__always)
  static func roundingShift(_ x: Int32, _ exponent: Int32) -> Int32 {
    let mask = Int32(truncatingIfNeeded: (Int64(1) << Int64(exponent)) &- 1)
    let threshold = (mask >> 1) &+ (x < 0 ? 1 : 0)
    return (x &>> exponent) &+ ((x & mask) > threshold ? 1 : 0)
  }

  /// x · 2^exponent, held at the ends of the type.
  @inline(__always)
  static func saturatingShiftLeft(_ x: Int32, _ exponent: Int32) -> Int32 {
    let limit = Int32(truncatingIfNeeded: (Int64(1) << Int64(31 - exponent)) - 1)
    if x > limit { return .max }
    if x < -limit { return .min }
    return x &<< exponent
  }

  /// As ``product(_:_:)`` for 16 bits.
  @inline(__always)
  static func product16(_ a: Int32, _ b: Int32) -> Int32 {
    if a == -32768 && b == -32768 { return 32767 }
    let product = a * b
    return (product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15)
  }

  /// (a + b) / 2, halves away from zero.
  static func halfSum(_ a: Int32, _ b: Int32) -> Int32 {
    let sum = Int64(a) + Int64(b)
    return Int32(truncatingIfNeeded: (sum + (sum >= 0 ? 1 : -1)) / 2)
  }

  static func saturatingAdd(_ a: Int32, _ b: Int32) -> Int32 {
    Int32(clamping: Int64(a) + Int64(b))
  }

  static func saturatingSubtract(_ a: Int32, _ b: Int32) -> Int32 {
    Int32(clamping: Int64(a) - Int64(b))
  }
}

/// Which source of TFLM the executor computes like. They differ where a real multiplier is formed.
///
///     let program = try MicroProgram(model, profile: .mirror)
public enum ArithmeticProfile: Sendable, Hashable {
  /// The Python package `tflite-micro`: every ratio of scales in double.
  case wheel
  /// The source tree some months before: several ratios in float.
  case mirror

  /// a · b, rounded to float first in the older source.
  func product(_ a: Float, _ b: Float) -> Double {
    self == .mirror ? Double(a * b) : Double(a) * Double(b)
  }

  /// a / b, rounded to float in the older source.
  func ratio(_ a: Float, _ b: Float) -> Double {
    self == .mirror ? Double(a / b) : Double(a) / Double(b)
  }
}
