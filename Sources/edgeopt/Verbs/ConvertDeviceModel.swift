import Arguments
import Graph
import Micro
import Reporting
import Storage
import TFLiteFormat

extension ConvertCommand {
  /// Writes a `.tflite` file anew: aligned, without what nobody reads, with the versions that LiteRT wants. What it
  /// computes and the order of its tensors stay.
  func rewriteDeviceModel(_ watch: Stopwatch) throws {
    guard ModelFormat(path: output) == .tflite else {
      throw UsageError("'\(model)' is a .tflite file, which can only be written as another one")
    }
    guard !keepIoLayout, modelOptions.inputShape.isEmpty, modelOptions.dim.isEmpty, modelOptions.bind.isEmpty
    else {
      throw UsageError("shapes, values and the layout of a .tflite file are settled; leave those flags away")
    }
    let targets = try checkTargets()
    let source = try TFLiteReader(path: model).model()
    let problems = source.tflmProblems()
    try refuseUnknownOperators(of: source, problems)
    let (planned, planNotes) = try memoryPlan.applied(to: source)
    let bytes = try TFLiteWriter(planned).bytes()
    let before = try Report.FileFacts(path: model)
    try targets.model.write(bytes.array)
    let count = source.subgraphs.reduce(0) { $0 + $1.operators.count }
    let result = Result(
      operatorCountBefore: count, byteCountBefore: before.byteCount, byteCount: bytes.count,
      operatorCount: count, changes: planNotes.map { .init(.memory, $0) },
      notes: problems.map(\.description) + planNotes,
      before: { () throws(Diagnostic) in
        Report.Model(device: source, file: before, provenance: Provenance(of: source))
      },
      after: { () throws(Diagnostic) in
        Report.Model(
          device: planned, file: Report.FileFacts(path: output, bytes: bytes),
          provenance: Provenance(of: planned))
      })
    try tell(result, in: targets.reports, watch)
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
}
