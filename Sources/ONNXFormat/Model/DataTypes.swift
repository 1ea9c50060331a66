import Graph

/// ONNX's numbers for element types.
enum DataTypes {
  static let names = [
    "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16",
    "double",
    "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
    "float8e5m2fnuz", "uint4", "int4", "float4e2m1", "float8e8m0", "uint2", "int2",
  ]

  static func name(_ number: Int) -> String {
    names.indices.contains(number) ? names[number] : "number \(number)"
  }

  /// The source type behind a number; nil for types that edgeopt does not read.
  static func sourceType(_ number: Int) -> SourceType? {
    switch number {
    case 1: .float32
    case 2: .uint8
    case 3: .int8
    case 4: .uint16
    case 5: .int16
    case 6: .int32
    case 7: .int64
    case 9: .bool
    case 10: .float16
    case 11: .float64
    case 12: .uint32
    case 13: .uint64
    case 16: .bfloat16
    case 21: .uint4
    case 22: .int4
    default: nil
    }
  }

  static func sourceType(_ number: Int, of what: String) throws(Diagnostic) -> SourceType {
    if let type = sourceType(number) { return type }
    let kind: Diagnostic.Kind = names.indices.contains(number) && number != 0 ? .unsupported : .badData
    throw Diagnostic(
      kind, "\(what) has element type \(name(number)), which edgeopt does not read",
      hint: "supported: float, float16, bfloat16, double, bool, and integers of 4 to 64 bits")
  }
}
