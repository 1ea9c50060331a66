import Storage

/// Conversion between element types.
///
/// Integers wrap into narrower integers. Floats are truncated toward zero; what lies outside int32, int64 or uint64
/// saturates, the other targets take the low bits (−1 is 255 as uint8, as C compilers have it). NaN gives 0.
/// Anything but 0 is true.
///
///     Cast.apply(x, .float32, to: .int8, into: y)
public enum Cast {
  public static func apply(_ x: View<UInt8>, _ from: ScalarType, to: ScalarType, into y: View<UInt8>) {
    precondition(x.count / from.byteCount == y.count / to.byteCount, "x and y differ in size")
    if from == to { return y.copy(from: x) }
    if from == .float32 {
      let source = x.reinterpreted(as: Float.self)
      if to == .bool { return truths(source, into: y) }
      to.withInteger(FromFloat(x: source, y: y))
    } else if to == .float32 {
      from.withInteger(ToFloat(x: x, y: y.reinterpreted(as: Float.self)))
    } else {
      from.withInteger(FromInteger(x: x, to: to, y: y))
    }
  }

  private static func truths(_ x: View<Float>, into y: View<UInt8>) {
    let (source, target) = (x.elementPointer, y.elementPointer)
    for index in 0..<x.count { target[index] = source[index] != 0 ? 1 : 0 }
  }

  /// The integer that a float stands for.
  static func integer<Integer: FixedWidthInteger>(_ value: Float, _ type: Integer.Type) -> Integer {
    if value >= -0x1p63 && value < 0x1p63 {
      let whole = Int64(value)
      let saturates = Integer.bitWidth >= 32 && Integer.isSigned
      return saturates ? Integer(clamping: whole) : Integer(truncatingIfNeeded: whole)
    }
    if Integer.bitWidth == 64 && !Integer.isSigned && value >= 0x1p63 {
      return value < 0x1p64 ? Integer(truncatingIfNeeded: UInt64(value)) : .max
    }
    return value.isNaN ? 0 : value > 0 ? .max : .min
  }

  private struct FromFloat: IntegerWork {
    let x: View<Float>
    let y: View<UInt8>

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      let (source, target) = (x.elementPointer, y.reinterpreted(as: type).elementPointer)
      for index in 0..<x.count { target[index] = Cast.integer(source[index], type) }
    }
  }

  private struct ToFloat: IntegerWork {
    let x: View<UInt8>
    let y: View<Float>

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      let (source, target) = (x.reinterpreted(as: type).elementPointer, y.elementPointer)
      for index in 0..<y.count { target[index] = Float(source[index]) }
    }
  }

  private struct FromInteger: IntegerWork {
    let x: View<UInt8>
    let to: ScalarType
    let y: View<UInt8>

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      let source = x.reinterpreted(as: type)
      if to == .bool {
        let (from, target) = (source.elementPointer, y.elementPointer)
        for index in 0..<source.count { target[index] = from[index] != 0 ? 1 : 0 }
      } else {
        to.withInteger(ToInteger(x: source, y: y))
      }
    }
  }

  private struct ToInteger<Source: FixedWidthInteger & BitwiseCopyable & Sendable>: IntegerWork {
    let x: View<Source>
    let y: View<UInt8>

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      let (source, target) = (x.elementPointer, y.reinterpreted(as: type).elementPointer)
      for index in 0..<x.count { target[index] = Integer(truncatingIfNeeded: source[index]) }
    }
  }
}
