import Arguments

struct HelpCommand: Command {
  static let declaration = CommandDeclaration(
    name: "help", summary: "Explains a verb, or lists all of them.",
    examples: [.init("edgeopt help inspect", "The same as 'edgeopt inspect --help'.")])

  @Argument("The verb to explain.", value: "VERB", completion: .verb) var verb: String?

  func run() throws {
    let help = HelpText(width: Terminal.output.width)
    if let verb {
      Terminal.output.write(help.text(for: try edgeopt.command(named: verb), of: edgeopt))
    } else {
      Terminal.output.write(help.text(for: edgeopt))
    }
  }
}
