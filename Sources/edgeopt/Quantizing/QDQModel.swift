import JSONText
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

  /// The operators of each reason, in the order of the model.
  private var byReason: [(reason: String, operators: [String])] {
    var result: [(reason: String, operators: [String])] = []
    for difference in differing {
      if let index = result.firstIndex(where: { $0.reason == difference.reason }) {
        if !result[index].operators.contains(difference.node) {
          result[index].operators.append(difference.node)
        }
      } else {
        result.append((difference.reason, [difference.node]))
      }
    }
    return result
  }

  var lines: [String] {
    let decibels = fidelity.map {
      ", \(NumberFormat.fixed($0.decibels, digits: 1)) dB from the device's outputs"
    }
    return ["also written: \(path), QDQ\(decibels ?? "")"]
      + byReason.map { reason, operators in
        "differs there: \(operators.map { "'\($0)'" }.joined(separator: ", ")): \(reason)"
      }
  }

  var json: JSON {
    .object([
      "output": .string(path), "sqnr": .optional(fidelity) { .number($0.decibels) },
      "differing": .array(
        differing.map { .object(["node": .string($0.node), "reason": .string($0.reason)]) }),
    ])
  }
}
