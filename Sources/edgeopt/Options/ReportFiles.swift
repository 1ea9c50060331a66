import Arguments
import Graph
import Reporting
import Storage

/// `--report`: what a verb did, as files.
struct ReportFiles: ArgumentGroup {
  @Option(
    "Also write the report; the form follows the ending: .json, .html, .md (Markdown), .xml (JUnit) or .txt.",
    value: "PATH", completion: .file(["json", "html", "md", "xml", "txt"]))
  var report: [String] = []

  /// Files that may be written.
  struct Targets {
    fileprivate var targets: [(target: OutputTarget, form: ReportForm)] = []

    func write(_ report: Report) throws(Diagnostic) {
      for (target, form) in targets { try target.write(Array(form.text(of: report).utf8)) }
    }
  }

  var isAsked: Bool { !report.isEmpty }

  /// Finds out before the work whether the report can be written.
  func targets(replacing isAllowed: Bool, reading inputs: [String]) throws(Diagnostic) -> Targets {
    try Self.targets(report, replacing: isAllowed, reading: inputs)
  }

  static func targets(
    _ paths: [String], replacing isAllowed: Bool, reading inputs: [String]
  ) throws(Diagnostic) -> Targets {
    var result = Targets()
    for path in paths {
      // A pipe or a device has no ending.
      let form = FileKind(of: path) == .other ? .json : try ReportForm(path: path)
      result.targets.append((try OutputTarget(path: path, replaces: isAllowed, reading: inputs), form))
    }
    return result
  }
}
