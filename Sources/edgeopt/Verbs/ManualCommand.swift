import Arguments

struct ManualCommand: Command {
  static let declaration = CommandDeclaration(
    name: "man", summary: "Prints the manual page, in the form that 'man' reads.",
    examples: [.init("edgeopt man > edgeopt.1 && man ./edgeopt.1", "Reads it here and now.")])

  func run() { Terminal.output.write(ManualPage.text(for: edgeopt)) }
}
