import Arguments
import Graph
import ONNXFormat
import Passes
import Reporting
import Storage

struct ConvertCommand: Command {
  static let declaration = CommandDeclaration(
    name: "convert", summary: "Writes the simplified float model, as ONNX or for the device.",
    discussion: """
      Constants are folded and operators fused. Inputs and outputs keep their names, types and shapes, and the
      results stay the same up to rounding. The same model gives the same bytes.

      A .tflite file holds the operators of TensorFlow Lite Micro, for one sample at a time. Pictures come
      channels-last there, unless --keep-io-layout leaves them as the ONNX model has them.

      A .tflite file of any tool is written anew: aligned for the device, without what nobody reads, the same in what \
      it computes.
      """,
    examples: [
      .init("edgeopt convert model.onnx -o simple.onnx", "Writes the simplified model as ONNX."),
      .init(
        "edgeopt convert model.onnx -o fixed.onnx --input-shape image=1,3,96,96",
        "Also fixes an input's shape."),
      .init(
        "edgeopt convert model.onnx -o model.tflite", "Writes the float model for TensorFlow Lite Micro."),
      .init("edgeopt convert theirs.tflite -o ours.tflite", "Aligns and trims a .tflite file."),
      .init(
        "edgeopt convert theirs.tflite -o ours.tflite --memory-plan best", "Also makes it need less memory."),
    ])

  @Argument("The model, a .onnx or .tflite file.", value: "MODEL", completion: .file(["onnx", "tflite"]))
  var model: String
  @Option(
    "The file to write: .onnx or .tflite.", short: "o", value: "OUT", completion: .file(["onnx", "tflite"]))
  var output: String
  @Flag("Leave the inputs and outputs of a .tflite file in the layout of the ONNX model.") var keepIoLayout =
    false
  @Option(
    "Where the device keeps activations: as its interpreter places them, or in a better order and at better places, "
      + "which are written into the .tflite file.", value: "PLAN")
  var memoryPlan = MemoryPlanName.greedy
  @Flag("Overwrite files that exist.") var force = false
  @OptionGroup("report") var reportFiles: ReportFiles
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    let watch = Stopwatch()
    if ModelFormat(path: model) == .tflite { return try rewriteDeviceModel(watch) }
    let isTFLite = ModelFormat(path: output) == .tflite
    guard isTFLite || output.lowercased().hasSuffix(".onnx") || FileKind(of: output) == .other else {
      throw UsageError("'\(output)' ends neither in .onnx nor in .tflite, the formats that are written")
    }
    guard isTFLite || !keepIoLayout else {
      throw UsageError("--keep-io-layout is for .tflite files; ONNX models always keep their layout")
    }
    guard isTFLite || memoryPlan == .greedy else {
      throw UsageError("--memory-plan is for .tflite files")
    }
    let targets = try checkTargets()
    let graph = try ModelLoader(path: model, modelOptions).read()
    let result =
      try isTFLite ? writeTFLite(graph, to: targets.model) : writeONNX(graph, to: targets.model.path)
    try tell(result, in: targets.reports, watch)
  }

  /// What was written.
  struct Result {
    /// Operators before.
    var operatorCountBefore: Int
    var byteCountBefore: Int
    var byteCount: Int
    var operatorCount: Int
    /// ONNX's.
    var opset: Int?
    var changes: [Report.Change] = []
    var notes: [String] = []
    /// What the models are in detail, which takes a moment to find out.
    var before: () throws(Diagnostic) -> Report.Model
    var after: () throws(Diagnostic) -> Report.Model
  }

  func checkTargets() throws(Diagnostic) -> (model: OutputTarget, reports: ReportFiles.Targets) {
    try OutputTarget.check(
      distinct: [("--output", output)] + reportFiles.report.map { ("--report", $0) })
    let target = try OutputTarget(path: output, replaces: force, reading: [model])
    return (target, try reportFiles.targets(replacing: force, reading: [model, output]))
  }

  private func writeONNX(_ source: Graph, to path: String) throws -> Result {
    let (graph, exporter) = try makeONNX(source, lineage())
    let written = try exporter.export(graph, to: path)
    return Result(
      operatorCountBefore: source.operators.count, byteCountBefore: source.source.byteCount,
      byteCount: written.byteCount, operatorCount: written.nodeCount, opset: written.opset,
      before: { () throws(Diagnostic) in Report.Model(graph: source, file: try Report.FileFacts(path: model))
      },
      after: { () throws(Diagnostic) in
        var facts = Report.Model(graph: graph, file: try Report.FileFacts(path: path))
        facts.operators = written.nodeCount
        facts.provenance = [.init(name: "opset", value: String(written.opset))]
        return facts
      })
  }

  private func writeTFLite(_ source: Graph, to target: OutputTarget) throws -> Result {
    let made = try makeTFLite(source, lineage())
    try target.write(made.bytes.array)
    return Result(
      operatorCountBefore: source.operators.count, byteCountBefore: source.source.byteCount,
      byteCount: made.bytes.count, operatorCount: made.device.main.operators.count, changes: made.changes,
      notes: batchNotes(source) + made.notes,
      before: { () throws(Diagnostic) in Report.Model(graph: source, file: try Report.FileFacts(path: model))
      },
      after: { () throws(Diagnostic) in
        Report.Model(
          device: made.device, file: Report.FileFacts(path: target.path, bytes: made.bytes),
          provenance: made.provenance)
      })
  }

  func run(_ pipeline: Pipeline, on graph: inout Graph) throws {
    for step in try pipeline.run(on: &graph) { common.detail("pass \(step.pass): \(step.summary)") }
  }

  private func batchNotes(_ graph: Graph) -> [String] {
    let open = graph.inputs.filter { $0.declaredShape.hasBatch }.map { "'\($0.name)'" }
    if open.isEmpty { return [] }
    return ["the dynamic batch of \(open.joined(separator: ", ")) is 1 on the device"]
  }

  /// Prints the result, and writes the reports that were asked for.
  func tell(_ result: Result, in reports: ReportFiles.Targets, _ watch: Stopwatch) throws {
    if common.json || reportFiles.isAsked {
      var report = Report(
        verb: Self.declaration.name, name: ModelFormat.stem(of: model), tool: .init(version: edgeopt.version))
      report.before = try result.before()
      report.after = try result.after()
      report.changes = result.changes
      report.notes = result.notes
      report.outputs = [.init(path: output, what: "the converted model", bytes: result.byteCount)]
      report.run = watch.record(try common.workers())
      try reports.write(report)
      if common.json { return Terminal.output.write(report.json.text()) }
    }
    if common.quiet { return }
    let bytes = "\(NumberFormat.bytes(result.byteCountBefore)) to \(NumberFormat.bytes(result.byteCount))"
    let operators =
      result.operatorCountBefore == result.operatorCount
      ? NumberFormat.count(result.operatorCount, of: "operator")
      : "\(NumberFormat.count(result.operatorCountBefore)) to \(NumberFormat.count(result.operatorCount)) operators"
    let opset = result.opset.map { ", opset \($0)" } ?? ""
    Terminal.output.write("\(output): \(bytes), \(operators)\(opset)\n")
    for note in result.notes { Terminal.output.write("  \(note)\n") }
  }
}
