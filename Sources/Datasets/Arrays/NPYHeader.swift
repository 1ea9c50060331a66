import Graph
import Storage

/// The front of a `.npy` file: what its elements are and how they are arranged.
struct NPYHeader: Sendable {
  var format: NumberFormat
  var isColumnMajor: Bool
  var sizes: [Int]
  /// Where the elements begin.
  var dataOffset: Int

  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

  /// `byteCount` is the size of the whole file when `bytes` are only its front.
  init(_ bytes: View<UInt8>, path: String, byteCount: Int? = nil) throws(Diagnostic) {
    guard bytes.count > 0 else { throw .bad(path, "it is empty", hint: "write it with numpy.save") }
    guard bytes.count >= 10, bytes[0..<6].array == Self.magic else {
      throw .bad(
        path, "it does not begin like a .npy file (\(bytes.count) bytes)", hint: "write it with numpy.save")
    }
    let version = bytes[6]
    let lengthWidth = version == 1 ? 2 : 4
    guard (1...3).contains(version) else {
      throw .bad(path, ".npy version \(version).\(bytes[7]) is unknown", hint: "versions 1 to 3 are read")
    }
    guard bytes.count >= 8 + lengthWidth else { throw .bad(path, "it ends inside its header") }
    let length = Int(bytes.littleEndian(at: 8, width: lengthWidth))
    dataOffset = 8 + lengthWidth + length
    guard dataOffset <= bytes.count else {
      throw .bad(
        path, "its header claims \(length) bytes, the file has \(bytes.count)", hint: "it is cut off")
    }
    guard length <= 1 << 16 else {
      throw .bad(path, "its header takes \(length) bytes; at most 65536 are read")
    }
    var fields = DictionaryText(bytes.text((8 + lengthWidth)..<dataOffset))
    guard let entries = fields.parse() else {
      throw .bad(path, "its header is not a dictionary of descr, fortran_order and shape")
    }
    guard case .text(let notation)? = entries["descr"] else {
      throw .bad(
        path, "its elements are records or missing from the header",
        hint: "save one plain array of numbers per file")
    }
    guard let format = NumberFormat(numpy: notation) else {
      throw Self.refusal(notation, path: path)
    }
    guard case .truth(let isColumnMajor)? = entries["fortran_order"],
      case .numbers(let sizes)? = entries["shape"]
    else {
      throw .bad(path, "its header lacks fortran_order or shape")
    }
    self.format = format
    self.isColumnMajor = isColumnMajor
    self.sizes = sizes
    try check(byteCount: (byteCount ?? bytes.count) - dataOffset, path: path)
  }

  private func check(byteCount: Int, path: String) throws(Diagnostic) {
    guard sizes.count <= Shape.maximumRank + 1 else {
      throw .bad(path, "it has \(sizes.count) dimensions; at most \(Shape.maximumRank + 1) are read")
    }
    // Extents of zero must not hide others that are absurd.
    guard Shape.elementCount(sizes.map { max(1, $0) }) < 1 << 48 else {
      throw .bad(path, "its header claims the shape \(sizes)", hint: "the header is wrong")
    }
    let count = Shape.elementCount(sizes)
    let (needed, overflow) = count.multipliedReportingOverflow(by: format.byteCount)
    guard !overflow, needed <= byteCount else {
      throw .bad(
        path,
        "its header claims the shape \(sizes) with \(format.byteCount) bytes an element, but \(byteCount) bytes follow it",
        hint: "the file is cut off, or its header is wrong")
    }
  }

  private static func refusal(_ notation: String, path: String) -> Diagnostic {
    switch notation.drop(while: { "<>|=".contains($0) }).first {
    case "O":
      .bad(
        path, "its elements are Python objects (dtype '\(notation)'), not numbers",
        hint: "convert with x.astype(numpy.float32) before saving")
    case "U", "S":
      .bad(
        path, "its elements are text (dtype '\(notation)'), not numbers",
        hint: "save integers; class names belong in labels.csv")
    case "c":
      .bad(
        path, "its elements are complex numbers (dtype '\(notation)')",
        hint: "save the magnitude, or real and imaginary parts as a channel axis")
    default:
      .bad(
        path, "its dtype '\(notation)' is not read",
        hint: "bool, int8 to int64, uint8 to uint64, float16, float32 and float64 are")
    }
  }
}

/// The few Python literals that stand in a `.npy` header.
private struct DictionaryText {
  enum Value {
    case text(String)
    case truth(Bool)
    case numbers([Int])
  }

  private let characters: [UInt8]
  private var position = 0

  init(_ text: String) { characters = Array(text.utf8) }

  mutating func parse() -> [String: Value]? {
    var entries: [String: Value] = [:]
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = quoted(), take(":"), let value = value() else { return nil }
      entries[key] = value
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    return entries
  }

  private mutating func value() -> Value? {
    if let text = quoted() { return .text(text) }
    if word("True") { return .truth(true) }
    if word("False") { return .truth(false) }
    guard take("(") else { return nil }
    var numbers: [Int] = []
    while !take(")") {
      guard numbers.count < 64, let number = number() else { return nil }
      numbers.append(number)
      if !take(",") {
        guard take(")") else { return nil }
        break
      }
    }
    return .numbers(numbers)
  }

  private mutating func skipSpace() {
    while position < characters.count, [32, 9, 10, 13].contains(characters[position]) { position += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard position < characters.count, characters[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func word(_ text: String) -> Bool {
    skipSpace()
    guard characters[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  private mutating func quoted() -> String? {
    skipSpace()
    guard position < characters.count, characters[position] == 39 || characters[position] == 34,
      let end = characters[(position + 1)...].firstIndex(of: characters[position])
    else { return nil }
    defer { position = end + 1 }
    return String(decoding: characters[(position + 1)..<end], as: UTF8.self)
  }

  private mutating func number() -> Int? {
    skipSpace()
    let start = position
    while position < characters.count, (48...57).contains(characters[position]) { position += 1 }
    let number = Int(String(decoding: characters[start..<position], as: UTF8.self))
    // Python 2 wrote long integers with a suffix.
    if position < characters.count, characters[position] == 76 { position += 1 }
    return number
  }
}
