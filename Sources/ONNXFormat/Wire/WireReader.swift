import Graph
import Storage

/// One field of a protobuf message as it stands in the file.
struct WireField {
  enum Kind: UInt8 { case varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 }

  var number: Int
  var kind: Kind
  /// The value of a varint.
  var value: UInt64
  /// The field's content: without the tag, and without the length for `bytes`.
  var content: Range<Int>
  /// The whole field, tag included.
  var whole: Range<Int>
}

/// Walks the fields of one protobuf message inside a file, without copying anything.
struct WireReader {
  let bytes: View<UInt8>
  private(set) var position: Int
  let end: Int

  init(_ bytes: View<UInt8>, _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = min(range.upperBound, bytes.count)
  }

  /// The next field; nil at the end of the message.
  mutating func next() throws(Diagnostic) -> WireField? {
    if position >= end { return nil }
    let start = position
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29, let kind = WireField.Kind(rawValue: UInt8(tag & 7)) else {
      throw Self.corrupt("byte \(start) is not the start of a field")
    }
    let number = Int(tag >> 3)
    var value: UInt64 = 0
    var contentStart = position
    switch kind {
    case .varint:
      value = try varint()
    case .fixed32:
      try skip(4, field: number)
    case .fixed64:
      try skip(8, field: number)
    case .bytes:
      let length = try varint()
      contentStart = position
      guard length <= UInt64(end - position) else {
        throw Self.corrupt(
          "field \(number) at byte \(start) claims \(length) bytes, but only \(end - position) are left")
      }
      position += Int(length)
    }
    return WireField(
      number: number, kind: kind, value: value, content: contentStart..<position, whole: start..<position)
  }

  /// A variable-length number at the current position.
  mutating func varint() throws(Diagnostic) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      result |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return result }
      shift += 7
      if shift > 63 { throw Self.corrupt("the number that ends at byte \(position) is too long") }
    }
    throw Self.corrupt("the file ends inside a number, at byte \(position)")
  }

  private mutating func skip(_ count: Int, field: Int) throws(Diagnostic) {
    guard end - position >= count else {
      throw Self.corrupt("field \(field) at byte \(position) is cut off")
    }
    position += count
  }

  static func corrupt(_ detail: String) -> Diagnostic {
    Diagnostic(
      .badData, "not a readable ONNX model: \(detail)",
      hint: "check that the file is complete and is an ONNX model (python: onnx.checker.check_model)")
  }
}

/// Builds the bytes of a small protobuf message.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ field: WireField, from source: View<UInt8>) {
    bytes += source[field.whole].array
  }

  /// A length-delimited field.
  mutating func append(_ number: Int, _ content: [UInt8]) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(content.count))
    bytes += content
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
