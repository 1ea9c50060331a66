import Graph
import Micro
import Storage

/// Weights as the device holds them, and what their integers stand for.
struct RoundedWeights {
  var value: TensorValue
  var scales: [Float]
}

/// How the weights of a convolution or dense layer become int8.
///
/// One scale for each output channel, the smallest that holds the channel's weights, but not so small that the bias
/// leaves 32 bits or the kernel's multiplier falls to zero.
struct WeightRounding {
  /// The axis of the output channels; nil for one scale.
  var axis: Int?
  var inputScale: Float
  var resultScale: Float
  /// Real-valued, one for each channel.
  var bias: [Float]?

  func rounded(_ weights: TensorValue, channelAxis: Int) -> RoundedWeights {
    let count = weights.sizes[channelAxis]
    let inner = Shape.elementCount(Array(weights.sizes[(channelAxis + 1)...]))
    let elements = weights.floats
    var magnitudes = [Float](repeating: 0, count: count)
    for index in 0..<elements.count {
      let channel = index / max(1, inner) % count
      magnitudes[channel] = max(magnitudes[channel], elements[index].magnitude)
    }
    var scales = magnitudes.indices.map { scale(magnitudes[$0], bias?[$0] ?? 0) }
    if axis == nil { scales = [scales.max() ?? 1] }
    let result = TensorValue(type: .int8, sizes: weights.sizes)
    let target = result.elements(as: Int8.self)
    for index in 0..<elements.count {
      let scale = scales.count == 1 ? scales[0] : scales[index / max(1, inner) % count]
      let steps = (elements[index] / scale).rounded(.toNearestOrAwayFromZero)
      target[index] = Int8(max(-127, min(127, steps)))
    }
    return RoundedWeights(value: result, scales: scales)
  }

  private func scale(_ magnitude: Float, _ bias: Float) -> Float {
    let own = magnitude / 127
    let forBias = bias.magnitude / (inputScale * 0x1p30)
    let forMultiplier = resultScale / inputScale * 0x1p-22
    return max(own, max(forBias, forMultiplier))
  }
}

extension Emission {
  /// Integers of the bias: its scale is that of the products.
  func roundedBias(_ bias: [Float], inputScale: Float, scales: [Float]) throws(Refusal) -> TensorValue {
    let wide = arithmetic == .int16
    let result = TensorValue(type: wide ? .int64 : .int32, sizes: [bias.count])
    // int16 kernels multiply sums of up to 48 bits.
    let limit = wide ? 0x1p46 : Double(Int32.max)
    for (channel, value) in bias.enumerated() {
      let step = Double(inputScale) * Double(scales.count == 1 ? scales[0] : scales[channel])
      let steps = (Double(value) / step).rounded(.toNearestOrAwayFromZero)
      guard steps.magnitude < limit else {
        throw Refusal(
          "has a bias of \(value) that is \(steps.magnitude) steps of its scale, more than its integers hold",
          hint: "let calibration choose the scale of its weights")
      }
      result.setInteger(Int(steps), at: channel)
    }
    return result
  }
}
