import Arguments
import Graph
import JSONText
import Reporting
import Storage

struct BaselineCommand: Command {
  static let declaration = CommandDeclaration(
    name: "baseline",
    summary: "Manages the lock file with the numbers that 'check' compares with.",
    discussion: """
      A baseline holds for each model, by its name, what it costs and how good it is. Teams commit it: a change of the \
      numbers is then a change in the file that somebody looks at.

      'update' takes the models of reports in, in place of those of the same name, and says what changed; one that was \
      made from another source is replaced, and that is said. 'show' prints what is in the file, 'remove' drops a model.

      The same reports give the same bytes: there are no times and no paths of this machine in it.
      """,
    examples: [
      .init("edgeopt baseline update --report report.json", "Writes or updates edgeopt.lock.json."),
      .init("edgeopt baseline show", "What was agreed on."),
      .init("edgeopt baseline remove --name keywords", "Drops a model."),
    ])

  enum Action: String, CaseIterable, ArgumentValue {
    case update, show, remove
  }

  @Argument("What to do: update, show or remove.", value: "ACTION") var action: Action
  @Argument("The lock file; edgeopt.lock.json when left out.", value: "FILE", completion: .file(["json"]))
  var file: String?
  @Option(
    "A report whose model is taken in, a .json file.", value: "REPORT.json", completion: .file(["json"]))
  var report: [String] = []
  @Option("The lock file to write.", short: "o", value: "FILE", completion: .file(["json"]))
  var output: String?
  @Option("The model's name in the lock file.", value: "NAME", defaultText: "the report's")
  var name: String?
  @OptionGroup("common options") var common: CommonOptions

  private var path: String { file ?? output ?? BaselineFile.usualName }

  func validate() throws(UsageError) {
    if file != nil, output != nil {
      throw UsageError("FILE and --output both name the lock file", hint: "leave one out")
    }
    switch action {
    case .update:
      if report.isEmpty {
        throw UsageError("--report REPORT.json is missing", hint: "say which numbers to take in")
      }
      if name != nil, report.count > 1 {
        throw UsageError("--name is for a single report, there are \(report.count)")
      }
    case .show, .remove:
      if !report.isEmpty { throw UsageError("--report belongs to 'baseline update'") }
      if output != nil {
        throw UsageError(
          "--output belongs to 'baseline update'", hint: "edgeopt baseline \(action.rawValue) FILE")
      }
      if action == .remove, name == nil { throw UsageError("--name NAME is missing") }
    }
  }

  func run() throws {
    switch action {
    case .update: try update()
    case .show: try show()
    case .remove: try remove()
    }
  }

  private func update() throws {
    var baseline = try existing()
    var texts: [String] = []
    for report in report {
      let document = try Report(path: report)
      guard var entry = BaselineEntry(document) else {
        throw Diagnostic(
          .badData, "the report '\(report)' describes no model",
          hint: "take a report of 'quantize', 'optimize' or 'compare'")
      }
      if let name { entry.name = name }
      if document.gates.contains(where: { !$0.passes }) {
        common.remark(
          "'\(entry.name)': \(document.gateVerdict) in '\(report)'; its numbers are taken all the same")
      }
      let old = baseline.models.first { $0.name == entry.name }
      if let old { remark(on: entry, replacing: old, from: report) }
      texts.append(BaselineComparison(old: old, new: entry).text(width: Terminal.output.tableWidth))
      baseline.set(entry)
    }
    try write(baseline)
    show(texts, baseline)
  }

  /// Training anew is the usual case; two models may have one name by mistake.
  private func remark(on entry: BaselineEntry, replacing old: BaselineEntry, from report: String) {
    guard let was = old.sourceSha256, let now = entry.sourceSha256, was != now else { return }
    common.remark(
      "'\(entry.name)' was made from another source (SHA-256 \(was.prefix(12))…) than the model of '\(report)' "
        + "(\(now.prefix(12))…); if that is another model, name it with --name NAME")
  }

  private func show() throws {
    let baseline = try lockFile()
    let models =
      try name.map { name throws(Diagnostic) in [try baseline.entry(named: name)] } ?? baseline.models
    show(
      models.map { BaselineComparison(old: nil, new: $0).text(width: Terminal.output.tableWidth) }, baseline)
  }

  private func remove() throws {
    var baseline = try lockFile()
    baseline.remove(try baseline.entry(named: name ?? "").name)
    try write(baseline)
    show(["\(path): '\(name ?? "")' is gone\n"], baseline)
  }

  private func show(_ texts: [String], _ baseline: BaselineFile) {
    if common.json { return Terminal.output.write(baseline.json.text()) }
    if common.quiet, action != .show { return }
    Terminal.output.write(texts.isEmpty ? "\(path) holds no model\n" : texts.joined(separator: "\n"))
  }

  /// What is to be updated: a file that is something else stays as it is.
  private func existing() throws(Diagnostic) -> BaselineFile {
    if FileKind(of: path) == .missing { return BaselineFile(empty: path) }
    return try lockFile()
  }

  private func lockFile() throws(Diagnostic) -> BaselineFile {
    let baseline = try BaselineFile(path: path)
    guard baseline.isLockFile else {
      throw Diagnostic(
        .badData, "'\(path)' is a report, expected a lock file",
        hint: action == .update
          ? "write the lock file to another name: -o \(BaselineFile.usualName)"
          : "make a lock file with 'edgeopt baseline update --report \(path)'")
    }
    return baseline
  }

  private func write(_ baseline: BaselineFile) throws(Diagnostic) {
    try OutputTarget(path: path, replaces: true, reading: report).write(Array(baseline.json.text().utf8))
  }
}
