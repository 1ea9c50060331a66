/// A type that can be read from what a user typed.
///
///     extension Percentage: ArgumentValue {
///       init(argument: String) throws(InvalidValue) { … throw InvalidValue("a number from 0 to 100") … }
///     }
public protocol ArgumentValue {
  init(argument: String) throws(InvalidValue)
  /// As a user would type it.
  var argumentText: String { get }
  /// The only values there are, for types that list them.
  static var choices: [String] { get }
  /// What its texts look like, for documents that editors check.
  static var form: ValueForm { get }
}

extension ArgumentValue {
  public static var choices: [String] { [] }
  public static var form: ValueForm { .text }
}

/// What the texts of a value look like, as far as a document can say it.
public enum ValueForm: Sendable, Hashable {
  case text
  /// A whole number between limits, where there are any.
  case integer(least: Int?, greatest: Int?)
  case number
  /// One number, or several between commas.
  case numbers
  /// All of the text matches this regular expression (of the kind that JavaScript has).
  case pattern(String)
}

/// The text is not a value of the wanted type.
public struct InvalidValue: Error, Sendable {
  /// What would have been right: "a whole number".
  public var expected: String
  public init(_ expected: String) { self.expected = expected }
}

extension String: ArgumentValue {
  public init(argument: String) { self = argument }
  public var argumentText: String { self }
}

extension Int: ArgumentValue {
  public init(argument: String) throws(InvalidValue) {
    guard let value = Int(argument) else { throw InvalidValue("a whole number") }
    self = value
  }
  public static var form: ValueForm { .integer(least: nil, greatest: nil) }
  public var argumentText: String { String(self) }
}

extension UInt64: ArgumentValue {
  public init(argument: String) throws(InvalidValue) {
    guard let value = UInt64(argument) else { throw InvalidValue("a whole number, 0 or more") }
    self = value
  }
  public static var form: ValueForm { .integer(least: 0, greatest: nil) }
  public var argumentText: String { String(self) }
}

extension Double: ArgumentValue {
  public init(argument: String) throws(InvalidValue) {
    guard let value = Double(argument), value.isFinite else { throw InvalidValue("a number") }
    self = value
  }
  public static var form: ValueForm { .number }
  public var argumentText: String { self == rounded() && abs(self) < 1e15 ? String(Int(self)) : String(self) }
}

/// Enumerations with text cases are values as they stand: `enum Shell: String, CaseIterable, ArgumentValue { … }`.
extension ArgumentValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  public init(argument: String) throws(InvalidValue) {
    guard let value = Self(rawValue: argument) else {
      let near = Suggestion.nearest(to: argument, among: Self.choices).map { "; did you mean '\($0)'?" } ?? ""
      throw InvalidValue("one of " + Self.choices.joined(separator: ", ") + near)
    }
    self = value
  }
  public var argumentText: String { rawValue }
  public static var choices: [String] { allCases.map(\.rawValue) }
}
