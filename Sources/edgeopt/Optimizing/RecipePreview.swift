import Datasets
import Graph
import JSONText
import Recipes
import Reporting
import Storage

/// What a run of a recipe would do, without doing it.
struct RecipePreview {
  struct Line {
    var step: String
    var isThere: Bool
    var bytesIn: Int?
    /// What the step makes; guessed where it is not there yet.
    var bytesOut: Int?
    var seconds: Double?
  }

  private(set) var lines: [Line] = []
  private let recipe: Recipe
  /// Whether times come from earlier runs of the same recipe.
  private var isMeasured = false
  private var isGuessed = false

  /// What a processor does at least in a second, for times that nothing else tells.
  private static let assumedRate = 1e9

  init(_ plan: RecipePlan, folder: RunFolder, isFresh: Bool) throws {
    recipe = plan.recipe
    var folder = folder
    let cost = try ModelWork(recipe)
    var input: RecipePlan.Input? = try plan.start(&folder)
    var bytes = Self.size(of: recipe.model.path)
    for (index, stage) in recipe.stages.enumerated() {
      var line = Line(step: stage.name, isThere: false, bytesIn: bytes)
      if let start = input, !isFresh {
        let step = try plan.step(index, from: start, &folder)
        if let entry = folder.cache.entry(of: step.key) {
          line.isThere = true
          input = plan.input(after: step, entry, from: start)
          let file = stage.name == "calibrate" ? StageFile.ranges : step.name
          line.bytesOut = entry.byteCount(of: file)
        } else {
          // What follows depends on what this step will make.
          input = nil
        }
      } else {
        input = nil
      }
      if !line.isThere {
        line.bytesOut = cost.bytes(after: stage.name)
        line.seconds = seconds(of: stage.name, cost.work(of: stage.name, recipe), folder.cache)
      }
      if stage.name != "calibrate" { bytes = line.bytesOut }
      lines.append(line)
    }
    if recipe.outputs.c != nil, recipe.stages.last?.name != "quantize" {
      lines.append(try exportLine(plan, input, bytesIn: bytes, cost, &folder))
    }
    guard recipe.evaluation != nil else { return }
    var line = Line(step: "compare", isThere: false, bytesIn: bytes)
    if let start = input, let step = try plan.measurement(of: start, &folder) {
      line.isThere = folder.cache.entry(of: step.key) != nil
    }
    if !line.isThere { line.seconds = seconds(of: "compare", cost.work(of: "compare", recipe), folder.cache) }
    lines.append(line)
  }

  /// Sources of a model that no stage of quantization makes.
  private mutating func exportLine(
    _ plan: RecipePlan, _ input: RecipePlan.Input?, bytesIn: Int?, _ cost: ModelWork,
    _ folder: inout RunFolder
  ) throws -> Line {
    var line = Line(step: "export", isThere: false, bytesIn: bytesIn)
    if let input {
      line.isThere = folder.cache.entry(of: try plan.export(input, &folder).key) != nil
    }
    if !line.isThere { line.seconds = seconds(of: "export", cost.work(of: "export", recipe), folder.cache) }
    return line
  }

  private static func size(of path: String) -> Int? {
    if case .file(let bytes) = FileKind(of: path) { bytes } else { nil }
  }

  private mutating func seconds(of step: String, _ work: Double?, _ cache: StageCache) -> Double? {
    guard let work else { return nil }
    if let rate = cache.rate(of: step) {
      isMeasured = true
      return rate * work
    }
    isGuessed = true
    return work / Self.assumedRate
  }

  // MARK: - Text

  func text(width: Int) -> String {
    var table = Table([
      .text("step"), .text("would be"), .number("from"), .number("to"), .number("time"),
    ])
    for line in lines {
      let about = line.isThere ? "" : "about "
      table.add(
        line.step, line.isThere ? "taken from an earlier run" : "run",
        line.bytesIn.map(NumberFormat.bytes) ?? "",
        line.bytesOut.map { about + NumberFormat.bytes($0) } ?? "",
        line.isThere ? "" : line.seconds.map { "about " + NumberFormat.duration(seconds: $0) } ?? "not known")
    }
    let outputs = recipe.outputs
    let files =
      [outputs.model] + outputs.reports + [outputs.c.map { $0 + "/" }, outputs.qdq].compactMap { $0 }
    return table.text(width: width)
      + (["would write: \(files.joined(separator: ", "))"] + remarks).map {
        $0.wrapped(to: width, hanging: 2)
      }.joined()
  }

