import Arguments
import Graph
import JSONText
import Recipes
import Reporting
import Storage

struct CheckCommand: Command {
  static let declaration = CommandDeclaration(
    name: "check",
    summary: "Judges a report by limits of accuracy, size and memory: the gate of a CI job.",
    discussion: """
      Prints a table of the limits, what was found and how far it is from them, and leaves with 0 when all hold, with 1 \
      when one does not. What is limited but was not measured fails.

      Limits come from flags, from the gates of a recipe (--recipe), or, without either, from the recipe that made the \
      report. Flags go before the recipe's.

      Relative limits, and --max-drop, count from the baseline; without one, from the model before. A baseline is a \
      report, or the lock file that 'baseline update' writes. A drop that is inside the noise of the sample size is said \
      to be so; with --significant it does not fail.

      In bytes k is 1,024 and M is 1,048,576, as for linkers.
      """,
    examples: [
      .init(
        "edgeopt check --report report.json --max-drop 0.5 --max-arena 64k",
        "No more than half a point of top1 lost, and an arena of 65,536 bytes at most."),
      .init(
        "edgeopt check --report report.json --baseline edgeopt.lock.json --max-drop 0.5 --max-size +2%",
        "Against what the team has agreed on."),
      .init(
        "edgeopt check --report report.json --format github --summary \"$GITHUB_STEP_SUMMARY\"",
        "Judges by the recipe's gates, with annotations and a job summary on GitHub."),
    ])

  enum Form: String, CaseIterable, ArgumentValue {
    case text, markdown, github, gitlab, junit, json
  }

  @Option("The report to judge, a .json file.", value: "REPORT.json", completion: .file(["json"]))
  var report: String
  @Option("What to compare with: a lock file or a report.", value: "FILE.json", completion: .file(["json"]))
  var baseline: String?
  @Option(
    "The baseline's model to compare with, where it is called otherwise than the report's.", value: "NAME",
    defaultText: "the report's name")
  var name: String?
  @Option("Take the gates of this recipe.", value: "RECIPE.yaml", completion: .file(["yaml", "yml"]))
  var recipe: String?
  @Option("With --recipe: replace a value of the recipe, as for 'optimize'.", value: "KEY=VALUE")
  var set: [RecipeOverride] = []
  @Option(
    "A table, Markdown, commands for GitHub's annotations, GitLab's Code Quality report, JUnit's XML, or JSON.",
    value: "FORM")
  var format = Form.text
  @Option(
    "Also append the result as Markdown to FILE, such as GitHub's job summary.", value: "FILE",
    completion: .file([]))
  var summary: String?
  @Option(
    "Also write the report with this judgment; the form follows the ending: .json, .html, .md (Markdown), .xml (JUnit) or "
      + ".txt.", value: "PATH", completion: .file(["json", "html", "md", "xml", "txt"]))
  var write: [String] = []
  @OptionGroup("gates") var gates: GateOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    if name != nil, baseline == nil {
      throw UsageError("--name needs --baseline", hint: "say what to compare with: --baseline FILE.json")
    }
    if !set.isEmpty, recipe == nil {
      throw UsageError("--set needs --recipe", hint: "say which recipe's gates to take: --recipe RECIPE.yaml")
    }
    if common.json, format != .text, format != .json {
      throw UsageError("--json and --format \(format.rawValue) cannot be used together", hint: "choose one")
    }
  }

  func run() throws {
    let inputs = [report] + [baseline, recipe].compactMap { $0 }
    try output.check(reading: inputs)
    try OutputTarget.check(
      distinct: [("--output", output.output), ("--summary", summary)] + write.map { ("--write", $0) })
    let files = try ReportFiles.targets(write, replacing: output.force, reading: inputs)
    let summary = try summary.map { path throws(Diagnostic) in
      try OutputTarget(path: path, replaces: true, reading: inputs)
    }
    var judged = try Report(path: report)
    let limits = try limits(of: judged)
    let entry = try baseline.map { path throws(Diagnostic) in
      try BaselineFile(path: path).entry(named: name ?? judged.name)
    }
    judged.gates = try limits.judge(judged, against: entry)
    judged.limits = limits
    try files.write(judged)
    let text = try text(of: judged)
    try common.print(
      text, json: JSON(encoding: GateVerdict(judged, path: report, baseline: baseline)),
      to: output)
    try summary?.append(Array(MarkdownReport(judged, limit: MarkdownReport.summaryLimit).text().utf8))
    guard judged.gates.allSatisfy(\.passes) else { throw GateFailure(judged) }
  }

  private func text(of judged: Report) throws(Diagnostic) -> String {
    switch format {
    case .text: TerminalReport(judged, width: Terminal.output.tableWidth).gatesText()
    case .markdown: MarkdownReport(judged).text()
    case .junit: JUnitReport(judged).text()
    case .github: GateAnnotations(judged, place: try place()).workflowCommands
    case .gitlab: GateAnnotations(judged, place: try place()).codeQuality.text()
    case .json: JSON(encoding: GateVerdict(judged, path: report, baseline: baseline)).text()
    }
  }

  private func limits(of report: Report) throws(Diagnostic) -> GateLimits {
    let flags = gates.limits
    var limits = flags
    if let recipe {
      let declared = try Recipe(path: recipe, overrides: set).gates
      guard !declared.isEmpty || !flags.isEmpty else {
        throw Diagnostic(
          .usage, "the recipe '\(recipe)' has no gates",
          hint: "write limits under 'gates:', or give them as flags")
      }
      limits = declared.overridden(by: flags)
    } else if flags.isEmpty, let stored = report.limits {
      limits = stored.overridden(by: flags)
    }
    if let confidence = gates.confidence { limits.confidence = confidence }
    guard !limits.isEmpty else {
      throw Diagnostic(
        .usage,
        "there is nothing to judge '\(self.report)' by: no limits were given, and the report holds none",
        hint:
          "give limits, such as --max-drop 0.5 --max-size 64k, or a recipe with gates: --recipe RECIPE.yaml")
    }
    return limits
  }

  /// The recipe where there is one, with the line of each gate: that is what people edit.
  private func place() throws(Diagnostic) -> GateAnnotations.Place {
    guard let recipe else { return GateAnnotations.Place(path: report) }
    return GateAnnotations.Place(path: recipe, lines: try RecipeFile(path: recipe).gateLines)
  }
}
