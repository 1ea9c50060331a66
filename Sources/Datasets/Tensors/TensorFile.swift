import Graph
import Storage

/// A tensor in ONNX's own file form (a serialized TensorProto, `.pb`), as its test data hold them.
struct TensorFile: Sendable {
  let name: String
  let type: SourceType
  let sizes: [Int]
  private let bytes: View<UInt8>

  /// Field numbers of the message.
  private enum Field {
    static let sizes = 1
    static let type = 2
    static let floats = 4
    static let int32s = 5
    static let int64s = 7
    static let name = 8
    static let raw = 9
    static let doubles = 10
    static let uint64s = 11
    static let location = 14
  }

  init(_ path: String) throws(Diagnostic) {
    let file = try MappedFile(path)
    var reader = WireReader(file.bytes)
    var sizes: [Int] = []
    var typeCode = 0
    var name = ""
    var raw: View<UInt8>?
    var typed = TypedElements()
    while let field = reader.next() {
      switch (field.number, field.payload) {
      case (Field.sizes, let payload): payload.appendNumbers(to: &sizes, limit: 64)
      case (Field.type, .number(let code)): typeCode = Int(truncatingIfNeeded: code)
      case (Field.name, .bytes(let text)): name = text.text(0..<min(text.count, 4096))
      case (Field.raw, .bytes(let view)): raw = view
      case (Field.location, .number(1)):
        throw .bad(path, "its elements are in another file", hint: "save the tensor with its elements inside")
      default: typed.take(field)
      }
    }
    guard reader.isComplete else { throw .bad(path, "it is not a tensor in ONNX's form, or cut off") }
    guard let type = Self.type(of: typeCode) else {
      throw .bad(path, "its element type \(typeCode) is not read", hint: "numbers and bool are")
    }
    self.name = name
    self.type = type
    self.sizes = sizes
    guard sizes.count <= Shape.maximumRank, sizes.allSatisfy({ $0 >= 0 }),
      Shape.elementCount(sizes.map { max(1, $0) }) <= Shape.maximumElementCount
    else { throw .bad(path, "its shape \(sizes) is absurd") }
    let count = type.byteCount(elements: Shape.elementCount(sizes))
    bytes = raw ?? typed.bytes(as: type)
    guard bytes.count == count else {
      throw .bad(path, "its shape \(sizes) of \(type) takes \(count) bytes, it has \(bytes.count)")
    }
  }

  /// The codes of ONNX's TensorProto.DataType.
  private static func type(of code: Int) -> SourceType? {
    switch code {
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
    default: nil
    }
  }

  func value() -> TensorValue {
    Constant(Constant.Source(name: name, type: type, sizes: sizes, bytes: bytes)).realized()
  }
}

/// Elements that stand in the typed fields instead of as raw bytes.
private struct TypedElements {
  private var words: [UInt64] = []
  /// Bytes of each packed element run, already of the final width.
  private var fixed: [View<UInt8>] = []
  private var loose: [UInt8] = []

  mutating func take(_ field: WireReader.Field) {
    switch (field.number, field.payload) {
    case (4, .bytes(let view)), (10, .bytes(let view)): fixed.append(view)
    case (4, .fixed32(let bits)):
      for shift in stride(from: 0, to: 32, by: 8) {
        loose.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
      }
    case (10, .fixed64(let bits)):
      for shift in stride(from: 0, to: 64, by: 8) {
        loose.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
      }
    case (5, let payload), (7, let payload), (11, let payload): payload.appendWords(to: &words)
    default: break
    }
  }

  func bytes(as type: SourceType) -> View<UInt8> {
    switch type {
    case .float32, .float64:
      return View(fixed.reduce(into: loose) { $0 += $1.array })
    default:
      let width = type.bitCount / 8
      let result = View<UInt8>(count: words.count * width)
      for (index, word) in words.enumerated() {
        for byte in 0..<width {
          result[index * width + byte] = UInt8(truncatingIfNeeded: word >> UInt64(8 * byte))
        }
      }
      return result
    }
  }
}

/// The fields of a protobuf message, one after the other.
struct WireReader {
  enum Payload {
    case number(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(View<UInt8>)

    /// The numbers of a repeated field, packed or not.
    func appendNumbers(to numbers: inout [Int], limit: Int) {
      var words: [UInt64] = []
      appendWords(to: &words)
      numbers += words.prefix(max(0, limit - numbers.count)).map { Int(truncatingIfNeeded: $0) }
    }

    func appendWords(to words: inout [UInt64]) {
      switch self {
      case .number(let word): words.append(word)
      case .bytes(let view):
        var reader = WireReader(view)
        while let word = reader.variable() { words.append(word) }
      default: break
      }
    }
  }

  struct Field {
    var number: Int
    var payload: Payload
  }

  private let bytes: View<UInt8>
  private var position = 0
  private var isBroken = false

  init(_ bytes: View<UInt8>) { self.bytes = bytes }

  /// Whether the fields ended exactly where the bytes end.
  var isComplete: Bool { !isBroken && position == bytes.count }

  mutating func next() -> Field? {
    guard position < bytes.count, !isBroken, let tag = variable() else { return nil }
    let number = Int(tag >> 3 & 0x1FFF_FFFF)
    switch tag & 7 {
    case 0:
      guard let word = variable() else { return nil }
      return Field(number: number, payload: .number(word))
    case 1:
      guard let start = take(8) else { return nil }
      return Field(number: number, payload: .fixed64(bytes.littleEndian(at: start, width: 8)))
    case 2:
      guard let length = variable(), length <= UInt64(bytes.count), let start = take(Int(length)) else {
        isBroken = true
        return nil
      }
      return Field(number: number, payload: .bytes(bytes[start..<(start + Int(length))]))
    case 5:
      guard let start = take(4) else { return nil }
      return Field(number: number, payload: .fixed32(UInt32(bytes.littleEndian(at: start, width: 4))))
    default:
      isBroken = true
      return nil
    }
  }

  private mutating func take(_ count: Int) -> Int? {
    guard count <= bytes.count - position else {
      isBroken = true
      return nil
    }
    defer { position += count }
    return position
  }

  fileprivate mutating func variable() -> UInt64? {
    var word: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 70 {
      let byte = bytes[position]
      position += 1
      if shift < 64 { word |= UInt64(byte & 127) << shift }
      if byte < 128 { return word }
      shift += 7
    }
    if position < bytes.count || shift > 0 { isBroken = true }
    return nil
  }
}
