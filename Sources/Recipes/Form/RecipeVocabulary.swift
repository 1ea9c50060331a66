import Arguments
import Graph
import Reporting
import Targets

/// What a recipe may say, as far as the verbs of the program decide it.
///
///     let vocabulary = RecipeVocabulary(stages: [QuantizeCommand.self], …)
///     let recipe = try Recipe(path: "recipe.yaml", overrides: [], vocabulary)
public struct RecipeVocabulary: Sendable {
  /// The verbs that can be stages, in the order in which they make sense.
  public var stages: [any Command.Type]
  /// Verbs that other versions have as stages.
  public var plannedStages: [String]
  public var version: String
  /// What can be said of the model.
  public var model: OptionCatalog
  /// What can be said of calibration samples, of samples to measure on, and of both.
  public var calibration: OptionCatalog
  public var evaluation: OptionCatalog
  public var preparation: OptionCatalog
  /// What limits a device, beside its profile.
  public var target: OptionCatalog

  public init(
    stages: [any Command.Type], plannedStages: [String], version: String, model: OptionCatalog,
    calibration: OptionCatalog, evaluation: OptionCatalog, preparation: OptionCatalog, target: OptionCatalog
  ) {
    self.stages = stages
    self.plannedStages = plannedStages
    self.version = version
    self.model = model
    self.calibration = calibration
    self.evaluation = evaluation
    self.preparation = preparation
    self.target = target
  }

  /// The whole recipe.
  var root: RecipeSection {
    RecipeSection(keys: [
      RecipeKey(
        name: "name",
        help: "What the work is called, in reports and in the run folder. (default: the recipe's file name)",
        form: .value(ValueRule(expectation: Self.nameExpectation, form: .pattern("^[A-Za-z0-9._-]+$")))),
      RecipeKey(
        name: "variables",
        help: "Values to use as ${name} anywhere below, and to override with --set name=value.",
        form: .variables),
      RecipeKey(
        name: "model", help: "The float model, a .onnx file, and what its file leaves open.",
        form: .section(modelSection), isRequired: true),
      RecipeKey(
        name: "data", help: "The samples, and how stored values become what the model takes.",
        form: .section(dataSection)),
      RecipeKey(
        name: "target", help: "The device: the name of a profile, a profile's file, or limits.",
        form: .section(targetSection)),
      RecipeKey(name: "seed", help: "The seed of everything random. (default: 0)", form: .value(.integer)),
      RecipeKey(
        name: "stages", help: "What is done to the model, in this order.", form: .stages(stageForms),
        isRequired: true),
      RecipeKey(
        name: "outputs", help: "The files to write.", form: .section(outputSection), isRequired: true),
      RecipeKey(
        name: "gates", help: "Limits that the result must keep; the program leaves with 1 when it does not.",
        form: .section(
          RecipeSection(keys: GateLimits.keys.map(RecipeKey.init(gate:))))),
    ])
  }

  private static let nameExpectation: @Sendable (String) -> String? = { text in
    let isName =
      !text.isEmpty && text != "." && text != ".."
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    return isName ? nil : "letters, digits, '.', '_' and '-'"
  }

  private var modelSection: RecipeSection {
    RecipeSection(
      keys: [
        RecipeKey(
          name: "path", help: "The float model, a .onnx file.", form: .value(ValueRule(isRead: true)),
          isRequired: true)
      ] + model.declarations.map { RecipeKey($0, in: model) }, shorthand: "path")
  }

  private var dataSection: RecipeSection {
    func samples(_ catalog: OptionCatalog, _ what: String) -> RecipeForm {
      .section(
        RecipeSection(
          keys: [
            RecipeKey(
              name: "path",
              help: "\(what): a .npy, .npz or .csv file, a folder of .npy, .png, .jpg or .wav files, or ONNX "
                + "test data. For models with several inputs a list of NAME=PATH.",
              form: .values(ValueRule(isRead: true)), isRequired: true)
          ] + catalog.declarations.map { RecipeKey($0, in: catalog) }, shorthand: "path"))
    }
    return RecipeSection(
      keys: [
        RecipeKey(
          name: "calibration", help: "The samples to calibrate on.",
          form: samples(calibration, "The samples to calibrate on")),
        RecipeKey(
          name: "evaluation", help: "Labeled samples to measure the model on, before and after.",
          form: samples(evaluation, "The samples to measure on")),
      ] + preparation.declarations.map { RecipeKey($0, in: preparation) })
  }

