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
    let made = try makeDeviceModel()
    let before = try Report.FileFacts(path: model)
    try targets.model.write(made.bytes.array)
    let count = made.source.subgraphs.reduce(0) { $0 + $1.operators.count }
    let result = Result(
      operatorCountBefore: count, byteCountBefore: before.byteCount, byteCount: made.bytes.count,
      operatorCount: count, changes: made.planNotes.map { .init(.memory, $0) },
      notes: made.problems.map(\.description) + made.planNotes,
      before: { () throws(Diagnostic) in
        Report.Model(device: made.source, file: before, provenance: Provenance(of: made.source))
      },
      after: { () throws(Diagnostic) in
        Report.Model(
          device: made.planned, file: Report.FileFacts(path: output, bytes: made.bytes),
          provenance: Provenance(of: made.planned))
      })
    try tell(result, in: targets.reports, watch)
  }

  /// A `.tflite` file written anew, in memory.
  struct RewrittenModel {
    var source: MicroModel
    var planned: MicroModel
    var bytes: View<UInt8>
    var problems: [MicroProblem]
    var planNotes: [String]
  }

  func makeDeviceModel(reproducing reproduced: Lineage? = nil) throws(Diagnostic) -> RewrittenModel {
    let source = try TFLiteReader(path: model).model()
    let problems = source.tflmProblems()
    try refuseUnknownOperators(of: source, problems)
    var (planned, planNotes) = try memoryPlan.applied(to: source)
    if memoryPlan != .greedy { try remember(in: &planned, reproducing: reproduced) }
    return RewrittenModel(
      source: source, planned: planned, bytes: try TFLiteWriter(planned).bytes(), problems: problems,
      planNotes: planNotes)
  }

  /// A file of edgeopt's says that it was planned anew; written as it was, it is still what it says to be.
  private func remember(in planned: inout MicroModel, reproducing reproduced: Lineage?) throws(Diagnostic) {
    guard var provenance = Provenance(of: planned) else { return }
    var lineage = Lineage(
      verb: Self.declaration.name,
      options: [
        .init(name: "format", value: "tflite"),
        .init(name: "memory-plan", value: .string(memoryPlan.rawValue)),
      ])
    lineage.sources = [try Lineage.Source(.model, path: model, madeBy: provenance.lineage)]
    lineage.version = reproduced?.version ?? lineage.version
    provenance.lineage = lineage
    planned.metadata.removeAll { $0.name == Provenance.metadataName }
    planned.metadata.append(provenance.metadata)
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
