import Graph
import Micro
import Storage
import TensorMath

/// An input or output of a device model.
///
///     let outputs = try session.run([port.quantized(image)])
public struct MicroPort: Sendable {
  public var name: String
  /// The tensor's place in the model.
  public var tensor: Int
  public var type: ElementType
  public var sizes: [Int]
  public var quantization: Quantization?

  /// The value in the port's own type: real numbers are rounded to its grid as TFLM's QUANTIZE does, what already has
  /// the type is handed on.
  public func quantized(_ value: TensorValue) throws(Diagnostic) -> TensorValue {
    if value.type == type { return value }
    guard value.type == .float32 else {
      throw Diagnostic(.badData, "'\(name)' is \(type), the value given is \(value.type)")
    }
    let grid = Grid(quantization)
    guard let bounds = Self.bounds(of: type), grid.scale > 0 else {
      throw Diagnostic(.badData, "'\(name)' is \(type) without a scale, and real numbers were given")
    }
    let result = TensorValue(type: type, sizes: value.sizes)
    let source = value.floats
    if type == .int8, abs(Int64(grid.zeroPoint)) < 1 << 23 {
      quantize(
        source, scale: grid.scale, zeroPoint: grid.zeroPoint, bounds: bounds,
        into: result.elements(as: Int8.self))
    } else {
      for index in 0..<source.count {
        result.setInteger(Int(grid.quantized(source[index], to: bounds)), at: index)
      }
    }
    return result
  }

  /// The real numbers that a value of the port's type stands for; float values are handed on, as are integers of a port
  /// without a scale.
  public func dequantized(_ value: TensorValue) -> TensorValue {
    let grid = Grid(quantization)
    guard Self.bounds(of: value.type) != nil, grid.scale > 0 else { return value }
    let result = TensorValue(type: .float32, sizes: value.sizes)
    let target = result.floats
    for index in 0..<target.count {
      target[index] = Float(Double(grid.scale) * Double(value.integer(at: index) - Int(grid.zeroPoint)))
    }
    return result
  }

  private static func bounds(of type: ElementType) -> ClosedRange<Int32>? {
    switch type {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .int32: .min ... .max
    default: nil
    }
  }
}

extension Grid {
  /// The nearest number of the grid, halves away from zero, held to a type's range.
  @inline(__always)
  func quantized(_ real: Float, to bounds: ClosedRange<Int32>) -> Int32 {
    let steps = (real / scale).rounded(.toNearestOrAwayFromZero)
    if steps.isNaN { return bounds.lowerBound }
    let number = Int64(min(max(steps, -0x1p40), 0x1p40)) + Int64(zeroPoint)
    return Int32(min(max(number, Int64(bounds.lowerBound)), Int64(bounds.upperBound)))
  }
}
