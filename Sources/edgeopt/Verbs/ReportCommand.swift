import Arguments
import Graph
import Reporting
import Storage

struct ReportCommand: Command {
  static let declaration = CommandDeclaration(
    name: "report",
    summary: "Shows a report again, in another form.",
    discussion: """
      Takes the .json report of another verb and prints it as on a terminal, or writes it in the form that the ending of \
      --output says: .html (one page with charts that needs no network), .md (Markdown for a pull request), .xml (JUnit), \
      .txt or .json.
      """,
    examples: [
      .init("edgeopt report report.json", "Prints the tables."),
      .init("edgeopt report report.json -o report.html", "Writes the page with charts."),
    ])

  @Argument("The report, a .json file.", value: "REPORT.json", completion: .file(["json"])) var report: String
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    let form = try output.output.map { path throws(Diagnostic) in
      FileKind(of: path) == .other ? .text : try ReportForm(path: path)
    }
    try output.check(reading: [report])
    let document = try Report(path: report)
    if let path = output.output, let form {
      if form == .text {
        return try output.write(Array(TerminalReport(document).text().utf8), to: path)
      }
      return try output.write(Array(form.text(of: document).utf8), to: path)
    }
    if common.json { return Terminal.output.write(document.json.text()) }
    Terminal.output.write(
      TerminalReport(document, width: Terminal.output.tableWidth, listsTransposes: common.verbose).text())
  }
}
