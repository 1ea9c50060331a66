/// What went wrong, in words that help: what was found, where, and what to do.
///
///     throw Diagnostic(.badData, "'conv1' has 3 input channels, its filter has 4", hint: "re-export the model")
public struct Diagnostic: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sort of problem; the command line maps each to its exit code.
  public enum Kind: Sendable, Hashable {
    /// 2: the work failed for a reason of its own.
    case failed
    /// 64: the command was typed wrongly.
    case usage
    /// 65: a file's content is wrong.
    case badData
    /// 66: a file is not there.
    case missing
    /// 69: the model cannot be expressed for the target.
    case unsupported
    /// 74: reading or writing failed.
    case inputOutput
  }

  public var kind: Kind
  /// One sentence (or, for lists, several lines) that says what was found and what was expected.
  public var message: String
  /// What to do about it.
  public var hint: String?

  public init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  public var description: String { hint.map { "\(message)\n  \($0)" } ?? message }
}
