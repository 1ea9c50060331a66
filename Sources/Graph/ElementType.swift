/// What one element of a tensor is.
///
/// float16, bfloat16 and double files are read as `float32`; a model's ports remember what the file declared
/// (see ``Port/declaredType``).
public enum ElementType: String, Sendable, Hashable, CaseIterable, Codable {
  case bool, int4, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32

  /// Storage bits per element in memory. `int4` is stored one element a byte until a format packs it.
  public var byteCount: Int {
    switch self {
    case .bool, .int4, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64: 8
    }
  }

  public var isFloat: Bool { self == .float32 }
  public var isInteger: Bool { self != .float32 && self != .bool }
  public var isSigned: Bool {
    switch self {
    case .int4, .int8, .int16, .int32, .int64, .float32: true
    case .bool, .uint8, .uint16, .uint32, .uint64: false
    }
  }

  /// The values that an integer of this type can hold, clipped to Int.
  public var integerRange: ClosedRange<Int>? {
    switch self {
    case .bool: 0...1
    case .int4: -8...7
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    case .int32: Int(Int32.min)...Int(Int32.max)
    case .uint32: 0...Int(UInt32.max)
    case .int64: Int.min...Int.max
    case .uint64: 0...Int.max
    case .float32: nil
    }
  }
}
