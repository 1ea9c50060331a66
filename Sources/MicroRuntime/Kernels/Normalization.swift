import Graph
import Micro
import Storage

/// L2_NORMALIZATION and LOG_SOFTMAX, both along the last axis.
extension OperatorContext {
  func l2Normalization() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    try requireSameCount(x, y)
    try requireSupported(try arithmeticActivation() == .none, "TFLM normalizes without an activation")
    try requireSupported((1...4).contains(x.rank), "TFLM normalizes 1 to 4 axes")
    let width = x.shape[x.rank - 1]
    try require(width > 0, "its operand is empty")
    switch x.type {
    case .float32:
      return { memory in
        let (source, target) = (memory(x, as: Float.self), memory(y, as: Float.self))
        for row in stride(from: 0, to: source.count, by: width) {
          var sum: Float = 0
          for index in row..<row + width { sum += source[index] * source[index] }
          let norm = max(sum.squareRoot(), 1e-6)
          for index in row..<row + width { target[index] = source[index] / norm }
        }
      }
    case .int8:
      try requireQuantized(x)
      // Whatever the file says, results count in steps of 1/128 from 0.
      let zeroPoint = x.grid.zeroPoint
      return { memory in
        let (source, target) = (memory(x, as: Int8.self), memory(y, as: Int8.self))
        for row in stride(from: 0, to: source.count, by: width) {
          var sum: Int32 = 0
          for index in row..<row + width {
            let value = Int32(source[index]) - zeroPoint
            sum &+= value * value
          }
          var root = FixedPoint.reciprocalSquareRoot(sum)
          root.shift += 7
          for index in row..<row + width {
            target[index] = Int8(clamping: root.apply(Int32(source[index]) - zeroPoint))
          }
        }
      }
    default: throw noKernel(for: x, y)
    }
  }

  func logSoftmax() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    try requireSameCount(x, y)
    try require(x.rank >= 1 && x.shape[x.rank - 1] > 0, "its operand is empty")
    let width = x.shape[x.rank - 1]
    switch x.type {
    case .float32: return floatLogSoftmax(x, y, width: width)
    case .int8:
      try requireQuantized(x)
      try require(
        y.grid == Grid(scale: 16 / 256, zeroPoint: 127),
        "the result of an int8 log softmax has the scale 1/16 and 127")
      let logarithm = try LogSoftmax(x, self)
      return { memory in
        let (source, target) = (memory(x, as: Int8.self), memory(y, as: Int8.self))
        for row in stride(from: 0, to: source.count, by: width) {
          logarithm.run(source[row..<row + width], to: target[row..<row + width])
        }
      }
    default: throw noKernel(for: x, y)
    }
  }

  private func floatLogSoftmax(_ x: Operand, _ y: Operand, width: Int) -> KernelBody {
    return { memory in
      let (source, target) = (memory(x, as: Float.self), memory(y, as: Float.self))
      for row in stride(from: 0, to: source.count, by: width) {
        var largest = -Float.greatestFiniteMagnitude
        for index in row..<row + width { largest = max(largest, source[index]) }
        var sum: Float = 0
        for index in row..<row + width { sum += Float(RealFunction.exp(Double(source[index] - largest))) }
        let logarithm = Float(RealFunction.log2(Double(sum)) * 0.6931471805599453)
        for index in row..<row + width { target[index] = source[index] - largest - logarithm }
      }
    }
  }
}

/// LOG_SOFTMAX of an int8 row; results count sixteenths down from 0.
private struct LogSoftmax: Sendable {
  private let exponent: SoftmaxExponent
  /// Differences in Q5.26, by size.
  private let fine: View<Int32>
  private let reach: Int32
  /// From Q5.26 back to the operand's steps.
  private let reverse: Multiplier

  init(_ x: Operand, _ context: OperatorContext) throws(Diagnostic) {
    exponent = try SoftmaxExponent(x, beta: 1, context)
    let multiplier = try Multiplier(min(Double(x.grid.scale) * 0x1p26, 0x1p31 - 1))
    fine = View((0...Int32(255)).map { multiplier.apply(-$0) })
    reach = FixedPoint.radius(integerBits: 5, shift: multiplier.shift)
    let back =
      Double(sign: .plus, exponent: 31 - Int(multiplier.shift), significand: 1) / Double(multiplier.factor)
    reverse = try Multiplier(belowOne: back, of: "\(context.name): the inverse of its scale")
  }

  func run(_ source: View<Int8>, to target: View<Int8>) {
    var largest = Int8.min
    for index in 0..<source.count { largest = max(largest, source[index]) }
    var sum: Int32 = 0
    for index in 0..<source.count { sum &+= exponent.summand[Int(largest) - Int(source[index])] }
    let logarithm = FixedPoint.logarithm(sum)
    let limit = max(-reach - 1, reverse.apply(logarithm &+ .min))
    for index in 0..<source.count {
      let difference = Int32(largest) - Int32(source[index])
      guard -difference > limit else {
        target[index] = .min
        continue
      }
      let result = FixedPoint.roundingShift(fine[Int(difference)] &- logarithm, 22) + 127
      target[index] = Int8(clamping: result)
    }
  }
}

extension FixedPoint {
  /// The natural logarithm of a number ≥ 1 with 12 integer bits; the result has 5.
  static func logarithm(_ x: Int32) -> Int32 {
    let (inputBits, sumBits) = (Int32(12), Int32(6))
    let quarterPower: Int32 = 1_805_811_301  // ¼th power of ½
    let rootOfHalf: Int32 = 1_518_500_250
    let quarter = roundingShift(536_870_912, sumBits)
    func power(_ whole: Int32) -> Int32 { whole &<< (31 - sumBits) }
    // Two ways to write x as a power of two times a number around 1: as it is, and from x·√½.
    let headroom = Int32(x.leadingZeroBitCount)
    let first = saturatingShiftLeft(product(saturatingShiftLeft(x, headroom - 1), rootOfHalf), 1)
    let firstPower = saturatingAdd(power(inputBits - headroom), quarter)
    let scaled = product(x, rootOfHalf)
    let scaledHeadroom = Int32(scaled.leadingZeroBitCount) - 1
    let second = saturatingShiftLeft(x, scaledHeadroom)
    let secondPower = saturatingSubtract(power(inputBits - scaledHeadroom), quarter)
    let r = min(first, second)
    let exponent = max(firstPower, secondPower)
    // A rational function of the distance q from the fourth root of ½.
    let p = halfSum(r, quarterPower)
    var q = r &- quarterPower
    q = q &+ q
    let square = product(q, q)
    let numerator = product(q, r) &+ product(product(q, square), 117_049_297)
    let denominator =
      product(p, 1_057_819_769 &+ q &+ product(127_690_142, square)) &+ product(638_450_708, q)
    let fraction = product(roundingShift(numerator, sumBits), reciprocalOfOnePlus(denominator))
    return saturatingShiftLeft(product(exponent, 1_488_522_236) &+ fraction, 1)
  }
}
