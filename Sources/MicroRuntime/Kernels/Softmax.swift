import Graph
import Micro
import Storage

/// SOFTMAX along the last axis.
extension OperatorContext {
  func softmax() throws(Diagnostic) -> KernelBody {
    guard case .softmax(let beta) = operation.options else { throw bad("it has no options") }
    let (x, y) = (try input(0), try output())
    try requireSameCount(x, y)
    try require(x.rank >= 1, "its operand is a scalar")
    let width = x.shape[x.rank - 1]
    try require(width > 0, "its operand is empty")
    switch (x.type, y.type) {
    case (.float32, .float32): return floatSoftmax(x, y, width: width, beta: beta)
    case (.int8, .int8):
      try require(
        y.grid == Grid(scale: 1 / 256, zeroPoint: -128),
        "the result of an int8 softmax has the scale 1/256 and -128")
      return try integerSoftmax(x, y, width: width, beta: beta, as: Int8.self)
    case (.int8, .int16):
      try require(
        y.grid.zeroPoint == -32768 && abs(y.grid.scale * 65536 - 1) <= 1e-3,
        "the result of an int8 softmax in int16 has the scale 1/65536 and the zero point -32768")
      return try integerSoftmax(x, y, width: width, beta: beta, as: Int16.self)
    case (.int16, .int16):
      try require(
        x.grid.zeroPoint == 0 && y.grid.zeroPoint == 0 && abs(y.grid.scale * 32768 - 1) <= 1e-3,
        "an int16 softmax has zero points of 0 and a result of the scale 1/32768")
      return try wideSoftmax(x, y, width: width, beta: beta)
    default: throw noKernel(for: x, y)
    }
  }

  private func floatSoftmax(_ x: Operand, _ y: Operand, width: Int, beta: Float) -> KernelBody {
    return { memory in
      let (source, target) = (memory(x, as: Float.self), memory(y, as: Float.self))
      for row in stride(from: 0, to: source.count, by: width) {
        var largest = -Float.greatestFiniteMagnitude
        for index in row..<row + width { largest = max(largest, source[index]) }
        var sum: Float = 0
        for index in row..<row + width {
          let power = Float(RealFunction.exp(Double((source[index] - largest) * beta)))
          target[index] = power
          sum += power
        }
        for index in row..<row + width { target[index] /= sum }
      }
    }
  }

  private func integerSoftmax<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ x: Operand, _ y: Operand, width: Int, beta: Float, as _: Element.Type
  ) throws(Diagnostic) -> KernelBody {
    try requireQuantized(x)
    let exponent = try SoftmaxExponent(x, beta: beta, self)
    let bits = Int32(Element.bitWidth)
    return { memory in
      let (source, target) = (memory(x, as: Int8.self), memory(y, as: Element.self))
      for row in stride(from: 0, to: source.count, by: width) {
        var largest = Int8.min
        for index in row..<row + width { largest = max(largest, source[index]) }
        var sum: Int32 = 0
        for index in row..<row + width {
          sum &+= exponent.summand[Int(largest) - Int(source[index])]
        }
        let (scale, shift) = FixedPoint.reciprocal(sum, integerBits: 12)
        for index in row..<row + width {
          let difference = Int(largest) - Int(source[index])
          guard difference <= exponent.reach else {
            target[index] = .min
            continue
          }
          let share = FixedPoint.roundingShift(
            FixedPoint.product(scale, exponent.power[difference]), shift + 31 - bits)
          target[index] = Element(clamping: Int64(share) + Int64(Element.min))
        }
      }
    }
  }

  private func wideSoftmax(_ x: Operand, _ y: Operand, width: Int, beta: Float) throws(Diagnostic)
    -> KernelBody
  {
    try requireQuantized(x)
    let multiplier = try Multiplier(Double(x.grid.scale) * Double(beta) / (10.0 / 65535.0))
    let (exp, reciprocal) = (LineTable.exp, LineTable.reciprocalOfOnePlus)
    return { memory in
      let (source, target) = (memory(x, as: Int16.self), memory(y, as: Int16.self))
      var powers = [Int32](repeating: 0, count: width)
      for row in stride(from: 0, to: source.count, by: width) {
        var largest = Int16.min
        for index in row..<row + width { largest = max(largest, source[index]) }
        var sum: Int32 = 0
        for column in 0..<width {
          let difference = multiplier.apply(Int32(source[row + column]) - Int32(largest))
          powers[column] = exp((difference &+ 32767).held(to: -32768...32767))
          sum &+= powers[column]
        }
        let headroom = Int32(sum.leadingZeroBitCount)
        let normalized = Int32(truncatingIfNeeded: ((Int64(sum) << Int64(headroom - 1)) + (1 << 13)) >> 14)
        let share = reciprocal((normalized - 98304).held(to: -32768...32767))
        let shift = 31 - headroom
        for column in 0..<width {
          let result = (powers[column] &* share &+ (1 &<< (shift - 1))) &>> shift
          target[row + column] = Int16(result.held(to: 0...32767))
        }
      }
    }
  }
}

