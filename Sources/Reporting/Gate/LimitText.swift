/// The text is no limit of the wanted kind.
public struct InvalidLimit: Error, Sendable, Hashable {
  /// What would have been right: "points, such as 0.5".
  public var expected: String
  public init(_ expected: String) { self.expected = expected }
}

/// A limit as people type it: "0.5", "+2%", "64 kB".
public protocol GateLimit: Codable, Sendable, Hashable {
  init(_ text: String) throws(InvalidLimit)
  /// As it would be typed.
  var text: String { get }
}

extension GateLimit {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    do throws(InvalidLimit) {
      try self.init(text)
    } catch {
      throw Unreadable(description: "the limit '\(text)' is none, expected \(error.expected)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// A limit in a document that is none.
private struct Unreadable: Error, CustomStringConvertible {
  var description: String
}

/// A number with what stands before and behind it.
struct SignedQuantity {
  /// nil where none was typed.
  var sign: Character?
  /// Never negative.
  var size: Double
  /// In lower case, without spaces: "%", "kb".
  var unit: String

  /// nil for what does not begin with a plain decimal number.
  init?(_ text: String) {
    var rest = text.filter { $0 != " " }[...]
    if let first = rest.first, first == "+" || first == "-" {
      sign = first
      rest = rest.dropFirst()
    }
    let digits = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
    guard let size = Double(digits), size.isFinite, digits.first != ".", digits.last != "." else {
      return nil
    }
    self.size = size
    unit = rest.dropFirst(digits.count).lowercased()
  }

  var value: Double { sign == "-" ? -size : size }

  /// As short as it can be written: "0.5", "64".
  static func text(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }
}