  private var remarks: [String] {
    guard lines.contains(where: { !$0.isThere }) else { return ["nothing would be computed anew"] }
    var remarks = ["sizes with 'about' are estimates: a byte for each parameter, and the graph"]
    if isMeasured { remarks.append("times are estimates from earlier runs of this recipe") }
    if isGuessed {
      remarks.append(
        isMeasured
          ? "and, for steps that have not run yet, from multiply-accumulates and samples"
          : "times are rough guesses from multiply-accumulates and samples; after a first run they are better"
      )
    }
    return remarks
  }

  var json: JSON {
    .object([
      "recipe": .string(recipe.name),
      "steps": .array(
        lines.map { line in
          .object([
            "step": .string(line.step), "is_cached": .bool(line.isThere),
            "input_bytes": .optional(line.bytesIn, JSON.integer),
            "output_bytes": .optional(line.bytesOut, JSON.integer),
            "seconds": .optional(line.seconds, JSON.number),
          ])
        }),
    ])
  }
}

/// How much the steps of a recipe have to do, as far as the model and the sizes of the data tell.
struct ModelWork {
  private let macs: Int
  private let parameters: Int
  private let operators: Int
  private let floatBytes: Int
  private let inputs: [DataInput]
  private let names: [String]

  init(_ recipe: Recipe) throws {
    var loader = try ModelLoader(path: recipe.model.path, try recipe.modelOptions())
    loader.importOptions.batch = .symbolic
    let graph = try loader.load().graph
    let cost = ModelCost(graph)
    macs = cost.macs
    parameters = cost.parameters
    operators = graph.operators.count
    floatBytes = graph.source.byteCount
    let fed = graph.inputs.filter { graph[$0.tensor].constant == nil }
    names = fed.map(\.name)
    inputs = fed.map { DataInput($0, layout: graph.dataLayout(of: $0)) }
  }

  /// Multiply-accumulates times samples; nil where nothing is known of the samples.
  func work(of step: String, _ recipe: Recipe) -> Double? {
    let samples: Int?
    switch step {
    case "convert": return Double(max(macs, parameters))
    case "export": return Double(parameters)
    case "compare": samples = count(recipe.evaluation, recipe, first: nil).map { 2 * $0 }
    // Calibration runs the model twice, and once more beside the device's.
    default:
      samples = count(recipe.calibration, recipe, first: CalibrationOptions.firstSamples).map { 3 * $0 }
    }
    return samples.map { Double($0) * Double(max(macs, 1)) }
  }

  private func count(_ samples: Recipe.Samples?, _ recipe: Recipe, first: Int?) -> Int? {
    guard let samples else { return nil }
    var request = DataRequest(paths: samples.paths.map { DataPath(argument: $0, inputs: names) })
    request.settings.samples = samples["samples"].flatMap { Int($0) }
    request.settings.skip = samples["skip"].flatMap { Int($0) }
    request.firstSamples = first
    return try? Dataset(request, for: inputs).count
  }

  func bytes(after step: String) -> Int? {
    switch step {
    case "calibrate", "export": nil
    case "convert": floatBytes
    // A byte for each parameter, and what describes an operator and its tensors.
    default: parameters + 400 * operators
    }
  }
}

extension Recipe {
  /// What the recipe says of its model, as the verbs have it.
  func modelOptions() throws -> ModelOptions {
    let words = words(forStage: 0, model: model.path, more: ["--output=model.onnx"])
    return switch try stages[0].verb.parse(words) {
    case let command as QuantizeCommand: command.modelOptions
    case let command as CalibrateCommand: command.modelOptions
    case let command as ConvertCommand: command.modelOptions
    default: ModelOptions()
    }
  }
}
