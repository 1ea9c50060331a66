import Graph
import Storage

/// From sums of products to a result's numbers: bias, multiplier, zero point, activation.
struct Requantization: Sendable {
  /// One for each channel, or one for all.
  var multipliers: [Multiplier]
  var zeroPoint: Int32
  var range: ClosedRange<Int32>
  /// Sums of 64 bits take the multiplier's 16 high bits.
  var isWide: Bool

  @inline(__always)
  func callAsFunction(_ sum: Int64, channel: Int) -> Int32 {
    let multiplier = multipliers[multipliers.count == 1 ? 0 : channel]
    let scaled = isWide ? multiplier.applyWide(sum) : multiplier.apply(Int32(truncatingIfNeeded: sum))
    return (scaled &+ zeroPoint).held(to: range)
  }
}

/// The bias of a layer, whatever its width.
struct Bias: Sendable {
  private let operand: Operand?

  init(_ operand: Operand?) { self.operand = operand }

  func values(_ memory: TensorMemory, count: Int) -> [Int64] {
    guard let operand else { return Array(repeating: 0, count: count) }
    switch operand.type {
    case .int64: return memory(operand, as: Int64.self).array
    case .int16: return memory(operand, as: Int16.self).array.map(Int64.init)
    default: return memory(operand, as: Int32.self).array.map(Int64.init)
    }
  }
}
