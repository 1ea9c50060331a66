import Graph

/// The bytes of a protobuf message while it is put together. Equal content gives equal bytes.
struct MessageBytes {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ field: Int, _ value: Int) {
    tag(field, 0)
    append(UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ field: Int, _ value: Float) {
    tag(field, 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  mutating func text(_ field: Int, _ text: String) {
    let content = Array(text.utf8)
    begin(field, byteCount: content.count)
    bytes += content
  }

  mutating func message(_ field: Int, _ message: MessageBytes) {
    begin(field, byteCount: message.bytes.count)
    bytes += message.bytes
  }

  /// The front of a field whose `byteCount` bytes follow elsewhere.
  mutating func begin(_ field: Int, byteCount: Int) {
    tag(field, 2)
    append(UInt64(byteCount))
  }

  private mutating func tag(_ field: Int, _ wireType: Int) { append(UInt64(field << 3 | wireType)) }

  private mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 128 {
      bytes.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