/// exp of the differences that an int8 row can have, and what they add to its sum.
struct SoftmaxExponent: Sendable {
  /// The largest difference that counts.
  let reach: Int
  /// By difference from the largest number, 31 fraction bits.
  let power: View<Int32>
  /// The same with 19, and 0 beyond `reach`.
  let summand: View<Int32>

  init(_ x: Operand, beta: Float, _ context: OperatorContext) throws(Diagnostic) {
    let real = min(Double(beta) * Double(x.grid.scale) * 0x1p26, 0x1p31 - 1)
    let multiplier = try Multiplier(real)
    try context.requireSupported(
      real > 1 && multiplier.shift >= 0, "beta times the scale is \(real / 0x1p26), so small that TFLM stops")
    let radius = FixedPoint.radius(integerBits: 5, shift: multiplier.shift)
    let powers = (0...Int32(255)).map { difference in
      FixedPoint.expOfNegative(
        FixedPoint.product((-difference) &<< multiplier.shift, multiplier.factor), integerBits: 5)
    }
    reach = min(255, Int(radius))
    // Beyond the radius the shifted differences are no numbers.
    power = View(powers.enumerated().map { $0.offset <= Int(radius) ? $0.element : 0 })
    summand = View(
      powers.enumerated().map { $0.offset <= Int(radius) ? FixedPoint.roundingShift($0.element, 12) : 0 })
  }
}

/// A function of an int16 by 512 straight lines.
struct LineTable: Sendable {
  private let points: [Int32]

  /// exp from −10 to 0, in steps of 2/65535.
  static let exp = LineTable(from: (10 / Float(65535), 32767)) { Float(RealFunction.exp(Double($0))) }
  /// 1/(1 + x) from 0 to 1.
  static let reciprocalOfOnePlus = LineTable(from: (1 / Float(65535), -32768)) { 1 / (1 + $0) }

  /// Each point is moved so that the error in the middle of its line is spread.
  private init(from grid: (scale: Float, zeroPoint: Int), _ function: (Float) -> Float) {
    let low = grid.scale * Float(-32768 - grid.zeroPoint)
    let high = grid.scale * Float(32767 - grid.zeroPoint)
    let resultScale = 2 / Float(65535)
    let steps = 65536 / (resultScale * 32767 - resultScale * -32768)
    let step = (high - low) / 512
    let half = step / 2
    func rounded(_ x: Float) -> Float { x.rounded(.toNearestOrAwayFromZero) }
    func held(_ x: Float) -> Int32 { Int32(min(max(x, -32768), 32767)) }
    var points: [Int32] = []
    for index in 0..<512 {
      let start = low + Float(index) * step
      let point = rounded(function(start) * steps)
      let next = function(low + Float(index + 1) * step) * steps
      let middle = rounded((next + point) / 2)
      let error = middle - rounded(function(start + half) * steps)
      points.append(held(point - rounded(error / 2)))
    }
    points.append(held(rounded(function(high) * steps)))
    self.points = points
  }

  @inline(__always)
  func callAsFunction(_ x: Int32) -> Int32 {
    let index = 256 + Int(x >> 7)
    let slope = Int32(Int16(truncatingIfNeeded: points[index + 1] - points[index]))
    return points[index] + ((slope * (x & 127) + 64) >> 7)
  }
}
