import Graph

extension JSON {
  /// Reads a document.
  ///
  ///     let ranges = try JSON(parsing: bytes, called: "ranges.json")
  ///     let first = ranges["entries"]?.elements?.first
  public init(parsing bytes: [UInt8], called name: String) throws(Diagnostic) {
    var reader = JSONReader(bytes: bytes, name: name)
    self = try reader.document()
  }

  /// The member of this name.
  public subscript(name: String) -> JSON? {
    guard case .members(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  public var elements: [JSON]? {
    if case .array(let values) = self { values } else { nil }
  }
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  public var integer: Int? {
    if case .integer(let value) = self { value } else { nil }
  }
}

/// A plain reader: strict about the grammar, and with a limit to how deep a document may be.
private struct JSONReader {
  let bytes: [UInt8]
  let name: String
  private var position = 0

  private static let maximumDepth = 64

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  mutating func document() throws(Diagnostic) -> JSON {
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw bad("something follows the document") }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func bad(_ problem: String) -> Diagnostic {
    let line = bytes[..<min(position, bytes.count)].reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    return Diagnostic(.badData, "'\(name)', line \(line): \(problem)", hint: "expected a JSON document")
  }

  private mutating func skipBlanks() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(Diagnostic) -> JSON {
    guard depth < Self.maximumDepth else { throw bad("it is nested too deep") }
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return try members(depth: depth)
    case UInt8(ascii: "["): return try elements(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw bad("it ends too early")
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: JSON) throws(Diagnostic) -> JSON {
    guard bytes[position...].starts(with: word.utf8) else { throw bad("an unknown word") }
    position += word.utf8.count
    return value
  }

  private mutating func members(depth: Int) throws(Diagnostic) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    skipBlanks()
    if take("}") { return .members(members) }
    repeat {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw bad("a name in quotes is missing") }
      let name = try string()
      skipBlanks()
      guard take(":") else { throw bad("':' is missing behind \"\(name)\"") }
      members.append(JSON.Member(name: name, value: try value(depth: depth + 1)))
      skipBlanks()
    } while take(",")
    guard take("}") else { throw bad("',' or '}' is missing") }
    return .members(members)
  }

  private mutating func elements(depth: Int) throws(Diagnostic) -> JSON {
    position += 1
    var values: [JSON] = []
    skipBlanks()
    if take("]") { return .array(values) }
    repeat {
      values.append(try value(depth: depth + 1))
      skipBlanks()
    } while take(",")
    guard take("]") else { throw bad("',' or ']' is missing") }
    return .array(values)
  }

  private mutating func number() throws(Diagnostic) -> JSON {
    let start = position
    let allowed = Set("0123456789+-.eE".utf8)
    while let byte = next, allowed.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw bad("a value is expected") }
    return .number(number)
  }

  private mutating func string() throws(Diagnostic) -> String {
    position += 1
    var units: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
      case UInt8(ascii: "\\"): units += try escaped()
      case 0..<0x20: throw bad("a control character in a text")
      default: units.append(byte)
      }
    }
    throw bad("a text has no end")
  }

  private mutating func escaped() throws(Diagnostic) -> [UInt8] {
    guard let byte = next else { throw bad("a text has no end") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"): return Array(String(try codePoint()).utf8)
    default: throw bad("an unknown escape in a text")
    }
  }

  private mutating func codePoint() throws(Diagnostic) -> Unicode.Scalar {
    let first = try codeUnit()
    if 0xD800..<0xDC00 ~= first, bytes[position...].starts(with: [0x5C, 0x75]) {
      position += 2
      let second = try codeUnit()
      let combined = 0x10000 + (first - 0xD800) << 10 + (second &- 0xDC00)
      if 0xDC00..<0xE000 ~= second, let scalar = Unicode.Scalar(combined) { return scalar }
    }
    guard let scalar = Unicode.Scalar(first) else { throw bad("half of a pair of escapes") }
    return scalar
  }

  private mutating func codeUnit() throws(Diagnostic) -> UInt32 {
    let digits = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self)
    guard digits.utf8.count == 4, let unit = UInt32(digits, radix: 16) else {
      throw bad("an escape without four hexadecimal digits")
    }
    position += 4
    return unit
  }
}
