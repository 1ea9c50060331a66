import Storage
import Targets

/// Whether the stages of a recipe follow one another in a way that makes sense, and have what they need.
struct StageOrder {
  private(set) var problems: [RecipeProblem] = []
  private let node: RecipeNode
  /// The folder that paths are relative to.
  private let folder: String
  private let stages: [(name: String, place: RecipePlace, options: RecipeNode?)]

  init(_ node: RecipeNode, _ vocabulary: RecipeVocabulary, folder: String) {
    self.node = node
    self.folder = folder
    let known = vocabulary.stages.map { $0.declaration.name }
    stages = (node["stages"]?.items ?? []).compactMap { item in
      let entry = item.entries?.first
      guard let name = entry?.key ?? item.text, known.contains(name) else { return nil }
      return (name, entry?.place ?? item.place, entry?.value)
    }
    checkOrder()
    checkSamples()
    checkOutputs()
    checkGates()
  }

  private mutating func add(_ place: RecipePlace, _ message: String) {
    problems.append(RecipeProblem(place, message))
  }

  private mutating func checkOrder() {
    for (index, stage) in stages.enumerated() {
      if stages[..<index].contains(where: { $0.name == stage.name }) {
        add(stage.place, "the stage '\(stage.name)' appears twice; keep one of them")
      } else if stages[..<index].contains(where: { $0.name == "quantize" }) {
        add(
          stage.place,
          "'\(stage.name)' cannot come after 'quantize', which makes a model of integers; put it before")
      } else if stage.name == "calibrate", index + 1 == stages.count || stages[index + 1].name != "quantize" {
        if !stages[index...].contains(where: { $0.name == "quantize" }) {
          add(stage.place, "'calibrate' chooses ranges for 'quantize', which is no stage of the recipe")
        } else {
          add(stage.place, "'calibrate' must stand right before 'quantize'")
        }
      }
    }
  }

  private mutating func checkSamples() {
    for (index, stage) in stages.enumerated() where ["calibrate", "quantize"].contains(stage.name) {
      let isCalibrated = index > 0 && stages[index - 1].name == "calibrate"
      let ranges = stage.options?.entries?.first { $0.key == "ranges" }
      if isCalibrated, let ranges {
        add(ranges.place, "'ranges' come from the stage 'calibrate' before; keep one of them")
      }
      guard ranges == nil, !isCalibrated, node["data"]?["calibration"] == nil else { continue }
      add(
        stage.place,
        "'\(stage.name)' needs samples to calibrate on: add 'calibration: PATH' under 'data'")
    }
  }

  private mutating func checkOutputs() {
    let outputs = node["outputs"]?.entries ?? []
    let quantizes = stages.contains { $0.name == "quantize" }
    var names: [String: String] = [:]
    for entry in outputs {
      for value in entry.value.items ?? [entry.value] {
        guard let text = value.text else { continue }
        if let other = names.updateValue(entry.key, forKey: text) {
          let what = other == entry.key ? "'\(text)' twice" : "the same file as '\(other)': '\(text)'"
          add(value.place, "'\(entry.key)' names \(what)")
        }
      }
      guard !stages.isEmpty, let text = entry.value.text else { continue }
      let isTFLite = (node["outputs"]?["model"]?.text ?? "").lowercased().hasSuffix(".tflite")
      switch entry.key {
      case "model" where quantizes && text.lowercased().hasSuffix(".onnx"):
        add(entry.value.place, "'\(text)' does not end in .tflite, which 'quantize' makes")
      case "qdq" where !quantizes: add(entry.place, "'qdq' needs the stage 'quantize'")
      case "c" where !isTFLite: add(entry.place, "'c' needs a model that ends in .tflite")
      default: break
      }
    }
  }

  /// A gate that nothing is measured for could never hold.
  private mutating func checkGates() {
    let needs = [
      (
        "data.evaluation", node["data"]?["evaluation"],
        ["max-drop", "min-metric", "max-class-drop", "min-agreement"]
      ),
      ("target", node["target"], ["fits-target", "max-latency"]),
    ]
    for entry in node["gates"]?.entries ?? [] where entry.value.truth != false {
      for (name, value, gates) in needs where value == nil && gates.contains(entry.key) {
        add(entry.place, "the gate '\(entry.key)' needs '\(name)', which the recipe does not have")
      }
      if let reason = hopelessness(of: entry.key) { add(entry.place, "the gate '\(entry.key)' \(reason)") }
    }
  }

  /// Why a gate can never hold, whatever the stages make.
  private func hopelessness(of gate: String) -> String? {
    let model = node["outputs"]?["model"]?.text ?? ""
    switch gate {
    case "max-arena", "fits-target":
      guard model.lowercased().hasSuffix(".onnx") else { return nil }
      return "needs a model that ends in .tflite: what '\(model)' takes on a device is not known"
    case "max-latency":
      guard let target = node["target"] else { return nil }
      guard let name = target.text ?? target["profile"]?.text else {
        return "needs a target with a cost model: name a device under 'target'"
      }
      let isFile = name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
      let path = isFile && !name.hasPrefix("/") ? "\(folder)/\(name)" : name
      guard let profile = try? TargetProfile.named(path), profile.cost == nil else { return nil }
      return "needs a target with a cost model, which '\(name)' does not have: measure on the device"
    case "min-sqnr":
      let measures = stages.contains { $0.name == "quantize" }
      guard !stages.isEmpty, !measures, node["data"]?["evaluation"] == nil else { return nil }
      return "needs 'data.evaluation', or the stage 'quantize', which measures on its samples"
    default: return nil
    }
  }
}
