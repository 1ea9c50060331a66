import Arguments
import Graph
import ONNXFormat
import Recipes
import Storage

/// A step of a recipe: a verb with its words, and the key of what comes of it.
struct RecipeStep {
  var verb: any StageCommand.Type
  /// The stage that it is; nil for what the recipe does beside its stages.
  var stage: Int?
  var key: StageKey
  /// Everything but where the results go.
  var words: [String]
  /// The words that only say how to run: they decide no bytes.
  var manner: [String]
  /// How the model that it makes is called.
  var name: String
  var wishes: StageWishes

  var title: String { verb.declaration.name }

  /// Where the recipe says it, for messages.
  var place: String

  /// Runs the verb, with its results in a folder.
  func run(into folder: String) throws {
    do {
      try perform(into: folder)
    } catch let error as UsageError {
      throw Diagnostic(.badData, "\(place): \(title): \(error.message)", hint: error.hint)
    } catch let error as Diagnostic where error.kind == .usage {
      // The verb speaks of flags; here they are lines of the recipe.
      throw Diagnostic(.badData, "\(place): \(title): \(error.message)", hint: error.hint)
    }
  }

  private func perform(into folder: String) throws {
    let added = verb.outputWords(folder: folder, name: name, wishes) + manner
    // What is left of the words is the model behind "--".
    let place = words.firstIndex(of: "--") ?? words.endIndex
    let command = try verb.parse(Array(words[..<place]) + added + Array(words[place...]))
    try command.produceFiles()
  }
}

/// Finds the steps of a recipe one after the other: each knows what the one before made.
struct RecipePlan {
  let recipe: Recipe
  /// How to run: "--threads=2".
  let manner: [String]

  /// What a stage starts with: the recipe's model, or what the stages before made.
  struct Input {
    var model: String
    /// Of the model's bytes and of what decides them.
    var digest: String
    var ranges: (path: String, digest: String)?
    var isOriginal = true
  }

  func start(_ folder: inout RunFolder) throws(Diagnostic) -> Input {
    Input(model: recipe.model.path, digest: try modelDigest(&folder))
  }

  /// Of the model's file and the files beside it that hold its weights.
  private func modelDigest(_ folder: inout RunFolder) throws(Diagnostic) -> String {
    var all = SHA256()
    all.add(try folder.digests.digest(of: recipe.model.path))
    guard ModelFormat(path: recipe.model.path) == .onnx else { return all.hexadecimal }
    let home = Folder.parent(of: recipe.model.path)
    // A model that cannot be read is the stage's to complain of, with all it knows.
    for name in (try? ONNXModelSummary(path: recipe.model.path).externalFiles) ?? [] {
      all.add("\(name)\n")
      all.add((try? folder.digests.digest(of: "\(home)/\(name)")) ?? "")
    }
    return all.hexadecimal
  }

  /// The stage of this index, given what it starts with.
  func step(_ index: Int, from input: Input, _ folder: inout RunFolder) throws(Diagnostic) -> RecipeStep {
    let stage = recipe.stages[index]
    guard let verb = stage.verb as? any StageCommand.Type else {
      throw Diagnostic(.failed, "'\(stage.name)' cannot be a stage")
    }
    let isLast = index == recipe.stages.count - 1
    var wishes = StageWishes(modelName: Folder.lastComponent(of: recipe.outputs.model))
    if isLast {
      wishes.firmware = recipe.outputs.c != nil
      wishes.qdq = recipe.outputs.qdq != nil
    }
    let name = isLast ? wishes.modelName : "\(ModelFormat.stem(of: wishes.modelName)).onnx"
    let words = recipe.words(forStage: index, model: input.model, ranges: input.ranges?.path)
    var key = StageKey(stage.name, version: RunningProgram.identity(&folder.digests))
    key.add("model", input.digest)
    key.add("ranges", input.ranges?.digest ?? "")
    key.add("name", name)
    key.add("wishes", [String(wishes.firmware), String(wishes.qdq)])
    // Paths of other stages' results depend on where the run folder is.
    key.add(
      "words",
      words.filter { !$0.hasPrefix("--ranges=") || input.ranges == nil }
        .filter { input.isOriginal || $0 != input.model })
    for path in Self.files(of: words) where path != input.ranges?.path {
      key.add("file \(path)", try folder.digests.digest(of: path))
    }
    return RecipeStep(
      verb: verb, stage: index, key: key, words: words, manner: manner, name: name,
      wishes: wishes, place: place(stage.place))
  }

