/// A verb: its properties declare what can be typed, ``run()`` does the work.
///
///     struct Greet: Command {
///       static let declaration = CommandDeclaration(name: "greet", summary: "Says hello.")
///       @Argument("Whom to greet.", value: "NAME") var name: String
///       func run() { print("Hello, \(name)!") }
///     }
public protocol Command: SendableMetatype {
  static var declaration: CommandDeclaration { get }
  init()
  /// Looks at the arguments together, before any work is done.
  func validate() throws(UsageError)
  func run() throws
}

extension Command {
  public func validate() throws(UsageError) {}

  /// Everything that can be typed after the verb.
  public static var arguments: [ArgumentDeclaration] {
    declaredBindings(of: Self()).map(\.declaration).filter { !$0.isHidden } + [.help]
  }

  /// Reads the words after the verb.
  public static func parse(_ words: [String]) throws(UsageError) -> Self {
    let command = Self()
    try Parser(bindings: declaredBindings(of: command)).parse(words)
    try command.validate()
    return command
  }
}

extension ArgumentDeclaration {
  /// Every verb has it.
  static let help = make(.flag, "Show this help.", "", choices: [], .none, short: "h").named("help")

  private func named(_ name: String) -> ArgumentDeclaration {
    var copy = self
    copy.name = name
    return copy
  }
}
