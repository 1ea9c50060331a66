/// Everything the parser, the help texts, the completions and the manual page need to know of one argument.
public struct ArgumentDeclaration: Sendable, Hashable {
  public enum Role: Sendable, Hashable {
    /// Found by its place.
    case positional
    /// `--name VALUE` or `--name=VALUE`.
    case option
    /// `--name`.
    case flag
    /// `--name` or `--no-name`.
    case invertibleFlag
  }

  public var role: Role
  /// Without dashes; for a positional argument the property's name.
  public var name: String
  public var short: Character?
  /// What stands for the value in help texts: "FILE.npy".
  public var valueName: String
  public var help: String
  /// The default as a user would type it; nil where there is none worth a word.
  public var defaultText: String?
  public var isRequired: Bool
  public var isRepeatable: Bool
  /// The only values that are taken, when there is a fixed list.
  public var choices: [String]
  /// What a value looks like.
  public var form: ValueForm
  public var completion: Completion
  /// Names of options that make no sense together with this one.
  public var conflicts: [String]
  /// The heading under which help lists it; nil for the plain "options".
  public var section: String?
  /// Understood, and named in no help: for what is refused with a word of explanation.
  public var isHidden = false

  /// How the option is spelled: "--graph"; for a positional argument its value name.
  public var spelling: String { role == .positional ? valueName : "--\(name)" }
  /// The spelling that turns an invertible flag off.
  public var negatedSpelling: String { "--no-\(name)" }
  public var takesValue: Bool { role == .positional || role == .option }
}

/// What a shell offers for a value.
public enum Completion: Sendable, Hashable {
  case none
  /// Files whose names end in one of these (any file when empty).
  case file([String])
  case directory
  /// The verbs of the program.
  case verb
}

/// What a verb is, apart from its arguments.
///
///     CommandDeclaration(name: "inspect", summary: "Shows what is in a model.")
public struct CommandDeclaration: Sendable {
  public struct Example: Sendable {
    public var command: String
    public var explanation: String
    public init(_ command: String, _ explanation: String) {
      self.command = command
      self.explanation = explanation
    }
  }

  public var name: String
  /// One sentence for lists of verbs.
  public var summary: String
  /// More paragraphs for the verb's own help; an empty line parts paragraphs.
  public var discussion: String
  public var examples: [Example]

  public init(name: String, summary: String, discussion: String = "", examples: [Example] = []) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.examples = examples
  }
}

/// What was typed wrongly, and what to type instead.
public struct UsageError: Error, Sendable, Hashable {
  public var message: String
  public var hint: String?

  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
