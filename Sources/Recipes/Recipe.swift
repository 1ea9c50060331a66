import Arguments
import Graph
import Reporting

/// What to do to a model, on which samples, for which device, with which limits: one file beside the training code.
///
///     let recipe = try Recipe(file, overrides: [], vocabulary)
///     for index in recipe.stages.indices { print(recipe.words(forStage: index, model: recipe.model.path)) }
public struct Recipe: Sendable {
  /// As the user named the file.
  public var path: String
  public var name: String
  public var model: Model
  public var calibration: Samples?
  public var evaluation: Samples?
  /// How stored values become what the model takes.
  public var preparation: [Option]
  public var target: Target?
  public var seed: Int?
  public var stages: [Stage]
  public var outputs: RecipeOutputs
  public var gates: GateLimits

  /// An option of a verb with its values, as words have them.
  public struct Option: Sendable, Hashable {
    public var name: String
    /// Several where the option may be repeated; "true" or "false" for a flag.
    public var values: [String]
    public var isFlag: Bool
    public var place: RecipePlace

    /// As it would be typed; nothing for a flag that is off and cannot be turned off.
    func words(_ declaration: ArgumentDeclaration) -> [String] {
      guard isFlag else { return values.map { "--\(name)=\($0)" } }
      if values.first == "true" { return ["--\(name)"] }
      return declaration.role == .invertibleFlag ? ["--no-\(name)"] : []
    }
  }

  public struct Model: Sendable {
    public var path: String
    public var options: [Option]
    public var place: RecipePlace
  }

  public struct Samples: Sendable {
    public var paths: [String]
    public var options: [Option]
    public var place: RecipePlace

    /// The only value of an option.
    public subscript(name: String) -> String? { options.first { $0.name == name }?.values.first }
  }

  public struct Target: Sendable {
    /// The name of a profile, or a profile's file.
    public var profile: String?
    /// What the model may take of it.
    public var flash: ByteCount?
    public var memory: ByteCount?
    public var place: RecipePlace
  }

  public struct Stage: Sendable {
    public var verb: any Command.Type
    public var options: [Option]
    public var place: RecipePlace

    public var name: String { verb.declaration.name }
    public subscript(name: String) -> String? { options.first { $0.name == name }?.values.first }
  }
}

/// The files that a recipe writes.
public struct RecipeOutputs: Sendable {
  public static let reportEndings = [".json", ".html", ".md", ".xml", ".txt"]

  public var model: String
  public var reports: [String] = []
  public var c: String?
  public var qdq: String?
  public var place: RecipePlace
}

// MARK: - Words

extension Recipe {
  /// The words that run a stage: its own options, and what the recipe says elsewhere that the verb takes.
  ///
  /// `model` is what the stage before made, `ranges` the file of ranges that a stage of calibration wrote, `more` what
  /// the one who runs it adds.
  public func words(
    forStage index: Int, model: String, ranges: String? = nil, more: [String] = []
  ) -> [String] {
    let stage = stages[index]
    let catalog = OptionCatalog(stage.verb)
    var words: [String] = []
    func add(_ options: [Option]) {
      for option in options {
        if let declaration = catalog[option.name] { words += option.words(declaration) }
      }
    }
    add(stage.options)
    let hasRanges = ranges != nil || stage["ranges"] != nil
    if let ranges { words.append("--ranges=\(ranges)") }
    if let calibration, catalog["calib"] != nil, !hasRanges {
      words += calibration.paths.map { "--calib=\($0)" }
      add(calibration.options)
    }
    add(preparation)
    // Later stages get a model whose shapes are settled.
    if index == 0 { add(self.model.options) }
    if let seed, catalog["seed"] != nil { words.append("--seed=\(seed)") }
    return words + more + ["--", model]
  }

  /// The words behind a verb that measures models on the recipe's samples.
  public func evaluationWords(for verb: any Command.Type, withModelOptions: Bool) -> [String] {
    guard let evaluation else { return [] }
    let catalog = OptionCatalog(verb)
    var words = evaluation.paths.map { "--data=\($0)" }
    for option in evaluation.options + preparation + (withModelOptions ? model.options : []) {
      if let declaration = catalog[option.name] { words += option.words(declaration) }
    }
    if let seed, catalog["seed"] != nil { words.append("--seed=\(seed)") }
    return words
  }
}
