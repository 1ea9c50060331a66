import Graph
import Lowering
import Storage
import TensorMath

/// Integers that stand for a constant.
struct RoundedConstant {
  var value: TensorValue
  var quantization: Quantization
}

/// Rounds a constant to symmetric int8.
///
///     let rounding = WeightRounding(filter, axis: 0)
///     let integers = rounding.integers()  // one scale for each index along axis 0
struct WeightRounding {
  let value: TensorValue
  /// One scale for each index along it; nil for one scale for all.
  let axis: Int?
  /// The greatest integer; the least is its negative, so that a product never needs more than 31 bits.
  static let limit = 127

  private let outer: Int
  private let channels: Int
  private let inner: Int

  init(_ value: TensorValue, axis: Int?) {
    self.value = value
    self.axis = axis
    channels = axis.map { value.sizes[$0] } ?? 1
    outer = axis.map { Shape.elementCount(Array(value.sizes[..<$0])) } ?? 1
    inner = axis.map { Shape.elementCount(Array(value.sizes[($0 + 1)...])) } ?? value.elementCount
  }

  /// The scales that reach exactly to the farthest weight of each channel.
  func reachingScales() -> [Float] {
    var reach = [Float](repeating: 0, count: channels)
    visit { channel, range in
      let seen = Extremes(of: value.floats[range])
      reach[channel] = max(reach[channel], max(-seen.least, seen.greatest))
    }
    return reach.map(Self.scale(reaching:))
  }

  static func scale(reaching reach: Float) -> Float {
    // Zeros alone: any scale is exact.
    reach > 0 ? max(reach / Float(limit), .leastNormalMagnitude) : 1
  }

  /// The integers for these scales; those that the weights reach when none are given.
  func integers(scales: [Float]? = nil) -> RoundedConstant {
    let scales = scales ?? reachingScales()
    let result = TensorValue(type: .int8, sizes: value.sizes)
    let (source, target) = (value.floats, result.elements(as: Int8.self))
    visit { channel, range in
      let scale = scales[channel]
      for index in range {
        let rounded = (source[index] / scale).rounded(.toNearestOrAwayFromZero)
        target[index] = Int8(min(Float(Self.limit), max(-Float(Self.limit), rounded)))
      }
    }
    return RoundedConstant(
      value: result,
      quantization: Quantization(
        scales: scales, zeroPoints: [Int](repeating: 0, count: scales.count), axis: axis))
  }

  private func visit(_ body: (_ channel: Int, _ elements: Range<Int>) -> Void) {
    for row in 0..<outer {
      for channel in 0..<channels {
        let start = (row * channels + channel) * inner
        body(channel, start..<start + inner)
      }
    }
  }
}

extension RoundedConstant {
  /// The real numbers that the integers stand for.
  var reals: TensorValue {
    let result = TensorValue(type: .float32, sizes: value.sizes)
    let target = result.floats
    let inner = quantization.axis.map { Shape.elementCount(Array(value.sizes[($0 + 1)...])) } ?? 1
    let count = quantization.scales.count
    for index in 0..<value.elementCount {
      let channel = count == 1 ? 0 : index / max(1, inner) % count
      let integer = value.integer(at: index) - quantization.zeroPoints[channel]
      target[index] = Float(integer) * quantization.scales[channel]
    }
    return result
  }
}
