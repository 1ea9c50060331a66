/// A JSON document whose members keep their order, so that the same report is the same bytes.
///
///     JSON.object(["name": "conv1", "macs": 442_368]).text()
public indirect enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case members([Member])

  public struct Member: Sendable, Hashable {
    public var name: String
    public var value: JSON

    public init(name: String, value: JSON) {
      self.name = name
      self.value = value
    }
  }

  public static func object(_ members: KeyValuePairs<String, JSON>) -> JSON {
    .members(members.map { Member(name: $0.key, value: $0.value) })
  }

  /// The value, or null.
  public static func optional<Value>(_ value: Value?, _ transform: (Value) -> JSON) -> JSON {
    value.map(transform) ?? .null
  }

  /// The document with one more member; what is no object stays as it is.
  public func with(_ name: String, _ value: JSON) -> JSON {
    guard case .members(let members) = self else { return self }
    return .members(members + [Member(name: name, value: value)])
  }

  public static func integers(_ values: [Int]) -> JSON { .array(values.map(JSON.integer)) }
  public static func strings(_ values: [String]) -> JSON { .array(values.map(JSON.string)) }

  /// The document, indented by two spaces; arrays of plain values stay on one line.
  public func text() -> String {
    var result = ""
    write(to: &result, indentation: 0)
    return result + "\n"
  }

  /// The document on one line, without blanks.
  public func line() -> String {
    switch self {
    case .array(let values): "[" + values.map { $0.line() }.joined(separator: ",") + "]"
    case .members(let members):
      "{" + members.map { JSON.quoted($0.name) + ":" + $0.value.line() }.joined(separator: ",") + "}"
    case .string(let value): JSON.quoted(value)
    case .number(let value): JSON.text(of: value)
    case .integer(let value): String(value)
    case .bool(let value): value ? "true" : "false"
    case .null: "null"
    }
  }

  private var isPlain: Bool {
    switch self {
    case .array, .members: false
    default: true
    }
  }

  private func write(to result: inout String, indentation: Int) {
    switch self {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .integer(let value): result += String(value)
    case .number(let value): result += JSON.text(of: value)
    case .string(let value): result += JSON.quoted(value)
    case .array(let values) where values.allSatisfy(\.isPlain):
      result += "["
      for (index, value) in values.enumerated() {
        if index > 0 { result += ", " }
        value.write(to: &result, indentation: indentation)
      }
      result += "]"
    case .array(let values):
      JSON.writeBlock("[", "]", values.count, to: &result, indentation) { index, result, inner in
        values[index].write(to: &result, indentation: inner)
      }
    case .members(let members) where members.isEmpty: result += "{}"
    case .members(let members):
      JSON.writeBlock("{", "}", members.count, to: &result, indentation) { index, result, inner in
        result += JSON.quoted(members[index].name) + ": "
        members[index].value.write(to: &result, indentation: inner)
      }
    }
  }

  private static func writeBlock(
    _ open: String, _ close: String, _ count: Int, to result: inout String, _ indentation: Int,
    _ writeMember: (Int, inout String, Int) -> Void
  ) {
    result += open + "\n"
    for index in 0..<count {
      result += String(repeating: " ", count: indentation + 2)
      writeMember(index, &result, indentation + 2)
      result += index == count - 1 ? "\n" : ",\n"
    }
    result += String(repeating: " ", count: indentation) + close
  }

  /// JSON has no word for what is not finite.
  private static func text(of value: Double) -> String {
    guard value.isFinite else { return "null" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value)).0" : "\(value)"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
}
