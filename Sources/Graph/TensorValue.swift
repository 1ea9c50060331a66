import Storage

/// The elements of a tensor, row-major and dense.
///
///     let ramp = TensorValue(floats: [0, 1, 2, 3], sizes: [2, 2])
public struct TensorValue: Sendable {
  public let type: ElementType
  public let sizes: [Int]
  public let bytes: View<UInt8>

  /// `bytes` hold exactly the elements of `sizes` in the machine's (little-endian) order.
  public init(type: ElementType, sizes: [Int], bytes: View<UInt8>) {
    precondition(bytes.count == Shape.elementCount(sizes) * type.byteCount, "bytes do not match the sizes")
    self.type = type
    self.sizes = sizes
    self.bytes = bytes
  }

  /// Zeros.
  public init(type: ElementType, sizes: [Int]) {
    self.init(type: type, sizes: sizes, bytes: View(count: Shape.elementCount(sizes) * type.byteCount))
  }

  public init(floats: [Float], sizes: [Int]) {
    self.init(type: .float32, sizes: sizes, bytes: View<Float>(floats).reinterpreted(as: UInt8.self))
  }

  public init(int64s: [Int], sizes: [Int]) {
    self.init(
      type: .int64, sizes: sizes, bytes: View<Int64>(int64s.map(Int64.init)).reinterpreted(as: UInt8.self))
  }

  /// Integers (or truth values) of any integer type; each must fit the type.
  public init(integers: [Int], type: ElementType, sizes: [Int]) {
    self.init(type: type, sizes: sizes)
    for (index, integer) in integers.enumerated() { setInteger(integer, at: index) }
  }

  public var elementCount: Int { Shape.elementCount(sizes) }

  /// The elements, seen as `Element`; its width must be the width of ``type``.
  public func elements<Element: BitwiseCopyable>(as _: Element.Type = Element.self) -> View<Element> {
    precondition(MemoryLayout<Element>.stride == type.byteCount, "element width does not match \(type)")
    return bytes.reinterpreted(as: Element.self)
  }

  /// The elements of a float tensor.
  public var floats: View<Float> { elements(as: Float.self) }

  /// The same elements under other sizes with the same count.
  public func reshaped(_ sizes: [Int]) -> TensorValue { TensorValue(type: type, sizes: sizes, bytes: bytes) }

  /// One element of an integer or bool tensor.
  public func integer(at index: Int) -> Int {
    switch type {
    case .bool: bytes[index] != 0 ? 1 : 0
    case .uint8: Int(bytes[index])
    case .int8, .int4: Int(elements(as: Int8.self)[index])
    case .int16: Int(elements(as: Int16.self)[index])
    case .uint16: Int(elements(as: UInt16.self)[index])
    case .int32: Int(elements(as: Int32.self)[index])
    case .uint32: Int(elements(as: UInt32.self)[index])
    case .int64: Int(elements(as: Int64.self)[index])
    case .uint64: Int(truncatingIfNeeded: elements(as: UInt64.self)[index])
    case .float32: Int(exactly: floats[index].rounded(.towardZero)) ?? (floats[index] > 0 ? Int.max : Int.min)
    }
  }

  public func setInteger(_ value: Int, at index: Int) {
    switch type {
    case .bool: bytes[index] = value != 0 ? 1 : 0
    case .uint8: bytes[index] = UInt8(truncatingIfNeeded: value)
    case .int8, .int4: elements(as: Int8.self)[index] = Int8(truncatingIfNeeded: value)
    case .int16: elements(as: Int16.self)[index] = Int16(truncatingIfNeeded: value)
    case .uint16: elements(as: UInt16.self)[index] = UInt16(truncatingIfNeeded: value)
    case .int32: elements(as: Int32.self)[index] = Int32(truncatingIfNeeded: value)
    case .uint32: elements(as: UInt32.self)[index] = UInt32(truncatingIfNeeded: value)
    case .int64: elements(as: Int64.self)[index] = Int64(value)
    case .uint64: elements(as: UInt64.self)[index] = UInt64(truncatingIfNeeded: value)
    case .float32: floats[index] = Float(value)
    }
  }

  /// All elements of an integer or bool tensor.
  public var integers: [Int] { (0..<elementCount).map(integer(at:)) }
}
