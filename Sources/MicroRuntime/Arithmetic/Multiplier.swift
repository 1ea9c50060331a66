import Graph

/// A real factor as the device multiplies by it: 31 fraction bits and a power of two.
///
///     let half = try Multiplier(0.5)
///     half.apply(5)   // 3
struct Multiplier: Sendable, Hashable {
  var factor: Int32
  /// Positive to the left.
  var shift: Int32

  init(factor: Int32, shift: Int32) {
    self.factor = factor
    self.shift = shift
  }

  /// The nearest factor with 31 bits; what is too small to shift becomes zero.
  init(_ real: Double) throws(Diagnostic) {
    guard real.isFinite else {
      throw Diagnostic(.badData, "a ratio of scales is not a finite number")
    }
    guard real != 0, !real.isSubnormal else {
      self.init(factor: 0, shift: 0)
      return
    }
    // A significand from 1 to 2 with 30 bits behind the point is one from 1/2 to 1 with 31.
    var magnitude = Int64((real.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
    var shift = real.exponent + 1
    if magnitude == 1 << 31 {
      magnitude = 1 << 30
      shift += 1
    }
    if shift < -31 {
      self.init(factor: 0, shift: 0)
      return
    }
    self.init(factor: Int32(real < 0 ? -magnitude : magnitude), shift: Int32(shift))
  }

  /// A factor below one, for kernels that take no other.
  init(belowOne real: Double, of what: String) throws(Diagnostic) {
    try self.init(real)
    guard real > 0, real < 1, shift <= 0 else {
      throw Diagnostic(
        .unsupported, "\(what) is \(real), and TFLM stops at a factor that is not above 0 and below 1",
        hint: "choose an output scale that is less far from the inputs'")
    }
  }

  /// x times the factor, rounded at the product and again at the shift.
  @inline(__always)
  func apply(_ x: Int32) -> Int32 {
    shift > 0
      ? FixedPoint.product(x &<< shift, factor)
      : FixedPoint.roundingShift(FixedPoint.product(x, factor), -shift)
  }

  /// x times the factor's 16 high bits, rounded once: what TFLM does with sums of 64 bits.
  @inline(__always)
  func applyWide(_ x: Int64) -> Int32 {
    let reduced = factor < 0x7FFF_0000 ? (Int64(factor) + (1 << 15)) >> 16 : 0x7FFF
    let total = Int64(15 - shift)
    return Int32(truncatingIfNeeded: (x &* reduced &+ (Int64(1) << (total - 1))) >> total)
  }

  /// Whether ``applyWide(_:)`` is defined.
  var isWide: Bool { shift < 8 }
}
