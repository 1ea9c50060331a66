import Arguments
import Datasets
import Graph
import Reporting
import Statistics
import Targets
import TensorMath

struct CompareCommand: Command {
  static let declaration = CommandDeclaration(
    name: "compare",
    summary: "Says what two models differ in: size, memory, accuracy, and whether that is chance.",
    discussion: """
      The models may be .onnx or .tflite files of any tool. Both get the same samples, each in its own layout; .tflite \
      files are run in the arithmetic of TensorFlow Lite Micro, bit for bit.

      With labels the metric is measured before and after, with the difference, the interval that holds its true value \
      and how likely it is by chance alone (McNemar's test for top1 and top5, DeLong's for auc, else a paired bootstrap). \
      Without labels it is measured how far the outputs agree. Without samples only sizes and structure are compared.

      Samples are prepared as for 'evaluate': stored values x become (x * S - mean) / std.
      """,
    examples: [
      .init("edgeopt compare model.onnx model_int8.tflite", "Sizes, memory and structure."),
      .init(
        "edgeopt compare model.onnx model_int8.tflite --data x.npy --labels y.npy --scale 1/255",
        "Also accuracy, class by class."),
      .init(
        "edgeopt compare old.tflite new.tflite --data x.npy --labels y.npy --report difference.html",
        "Two versions, with a page to look at."),
    ])

  @Argument(
    "The model to compare with, a .onnx or .tflite file.", value: "BEFORE",
    completion: .file(["onnx", "tflite"])) var before: String
  @Argument(
    "The other model, a .onnx or .tflite file.", value: "AFTER", completion: .file(["onnx", "tflite"]))
  var after: String
  @OptionGroup("measuring") var measuring: MeasuringOptions
  @OptionGroup("data") var data: DataOptions
  @OptionGroup("device") var device: TargetOptions
  @OptionGroup("report") var reportFiles: ReportFiles
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    guard data.data.isEmpty else { return }
    if let flag = data.idleFlag ?? measuring.idleFlag {
      throw UsageError("\(flag) needs --data", hint: "say where the samples are: --data PATH")
    }
    if common.seed != 0 {
      throw UsageError("--seed needs --data", hint: "nothing random is done without samples")
    }
  }

  func run() throws {
    let report = try writeReports()
    let width = output.output == nil ? Terminal.output.tableWidth : .max
    try common.print(TerminalReport(report, width: width).text(), json: report.json, to: output)
  }

  /// Does the work and writes the reports.
  @discardableResult func writeReports() throws -> Report {
    let inputs = [before, after] + data.data + [data.labels].compactMap { $0 }
    try output.check(reading: inputs)
    try OutputTarget.check(
      distinct: [("--output", output.output)] + reportFiles.report.map { ("--report", $0) })
    let targets = try reportFiles.targets(replacing: output.force, reading: inputs)
    let report = try make()
    try targets.write(report)
    return report
  }

  /// Does the work and writes nothing.
  func make() throws -> Report {
    var watch = Stopwatch()
    let profile = try device.profile()
    guard profile == nil || ModelFormat(path: after) == .tflite else {
      throw UsageError(
        "what a model takes on a device shows in its .tflite file, '\(after)' is none",
        hint: "leave --target, --flash and --memory out")
    }
    let workers = try common.workers()
    var report = Report(
      verb: Self.declaration.name, name: Self.title(before, after), tool: .init(version: edgeopt.version))
    report.before = try Report.Model(path: before, modelOptions)
    report.after = try Report.Model(path: after, modelOptions)
    watch.lap("reading")
    var rate: Double?
    if data.data.isEmpty {
      report.notes.append("no samples were given: sizes and structure are compared, and nothing was run")
      report.layers = try layersAlone(workers)
    } else {
      let result = try measure(workers, &report)
      report.quality = result.quality
      rate = result.samplesPerSecond
      if result.quality.metric == nil {
        report.notes.append("no labels were given: the outputs are compared, not the accuracy")
      }
      if [before, after].contains(where: { ModelFormat(path: $0) == .tflite }) {
        report.tool.arithmetic = DeviceModel.arithmetic
      }
      watch.lap("measuring")
    }
    report.target = report.after.flatMap { after in
      profile?.fit(of: after, work: report.layers.isEmpty ? nil : Workload(report.layers))
    }
    report.run = watch.record(workers)
    report.run.samplesPerSecond = rate
    return report
  }

  /// What a file for the device tells by itself, if it is one that runs.
  private func layersAlone(_ workers: Workers) throws -> [Report.Layer] {
    guard ModelFormat(path: after) == .tflite, let device = try? DeviceModel(path: after) else { return [] }
    return try ComparedLayers(.device(device), device).layers(on: nil, device: nil, workers: workers)
  }

  private static func title(_ before: String, _ after: String) -> String {
    let (one, two) = (ModelFormat.stem(of: before), ModelFormat.stem(of: after))
    return one == two ? one : "\(one) and \(two)"
  }

  private func measure(
    _ workers: Workers, _ report: inout Report
  ) throws -> PairedEvaluation.Result {
    let pair = try ModelPair(
      before: try RunnableModel(path: before, modelOptions) { common.detail($0) },
      after: try RunnableModel(path: after, modelOptions) { common.detail($0) })
    let sets = try pair.datasets(try data.request(inputs: pair.inputNames, seed: common.seed))
    if let device = pair.after.device {
      report.layers = try ComparedLayers(try pair.before.reference(), device).layers(
        on: sets.before, device: sets.after, inputOrder: pair.inputOrder, workers: workers)
      if !report.layers.contains(where: { $0.sqnr != nil }) {
        report.notes.append(
          "the errors of layers are not known: no tensor of the model after has the name and shape of one before"
        )
      }
    }
    let index = try measuring.output(in: pair.before.outputNames) { common.remark($0) }
    let one = try pair.before.evaluated(on: sets.before, output: index, workers: workers)
    let two = try pair.aligned(
      try pair.after.evaluated(on: sets.after, workers: workers), to: one)
    var evaluation = PairedEvaluation(
      before: one, after: two, metric: try MetricChoice.metric(measuring.metric, for: sets.before),
      workers: workers)
    evaluation.data = data.data
    evaluation.confidence = measuring.level
    evaluation.seed = common.seed
    evaluation.isQuiet = common.quiet
    evaluation.title = "comparing"
    return try evaluation.run()
  }
}
