import Arguments
import Graph
import JSONText
import Micro
import Passes
import Reporting
import Storage
import Runtime
import Targets

struct InspectCommand: Command {
  static let declaration = CommandDeclaration(
    name: "inspect", summary: "Shows what is in a model: inputs, outputs, layers, sizes and costs.",
    discussion: """
      The table lists the operators that remain once the graph is folded, fused and its layout settled, with the \
      shape of each result, parameters, multiply-accumulates (MACs) and the bytes of the result, for one sample.

      For a .tflite file it also tells how much memory TensorFlow Lite Micro needs (the arena), what is alive when most \
      memory is in use, and what would lower it.

      Sizes are in units of 1,000 bytes (kB) and 1,000,000 bytes (MB).
      """,
    examples: [
      .init("edgeopt inspect model.onnx", "The table, and totals below it."),
      .init("edgeopt inspect model.onnx --graph model.svg", "Also draws the graph."),
      .init("edgeopt inspect model_int8.tflite", "The device's operators, and the arena."),
      .init("edgeopt inspect model_int8.tflite --arena arena.svg", "Also draws what is in memory when."),
      .init("edgeopt inspect model_int8.tflite --target nano33ble", "Also says whether it fits a device."),
      .init("edgeopt inspect model.onnx --json", "For scripts."),
    ])

  @Argument("The model, a .onnx or .tflite file.", value: "MODEL", completion: .file(["onnx", "tflite"]))
  var model: String
  @Option("Draw the graph.", value: "FILE.svg", completion: .file(["svg"])) var graph: String?
  @Option("Draw the memory of a .tflite model over time.", value: "FILE.svg", completion: .file(["svg"]))
  var arena: String?
  @Option(
    "Print the graph as text after a pass, instead of the table.", value: "after:PASS", conflicts: ["json"])
  var dumpGraph: DumpPoint?
  @Flag("Keep inputs and outputs in the model's own layout.") var keepIoLayout = false
  @OptionGroup("device") var device: TargetOptions
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    if ModelFormat(path: model) == .tflite { return try inspectDeviceModel() }
    guard arena == nil else {
      throw UsageError("--arena shows the memory of .tflite models, '\(model)' is none")
    }
    guard try device.profile() == nil else {
      throw UsageError(
        "what a model takes on a device shows in its .tflite file, '\(model)' is none",
        hint: "edgeopt quantize \(model) --calib PATH --target NAME")
    }
    var loader = try ModelLoader(path: model, modelOptions)
    loader.keepsPortLayout = keepIoLayout
    loader.dumpAfter = dumpGraph?.pass
    try output.check(reading: [model])
    let picture = try graph.map { path in
      try OutputTarget(path: path, replaces: output.force, reading: [model])
    }
    if let graph, let text = output.output, Folder.resolved(graph) == Folder.resolved(text) {
      throw UsageError("--graph and --output name the same file, '\(text)'")
    }
    let loaded = try loader.load()
    for step in loaded.passes { common.detail("pass \(step.pass): \(step.summary)") }
    if let picture { try picture.write(Array(GraphPicture(loaded.graph).svg().utf8)) }
    if let dump = loaded.dump { return try common.print(dump, json: .null, to: output) }
    let summary = ModelSummary(
      loaded.graph, plannedActivationBytes: try? Runtime.Program.plannedActivationByteCount(of: loaded.graph))
    let width = output.output == nil ? Terminal.output.tableWidth : .max
    try common.print(
      summary.text(width: width, listsTransposes: common.verbose), json: summary.json, to: output)
  }
}

extension InspectCommand {
  /// What is in a `.tflite` file, and how much memory it takes.
  private func inspectDeviceModel() throws {
    guard graph == nil, dumpGraph == nil else {
      throw UsageError("--graph and --dump-graph show float models, '\(model)' is a .tflite file")
    }
    let profile = try self.device.profile()
    try output.check(reading: [model])
    let picture = try arena.map { path in
      try OutputTarget(path: path, replaces: output.force, reading: [model])
    }
    if let arena, let text = output.output, Folder.resolved(arena) == Folder.resolved(text) {
      throw UsageError("--arena and --output name the same file, '\(text)'")
    }
    let (device, byteCount) = try DeviceModel.read(model)
    if let picture {
      let title = model.split(separator: "/").last.map(String.init) ?? model
      let svg = ArenaPicture(try ArenaPrediction(device, platform: .cortexM), title: title).svg()
      try picture.write(Array(svg.utf8))
    }
    let summary = DeviceSummary(device, path: model, byteCount: byteCount)
    let fit = try profile.map { (profile) throws(Diagnostic) in try fitting(summary, profile) }
    let width = output.output == nil ? Terminal.output.tableWidth : .max
    let texts = [summary.text(width: width), fit?.text(width: width)].compactMap { $0 }
    try common.print(
      texts.joined(separator: "\n"),
      json: fit.map { summary.json.with("target", JSON(encoding: $0)) } ?? summary.json, to: output)
  }

  private func fitting(
    _ summary: DeviceSummary, _ profile: TargetProfile
  ) throws(Diagnostic) -> Report.TargetFit {
    guard let arena = try summary.arena.predictions[.cortexM]?.get() else {
      throw Diagnostic(.unsupported, "how much memory '\(model)' takes is not known")
    }
    return profile.fit(
      flash: summary.byteCount, memory: arena.minimum,
      isInt8: !summary.cost.layers.contains { $0.macs > 0 && $0.outputType == .float32 },
      work: Workload(summary.cost))
  }
}

/// `after:PASS`
struct DumpPoint: ArgumentValue {
  var pass: String

  init(argument: String) throws(InvalidValue) {
    let names = Pipeline.forExecution().passes.map(\.name)
    let name = argument.hasPrefix("after:") ? String(argument.dropFirst(6)) : argument
    guard names.contains(name) else {
      throw InvalidValue("one of " + names.map { "after:\($0)" }.joined(separator: ", "))
    }
    pass = name
  }
  var argumentText: String { "after:\(pass)" }
}
