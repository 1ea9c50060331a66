import Graph

/// The element types that a `.tflite` file can name; raw values are those of the file.
public enum MicroType: Int8, Sendable, Hashable, CaseIterable {
  case float32 = 0
  case float16, int32, uint8, int64, string, bool, int16, complex64, int8, float64, complex128, uint64,
    resource
  case variant, uint32, uint16, int4, bfloat16, int2, uint4, float8E4M3, float8E5M2

  /// The type of the same elements in a graph.
  public init(_ element: ElementType) {
    self =
      switch element {
      case .bool: .bool
      case .int4: .int4
      case .int8: .int8
      case .uint8: .uint8
      case .int16: .int16
      case .uint16: .uint16
      case .int32: .int32
      case .uint32: .uint32
      case .int64: .int64
      case .uint64: .uint64
      case .float32: .float32
      }
  }

  /// The graph's type for the same elements; nil for types that no graph has.
  public var element: ElementType? { ElementType.allCases.first { MicroType($0) == self } }

  /// Bytes per element in TFLM's memory; nil where TFLM has no size for the type.
  public var byteCount: Int? {
    switch self {
    case .bool, .int8, .uint8, .int4: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .float32, .int32, .uint32, .resource: 4
    case .int64, .uint64, .float64, .complex64: 8
    case .complex128: 16
    case .string, .variant, .int2, .uint4, .float8E4M3, .float8E5M2: nil
    }
  }

  /// Bytes that `count` elements take in the file; nil where TFLM has no size for the type.
  public func fileByteCount(of count: Int) -> Int? {
    self == .int4 ? (count + 1) / 2 : byteCount.map { $0 * count }
  }
}
