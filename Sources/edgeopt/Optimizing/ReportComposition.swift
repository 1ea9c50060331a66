import Graph
import Recipes
import Reporting
import Storage
import Targets

/// The report of a recipe, from those of its steps.
struct ReportComposition {
  let recipe: Recipe
  let made: [(step: RecipeStep, entry: StageCache.Entry)]
  /// The file that the last stage made.
  let model: String
  var measured: StageCache.Entry?

  init(_ recipe: Recipe, _ made: [(step: RecipeStep, entry: StageCache.Entry)], model: String) {
    self.recipe = recipe
    self.made = made
    self.model = model
  }

  var samplesPerSecond: Double? {
    measured.flatMap { try? Report(path: $0.path(of: StageFile.report)).run.samplesPerSecond }
  }

  /// The report, and what keeps the gates from being judged, if anything: the report is worth having even so.
  func report() throws(Diagnostic) -> (report: Report, problem: Diagnostic?) {
    var reports: [Report] = []
    for (_, entry) in made where entry.has(StageFile.report) {
      reports.append(try Report(path: entry.path(of: StageFile.report)))
    }
    var report =
      reports.last ?? Report(verb: "optimize", name: recipe.name, tool: .init(version: edgeopt.version))
    report.verb = "optimize"
    report.name = recipe.name
    report.before = reports.first?.before
    report.before?.path = recipe.model.path
    if let draft = report.after?.path, let advice = report.after?.arena?.advice {
      // It names the file where the stage made it.
      report.after?.arena?.advice = advice.map { $0.replacing(draft, with: recipe.outputs.model) }
    }
    report.after?.path = recipe.outputs.model
    report.changes = reports.flatMap(\.changes)
    report.notes = reports.flatMap(\.notes)
    report.warnings = reports.flatMap(\.warnings)
    report.qdq?.path = recipe.outputs.qdq ?? ""
    if let stage = recipe.stages.first(where: { $0.name == "calibrate" }) {
      report.calibration?.paths = recipe.calibration?.paths ?? []
      report.calibration?.method = stage["calib-method"] ?? CalibrationMethodName.auto.rawValue
    }
    try add(measurementTo: &report)
    report.stages = recipe.stages.indices.map(stage)
    if let target = recipe.target, let after = report.after {
      report.target = try target.deviceProfile()?.fit(of: after, work: Workload(report.layers))
    }
    report.outputs = outputs
    guard !recipe.gates.isEmpty else { return (report, nil) }
    report.limits = recipe.gates
    do throws(Diagnostic) {
      report.gates = try recipe.gates.judge(report)
      return (report, nil)
    } catch {
      return (report, Diagnostic(.badData, "\(recipe.path): gates: \(error.message)", hint: error.hint))
    }
  }

  private func add(measurementTo report: inout Report) throws(Diagnostic) {
    guard let measured else { return }
    let found = try Report(path: measured.path(of: StageFile.report))
    var quality = found.quality
    // What was measured and is not a number stays so.
    if quality?.outputSqnrSamples == nil {
      quality?.outputSqnr = report.quality?.outputSqnr
      quality?.outputSqnrSamples = report.quality?.outputSqnrSamples
    }
    report.quality = quality ?? report.quality
    report.warnings += found.warnings.filter { !report.warnings.contains($0) }
  }

  private func stage(_ index: Int) -> Report.Stage {
    let stage = recipe.stages[index]
    let entry = made[index].entry
    let file = stage.name == "calibrate" ? StageFile.ranges : made[index].step.name
    return Report.Stage(
      name: stage.name,
      options: stage.options.map { .init(name: $0.name, value: $0.values.joined(separator: ", ")) },
      fileBytes: entry.byteCount(of: file), sha256: entry.digest(of: file))
  }

  private var outputs: [Report.OutputFile] {
    let outputs = recipe.outputs
    var files: [Report.OutputFile] = [
      .init(
        path: outputs.model, what: "the model", bytes: made.last?.entry.byteCount(of: made.last!.step.name))
    ]
    if let qdq = outputs.qdq { files.append(.init(path: qdq, what: "the int8 model as QDQ ONNX")) }
    if let c = outputs.c { files.append(.init(path: c, what: "C++ sources for the firmware")) }
    for path in outputs.reports {
      files.append(.init(path: path, what: (try? ReportForm(path: path).title) ?? "the report"))
    }
    return files
  }
}

extension Recipe.Target {
  /// nil where nothing was said of a device.
  func deviceProfile() throws(Diagnostic) -> TargetProfile? {
    guard let profile else {
      return flash == nil && memory == nil ? nil : TargetProfile(flash: flash, memory: memory)
    }
    var device = try TargetProfile.named(profile)
    device.limit(flash: flash, memory: memory)
    return device
  }
}
