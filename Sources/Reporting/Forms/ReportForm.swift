import Graph

/// The forms in which a report is written, by the ending of the file's name.
///
///     let form = try ReportForm(path: "report.md")
///     let text = form.text(of: report)
public enum ReportForm: String, CaseIterable, Sendable, Hashable {
  case json, html
  case markdown = "md"
  /// JUnit's XML, which CI systems show as tests.
  case junit = "xml"
  /// As on a terminal.
  case text = "txt"

  /// Other endings that mean the same.
  private static let synonyms = ["htm": ReportForm.html, "markdown": .markdown]

  /// Refuses names whose ending is none of the forms'.
  public init(path: String) throws(Diagnostic) {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let ending = name.contains(".") ? name.split(separator: ".").last.map { $0.lowercased() } ?? "" : ""
    guard let form = ReportForm(rawValue: ending) ?? Self.synonyms[ending] else {
      throw Diagnostic(
        .usage, "'\(path)' does not say which form the report is to have",
        hint: "end its name in .json, .html, .md (Markdown), .xml (JUnit) or .txt")
    }
    self = form
  }

  /// What lists of written files call it.
  public var title: String {
    switch self {
    case .json: "the report as JSON"
    case .html: "the report as a web page"
    case .markdown: "the report as Markdown"
    case .junit: "the gates as JUnit tests"
    case .text: "the report as text"
    }
  }
}

extension ReportForm {
  /// The report in this form; `width` is for those that are laid out in columns.
  public func text(of report: Report, width: Int = 80) -> String {
    switch self {
    case .json: report.json.text()
    case .html: ReportPage(report).text()
    case .markdown: MarkdownReport(report).text()
    case .junit: JUnitReport(report).text()
    case .text: TerminalReport(report, width: width).text()
    }
  }
}
