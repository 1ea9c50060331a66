import Graph
import Micro

/// Scale and zero point of a tensor that has one of each; what TFLM calls unquantized counts as 0 and 0.
struct Grid: Sendable, Hashable {
  var scale: Float
  var zeroPoint: Int32

  init(scale: Float, zeroPoint: Int32) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  init(_ quantization: Quantization?) {
    scale = quantization?.scales.first ?? 0
    zeroPoint = Int32(truncatingIfNeeded: quantization?.zeroPoints.first ?? 0)
  }

  /// The grid's number for a real one, not yet held at a type's ends.
  func number(for real: Float) -> Int {
    let steps = (real / scale).rounded(.toNearestOrAwayFromZero)
    // Beyond this the device's result is undefined.
    let bounded = steps.isNaN ? 0 : min(max(steps, -0x1p31), 0x1p31)
    return Int(bounded) + Int(zeroPoint)
  }

  /// The numbers that a result may take after its activation.
  func range(of activation: MicroActivation, bits: Int) -> ClosedRange<Int32> {
    let (low, high) = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    let bounds: (Int, Int) =
      switch activation {
      case .none, .tanh, .signBit: (low, high)
      case .relu: (max(low, number(for: 0)), high)
      case .relu6: (max(low, number(for: 0)), min(high, number(for: 6)))
      case .reluN1To1: (max(low, number(for: -1)), min(high, number(for: 1)))
      }
    return Int32(clamping: min(bounds.0, bounds.1))...Int32(clamping: bounds.1)
  }
}

extension MicroActivation {
  /// What a float result is held to.
  var floatRange: (low: Float, high: Float) {
    switch self {
    case .none, .tanh, .signBit:
      (-Float.greatestFiniteMagnitude, Float.greatestFiniteMagnitude)
    case .relu: (0, .greatestFiniteMagnitude)
    case .relu6: (0, 6)
    case .reluN1To1: (-1, 1)
    }
  }
}

extension Int32 {
  @inline(__always)
  func held(to range: ClosedRange<Int32>) -> Int32 {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}

extension Float {
  /// std::min(std::max(x, low), high), which hands a NaN on.
  @inline(__always)
  func held(to range: (low: Float, high: Float)) -> Float {
    let raised = self < range.low ? range.low : self
    return range.high < raised ? range.high : raised
  }
}
