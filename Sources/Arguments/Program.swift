/// A program made of verbs.
///
///     let program = Program(name: "greeter", summary: "Greets.", version: "1.0", commands: [Greet.self])
///     switch try program.interpret(words) { case .run(let command): try command.run() … }
public struct Program: Sendable {
  public var name: String
  public var summary: String
  public var version: String
  public var commands: [any Command.Type]
  /// Verbs that exist in the documentation but not in this version: never offered, and answered clearly when typed.
  public var announcedVerbs: [String]
  /// What else the program's own help and the manual page say: a heading and lines of "term", "meaning".
  public var topics: [Topic]
  /// Flags that `--version` takes, by name, with what they add.
  public var versionDetails: [(name: String, meaning: String)]

  public struct Topic: Sendable {
    public var title: String
    public var entries: [(term: String, meaning: String)]
    public init(_ title: String, _ entries: [(term: String, meaning: String)]) {
      self.title = title
      self.entries = entries
    }
  }

  public init(
    name: String, summary: String, version: String, commands: [any Command.Type],
    announcedVerbs: [String] = [],
    topics: [Topic] = [], versionDetails: [(name: String, meaning: String)] = []
  ) {
    self.name = name
    self.summary = summary
    self.version = version
    self.commands = commands
    self.announcedVerbs = announcedVerbs
    self.topics = topics
    self.versionDetails = versionDetails
  }

  /// What the words ask for.
  public enum Interpretation {
    case run(any Command)
    /// Help for a verb, or for the whole program.
    case help((any Command.Type)?)
    /// `--version`, with the further flags of ``Program/versionDetails`` that were given.
    case version(details: Set<String>)
  }

  /// Words that cannot be understood; `command` is the verb that they belong to, when that much is clear.
  public struct Misuse: Error {
    public var error: UsageError
    public var command: (any Command.Type)?

    public init(error: UsageError, command: (any Command.Type)?) {
      self.error = error
      self.command = command
    }
  }

  /// Reads the words after the program's name.
  public func interpret(_ words: [String]) throws(Misuse) -> Interpretation {
    guard let first = words.first else { return .help(nil) }
    if first.hasPrefix("-") { return try interpretOptions(words) }
    let rest = Array(words.dropFirst())
    let command: any Command.Type
    do throws(UsageError) {
      command = try self.command(named: first)
    } catch {
      throw Misuse(error: error, command: nil)
    }
    let beforeTerminator = rest.prefix { $0 != "--" }
    if beforeTerminator.contains("--help") || beforeTerminator.contains("-h") { return .help(command) }
    do throws(UsageError) {
      return .run(try command.parse(rest))
    } catch {
      throw Misuse(error: error, command: command)
    }
  }

  /// The verb of that name.
  public func command(named word: String) throws(UsageError) -> any Command.Type {
    if let command = commands.first(where: { $0.declaration.name == word }) { return command }
    let verbs = commands.map { $0.declaration.name }
    let all = "verbs: " + verbs.joined(separator: ", ")
    if announcedVerbs.contains(word) {
      throw UsageError("'\(word)' is not available in version \(version)", hint: all)
    }
    let near = Suggestion.nearest(to: word, among: verbs).map { "did you mean '\($0)'?" }
    throw UsageError("unknown verb '\(word)'", hint: near ?? all)
  }

  private func interpretOptions(_ words: [String]) throws(Misuse) -> Interpretation {
    let options = words.filter { $0.hasPrefix("-") }
    let verb = words.first { !$0.hasPrefix("-") }
    func fail(_ message: String, _ hint: String?) -> Misuse {
      Misuse(error: UsageError(message, hint: hint), command: nil)
    }
    if options.contains("--help") || options.contains("-h") {
      return .help(verb.flatMap { verb in commands.first { $0.declaration.name == verb } })
    }
    if options.contains("--version") {
      let details = versionDetails.map(\.name)
      let known = ["--version"] + details.map { "--\($0)" } + (details.contains("verbose") ? ["-v"] : [])
      if let other = words.first(where: { !known.contains($0) }) {
        throw fail(
          "unexpected argument '\(other)' after --version",
          "it takes " + known.dropFirst().joined(separator: ", "))
      }
      let given = words.map { $0 == "-v" ? "verbose" : String($0.dropFirst(2)) }
      return .version(details: Set(given).subtracting(["version"]))
    }
    if let verb, commands.contains(where: { $0.declaration.name == verb }) {
      throw fail("options come after the verb", "write '\(name) \(verb) \(options[0]) …'")
    }
    let near = Suggestion.nearest(to: String(options[0].drop { $0 == "-" }), among: ["help", "version"])
    throw fail("unknown option '\(options[0])'", near.map { "did you mean '--\($0)'?" })
  }
}
