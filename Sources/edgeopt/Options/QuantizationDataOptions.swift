import Arguments
import Datasets
import Graph

/// How samples are prepared, and labeled samples to measure the model before and after on.
struct QuantizationDataOptions: ArgumentGroup {
  @Option(
    "Samples to measure the model on, before and after; all of them are used.", value: "[NAME=]PATH",
    completion: .file([]))
  var data: [String] = []
  @Option("Their labels: class indexes or arrays.", value: "PATH", completion: .file([])) var labels: String?
  @Option("What to measure.", value: "METRIC", defaultText: "top1 or mse, by the labels") var metric:
    MetricKind?
  @Option("The output to measure, for models with several.", value: "NAME", defaultText: "the first")
  var metricOutput: String?
  @OptionGroup() var preparation: PreparationOptions

  /// nil without data.
  func request(inputs: [String], seed: Int) throws(Diagnostic) -> DataRequest? {
    guard !data.isEmpty else { return nil }
    var request = DataRequest(paths: data.map { DataPath(argument: $0, inputs: inputs) }, labels: labels)
    request.settings = preparation.settings
    request.settings.seed = seed
    return request
  }

  /// The metric that was asked for, or the one that the labels suggest; nil without labels.
  func metric(for dataset: Dataset) throws(Diagnostic) -> MetricKind? {
    try MetricChoice.metric(metric, for: dataset)
  }

  func outputIndex(in names: [String]) throws(Diagnostic) -> Int {
    try MetricChoice.output(metricOutput, in: names)
  }
}

/// What is measured, and on which output.
enum MetricChoice {
  static func metric(_ asked: MetricKind?, for dataset: Dataset) throws(Diagnostic) -> MetricKind? {
    guard dataset.hasLabels else {
      guard let asked else { return nil }
      throw Diagnostic(
        .usage, "--metric \(asked.rawValue) needs labels: a float model is its own reference",
        hint: "add --labels PATH")
    }
    return asked ?? (dataset.hasClassLabels ? .top1 : .mse)
  }

  static func output(_ asked: String?, in names: [String]) throws(Diagnostic) -> Int {
    guard let asked else { return 0 }
    guard let index = names.firstIndex(of: asked) else {
      let known = names.map { "'\($0)'" }.joined(separator: ", ")
      throw Diagnostic(.usage, "the model has no output '\(asked)'", hint: "its outputs: \(known)")
    }
    return index
  }
}
