import Arguments
import Datasets
import Graph
import Reporting
import Runtime
import TensorMath

struct EvaluateCommand: Command {
  static let declaration = CommandDeclaration(
    name: "evaluate", summary: "Measures how good a model is on labeled samples, and how fast.",
    discussion: """
      Prints the metric with the interval that holds its true value with 95 % confidence (--confidence), and samples per \
      second. Samples are read as they are needed: memory does not grow with their number.

      Stored values x become (x * S - mean) / std, with S, mean and std as given by --scale, --mean and --std. \
      A file data.yaml beside the samples may hold these settings.

      A .tflite file is run in the arithmetic of TensorFlow Lite Micro, bit for bit; samples are rounded to its input \
      type as the device's code would do it.

      Without --metric it is top1 for class labels and mse for label arrays. Without labels only the speed is measured.
      """,
    examples: [
      .init("edgeopt evaluate model.onnx --data x.npy --labels y.npy", "Accuracy on arrays."),
      .init(
        "edgeopt evaluate model.onnx --data photos/ --resize 256 --crop 224 --scale 1/255",
        "On pictures, a folder for each class."),
      .init(
        "edgeopt evaluate unet.onnx --data x.npy --labels y.npy --scale 1/255 --label-scale 1/255 --metric psnr",
        "On label arrays."),
    ])

  @Argument("The model, a .onnx or .tflite file.", value: "MODEL", completion: .file(["onnx", "tflite"]))
  var model: String
  @OptionGroup("measuring") var measuring: MeasuringOptions
  @Option(
    "Also write the outputs of all samples, one array for each output, in the model's own type.",
    value: "DIR",
    completion: .directory)
  var outputs: String?
  @OptionGroup("data") var data: DataOptions
  @OptionGroup("report") var reportFiles: ReportFiles
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    if data.data.isEmpty { throw UsageError("--data PATH is missing", hint: "say where the samples are") }
  }

  func run() throws {
    let inputs = [model] + data.data + [data.labels].compactMap { $0 }
    try output.check(reading: inputs)
    try OutputTarget.check(
      distinct: [("--output", output.output)] + reportFiles.report.map { ("--report", $0) })
    let targets = try reportFiles.targets(replacing: output.force, reading: inputs)
    var watch = Stopwatch()
    let workers = try common.workers()
    let runnable = try RunnableModel(path: model, modelOptions) { common.detail($0) }
    watch.lap("reading")
    let (result, batch) = try measure(runnable, workers)
    watch.lap("measuring")
    if result.metric == nil { common.remark("no labels were given, so only the speed was measured") }
    if common.json || reportFiles.isAsked {
      var report = Report(
        verb: Self.declaration.name, name: ModelFormat.stem(of: model), tool: .init(version: edgeopt.version))
      if runnable.device != nil { report.tool.arithmetic = DeviceModel.arithmetic }
      report.before = try Report.Model(path: model, modelOptions)
      report.quality = result.quality
      report.run = watch.record(workers)
      report.run.samplesPerSecond = result.samplesPerSecond
      try targets.write(report)
      if common.json { return try common.print("", json: report.json, to: output) }
    }
    let text = EvaluationText(result: result, workers: workers, batch: batch)
    try common.print(text.text, json: .null, to: output)
  }

  private func measure(
    _ runnable: RunnableModel, _ workers: Workers
  ) throws -> (PairedEvaluation.Result, batch: Int) {
    let dataset = try Dataset(
      try data.request(inputs: runnable.dataInputs.map(\.name), seed: common.seed), for: runnable.dataInputs)
    let index = try measuring.output(in: runnable.outputNames) { common.remark($0) }
    let evaluated = try runnable.evaluated(on: dataset, output: index, workers: workers)
    var evaluation = PairedEvaluation(
      before: evaluated, metric: try MetricChoice.metric(measuring.metric, for: dataset), workers: workers)
    evaluation.data = data.data
    evaluation.confidence = measuring.level
    evaluation.seed = common.seed
    evaluation.isQuiet = common.quiet
    evaluation.folder = try sampleFolder(runnable, count: dataset.count)
    return (try evaluation.run(), evaluated.batch)
  }

  private func sampleFolder(_ runnable: RunnableModel, count: Int) throws(Diagnostic) -> SampleFolder? {
    try outputs.map { path throws(Diagnostic) in
      let ports = runnable.ownOutputs
      return try SampleFolder(
        path: path, names: runnable.outputNames, types: ports.map(\.type), sizes: ports.map(\.sizes),
        count: count, replaces: output.force, inputs: [model] + data.data)
    }
  }
}

extension MetricKind: ArgumentValue {}

extension Graph {
  /// How an input arranges its axes, when the operators that take it tell: behind a transposition channels come first.
  func dataLayout(of port: Port) -> SampleLayout? {
    let rank = self[port.tensor].shape.rank
    guard rank == 3 || rank == 4 else { return nil }
    let consumers = consumers
    var pending = [port.tensor]
    var seen = Set(pending)
    while let tensor = pending.popLast() {
      for index in consumers[tensor] ?? [] {
        switch operators[index].operation {
        case .transpose(let permutation) where permutation == [0] + Array(2..<rank) + [1]:
          return rank == 4 ? .nchw : .ncw
        case .convolution, .transposedConvolution, .pool:
          return rank == 4 ? .nhwc : .nwc
        case .unary, .binary, .pad, .cast:
          for case let output? in operators[index].outputs where seen.insert(output).inserted {
            pending.append(output)
          }
        default: break
        }
      }
    }
    return nil
  }
}