  /// What the next stage starts with.
  func input(after step: RecipeStep, _ entry: StageCache.Entry, from input: Input) -> Input {
    if step.title == "calibrate" {
      var next = input
      next.ranges = (entry.path(of: StageFile.ranges), entry.digest(of: StageFile.ranges) ?? "")
      return next
    }
    return Input(
      model: entry.path(of: step.name), digest: entry.digest(of: step.name) ?? "", isOriginal: false)
  }

  /// The recipe's model beside what was made of it, on the samples to measure on; nil without samples.
  func measurement(of input: Input, _ folder: inout RunFolder) throws(Diagnostic) -> RecipeStep? {
    guard recipe.evaluation != nil else { return nil }
    let original = recipe.model.path
    var words = recipe.evaluationWords(for: CompareCommand.self, withModelOptions: true)
    if recipe.gates.confidence != .usual { words.append("--confidence=\(recipe.gates.confidence.text)") }
    var key = StageKey("compare", version: RunningProgram.identity(&folder.digests))
    key.add("before", try modelDigest(&folder))
    key.add("after", input.digest)
    key.add("words", words)
    for path in Self.files(of: words) { key.add("file \(path)", try folder.digests.digest(of: path)) }
    return RecipeStep(
      verb: CompareCommand.self, stage: nil, key: key, words: words + ["--", original, input.model],
      manner: manner, name: original, wishes: StageWishes(modelName: original),
      place: place(recipe.evaluation?.place ?? recipe.outputs.place))
  }

  /// The C++ sources of a model that no stage of quantization made.
  func export(_ input: Input, _ folder: inout RunFolder) throws(Diagnostic) -> RecipeStep {
    var key = StageKey("export", version: RunningProgram.identity(&folder.digests))
    key.add("model", input.digest)
    key.add("name", Folder.lastComponent(of: input.model))
    return RecipeStep(
      verb: ExportCommand.self, stage: nil, key: key, words: ["--", input.model], manner: manner,
      name: input.model, wishes: StageWishes(modelName: input.model, firmware: true),
      place: place(recipe.outputs.place))
  }

  private func place(_ place: RecipePlace) -> String {
    if case .file(let line, let column) = place { "\(recipe.path):\(line):\(column)" } else { recipe.path }
  }

  /// The files and folders of data that words name, with the settings beside them.
  static func files(of words: [String]) -> [String] {
    var paths: [String] = []
    for word in words {
      guard let sign = word.firstIndex(of: "="),
        ["--calib", "--data", "--labels", "--bind", "--ranges"]
          .contains(String(word[..<sign]))
      else { continue }
      let value = String(word[word.index(after: sign)...])
      for path in possiblePaths(in: value, isBinding: word.hasPrefix("--bind=")) {
        guard FileKind(of: path) != .missing else { continue }
        paths.append(path)
        let home = FileKind(of: path) == .folder ? path : Folder.parent(of: path)
        let settings = "\(home)/data.yaml"
        if FileKind(of: path) != .folder, case .file = FileKind(of: settings) { paths.append(settings) }
      }
    }
    var seen = Set<String>()
    return paths.filter { seen.insert($0).inserted }
  }

  /// What may be the path in `PATH` or `NAME=PATH`. The name of a bound input ends at the last equal sign; where that of
  /// an input for samples ends, its model knows: all that it may be counts.
  private static func possiblePaths(in value: String, isBinding: Bool) -> [String] {
    let ends = value.indices.filter { value[$0] == "=" }.map { String(value[value.index(after: $0)...]) }
    return isBinding ? ends.suffix(1) : [value] + ends
  }
}
