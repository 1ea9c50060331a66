import JSONText
import Arguments
import Graph
import Micro
import Reporting
import Storage
import TFLiteFormat

extension ConvertCommand {
  /// Writes a `.tflite` file anew: aligned, without what nobody reads, with the versions that LiteRT wants. What it
  /// computes and the order of its tensors stay.
  func rewriteDeviceModel() throws {
    guard ModelFormat(path: output) == .tflite else {
      throw UsageError("'\(model)' is a .tflite file, which can only be written as another one")
    }
    guard !keepIoLayout, modelOptions.inputShape.isEmpty, modelOptions.dim.isEmpty, modelOptions.bind.isEmpty
    else {
      throw UsageError("shapes, values and the layout of a .tflite file are settled; leave those flags away")
    }
    let target = try OutputTarget(path: output, replaces: force, reading: [model])
    let source = try TFLiteReader(path: model).model()
    let problems = source.tflmProblems()
    try refuseUnknownOperators(of: source, problems)
    let (planned, planNotes) = try memoryPlan.applied(to: source)
    let bytes = try TFLiteWriter(planned).bytes()
    try target.write(bytes.array)
    var before = 0
    if case .file(let byteCount) = FileKind(of: model) { before = byteCount }
    report(source, problems.map(\.description) + planNotes, before: before, bytes.count)
  }

  /// The options of an operator without a kernel are not read, so they cannot be written.
  private func refuseUnknownOperators(of source: MicroModel, _ problems: [MicroProblem]) throws(Diagnostic) {
    let codes = Set(source.subgraphs.flatMap { $0.operators.map(\.code) }).filter { $0 != .custom }
    let unknown = codes.filter { MicroKernel(of: $0) == nil }.map(\.name).sorted()
    guard !unknown.isEmpty else { return }
    throw Diagnostic(
      .unsupported,
      "'\(model)' has operators that TFLM has no kernel for: \(unknown.joined(separator: ", "))",
      hint: "'edgeopt ops' lists those that it has")
  }

  private func report(_ source: MicroModel, _ notes: [String], before: Int, _ byteCount: Int) {
    let count = source.subgraphs.reduce(0) { $0 + $1.operators.count }
    if common.json {
      let document = JSON.object([
        "model": .string(model), "output": .string(output), "bytes_before": .integer(before),
        "bytes": .integer(byteCount), "operators_before": .integer(count), "operators": .integer(count),
        "opset": .null, "notes": .strings(notes),
      ])
      return Terminal.output.write(document.text())
    }
    if common.quiet { return }
    let bytes = "\(NumberFormat.bytes(before)) to \(NumberFormat.bytes(byteCount))"
    Terminal.output.write("\(output): \(bytes), \(NumberFormat.count(count, of: "operator"))\n")
    for note in notes { Terminal.output.write("  \(note)\n") }
  }
}
