/// The logistic function and tanh of int16 numbers, by straight lines between points of a table.
struct Sigmoid16: Sendable {
  /// What an argument is multiplied by, and how far it is then shifted right, to count in steps of the table.
  var factor: Int32
  var shift: Int32

  init(factor: Int32, shift: Int32) {
    self.factor = factor
    self.shift = shift
  }

  /// Whether an operand of this scale has a factor of 32 bits.
  static func takes(scale: Float) -> Bool { Double(scale) * 4096 * 3 < 0x1p31 }

  /// For an operand of this scale.
  init(scale: Float, isTanh: Bool) {
    let exponent = RealFunction.log2(Double(scale))
    let whole = exponent.rounded(.toNearestOrAwayFromZero)
    let left = 12 + Int(whole)
    if abs(exponent - whole) < 1e-3, left == 0 || (isTanh && left == 1) {
      self.init(powerOfTwo: left)
      return
    }
    var real = Double(scale) * 4096 * 3
    var shift: Int32 = 0
    while real <= 32767.0 / 2, shift <= 30 {
      real *= 2
      shift += 1
    }
    self.init(factor: Int32(real), shift: shift)
  }

  /// For an operand whose scale is 2^(left − 12).
  init(powerOfTwo left: Int) {
    self.init(factor: left > 0 ? 3 << Int32(left) : 3, shift: left < 0 ? Int32(-left) : 0)
  }

  @inline(__always)
  private func steps(_ x: Int32) -> Int32 {
    let product = x &* factor
    return shift > 0 ? (product &+ (1 << (shift - 1))) >> shift : product
  }

  /// Between two points of the table, `bits` fraction bits in `magnitude`.
  @inline(__always)
  private static func between(_ magnitude: UInt32, bits: Int32, beyond: Int32) -> Int32 {
    let index = Int(magnitude >> bits)
    if index >= 255 { return beyond << bits }
    let (low, high) = (points[index], points[index + 1])
    return (low << bits) + Int32(magnitude & ((1 << bits) - 1)) * (high - low)
  }

  /// With 15 fraction bits.
  func logistic(_ x: Int32) -> Int32 {
    let steps = steps(x)
    let result = Self.between(steps.magnitude, bits: 9, beyond: 0x7FFF << 1)
    return (steps >= 0 ? result + (1 << 9) : (1 << 25) - result + (1 << 9) - 1) >> 10
  }

  /// With 15 fraction bits.
  func tanh(_ x: Int32) -> Int32 {
    let steps = steps(x)
    let result = Self.between(steps.magnitude, bits: 8, beyond: 0xFFFF)
    return (steps >= 0 ? result - (1 << 23) + (1 << 7) : -result + (1 << 23) + (1 << 7) - 1) >> 8
  }

  /// 65536 / (1 + exp(−i/24)), as TFLM has it: one more than the nearest number in places.
  private static let points: [Int32] = [
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432,
    42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475,
    49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485,
    55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519,
    59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279, 61441, 61599, 61750, 61896, 62036,
    62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186, 63279, 63368, 63454, 63536,
    63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308, 64357, 64405,
    64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179,
    65194, 65208, 65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337,
    65345, 65352, 65360, 65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425,
    65429, 65433, 65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474,
    65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
    65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516, 65517,
    65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524, 65525, 65525,
    65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533,
    65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534,
    65534, 65534, 65534, 65535,
  ]
}
