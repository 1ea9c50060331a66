import Graph

extension DataTypes {
  /// ONNX's number for a type.
  static func number(of type: SourceType) -> Int {
    switch type {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    case .float64: 11
    case .uint32: 12
    case .uint64: 13
    case .bfloat16: 16
    case .uint4: 21
    case .int4: 22
    }
  }
}
