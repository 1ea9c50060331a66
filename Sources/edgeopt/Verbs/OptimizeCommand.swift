import Arguments
import Graph
import Recipes
import Reporting
import Storage

struct OptimizeCommand: Command {
  static let declaration = CommandDeclaration(
    name: "optimize",
    summary: "Runs a recipe: its stages in order, the measurement, the report and the gates.",
    discussion: """
      A recipe is a YAML file beside the training code: the model, the samples, the stages with the options of the \
      verbs of their names, the files to write, and the limits to keep ('recipe schema' describes it to editors). \
      Paths are relative to the recipe.

      What each stage makes is kept in a run folder beside the recipe, .edgeopt/NAME. A run after an edit begins at the \
      first stage that the edit changes, and a run that was killed goes on where it was. The folder may be deleted; the \
      next run computes everything anew then, and asks for --force where its files are already there.

      The files of an earlier run are replaced as long as they are as it wrote them, others are not. When a gate is missed the program leaves with 1; the \
      model and its report are on disk all the same.
      """,
    examples: [
      .init("edgeopt optimize --init model.onnx -o recipe.yaml", "Writes a recipe to begin with."),
      .init("edgeopt optimize recipe.yaml --dry-run", "Says what would be done, and how long it would take."),
      .init("edgeopt optimize recipe.yaml", "Runs it."),
      .init(
        "edgeopt optimize recipe.yaml --set data.calibration.samples=100",
        "With another value than the recipe's."),
    ])

  @Argument("The recipe, a .yaml file.", value: "RECIPE", completion: .file(["yaml", "yml"]))
  var recipe: String?
  @Option(
    "Replace a value of the recipe: a variable by its name, or a key with dots, such as data.calibration.samples=100 "
      + "or stages.quantize.percentile=99.9. Paths are relative to the recipe.", value: "KEY=VALUE")
  var set: [RecipeOverride] = []
  @Flag("Only say what would run, what is there from earlier runs, and how long it would take.")
  var dryRun = false
  @Option(
    "Keep what stages make in DIR.", value: "DIR", completion: .directory,
    defaultText: ".edgeopt/NAME beside the recipe") var runFolder: String?
  @Flag("Run every stage, whatever earlier runs made.") var fresh = false
  @Option(
    "Write a commented recipe for MODEL.onnx, with the data that lie beside it, and run nothing.",
    name: "init",
    value: "MODEL.onnx", completion: .file(["onnx"])) var initial: String?
  @Option(
    "With --init: the recipe to write.", short: "o", value: "RECIPE", completion: .file(["yaml"]),
    defaultText: "standard output")
  var output: String?
  @Flag("Overwrite files that exist, whoever wrote them.") var force = false
  @Flag("Print the report as one JSON document on standard output, and nothing else there.") var json = false
  @Flag("Print nothing but warnings and errors.", short: "q") var quiet = false
  @Flag("Say more about what is done.", short: "v") var verbose = false
  @Option("Threads to work with.", value: "N", defaultText: "all") var threads: ThreadCount?

  func validate() throws(UsageError) {
    switch (recipe, initial) {
    case (nil, nil):
      throw UsageError(
        "RECIPE is missing", hint: "'edgeopt optimize --init model.onnx -o recipe.yaml' writes one")
    case (let recipe?, _?):
      throw UsageError("--init writes a recipe and runs none: '\(recipe)' is too much")
    case (_?, nil):
      if output != nil { throw UsageError("--output is for --init; a recipe names its own outputs") }
    case (nil, _?):
      let idle = [
        ("--set", !set.isEmpty), ("--dry-run", dryRun), ("--run-folder", runFolder != nil),
        ("--fresh", fresh),
      ]
      if let flag = idle.first(where: \.1)?.0 {
        throw UsageError("\(flag) is for running a recipe, not for --init")
      }
    }
  }

  func run() throws {
    guard let path = recipe else { return try start() }
    let recipe = try Recipe(path: path, overrides: set)
    try run(recipe)
  }

  /// Writes a recipe to begin with.
  private func start() throws {
    guard let model = initial else { return }
    guard ModelFormat(path: model) == .onnx else {
      throw Diagnostic(
        .usage, "'\(model)' is a .tflite file; recipes begin with an .onnx model",
        hint: "give the .onnx file that it was made from")
    }
    let target = try output.map { path throws(Diagnostic) in
      try OutputTarget(path: path, replaces: force, reading: [model])
    }
    let start = try RecipeStart(
      model: model, recipe: output, workers: try Machine.workers(threads: threads?.count))
    guard let target else { return Terminal.output.write(start.text) }
    try target.write(Array(start.text.utf8))
    if !quiet { Terminal.output.write("\(target.path): \(start.summary)\n") }
  }

  private func run(_ recipe: Recipe) throws {
    let home = Folder.parent(of: recipe.path)
    let folder =
      runFolder.map { $0.hasPrefix("/") ? $0 : "\(Folder.current)/\($0)" } ?? ".edgeopt/\(recipe.name)"
    do throws(StorageError) { try Folder.enter(home) } catch {
      throw Diagnostic(.inputOutput, "the folder '\(home)' cannot be entered")
    }
    var manner: [String] = []
    if let threads { manner.append("--threads=\(threads.count)") }
    if quiet || json { manner.append("--quiet") }
    if verbose { manner.append("--verbose") }
    let plan = RecipePlan(recipe: recipe, manner: manner)
    if dryRun {
      var known = RunFolder(looking: folder)
      try RecipeOutputFiles(recipe: recipe).check(&known, replaces: force)
      let preview = try RecipePreview(plan, folder: known, isFresh: fresh)
      return Terminal.output.write(
        json ? preview.json.text() : preview.text(width: Terminal.output.tableWidth))
    }
    let workers = try Machine.workers(threads: threads?.count)
    var run = RecipeRun(plan, folder: try RunFolder(folder), workers: workers)
    run.isFresh = fresh
    run.replaces = force
    if !quiet, !json { run.say = { Terminal.error.write("\($0)\n") } }
    let report = try run.run()
    if json {
      Terminal.output.write(report.json.text())
    } else if !quiet {
      let text = TerminalReport(
        report, width: Terminal.output.tableWidth, listsTransposes: verbose,
        // What stages warned of just now has been said.
        showsWarnings: run.isCached)
      Terminal.output.write(text.text() + (home == "." ? "" : "paths are relative to \(home)\n"))
    }
    guard report.gates.allSatisfy(\.passes) else { throw GateFailure(report) }
  }
}
