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
      .init(
        "edgeopt report report.json --values \"$GITHUB_OUTPUT\"", "Sizes and accuracy as outputs of a step."),
    ])

  @Argument("The report, a .json file.", value: "REPORT.json", completion: .file(["json"])) var report: String
  @Option(
    "Append the numbers to FILE as lines name=value, such as GitHub's outputs of a step or GitLab's dotenv reports, and "
      + "print nothing else.", value: "FILE", completion: .file([])) var values: String?
  @Option(
    "Append the report as Markdown to FILE, such as GitHub's job summary, and print nothing else.",
    value: "FILE", completion: .file([])) var summary: String?
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    let form = try output.output.map { path throws(Diagnostic) in
      FileKind(of: path) == .other ? .text : try ReportForm(path: path)
    }
    try output.check(reading: [report])
    try OutputTarget.check(
      distinct: [("--output", output.output), ("--values", values), ("--summary", summary)])
    let document = try Report(path: report)
    try append(ReportValues(document).text, to: values)
    try append(MarkdownReport(document, limit: MarkdownReport.summaryLimit).text(), to: summary)
    if output.output == nil, values != nil || summary != nil { return }
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

  private func append(_ text: @autoclosure () -> String, to path: String?) throws(Diagnostic) {
    guard let path else { return }
    try OutputTarget(path: path, replaces: true, reading: [report]).append(Array(text().utf8))
  }
}