  private var targetSection: RecipeSection {
    let profile = ValueRule(
      expectation: { text in
        guard !text.hasSuffix(".yaml"), !text.hasSuffix(".yml") else { return nil }
        do throws(Diagnostic) {
          _ = try TargetProfile.named(text)
          return nil
        } catch {
          return "a device or the file of a profile; \(error.hint ?? "'edgeopt targets' lists the devices")"
        }
      }, isReadAsFile: true,
      fileProblems: { path, name in
        do throws(Diagnostic) {
          _ = try TargetProfile(path: path)
          return []
        } catch {
          return error.message.replacing(path, with: name).split(separator: "\n").map(String.init)
        }
      })
    return RecipeSection(
      keys: [
        RecipeKey(
          name: "profile", help: "The name of a profile ('edgeopt targets' lists them), or a profile's file.",
          form: .value(profile))
      ] + target.declarations.map { RecipeKey($0, in: target) }, shorthand: "profile")
  }

  private var outputSection: RecipeSection {
    func file(_ endings: [String]) -> ValueRule {
      ValueRule(
        expectation: { text in
          endings.contains { text.lowercased().hasSuffix($0) && text.count > $0.count }
            ? nil : "a file name that ends in \(endings.joined(separator: ", "))"
        }, form: .pattern("^.+(\(endings.map { "\\" + $0 }.joined(separator: "|")))$"))
    }
    return RecipeSection(keys: [
      RecipeKey(
        name: "model", help: "The model that the stages make.", form: .value(file([".tflite", ".onnx"])),
        isRequired: true),
      RecipeKey(
        name: "report", help: "The report: its ending decides the form, and a list writes several.",
        form: .values(file(RecipeOutputs.reportEndings))),
      RecipeKey(name: "c", help: "A folder of C++ sources for the firmware.", form: .value(ValueRule())),
      RecipeKey(
        name: "qdq",
        help: "The quantized model as ONNX with QuantizeLinear and DequantizeLinear, for ONNX Runtime.",
        form: .value(file([".onnx"]))),
    ])
  }

  private var stageForms: StageForms {
    StageForms(
      stages: stages.map { command in
        let catalog = OptionCatalog(command)
        let elsewhere = elsewhere(catalog)
        return StageForms.Stage(
          name: command.declaration.name, help: command.declaration.summary,
          options: RecipeSection(
            keys: catalog.declarations.filter { elsewhere[$0.name] == nil }.map { RecipeKey($0, in: catalog) }
          ),
          elsewhere: elsewhere)
      }, planned: plannedStages, version: version)
  }

  /// Where a recipe gives what the verb takes by other options, in words.
  private func elsewhere(_ catalog: OptionCatalog) -> [String: String] {
    var keys = [
      "output": "outputs.model", "report": "outputs.report", "c": "outputs.c", "qdq": "outputs.qdq",
      "calib": "data.calibration", "data": "data.evaluation", "seed": "seed", "target": "target",
    ]
    for (options, section) in [
      (preparation, "data"), (model, "model"), (target, "target"), (evaluation, "data.evaluation"),
      (calibration, "data.calibration"),
    ] {
      for option in options.declarations { keys[option.name] = "\(section).\(option.name)" }
    }
    for gate in GateLimits.keys { keys[gate.name] = "gates.\(gate.name)" }
    var places = keys.mapValues { "it belongs under '\($0)'" }
    for name in ["force", "json", "quiet", "verbose", "threads"] {
      places[name] = "it is a flag of 'edgeopt optimize'"
    }
    return places.filter { catalog[$0.key] != nil }
  }
}

extension ValueRule {
  static let integer = ValueRule(
    expectation: { Int($0) == nil ? "a whole number" : nil }, form: .integer(least: nil, greatest: nil))
}
