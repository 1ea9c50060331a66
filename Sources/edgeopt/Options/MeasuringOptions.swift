import Arguments
import Datasets
import Graph
import Reporting
import Statistics

/// What is measured, and how sure the intervals are to be.
struct MeasuringOptions: ArgumentGroup {
  @Option("What to measure.", value: "METRIC", defaultText: "top1 or mse, by the labels") var metric:
    MetricKind?
  @Option("The output to measure, for models with several.", value: "NAME", defaultText: "the first")
  var metricOutput: String?
  @Option("How sure intervals and tests are to be.", value: "LEVEL", defaultText: "0.95") var confidence:
    ConfidenceLevel?

  var level: Confidence { confidence.map { Confidence($0.level) } ?? .usual }

  /// A flag that was given and says nothing without samples.
  var idleFlag: String? {
    [
      ("--metric", metric != nil), ("--metric-output", metricOutput != nil),
      ("--confidence", confidence != nil),
    ].first(where: \.1)?.0
  }

  /// The place of the output that is measured.
  func output(in names: [String], remark: (String) -> Void) throws(Diagnostic) -> Int {
    if metricOutput == nil, names.count > 1 {
      remark("the model has \(names.count) outputs; '\(names[0])' is measured (--metric-output)")
    }
    return try MetricChoice.output(metricOutput, in: names)
  }
}
