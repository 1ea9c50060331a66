import CCodecs
import Graph
import Storage

/// How a file writes the elements of an array: their type and byte order.
struct NumberFormat: Sendable, Hashable {
  var type: SourceType
  var isBigEndian: Bool

  /// From numpy's notation, such as `<f4`, `|u1` or `>i2`; nil for what is not a plain number.
  init?(numpy notation: String) {
    var text = Substring(notation)
    guard let first = text.first else { return nil }
    switch first {
    case "<", "|", "=": isBigEndian = false
    case ">": isBigEndian = true
    default:
      isBigEndian = false
      text = "<" + text
    }
    switch text.dropFirst() {
    case "b1", "?": type = .bool
    case "i1": type = .int8
    case "u1": type = .uint8
    case "i2": type = .int16
    case "u2": type = .uint16
    case "i4": type = .int32
    case "u4": type = .uint32
    case "i8": type = .int64
    case "u8": type = .uint64
    case "f2": type = .float16
    case "f4": type = .float32
    case "f8": type = .float64
    default: return nil
    }
  }

  init(_ type: SourceType) {
    self.type = type
    isBigEndian = false
  }

  var byteCount: Int { type.bitCount / 8 }

  /// numpy's notation of a type that this program writes; types that numpy lacks are written as wider ones.
  static func numpyNotation(of type: SourceType) -> String {
    switch type {
    case .bool: "|b1"
    case .int4, .int8: "|i1"
    case .uint4, .uint8: "|u1"
    case .int16: "<i2"
    case .uint16: "<u2"
    case .int32: "<i4"
    case .uint32: "<u4"
    case .int64: "<i8"
    case .uint64: "<u8"
    case .float16: "<f2"
    case .float32, .bfloat16: "<f4"
    case .float64: "<f8"
    }
  }

  /// The elements of a dense run of bytes. Shares memory when the file's form is the machine's.
  func decoded(_ bytes: View<UInt8>, sizes: [Int]) -> TensorValue {
    var ordered = bytes
    if isBigEndian, byteCount > 1 {
      ordered = View<UInt8>(count: bytes.count)
      Codec.swapBytes(bytes, into: ordered, width: byteCount)
    }
    if type == .float16 || type == .float64 {
      let value = TensorValue(type: .float32, sizes: sizes)
      Codec.convertToFloat(ordered, type: type, into: value.floats)
      return value
    }
    return TensorValue(type: type.elementType, sizes: sizes, bytes: ordered)
  }
}
