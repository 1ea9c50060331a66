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

  @Argument("The model, a .onnx file.", value: "MODEL", completion: .file(["onnx"])) var model: String
  @Option("What to measure.", value: "METRIC", defaultText: "top1 or mse, by the labels") var metric:
    MetricKind?
  @Option("The output to measure, for models with several.", value: "NAME", defaultText: "the first")
  var metricOutput: String?
  @OptionGroup("data") var data: DataOptions
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    if data.data.isEmpty { throw UsageError("--data PATH is missing", hint: "say where the samples are") }
  }

  func run() throws {
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
    let chosen = try chooseMetric(dataset)
    var evaluation = Evaluation(
      program: program, dataset: dataset, output: try outputIndex(graph), metric: chosen, workers: workers,
      isQuiet: common.quiet)
    let result = try evaluation.run()
    if chosen == nil { common.remark("no labels were given, so only the speed was measured") }
    let report = EvaluationReport(model: model, result: result)
    try common.print(report.text, json: report.json, to: output)
  }

  /// The metric that was asked for, or the one that the labels suggest; nil without labels.
  private func chooseMetric(_ dataset: Dataset) throws(Diagnostic) -> MetricKind? {
    guard dataset.hasLabels else {
      guard let metric else { return nil }
      throw Diagnostic(
        .usage, "--metric \(metric.rawValue) needs labels: a float model is its own reference",
        hint: "add --labels PATH")
    }
    return metric ?? (dataset.hasClassLabels ? .top1 : .mse)
  }

  private func outputIndex(_ graph: Graph) throws(Diagnostic) -> Int {
    guard let metricOutput else {
      if graph.outputs.count > 1 {
        common.remark(
          "the model has \(graph.outputs.count) outputs; '\(graph.outputs[0].name)' is measured (--metric-output)"
        )
      }
      return 0
    }
    guard let index = graph.outputs.firstIndex(where: { $0.name == metricOutput }) else {
      let names = graph.outputs.map { "'\($0.name)'" }.joined(separator: ", ")
      throw Diagnostic(.usage, "the model has no output '\(metricOutput)'", hint: "its outputs: \(names)")
    }
    return index
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
