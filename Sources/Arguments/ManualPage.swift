/// Writes a page for `man` (roff) from the declarations.
public enum ManualPage {
  /// `man -l <(edgeopt man)` shows it.
  public static func text(for program: Program) -> String {
    var lines = [
      ".TH \(escaped(program.name.uppercased())) 1 \"\" \"\(escaped(program.name)) \(escaped(program.version))\" \"\"",
      ".SH NAME", "\(escaped(program.name)) \\- \(escaped(firstSentence(program.summary)))",
      ".SH SYNOPSIS",
    ]
    for command in program.commands {
      let words = HelpText.usageWords(command.arguments).joined(separator: " ")
      lines += [".B \(escaped(program.name)) \(escaped(command.declaration.name))", escaped(words), ".br"]
    }
    lines += [".SH DESCRIPTION"] + paragraphs(program.summary)
    lines.append(".SH VERBS")
    for command in program.commands { lines += section(command) }
    for topic in program.topics {
      lines.append(".SH \(escaped(topic.title.uppercased()))")
      for (term, meaning) in topic.entries { lines += [".TP", ".B \(escaped(term))", escaped(meaning)] }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func section(_ command: any Command.Type) -> [String] {
    let declaration = command.declaration
    var lines = [".SS \(escaped(declaration.name))", escaped(declaration.summary)]
    for paragraph in TextWrapping.paragraphs(declaration.discussion) { lines += [".PP", escaped(paragraph)] }
    for argument in command.arguments {
      lines += [".TP", ".B \(escaped(HelpText.term(argument)))", escaped(HelpText.explanation(argument))]
    }
    for example in declaration.examples {
      lines += [
        ".PP", escaped(example.explanation), ".PP", ".nf", ".RS", escaped(example.command), ".RE", ".fi",
      ]
    }
    return lines
  }

  private static func paragraphs(_ text: String) -> [String] {
    TextWrapping.paragraphs(text).flatMap { [".PP", escaped($0)] }
  }

  private static func firstSentence(_ text: String) -> String {
    String(text.prefix { $0 != "." && $0 != "\n" })
  }

  /// Backslashes, dashes and leading dots mean something to roff.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "…": result += "..."
      case "≥": result += "\\(>="
      case "×": result += "\\(mu"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") ? "\\&" + result : result
  }
}
