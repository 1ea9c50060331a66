import Storage

/// What one element is, for kernels that work on any type. Truth values are bytes of 0 and 1.
public enum ScalarType: String, Sendable, Hashable, CaseIterable {
  case bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32

  public var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64: 8
    }
  }
}

/// Work that is the same for every integer type. Truth values count as bytes.
protocol IntegerWork {
  associatedtype Outcome
  func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type)
    -> Outcome
}

extension ScalarType {
  /// Runs `work` with the Swift type; nil for floats.
  @inline(__always)
  func withInteger<Work: IntegerWork>(_ work: Work) -> Work.Outcome? {
    switch self {
    case .bool, .uint8: work(UInt8.self)
    case .int8: work(Int8.self)
    case .int16: work(Int16.self)
    case .uint16: work(UInt16.self)
    case .int32: work(Int32.self)
    case .uint32: work(UInt32.self)
    case .int64: work(Int64.self)
    case .uint64: work(UInt64.self)
    case .float32: nil
    }
  }
}
