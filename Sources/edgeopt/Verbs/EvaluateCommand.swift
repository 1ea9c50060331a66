import Arguments
import Datasets
import Graph
import Reporting
import Runtime

struct EvaluateCommand: Command {
  static let declaration = CommandDeclaration(
    name: "evaluate", summary: "Measures how good a model is on labeled samples, and how fast.",
    discussion: """
      Prints the metric with the interval that holds its true value with 95 % confidence, and samples per second. \
      Samples are read as they are needed: memory does not grow with their number.

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
  @Option("What to measure.", value: "METRIC", defaultText: "top1 or mse, by the labels") var metric:
    MetricKind?
  @Option("The output to measure, for models with several.", value: "NAME", defaultText: "the first")
  var metricOutput: String?
  @Option(
    "Also write the outputs of all samples, one array for each output, in the model's own type.",
    value: "DIR",
    completion: .directory)
  var outputs: String?
  @OptionGroup("data") var data: DataOptions
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    if data.data.isEmpty { throw UsageError("--data PATH is missing", hint: "say where the samples are") }
  }

  func run() throws {
    let result =
      switch ModelFormat(path: model) {
      case .onnx: try evaluateFloatModel()
      case .tflite: try evaluateDeviceModel()
      }
    if result.metric == nil { common.remark("no labels were given, so only the speed was measured") }
    let report = EvaluationReport(model: model, result: result)
    try common.print(report.text, json: report.json, to: output)
  }

  private func evaluateFloatModel() throws -> Evaluation.Result {
    let workers = try common.workers()
    var loader = try ModelLoader(path: model, modelOptions)
    loader.keepsPortLayout = true
    loader.importOptions.batch = .symbolic
    let loaded = try loader.load()
    for step in loaded.passes { common.detail("pass \(step.pass): \(step.summary)") }
    let program = try Runtime.Program(loaded.graph)
    let graph = program.graph
    let fed = graph.inputs.filter { graph[$0.tensor].constant == nil }
    let dataset = try Dataset(
      try data.request(inputs: fed.map(\.name), seed: common.seed),
      for: fed.map { DataInput($0, layout: graph.dataLayout(of: $0)) })
    let folder = try sampleFolder(
      names: graph.outputs.map(\.name), types: graph.outputs.map(\.declaredType),
      sizes: graph.outputs.map { $0.declaredShape.perSample }, count: dataset.count)
    var evaluation = Evaluation(
      program: program, dataset: dataset, output: try outputIndex(graph.outputs.map(\.name)),
      metric: try MetricChoice.metric(metric, for: dataset), workers: workers, isQuiet: common.quiet)
    return try evaluation.run(outputs: folder)
  }

  private func evaluateDeviceModel() throws -> Evaluation.Result {
    let workers = try common.workers()
    let device = try DeviceModel(path: model)
    let dataset = try Dataset(
      try data.request(inputs: device.inputs.map(\.port.name), seed: common.seed), for: device.dataInputs)
    let ports = device.outputs.map(\.port)
    let folder = try sampleFolder(
      names: ports.map(\.name), types: ports.map { SourceType($0.type) }, sizes: ports.map(\.sizes),
      count: dataset.count)
    let evaluation = DeviceEvaluation(
      model: device, dataset: dataset, workers: workers, isQuiet: common.quiet)
    return try evaluation.measure(
      try MetricChoice.metric(metric, for: dataset),
      output: DeviceOutput(try outputIndex(ports.map(\.name))), outputs: folder)
  }

  private func sampleFolder(
    names: [String], types: [SourceType], sizes: [[Int]], count: Int
  ) throws(Diagnostic) -> SampleFolder? {
    try outputs.map { path throws(Diagnostic) in
      try SampleFolder(
        path: path, names: names, types: types, sizes: sizes, count: count, replaces: output.force,
        inputs: [model] + data.data)
    }
  }

  private func outputIndex(_ names: [String]) throws(Diagnostic) -> Int {
    if metricOutput == nil, names.count > 1 {
      common.remark(
        "the model has \(names.count) outputs; '\(names[0])' is measured (--metric-output)")
    }
    return try MetricChoice.output(metricOutput, in: names)
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
