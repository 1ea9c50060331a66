import Arguments
import Graph
import Reporting
import Storage
import YAML

/// The bytes of a recipe, and where they come from.
public struct RecipeFile: Sendable {
  /// As the user named it.
  public var path: String
  public var bytes: [UInt8]
  /// The folder that the recipe's paths are relative to.
  public var folder: String { Folder.parent(of: path) }

  public init(path: String) throws(Diagnostic) {
    self.path = path
    do throws(StorageError) {
      bytes = try Storage(mapping: path).view(of: UInt8.self).array
    } catch {
      switch error {
      case .missing:
        throw Diagnostic(
          .missing, "the recipe '\(path)' does not exist",
          hint: "'edgeopt optimize --init model.onnx' writes one for a model")
      case .isDirectory: throw Diagnostic(.badData, "'\(path)' is a folder, expected a recipe, a .yaml file")
      default: throw Diagnostic(.inputOutput, "the recipe '\(path)' cannot be read")
      }
    }
  }
}

extension Recipe {
  /// Reads a recipe, with overrides put in; everything that is wrong with it is said at once.
  public init(
    _ file: RecipeFile, overrides: [RecipeOverride], _ vocabulary: RecipeVocabulary
  ) throws(RecipeErrors) {
    let root = vocabulary.root
    func errors(_ problems: [RecipeProblem]) -> RecipeErrors {
      RecipeErrors(path: file.path, problems: problems, overrides: overrides)
    }
    let document: YAMLNode
    do throws(YAMLError) {
      document = try YAMLNode(parsing: file.bytes, keepsRepeatedKeys: true)
    } catch {
      throw errors([RecipeProblem(.file(line: error.line, column: error.column), "\(error.problem)")])
    }
    var application = OverrideApplication(root: root, RecipeNode(document))
    for (index, override) in overrides.enumerated() { application.apply(override, index: index) }
    var variables = Variables(application.node["variables"])
    let node = variables.replace(in: application.node)
    var check = RecipeCheck(root: root, folder: file.folder)
    check.check(node)
    let order = StageOrder(node, vocabulary, folder: file.folder)
    let places = variables.incomplete
    let problems =
      application.problems + variables.problems + check.problems.filter { !places.contains($0.place) }
      + order.problems.filter { !places.contains($0.place) }
    guard problems.isEmpty else { throw errors(problems) }
    self = RecipeBuilder(root: root, vocabulary).recipe(node, path: file.path)
    let misuses = stages.indices.compactMap { misuse(ofStage: $0) }
    guard misuses.isEmpty else { throw errors(misuses) }
  }

  /// What the verb itself says of its options together.
  private func misuse(ofStage index: Int) -> RecipeProblem? {
    let ranges = index > 0 && stages[index - 1].name == "calibrate" ? "ranges.json" : nil
    do throws(UsageError) {
      _ = try stages[index].verb.parse(
        words(forStage: index, model: model.path, ranges: ranges, more: ["--output=\(outputs.model)"]))
      return nil
    } catch {
      let named = stages[index].options.first { error.message.contains("--\($0.name)") }
      let advice = error.hint.map { "; \($0)" } ?? ""
      return RecipeProblem(named?.place ?? stages[index].place, error.message + advice)
    }
  }
}

/// Makes the recipe of nodes that have been found right.
private struct RecipeBuilder {
  let root: RecipeSection
  let vocabulary: RecipeVocabulary

  init(root: RecipeSection, _ vocabulary: RecipeVocabulary) {
    self.root = root
    self.vocabulary = vocabulary
  }

  func recipe(_ node: RecipeNode, path: String) -> Recipe {
    let data = node["data"]
    let model = node["model"]!
    return Recipe(
      path: path, name: node["name"]?.text ?? Self.stem(of: path),
      model: Recipe.Model(
        path: model.text ?? model["path"]?.text ?? "", options: options(model, vocabulary.model),
        place: model.place),
      calibration: data?["calibration"].map { samples($0, vocabulary.calibration) },
      evaluation: data?["evaluation"].map { samples($0, vocabulary.evaluation) },
      preparation: data.map { options($0, vocabulary.preparation) } ?? [],
      target: node["target"].map(target), seed: node["seed"]?.text.flatMap { Int($0) },
      stages: (node["stages"]?.items ?? []).compactMap(stage), outputs: outputs(node["outputs"]!),
      gates: gates(node["gates"]))
  }

  private static func stem(of path: String) -> String {
    let name = Folder.lastComponent(of: path)
    let ending = [".yaml", ".yml"].first { name.lowercased().hasSuffix($0) } ?? ""
    let stem = name.dropLast(ending.count)
    return stem.isEmpty ? "recipe" : String(stem)
  }

  /// What a mapping says of the catalog's options, in the catalog's order, so that it does not matter how it is written.
  private func options(_ node: RecipeNode, _ catalog: OptionCatalog) -> [Recipe.Option] {
    catalog.declarations.compactMap { declaration in
      guard let entry = node.entries?.first(where: { $0.key == declaration.name }) else { return nil }
      let values: [String]
      if !declaration.takesValue {
        values = [entry.value.truth == true ? "true" : "false"]
      } else {
        let texts = texts(entry.value)
        values = declaration.isRepeatable ? texts : [texts.joined(separator: ",")]
      }
      return Recipe.Option(
        name: declaration.name, values: values, isFlag: !declaration.takesValue, place: entry.place)
    }
  }

  private func texts(_ node: RecipeNode) -> [String] {
    node.items?.compactMap(\.text) ?? node.text.map { [$0] } ?? []
  }

  private func samples(_ node: RecipeNode, _ catalog: OptionCatalog) -> Recipe.Samples {
    Recipe.Samples(
      paths: texts(node["path"] ?? node), options: options(node, catalog), place: node.place)
  }

  private func gates(_ node: RecipeNode?) -> GateLimits {
    var limits = GateLimits()
    for entry in node?.entries ?? [] { try? limits.set(entry.key, to: entry.value.text ?? "") }
    return limits
  }

  private func target(_ node: RecipeNode) -> Recipe.Target {
    Recipe.Target(
      profile: node.text ?? node["profile"]?.text,
      flash: node["flash"]?.text.flatMap { ByteCount($0) },
      memory: node["memory"]?.text.flatMap { ByteCount($0) }, place: node.place)
  }

  private func stage(_ node: RecipeNode) -> Recipe.Stage? {
    let entry = node.entries?.first
    let name = node.text ?? entry?.key
    guard let verb = vocabulary.stages.first(where: { $0.declaration.name == name }) else { return nil }
    return Recipe.Stage(
      verb: verb, options: entry.map { options($0.value, OptionCatalog(verb)) } ?? [],
      place: entry?.place ?? node.place)
  }

  private func outputs(_ node: RecipeNode) -> RecipeOutputs {
    RecipeOutputs(
      model: node["model"]?.text ?? "", reports: node["report"].map(texts) ?? [], c: node["c"]?.text,
      qdq: node["qdq"]?.text, place: node.place)
  }
}
