import Arguments
import Graph
import JSONText
import Reporting

/// `--report`: what a verb did, as files.
struct ReportFiles: ArgumentGroup {
  @Option(
    "Also write the report, as JSON.", value: "PATH", completion: .file(["json"])
  )
  var report: [String] = []

  /// Files that may be written.
  struct Targets {
    fileprivate var targets: [OutputTarget]

    func write(_ report: Report) throws(Diagnostic) {
      for target in targets { try target.write(Array(report.json.text().utf8)) }
    }
  }

  /// Finds out before the work whether the report can be written.
  func targets(replacing isAllowed: Bool, reading inputs: [String]) throws(Diagnostic) -> Targets {
    var targets: [OutputTarget] = []
    for path in report {
      targets.append(try OutputTarget(path: path, replaces: isAllowed, reading: inputs))
    }
    return Targets(targets: targets)
  }
}
