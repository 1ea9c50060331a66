import Datasets
import Graph
import Lowering
import ONNXFormat
import Passes
import Reporting
import Runtime
import TensorMath

/// The quantized model as ONNX that float runtimes and ONNX Runtime's integer kernels run: float operators between
/// QuantizeLinear and DequantizeLinear.
///
///     var qdq = try QDQModel(made, path: "out.onnx")
///     try qdq.compare(with: device, on: samples, workers: workers)
///     try qdq.write()
struct QDQModel {
  /// As near as this, and the differences of single operators are not worth a word.
  static let nearDecibels = 40.0

  let path: String
  private let graph: Graph
  private let rounded: RoundedGraph
  /// How near its outputs are to the device's; nil where there were no samples.
  private(set) var fidelity: OutputFidelity?

  init(_ made: QuantizationJob.Made, path: String) throws(Diagnostic) {
    self.path = path
    rounded = try Lowering(evaluator: FloatEvaluator(), plan: made.plan).rounding(made.legal.graph)
    var turned = rounded
    // No folding: each rounding stays where it is.
    try Pipeline([.layout(.channelsFirst, keepsPortLayout: true), .cleanup]).run(on: &turned.graph)
    turned.roundMovedTensors()
    graph = turned.graph
  }

  mutating func compare(
    with device: DeviceModel, on samples: Dataset, workers: Workers
  ) throws(Diagnostic) {
    let program = try Runtime.Program(rounded.graph)
    let outputs = device.outputs.indices.map { DeviceOutput($0) }
    fidelity = try OutputFidelity(of: device, outputs, beside: program, on: samples, workers: workers)
  }

  func write() throws(Diagnostic) {
    var exporter = ONNXExporter(producerVersion: edgeopt.version)
    exporter.keepsIntegers = true
    try exporter.export(graph, to: path)
  }

  // MARK: - Report

  /// The operators that differ from the device's: all where that shows in the outputs, else those that stay float.
  private var differing: [RoundedGraph.Difference] {
    if let fidelity, fidelity.decibels >= Self.nearDecibels { return rounded.differing.filter(\.isFloat) }
    return rounded.differing
  }

  var facts: Report.QDQ {
    Report.QDQ(
      path: path, sqnr: fidelity?.decibels,
      differing: differing.map { .init(node: $0.node, reason: $0.reason) })
  }
}
