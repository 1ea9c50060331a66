import Arguments
import Graph
import JSONText
import Recipes
import Storage

struct RecipeCommand: Command {
  static let declaration = CommandDeclaration(
    name: "recipe", summary: "Checks a recipe without running it, or prints the JSON Schema of recipes.",
    discussion: """
      A recipe is a YAML file that says what to do to a model: 'optimize' runs it.

      'check' lists everything that is wrong with a recipe, a line for each: file, line, column, what was found and \
      what was expected. 'show' prints what would be run, with variables and overrides put in. 'schema' prints a JSON \
      Schema; editors with a YAML language server complete and check recipes by it.
      """,
    examples: [
      .init("edgeopt recipe check recipe.yaml", "Says what is wrong with it, if anything."),
      .init("edgeopt recipe show recipe.yaml --set samples=100", "Shows the words of each stage."),
      .init("edgeopt recipe schema > recipe.schema.json", "Writes the schema for editors."),
    ])

  @Argument("What to do: schema, check or show.", value: "ACTION") var action: Action
  @Argument("The recipe, a .yaml file.", value: "RECIPE", completion: .file(["yaml", "yml"]))
  var recipe: String?
  @Option(
    "Replace a value of the recipe: a variable by its name, or a key with dots, such as data.calibration.samples=100 "
      + "or stages.quantize.percentile=99.9. Paths are relative to the recipe.", value: "KEY=VALUE")
  var set: [RecipeOverride] = []
  @OptionGroup("output") var output: OutputOptions

  enum Action: String, CaseIterable, ArgumentValue {
    case schema, check, show
  }

  func validate() throws(UsageError) {
    if action == .schema {
      if let recipe { throw UsageError("unexpected argument '\(recipe)': 'schema' takes no recipe") }
    } else if recipe == nil {
      throw UsageError("RECIPE is missing", hint: "edgeopt recipe \(action.rawValue) recipe.yaml")
    }
  }

  func run() throws {
    guard let path = recipe else { return try write(RecipeVocabulary.edgeopt.schema.text()) }
    let recipe = try Recipe(path: path, overrides: set)
    switch action {
    case .show: try write(recipe.summary)
    default:
      try write(
        "\(path): in order, \(recipe.stages.map(\.name).joined(separator: ", ")) → \(recipe.outputs.model)\n")
    }
  }

  private func write(_ text: String) throws(Diagnostic) {
    guard let path = output.output else { return Terminal.output.write(text) }
    try output.write(Array(text.utf8), to: path)
  }
}

extension Recipe {
  /// Reads the recipe at a path; what is wrong with it becomes one message.
  init(path: String, overrides: [RecipeOverride]) throws(Diagnostic) {
    let file = try RecipeFile(path: path)
    do throws(RecipeErrors) {
      try self.init(file, overrides: overrides, .edgeopt)
    } catch {
      throw Diagnostic(error)
    }
  }

  /// What would be run, as it would be typed in the recipe's folder.
  var summary: String {
    var lines = ["name: \(name)", "model: \(model.path)"]
    var model = model.path
    var ranges: String?
    for (index, stage) in stages.enumerated() {
      let words = words(forStage: index, model: model, ranges: ranges)
      lines.append("stage \(index + 1): edgeopt \(([stage.name] + words).joined(separator: " "))")
      if stage.name == "calibrate" {
        ranges = "STAGE-\(index + 1).json"
      } else {
        model = "STAGE-\(index + 1)"
      }
    }
    lines.append("output: \(outputs.model)")
    return lines.map { $0 + "\n" }.joined()
  }
}

extension Diagnostic {
  init(_ errors: RecipeErrors) {
    let count = errors.problems.count
    let title = count == 1 ? "the recipe has a problem" : "the recipe has \(count) problems"
    self.init(
      errors.isOnlyInOverrides ? .usage : .badData,
      ([title] + errors.lines).joined(separator: "\n"))
  }
}
