/// A shell that completions can be written for.
public enum Shell: String, CaseIterable, Sendable, ArgumentValue {
  case bash, zsh, fish
}

/// Writes the script that lets a shell complete verbs, options and values.
///
///     print(CompletionScript.text(for: program, shell: .bash))
public enum CompletionScript {
  public static func text(for program: Program, shell: Shell) -> String {
    let lines =
      switch shell {
      case .bash: bash(program)
      case .zsh: zsh(program)
      case .fish: fish(program)
      }
    return lines.joined(separator: "\n") + "\n"
  }

  /// All spellings under which an option can be typed.
  static func spellings(_ argument: ArgumentDeclaration) -> [String] {
    guard argument.role != .positional else { return [] }
    return [argument.spelling] + (argument.role == .invertibleFlag ? [argument.negatedSpelling] : [])
      + (argument.short.map { ["-\($0)"] } ?? [])
  }

  // MARK: bash

  private static func bash(_ program: Program) -> [String] {
    let function = "_\(program.name)_complete"
    var lines = [
      "# bash completion for \(program.name)", "\(function)() {",
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" verb=\"${COMP_WORDS[1]}\"",
      "  COMPREPLY=()", "  if [ \"$COMP_CWORD\" -eq 1 ]; then",
      "    COMPREPLY=($(compgen -W \"\(verbs(program)) --help --version\" -- \"$current\"))", "    return",
      "  fi",
      "  case \"$verb\" in",
    ]
    for command in program.commands {
      let arguments = command.arguments
      lines.append("  \(command.declaration.name))")
      lines.append("    case \"$previous\" in")
      for argument in arguments where argument.role == .option {
        lines.append(
          "    \(spellings(argument).joined(separator: "|"))) COMPREPLY=($(\(bashWords(argument, program)))); return ;;"
        )
      }
      lines.append("    esac")
      let options = arguments.flatMap(spellings).joined(separator: " ")
      lines.append("    if [[ \"$current\" == -* ]]; then")
      lines.append("      COMPREPLY=($(compgen -W \"\(options)\" -- \"$current\"))")
      lines.append("    else")
      let positional = arguments.first { $0.role == .positional }
      lines.append("      COMPREPLY=($(\(positional.map { bashWords($0, program) } ?? "true")))")
      lines += ["    fi", "    ;;"]
    }
    lines += ["  esac", "}", "complete -o filenames -F \(function) \(program.name)"]
    return lines
  }

  private static func bashWords(_ argument: ArgumentDeclaration, _ program: Program) -> String {
    if !argument.choices.isEmpty {
      return "compgen -W \"\(argument.choices.joined(separator: " "))\" -- \"$current\""
    }
    switch argument.completion {
    case .none: return "true"
    case .verb: return "compgen -W \"\(verbs(program))\" -- \"$current\""
    case .directory: return "compgen -d -- \"$current\""
    case .file(let endings):
      if endings.isEmpty { return "compgen -f -- \"$current\"" }
      let pattern = endings.map { "*.\($0)" }.joined(separator: "|")
      return "shopt -s extglob; compgen -f -X '!@(\(pattern))' -- \"$current\"; compgen -d -- \"$current\""
    }
  }

  // MARK: zsh

  private static func zsh(_ program: Program) -> [String] {
    var lines = [
      "#compdef \(program.name)", "_\(program.name)() {", "  local -a verbs", "  verbs=(",
    ]
    for command in program.commands {
      lines.append("    \(quoted("\(command.declaration.name):\(command.declaration.summary)"))")
    }
    lines += [
      "  )", "  if (( CURRENT == 2 )); then", "    _describe verb verbs", "    return", "  fi",
      "  local verb=\"$words[2]\"", "  shift words", "  (( CURRENT-- ))", "  case \"$verb\" in",
    ]
    for command in program.commands {
      lines.append("  \(command.declaration.name))")
      let specifications = command.arguments.flatMap { zshSpecifications($0) }
      lines.append("    _arguments \\")
      lines += specifications.enumerated().map { index, specification in
        "      \(quoted(specification))" + (index == specifications.count - 1 ? "" : " \\")
      }
      lines.append("    ;;")
    }
    // Sourced, it registers itself; autoloaded from fpath, it completes at once.
    lines += [
      "  esac", "}", "compdef _\(program.name) \(program.name)",
      "[ \"$funcstack[1]\" = \"_\(program.name)\" ] && _\(program.name) \"$@\"",
    ]
    return lines
  }

  private static func zshSpecifications(_ argument: ArgumentDeclaration) -> [String] {
    let help = argument.help.replacing("[", with: "(").replacing("]", with: ")").replacing(":", with: "\\:")
    let action = zshAction(argument)
    if argument.role == .positional {
      return [":\(argument.valueName.replacing(":", with: "\\:")):\(action)"]
    }
    return spellings(argument).map { spelling in
      let star = argument.isRepeatable ? "*" : ""
      let value = argument.takesValue ? ":\(argument.valueName.replacing(":", with: "\\:")):\(action)" : ""
      return
        "\(star)\(spelling)\(argument.takesValue && spelling.hasPrefix("--") ? "=" : "")[\(help)]\(value)"
    }
  }

  private static func zshAction(_ argument: ArgumentDeclaration) -> String {
    if !argument.choices.isEmpty { return "(\(argument.choices.joined(separator: " ")))" }
    return switch argument.completion {
    case .none: " "
    case .verb: "(${verbs%%:*})"
    case .directory: "_files -/"
    case .file(let endings):
      endings.isEmpty ? "_files" : "_files -g \"\(endings.map { "*.\($0)" }.joined(separator: " "))\""
    }
  }

  // MARK: fish

  private static func fish(_ program: Program) -> [String] {
    let name = program.name
    var lines = [
      "# fish completion for \(name)",
      "complete -c \(name) -f -n __fish_use_subcommand -l help -d 'Show help.'",
      "complete -c \(name) -f -n __fish_use_subcommand -l version -d 'Show the version.'",
    ]
    for command in program.commands {
      lines.append(
        "complete -c \(name) -f -n __fish_use_subcommand -a \(command.declaration.name) -d \(quoted(command.declaration.summary))"
      )
      let condition = "-n '__fish_seen_subcommand_from \(command.declaration.name)'"
      for argument in command.arguments {
        lines += fishLines(argument, "complete -c \(name) \(condition)", program)
      }
    }
    return lines
  }

  private static func fishLines(_ argument: ArgumentDeclaration, _ head: String, _ program: Program)
    -> [String]
  {
    let values =
      if !argument.choices.isEmpty {
        "-f -a \(quoted(argument.choices.joined(separator: " ")))"
      } else {
        switch argument.completion {
        case .none: argument.role == .option ? "-f" : ""
        case .verb: "-f -a \(quoted(verbs(program)))"
        case .directory: "-f -a '(__fish_complete_directories)'"
        case .file: "-F"
        }
      }
    if argument.role == .positional { return values.isEmpty ? [] : ["\(head) \(values)"] }
    let description = "-d \(quoted(argument.help))"
    let short = argument.short.map { " -s \($0)" } ?? ""
    let value = argument.takesValue ? " -r \(values)" : " -f"
    var lines = ["\(head)\(short) -l \(argument.name)\(value) \(description)"]
    if argument.role == .invertibleFlag { lines.append("\(head) -f -l no-\(argument.name) \(description)") }
    return lines
  }

  private static func verbs(_ program: Program) -> String {
    program.commands.map { $0.declaration.name }.joined(separator: " ")
  }

  /// In single quotes, for any of the three shells.
  static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
