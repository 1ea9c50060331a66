import Arguments
import Graph
import Recipes

/// A verb that could be a stage.
struct Shrink: Command {
  static let declaration = CommandDeclaration(name: "shrink", summary: "Makes a model smaller.")
  @Argument("The model.", value: "MODEL") var model: String
  @Option("The file to write.", short: "o", value: "OUT") var output: String?
  @Option("By how much.", value: "N") var by = 2
  @Option("How.", value: "WAY") var way = Way.fast
  @Option("Factors of channels.", value: "A,B") var factors: Factors?
  @Option("Layers to keep.", value: "NAME") var keep: [String] = []
  @Flag("Round evenly.", invertible: true, conflicts: ["coarse"]) var even = true
  @Flag("Round coarsely.") var coarse = false
  @OptionGroup var preparation: Preparation

  enum Way: String, CaseIterable, ArgumentValue { case fast, careful }

  struct Factors: ArgumentValue {
    var text: String
    init(argument: String) throws(InvalidValue) {
      guard argument.split(separator: ",").allSatisfy({ Double($0) != nil }) else {
        throw InvalidValue("numbers between commas")
      }
      text = argument
    }
    var argumentText: String { text }
    static var form: ValueForm { .numbers }
  }

  func validate() throws(UsageError) {
    if by == 13 { throw UsageError("--by is 13, which brings bad luck", hint: "take 12") }
  }
  func run() {}
}

struct Preparation: ArgumentGroup {
  @Option("Multiply stored values.", value: "S") var scale: Double?
}

struct Limits: ArgumentGroup {
  @Option("Flash.", value: "SIZE") var flash: Int?
}

struct Nothing: ArgumentGroup {}

extension RecipeVocabulary {
  static let sample = RecipeVocabulary(
    stages: [Shrink.self], plannedStages: ["stretch"], version: "9.8", model: OptionCatalog(Nothing.self),
    calibration: OptionCatalog(Nothing.self), evaluation: OptionCatalog(Nothing.self),
    preparation: OptionCatalog(Preparation.self), target: OptionCatalog(Limits.self))
}

/// A recipe in a text, whose model is this test's own source.
func recipe(_ text: String, _ overrides: String...) throws -> Recipe {
  var file = try RecipeFile(path: #filePath)
  file.bytes = Array(text.utf8)
  file.path = Folder.file("recipe.yaml")
  return try Recipe(file, overrides: overrides.map { try RecipeOverride(argument: $0) }, .sample)
}

/// What is wrong with a text.
func problems(_ text: String, _ overrides: String...) throws -> [String] {
  do {
    var file = try RecipeFile(path: #filePath)
    file.bytes = Array(text.utf8)
    file.path = Folder.file("recipe.yaml")
    _ = try Recipe(file, overrides: overrides.map { try RecipeOverride(argument: $0) }, .sample)
    return []
  } catch let error as RecipeErrors {
    return error.lines.map { $0.replacing(Folder.file(""), with: "") }
  }
}

private enum Folder {
  /// A path beside this file.
  static func file(_ name: String) -> String {
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/"
      + name
  }
}
