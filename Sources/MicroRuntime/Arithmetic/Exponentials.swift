/// exp, logistic, tanh and their kin on numbers of 32 bits with a fixed point, as TFLM's int8 kernels compute them.
///
/// "Raw" numbers are the bits; `integerBits` says where the point is.
extension FixedPoint {
  /// exp(a) for a raw a ≤ 0, with 31 fraction bits.
  static func expOfNegative(_ a: Int32, integerBits: Int32) -> Int32 {
    if a == 0 { return .max }
    let fractionBits = 31 - integerBits
    let quarter = Int32(1) << (fractionBits - 2)
    // a = a' − remainder with a' from −1/4 to 0; the remainder is a sum of powers of two from 1/4 on.
    let reduced = (a & (quarter - 1)) - quarter
    var result = expNearZero(saturatingShiftLeft(reduced, integerBits))
    let remainder = reduced &- a
    for (exponent, factor) in powers where integerBits > exponent {
      if remainder & (Int32(1) << (fractionBits + exponent)) != 0 { result = product(result, factor) }
    }
    if integerBits > 5, a < -(Int32(1) << (36 - integerBits)) { return 0 }
    return result
  }

  /// exp(−2^e) with 31 fraction bits.
  private static let powers: [(Int32, Int32)] = [
    (-2, 1_672_461_947), (-1, 1_302_514_674), (0, 790_015_084), (1, 290_630_308), (2, 39_332_535),
    (3, 720_401),
    (4, 242),
  ]

  /// exp from −1/4 to 0, by its series around −1/8.
  private static func expNearZero(_ a: Int32) -> Int32 {
    let x = a &+ (1 << 28)
    let x2 = product(x, x)
    let x3 = product(x2, x)
    let x4 = product(x2, x2)
    let high = product(roundingShift(x4, 2) &+ x3, 715_827_883) &+ x2
    return 1_895_147_668 &+ product(1_895_147_668, x &+ roundingShift(high, 1))
  }

  /// 2/(1 + a) with 29 fraction bits, for a from 0 to 1 with 31.
  private static func twiceReciprocal(_ a: Int32) -> Int32 {
    let half = halfSum(a, .max)
    var x = 1_515_870_810 &+ product(half, -1_010_580_540)
    for _ in 0..<3 {
      x = x &+ saturatingShiftLeft(product(x, (1 << 29) &- product(half, x)), 2)
    }
    return x
  }

  /// 1/(1 + a), 31 fraction bits both.
  static func reciprocalOfOnePlus(_ a: Int32) -> Int32 { saturatingShiftLeft(twiceReciprocal(a), 1) }

  /// (1 − a)/(1 + a), 31 fraction bits both.
  static func oneMinusOverOnePlus(_ a: Int32) -> Int32 {
    saturatingShiftLeft(twiceReciprocal(a) &- (1 << 29), 2)
  }

  /// The logistic function of a raw number with 4 integer bits; 31 fraction bits.
  static func logistic(_ a: Int32) -> Int32 {
    if a == 0 { return 1 << 30 }
    let positive = reciprocalOfOnePlus(expOfNegative(a > 0 ? -a : a, integerBits: 4))
    return a > 0 ? positive : .max - positive
  }

  /// tanh of a raw number with 4 integer bits; 31 fraction bits.
  static func tanh(_ a: Int32) -> Int32 {
    if a == 0 { return 0 }
    // Twice the argument is the same bits with one more integer bit.
    let positive = oneMinusOverOnePlus(expOfNegative(a > 0 ? -a : a, integerBits: 5))
    return a > 0 ? positive : -positive
  }

  /// 1/x for x > 0 with `integerBits`: a number with 31 fraction bits, to be shifted right by `bits`.
  static func reciprocal(_ x: Int32, integerBits: Int32) -> (scale: Int32, bits: Int32) {
    let headroom = Int32(x.leadingZeroBitCount)
    let normalized = Int32(bitPattern: (UInt32(bitPattern: x) << UInt32(headroom)) &- (1 << 31))
    return (reciprocalOfOnePlus(normalized), integerBits - headroom)
  }

  /// The largest difference that still counts for a function whose argument has `integerBits` and arrives shifted.
  static func radius(integerBits: Int32, shift: Int32) -> Int32 {
    let largest = Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits))
    let scaled = largest / Double(sign: .plus, exponent: Int(shift), significand: 1)
    return Int32(clamping: Int(min(scaled, 0x1p31).rounded(.down)))
  }
}
