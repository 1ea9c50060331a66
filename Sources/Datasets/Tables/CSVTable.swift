import Graph
import Storage

/// A table in text form: a row a line, fields between commas, semicolons or tabs, with or without a header line.
/// Only the places of the rows are kept; fields are read when they are asked for.
struct CSVTable: Sendable {
  let path: String
  private let file: MappedFile
  private let separator: UInt8
  /// The names in the header line; nil without one.
  let header: [String]?
  let columnCount: Int
  /// Data rows.
  let rowCount: Int
  /// Where every `stride`-th data row starts.
  private let starts: [Int]
  private static let stride = 16
  private static let longestRow = 64 << 20

  init(_ file: MappedFile) throws(Diagnostic) {
    self.file = file
    path = file.path
    var scanner = LineScanner(file.bytes)
    let lines = scanner.firstLines(2)
    guard let first = lines.first else {
      throw .bad(file.path, "it has no rows", hint: "give a sample a row")
    }
    separator = Self.separator(of: file.bytes, first)
    guard first.count <= Self.longestRow else {
      throw .bad(file.path, "its first row has \(first.count) bytes")
    }
    let firstFields = Self.fields(file.bytes, first, separator)
    columnCount = firstFields.count
    let second = lines.count > 1 ? Self.fields(file.bytes, lines[1], separator) : []
    header = Self.isHeader(firstFields, before: second) ? firstFields : nil
    (starts, rowCount) = try Self.rowStarts(file, skippingFirst: header != nil)
    guard rowCount > 0 else {
      throw .bad(file.path, "it has a header and no rows", hint: "give a sample a row")
    }
  }

  private static func separator(of bytes: View<UInt8>, _ line: Range<Int>) -> UInt8 {
    var best: (count: Int, separator: UInt8) = (0, 44)
    for candidate: UInt8 in [44, 59, 9] {
      let count = line.count { bytes[$0] == candidate }
      if count > best.count { best = (count, candidate) }
    }
    return best.separator
  }

  /// Text above numbers, or nothing but text.
  private static func isHeader(_ first: [String], before second: [String]) -> Bool {
    let texts = first.indices.filter { !first[$0].isEmpty && Double(first[$0]) == nil }
    if texts.isEmpty { return false }
    if second.count == first.count, texts.contains(where: { Double(second[$0]) != nil }) { return true }
    return texts.count == first.count && (second.isEmpty || second.contains { Double($0) != nil })
  }

  private static func rowStarts(_ file: MappedFile, skippingFirst: Bool) throws(Diagnostic) -> ([Int], Int) {
    var scanner = LineScanner(file.bytes)
    var starts: [Int] = []
    var count = skippingFirst ? -1 : 0
    while let line = scanner.next() {
      guard line.count <= longestRow else {
        throw .bad(file.path, "a row of it has \(line.count) bytes; at most \(longestRow) are read")
      }
      if count >= 0, count % stride == 0 { starts.append(line.lowerBound) }
      count += 1
      file.didRead(line.count)
    }
    return (starts, max(0, count))
  }

  /// The fields of data row `index`.
  func row(_ index: Int) throws(Diagnostic) -> [String] {
    var scanner = LineScanner(file.bytes, from: starts[index / Self.stride])
    for _ in 0..<(index % Self.stride) { _ = scanner.next() }
    let line = scanner.next() ?? 0..<0
    file.didRead(line.count)
    let fields = Self.fields(file.bytes, line, separator)
    guard fields.count == columnCount else {
      throw .bad(
        path, "row \(lineNumber(index)) has \(fields.count) fields, the first row has \(columnCount)",
        hint: "each row holds one sample with all its values")
    }
    return fields
  }

  /// What an editor would call data row `index`, blank lines aside.
  func lineNumber(_ index: Int) -> Int { index + (header == nil ? 1 : 2) }

  func number(_ text: String, row: Int, column: Int) throws(Diagnostic) -> Float {
    if let number = Double(text), number.isFinite { return Float(number) }
    let name = header.map { " ('\($0[column])')" } ?? ""
    throw .bad(
      path,
      "row \(lineNumber(row)), column \(column + 1)\(name): "
        + (text.isEmpty ? "the field is empty" : "'\(text.prefix(40))' is not a number"),
      hint: "fill in or remove what is missing; a column of class names is given with --label-column")
  }

  /// The index of a column by its name in the header, or by its number from 0 (from −1 at the end).
  func column(_ text: String) throws(Diagnostic) -> Int {
    if let index = header?.firstIndex(of: text) { return index }
    if let number = Int(text) {
      let index = number < 0 ? columnCount + number : number
      if (0..<columnCount).contains(index) { return index }
    }
    let names = header.map { "it has " + $0.prefix(20).joined(separator: ", ") } ?? "it has no header line"
    throw .bad(
      path, "there is no column '\(text)' among its \(columnCount); \(names)",
      hint: "give a name from the header, or a number from 0 to \(columnCount - 1)")
  }

  private static func fields(_ bytes: View<UInt8>, _ line: Range<Int>, _ separator: UInt8) -> [String] {
    var fields: [String] = []
    var text: [UInt8] = []
    var isQuoted = false
    for index in line {
      let byte = bytes[index]
      if byte == 34 {
        isQuoted.toggle()
      } else if byte == separator && !isQuoted {
        fields.append(trimmed(text))
        text.removeAll(keepingCapacity: true)
      } else {
        text.append(byte)
      }
    }
    fields.append(trimmed(text))
    return fields
  }

  private static func trimmed(_ text: [UInt8]) -> String {
    let isBlank = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 }
    guard let first = text.firstIndex(where: { !isBlank($0) }),
      let last = text.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(decoding: text[first...last], as: UTF8.self)
  }
}

/// The lines of a text, without blank ones and comments that begin with `#`.
private struct LineScanner {
  private let bytes: View<UInt8>
  private var position: Int

  init(_ bytes: View<UInt8>, from position: Int = 0) {
    self.bytes = bytes
    self.position = position
    // The mark that some programs put in front of UTF-8.
    if position == 0, bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
      self.position = 3
    }
  }

  mutating func next() -> Range<Int>? {
    while position < bytes.count {
      let start = position
      while position < bytes.count, bytes[position] != 10 { position += 1 }
      var end = position
      position += 1
      if end > start, bytes[end - 1] == 13 { end -= 1 }
      if end > start, bytes[start] != 35, (start..<end).contains(where: { bytes[$0] != 32 && bytes[$0] != 9 })
      {
        return start..<end
      }
    }
    return nil
  }

  mutating func firstLines(_ count: Int) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    while lines.count < count, let line = next() { lines.append(line) }
    return lines
  }
}
