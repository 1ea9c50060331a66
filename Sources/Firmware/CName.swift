/// Names and texts as C++ can hold them.
enum CName {
  /// Letters, digits and single underscores, beginning with a letter; nothing that the language keeps for itself.
  static func identifier(_ text: String, or fallback: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      if isPlain {
        result.unicodeScalars.append(scalar)
      } else if !result.isEmpty, !result.hasSuffix("_") {
        result.append("_")
      }
    }
    while result.hasSuffix("_") { result.removeLast() }
    if result.isEmpty { return fallback }
    if result.first!.isNumber { result = "\(fallback)_\(result)" }
    return keywords.contains(result) ? "\(result)_\(fallback)" : result
  }

  /// Identifiers that differ from each other.
  static func identifiers(_ texts: [String], or fallback: String) -> [String] {
    var taken = Set<String>()
    return texts.enumerated().map { index, text in
      var name = identifier(text, or: fallback)
      if !taken.insert(name).inserted {
        name = "\(name)_\(index)"
        while !taken.insert(name).inserted { name += "x" }
      }
      return name
    }
  }

  /// A string literal; what is not plain ASCII is written in octal.
  static func literal(_ text: String) -> String {
    var result = "\""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "?"):
        result += "\\" + String(UnicodeScalar(byte))
      case 0x20..<0x7F: result += String(UnicodeScalar(byte))
      default:
        let octal = String(byte, radix: 8)
        result += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
      }
    }
    return result + "\""
  }

  /// Text for a line comment, which a backslash at its end would continue.
  static func comment(_ text: String) -> String {
    String(
      text.unicodeScalars.map { scalar in
        let isPlain = scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F && scalar != "\\"
        return isPlain && scalar != "?" ? Character(scalar) : "_"
      })
  }

  /// A float literal with exactly this value.
  static func literal(_ value: Float) -> String {
    guard value.isFinite else { return value.isNaN ? "NAN" : value < 0 ? "-INFINITY" : "INFINITY" }
    let text = "\(value)"
    return text.contains(".") || text.contains("e") ? "\(text)f" : "\(text).0f"
  }

  private static let keywords: Set<String> = Set(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class compl concept \
    const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do \
    double dynamic_cast else enum explicit export extern false float for friend goto if inline int long main mutable \
    namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast \
    requires return short signed sizeof static static_assert static_cast std struct switch template tflite this \
    thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor \
    xor_eq unix linux i386
    """.split(separator: " ").map(String.init))
}

/// The lines of a C++ file.
struct SourceText {
  private(set) var bytes: [UInt8] = []

  init(_ first: String) { add(first) }

  mutating func add(_ text: String) {
    bytes += Array(text.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// The elements of an array of bytes, twelve to a line.
  mutating func add(elements: some Sequence<UInt8>) {
    let digits = Array("0123456789abcdef".utf8)
    var column = 0
    for byte in elements {
      bytes += column == 0 ? [0x20, 0x20, 0x20, 0x20] : [0x20]
      bytes += [0x30, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)], 0x2C]
      column = (column + 1) % 12
      if column == 0 { bytes.append(0x0A) }
    }
    if column != 0 { bytes.append(0x0A) }
  }

  func file(_ name: String) -> FirmwareFiles.File { FirmwareFiles.File(name: name, bytes: bytes) }

  /// The guard of a header.
  static func guardName(_ file: String) -> String {
    CName.identifier(file.uppercased(), or: "MODEL") + "_"
  }
}
