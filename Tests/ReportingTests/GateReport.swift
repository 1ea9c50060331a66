@testable import Reporting

/// A report with the numbers that a test of gates needs, and no others.
func gateReport(
  metric: String? = "top1", before: Double? = 0.99, after: Double? = 0.98, samples: Int = 1000,
  fileBytes: Int = 65_536, arena: Int? = 8_000, pValue: Double? = nil, name: String = "tiny"
) -> Report {
  func model(_ precision: String, _ bytes: Int) -> Report.Model {
    Report.Model(
      path: "tiny.\(precision)", format: "tflite", sha256: SampleReport.digest("ab"), precision: precision,
      fileBytes: bytes, compressedBytes: bytes / 2, parameters: 10, macs: 1_000_000, operators: 1,
      weightBytes: bytes / 2, graphBytes: bytes - bytes / 2)
  }
  var report = Report(verb: "quantize", name: name, tool: Report.Tool(version: "0.1.0"))
  report.before = model("float32", 100_000)
  report.after = model("int8", fileBytes)
  report.after?.arena = arena.map {
    Report.Arena(head: $0 - 100, tail: 100, minimum: $0, lowerBound: 1, bestHead: nil, peak: "ADD 'x'")
  }
  if let metric {
    func measurement(_ value: Double) -> Report.Measurement {
      let isCounted = metric == "top1" && value.isFinite
      return Report.Measurement(
        value: value, low: value - 0.01, high: value + 0.01,
        correct: isCounted ? Int((value * Double(samples)).rounded()) : nil)
    }
    var quality = Report.Quality()
    quality.metric = metric
    quality.samples = samples
    quality.before = before.map(measurement)
    quality.after = after.map(measurement)
    if let before, let after, let pValue {
      quality.difference = Report.Difference(
        value: after - before, low: -1, high: 1, pValue: pValue, test: "McNemar, exact",
        isSignificant: pValue < 0.05)
    }
    report.quality = quality
  }
  return report
}

extension Report {
  /// The result of one limit.
  func judged(
    _ gate: String, _ limit: String, baseline: BaselineEntry? = nil, significant: Bool = false,
    confidence: String = "95%"
  ) throws -> GateResult {
    var limits = GateLimits()
    try limits.set(gate, to: limit)
    limits.significant = significant
    try limits.set("confidence", to: confidence)
    let results = try limits.judge(self, against: baseline)
    return results[0]
  }
}
