import Arguments
import Graph
import ONNXFormat
import Passes
import Reporting
import Storage

struct ConvertCommand: Command {
  static let declaration = CommandDeclaration(
    name: "convert", summary: "Writes the simplified float model: constants folded, operators fused.",
    discussion: """
      Inputs and outputs keep their names, types, shapes and layouts, and the results stay the same up to rounding.
      The same model gives the same bytes.
      """,
    examples: [
      .init("edgeopt convert model.onnx -o simple.onnx", "Writes the simplified model as ONNX."),
      .init(
        "edgeopt convert model.onnx -o fixed.onnx --input-shape image=1,3,96,96",
        "Also fixes an input's shape."),
    ])

  @Argument("The model, a .onnx file.", value: "MODEL", completion: .file(["onnx"])) var model: String
  @Option("The file to write, a .onnx file.", short: "o", value: "OUT", completion: .file(["onnx"]))
  var output: String
  @Flag("Overwrite files that exist.") var force = false
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    guard ModelFormat(path: output) == .onnx else {
      throw Diagnostic(
        .unsupported, "'\(output)' asks for a .tflite file, which version \(edgeopt.version) does not write",
        hint: "give the output a name that ends in .onnx")
    }
    guard output.lowercased().hasSuffix(".onnx") || FileKind(of: output) == .other else {
      throw UsageError("'\(output)' does not end in .onnx, the only format that is written")
    }
    let target = try OutputTarget(path: output, replaces: force)
    var graph = try ModelLoader(path: model, modelOptions).read()
    let before = graph.operators.count
    for step in try Pipeline.forExport.run(on: &graph) { common.detail("pass \(step.pass): \(step.summary)") }
    let written = try ONNXExporter(producerVersion: edgeopt.version).export(graph, to: target.path)
    report(graph, operatorsBefore: before, written)
  }

  private func report(_ graph: Graph, operatorsBefore: Int, _ written: ONNXExporter.Summary) {
    if common.json {
      let document = JSON.object([
        "model": .string(model), "output": .string(output), "bytes_before": .integer(graph.source.byteCount),
        "bytes": .integer(written.byteCount), "operators_before": .integer(operatorsBefore),
        "operators": .integer(written.nodeCount), "opset": .integer(written.opset),
      ])
      return Terminal.output.write(document.text())
    }
    if common.quiet { return }
    let bytes = "\(NumberFormat.bytes(graph.source.byteCount)) to \(NumberFormat.bytes(written.byteCount))"
    let operators =
      "\(NumberFormat.count(operatorsBefore)) to \(NumberFormat.count(written.nodeCount)) operators"
    Terminal.output.write("\(output): \(bytes), \(operators), opset \(written.opset)\n")
  }
}
