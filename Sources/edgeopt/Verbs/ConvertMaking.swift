import Graph
import JSONText
import Lowering
import Micro
import ONNXFormat
import Passes
import Reporting
import Runtime
import Storage
import TFLiteFormat

extension ConvertCommand {
  /// What decides the bytes, and what was read for them.
  func lineage() throws(Diagnostic) -> Lineage {
    var options: [JSON.Member] = [
      .init(name: "format", value: ModelFormat(path: output) == .tflite ? "tflite" : "onnx")
    ]
    if keepIoLayout { options.append(.init(name: "keep-io-layout", value: true)) }
    if memoryPlan != .greedy {
      options.append(.init(name: "memory-plan", value: .string(memoryPlan.rawValue)))
    }
    var lineage = Lineage(verb: Self.declaration.name, options: options)
    try lineage.read(model: model, modelOptions)
    return lineage
  }

  /// The graph to write, and who writes it: the file says how it came about.
  func makeONNX(_ source: Graph, _ lineage: Lineage) throws -> (graph: Graph, exporter: ONNXExporter) {
    var graph = source
    try run(.forExport, on: &graph)
    var exporter = ONNXExporter(producerVersion: lineage.version)
    exporter.metadata = [(Provenance.metadataName, JSON.members(lineage.members).line())]
    return (graph, exporter)
  }

  /// A float model for the device.
  struct MadeTFLite {
    var device: MicroModel
    var bytes: View<UInt8>
    var provenance: Provenance
    var changes: [Report.Change]
    var notes: [String]
  }

  func makeTFLite(_ source: Graph, _ lineage: Lineage) throws -> MadeTFLite {
    var graph = source
    try run(.forExecution(keepsPortLayout: keepIoLayout), on: &graph)
    let legal = try graph.legalized(for: .float32, evaluator: FloatEvaluator())
    for rewrite in legal.rewrites {
      common.detail("\(rewrite.what): \(rewrite.nodes.joined(separator: ", "))")
    }
    let lowered = try Lowering(evaluator: FloatEvaluator(), keepsPortShapes: keepIoLayout).lower(legal.graph)
    var (device, planNotes) = try memoryPlan.applied(to: lowered.model)
    device.description = "edgeopt \(lineage.version)"
    let provenance = Provenance(lineage, graph: graph)
    device.metadata.append(provenance.metadata)
    return MadeTFLite(
      device: device, bytes: try TFLiteWriter(device).bytes(), provenance: provenance,
      changes: legal.rewrites.map { Report.Change($0) } + planNotes.map { .init(.memory, $0) },
      notes: lowered.notes + planNotes)
  }
}
