import Arguments

struct CompletionsCommand: Command {
  static let declaration = CommandDeclaration(
    name: "completions", summary: "Prints a script that lets a shell complete verbs, options and files.",
    examples: [
      .init(
        "source <(edgeopt completions bash)", "For this bash session; put the line into ~/.bashrc to keep it."
      ),
      .init(
        "edgeopt completions zsh > ~/.zfunc/_edgeopt",
        "For zsh, with ~/.zfunc in fpath before compinit is called."),
      .init("edgeopt completions fish > ~/.config/fish/completions/edgeopt.fish", "For fish."),
    ])

  @Argument("The shell: bash, zsh or fish.", value: "SHELL") var shell: Shell

  func run() { Terminal.output.write(CompletionScript.text(for: edgeopt, shell: shell)) }
}
