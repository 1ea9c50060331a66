/// Lays out help texts for a terminal.
public struct HelpText: Sendable {
  /// Columns to fill.
  public var width: Int
  /// Where explanations begin.
  static let indentation = 26

  public init(width: Int = 80) { self.width = max(40, min(width, 120)) }

  /// The program's own help: its verbs, and where to read on.
  public func text(for program: Program) -> String {
    var lines = TextWrapping.lines(program.summary, width: width)
    lines += ["", "usage: \(program.name) VERB [arguments] [options]", "", "verbs:"]
    for command in program.commands {
      lines += entry(command.declaration.name, command.declaration.summary)
    }
    lines += ["", "options:"]
    lines += entry("-h, --help", "Show this help.")
    lines += entry("--version", "Show the version.")
    for detail in program.versionDetails { lines += entry("--version --\(detail.name)", detail.meaning) }
    for topic in program.topics {
      lines += ["", "\(topic.title):"]
      for (term, meaning) in topic.entries { lines += entry(term, meaning) }
    }
    lines += ["", "'\(program.name) help VERB' explains a verb."]
    return lines.joined(separator: "\n") + "\n"
  }

  /// The help of one verb.
  public func text(for command: any Command.Type, of program: Program) -> String {
    let declaration = command.declaration
    let arguments = command.arguments
    var lines = TextWrapping.lines(declaration.summary, width: width)
    for paragraph in TextWrapping.paragraphs(declaration.discussion) {
      lines.append("")
      lines += TextWrapping.lines(paragraph, width: width)
    }
    lines += [""] + usage(of: command, in: program)
    for (title, members) in Self.sections(arguments) {
      lines += ["", "\(title):"]
      for argument in members { lines += entry(Self.term(argument), Self.explanation(argument)) }
    }
    if !declaration.examples.isEmpty { lines += ["", "examples:"] }
    for example in declaration.examples {
      lines.append("  \(example.command)")
      lines += TextWrapping.lines(example.explanation, width: width - 6).map { "      " + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The usage line (or lines) of a verb.
  public func usage(of command: any Command.Type, in program: Program) -> [String] {
    let head = "usage: \(program.name) \(command.declaration.name)"
    let words = Self.usageWords(command.arguments)
    var lines = [head]
    for word in words {
      if lines[lines.count - 1].count + 1 + word.count > width {
        lines.append(String(repeating: " ", count: 7 + program.name.count + 1) + word)
      } else {
        lines[lines.count - 1] += " " + word
      }
    }
    return lines
  }

  static func usageWords(_ arguments: [ArgumentDeclaration]) -> [String] {
    var words: [String] = []
    for argument in arguments where argument.role == .positional {
      words.append(argument.isRequired ? argument.valueName : "[\(argument.valueName)]")
    }
    for argument in arguments where argument.role == .option && argument.isRequired {
      words.append("\(argument.spelling) \(argument.valueName)")
    }
    return words + ["[options]"]
  }

  /// Arguments by heading, in the order of first appearance.
  static func sections(_ arguments: [ArgumentDeclaration]) -> [(
    title: String, members: [ArgumentDeclaration]
  )] {
    var result: [(title: String, members: [ArgumentDeclaration])] = []
    for argument in arguments where argument != .help {
      let title = argument.section ?? (argument.role == .positional ? "arguments" : "options")
      if let index = result.firstIndex(where: { $0.title == title }) {
        result[index].members.append(argument)
      } else {
        result.append((title, [argument]))
      }
    }
    // --help closes the last heading, unless that one is for positional arguments.
    if result.isEmpty || result[result.count - 1].title == "arguments" { result.append(("options", [])) }
    result[result.count - 1].members.append(.help)
    return result
  }

  static func term(_ argument: ArgumentDeclaration) -> String {
    if argument.role == .positional { return argument.valueName }
    let short = argument.short.map { "-\($0), " } ?? ""
    let value = argument.takesValue ? " \(argument.valueName)" : ""
    return short + (argument.role == .invertibleFlag ? "--[no-]\(argument.name)" : argument.spelling) + value
  }

  static func explanation(_ argument: ArgumentDeclaration) -> String {
    var remarks: [String] = []
    if !argument.choices.isEmpty, !argument.help.contains(argument.choices[0]) {
      remarks.append("one of " + argument.choices.joined(separator: ", "))
    }
    if argument.isRepeatable { remarks.append("may be repeated") }
    if let text = argument.defaultText { remarks.append("default: \(text)") }
    return argument.help + (remarks.isEmpty ? "" : " (" + remarks.joined(separator: "; ") + ")")
  }

  private func entry(_ term: String, _ explanation: String) -> [String] {
    let column = Self.indentation
    let wrapped = TextWrapping.lines(explanation, width: width - column)
    let padding = String(repeating: " ", count: column)
    let head = "  \(term)"
    if head.count + 2 > column { return [head] + wrapped.map { padding + $0 } }
    let first = head + String(repeating: " ", count: column - head.count) + (wrapped.first ?? "")
    return [first] + wrapped.dropFirst().map { padding + $0 }
  }
}

/// Breaks text into lines.
enum TextWrapping {
  static func lines(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for hardLine in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in hardLine.split(separator: " ") {
        if !line.isEmpty, line.count + 1 + word.count > width {
          lines.append(line)
          line = ""
        }
        line += line.isEmpty ? String(word) : " \(word)"
      }
      lines.append(line)
    }
    return lines
  }

  static func paragraphs(_ text: String) -> [String] {
    var paragraphs: [String] = []
    var current: [Substring] = []
    let lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false) + [""]
    for line in lines {
      if line.allSatisfy(\.isWhitespace) {
        if !current.isEmpty { paragraphs.append(current.joined(separator: " ")) }
        current = []
      } else {
        current.append(line)
      }
    }
    return paragraphs
  }
}
