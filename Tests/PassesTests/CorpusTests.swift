import Foundation
import Graph
import ONNXFormat
import Runtime
import Testing

@testable import Passes

/// Models as users export them. They stand outside of the repository; without `EDGEOPT_SHARED` these tests are skipped.
@Suite struct CorpusTests {
  static let folder = ProcessInfo.processInfo.environment["EDGEOPT_SHARED"].map { $0 + "/corpus/models" }

  static let imageNetworks = [
    "fmnist_cnn", "fmnist_cnn_legacy", "fmnist_cnn_unfolded_bn", "fmnist_unet_legacy", "har_cnn1d",
    "har_lstm",
    "large_mobilenet_v2", "mlperf_kws_dscnn", "mlperf_kws_dscnn_savedmodel_dynbatch", "mlperf_resnet8",
    "mlperf_resnet_large",
  ]

  private func load(_ name: String) throws -> Graph {
    let importer = ONNXImporter(options: ImportOptions(), evaluator: FloatEvaluator())
    return try importer.importModel(path: "\(Self.folder!)/\(name).onnx")
  }

  @Test(.enabled(if: folder != nil, "EDGEOPT_SHARED is not set"), arguments: imageNetworks, [false, true])
  func noTransposeIsLeftInside(name: String, keepsPortLayout: Bool) throws {
    var graph = try load(name)
    try Pipeline.forExecution(keepsPortLayout: keepsPortLayout).run(on: &graph, verifies: true)
    let ports = Set(graph.inputs.map(\.tensor) + graph.outputs.map(\.tensor))
    for node in graph.operators where node.operation.name == "transpose" {
      let atPort = (node.inputs + node.outputs).contains { $0.map(ports.contains) ?? false }
      #expect(keepsPortLayout && atPort, "\(node) in\n\(graph.dump())")
    }
  }

  /// Budget: 1e-5 of the range, see ``PipelineTests``.
  @Test(.enabled(if: folder != nil, "EDGEOPT_SHARED is not set"), arguments: imageNetworks)
  func resultsStay(name: String) throws {
    let graph = try load(name)
    let inputs = noiseInputs(graph, batch: 1, seed: 7)
    var optimized = graph
    try Pipeline.forExecution().run(on: &optimized, verifies: true)
    for (before, after) in zip(try execute(graph, inputs, batch: 1), try execute(optimized, inputs, batch: 1))
    {
      #expect(deviation(before, after) <= 1e-5)
    }
  }
}
