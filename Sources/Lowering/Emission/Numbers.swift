import Graph
import Micro

/// What the elements of a device tensor are and what they stand for.
struct Numbers: Hashable {
  var type: MicroType
  /// 0 where the elements stand for themselves.
  var scale: Float = 0
  var zeroPoint = 0

  static let float32 = Numbers(type: .float32)
  static let int32 = Numbers(type: .int32)
  static let bool = Numbers(type: .bool)

  init(type: MicroType, scale: Float = 0, zeroPoint: Int = 0) {
    self.type = type
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  init(_ activation: QuantizationPlan.Activation) {
    self.init(type: MicroType(activation.type), scale: activation.scale, zeroPoint: activation.zeroPoint)
  }

  /// The device's type for elements that stand for themselves: it has no 64-bit arithmetic.
  init(plain element: ElementType) {
    switch element {
    case .int64, .uint64, .uint32, .uint16: self.init(type: .int32)
    default: self.init(type: MicroType(element))
    }
  }

  var isQuantized: Bool { scale > 0 }
  var quantization: Quantization? {
    isQuantized ? Quantization(scales: [scale], zeroPoints: [zeroPoint]) : nil
  }

  /// The integers that the type can hold.
  var range: ClosedRange<Int> { type.element?.integerRange ?? 0...0 }

  /// The integer that stands for a real number, as the kernels round it; not clipped.
  func integer(_ value: Float) -> Int {
    let quotient = (value / scale).rounded(.toNearestOrAwayFromZero)
    return zeroPoint + (Int(exactly: quotient) ?? (quotient > 0 ? Int(Int32.max) : Int(Int32.min)))
  }

  /// The integer that stands for a real number, clipped to the type.
  func clipped(_ value: Float) -> Int { min(max(integer(value), range.lowerBound), range.upperBound) }

  /// int16 numbers of which each int8 value is exactly one: 128 steps for one.
  var widened: Numbers { Numbers(type: .int16, scale: scale / 128) }

  /// int8 numbers that span the same as these int16 ones.
  var narrowed: Numbers { Numbers(type: .int8, scale: scale * 256) }
}

/// What an operator computes with; when its operands and results differ, the widest of them.
enum Arithmetic: Int, Comparable {
  case int8, int16, float32

  static func < (left: Arithmetic, right: Arithmetic) -> Bool { left.rawValue < right.rawValue }

  init(_ type: MicroType) {
    switch type {
    case .float32: self = .float32
    case .int16: self = .int16
    default: self = .int8
    }
  }

  var type: MicroType {
    switch self {
    case .int8: .int8
    case .int16: .int16
    case .float32: .float32
    }
  }
}

/// A tensor of the device, seen under a shape: reshapes cost nothing until an operator needs them.
struct Value: Hashable {
  var tensor: Int
  var shape: [Int]
  var numbers: Numbers

  var elementCount: Int { shape.reduce(1, *) }
  var rank: Int { shape.count }
}

/// Why an operator cannot be emitted.
struct Refusal: Error {
  var reason: String
  var hint: String?

  init(_ reason: String, hint: String? = nil) {
    self.reason = reason
    self.hint = hint
  }
}
