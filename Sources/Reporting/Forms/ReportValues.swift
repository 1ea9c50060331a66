/// The numbers of a report that scripts ask for, as lines `name=value`: what a job on GitHub sets as outputs, and GitLab reads
/// as a dotenv report.
///
///     ReportValues(report).text  // "file_bytes=27328\narena_bytes=29984\n…"
public struct ReportValues: Sendable {
  public let report: Report

  public init(_ report: Report) { self.report = report }

  public var text: String {
    // A line break in a value would be the beginning of another.
    values.map { "\($0.name)=\($0.value.printable())\n" }.joined()
  }

  private var values: [(name: String, value: String)] {
    var values: [(name: String, value: String)] = [("name", report.name)]
    func add(_ name: String, _ value: Int?) {
      if let value { values.append((name, String(value))) }
    }
    func add(_ name: String, _ value: Double?) {
      if let value, value.isFinite { values.append((name, "\(value)")) }
    }
    let model = report.after ?? report.before
    values.append(("model", model?.path ?? ""))
    values.append(("sha256", model?.sha256 ?? ""))
    add("file_bytes", model?.fileBytes)
    add("file_bytes_before", report.after == nil ? nil : report.before?.fileBytes)
    add("compressed_bytes", model?.compressedBytes)
    add("flash_bytes", model.map { $0.weightBytes + $0.graphBytes })
    add("arena_bytes", model?.arena?.minimum)
    add("macs", model?.macs)
    add("parameters", model?.parameters)
    if let quality = report.quality {
      values.append(("metric", quality.metric ?? ""))
      add("metric_value", (quality.after ?? quality.before)?.value)
      add("metric_value_before", quality.after == nil ? nil : quality.before?.value)
      add("agreement", quality.agreement?.value)
      add("output_sqnr", quality.outputSqnr)
    }
    add("gates", report.gates.count)
    add("failed_gates", report.gates.count { !$0.passes })
    add("warnings", report.warnings.count)
    return values
  }
}
