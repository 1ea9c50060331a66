import Datasets
import Reporting

/// What quantization did and what it cost, for people.
struct QuantizationText {
  let report: Report
  let arena: ArenaReport
  let listsTransposes: Bool

  func text(width: Int) -> String {
    [
      table(width: width), arena.text(width: width), done.wrapped(to: width, hanging: 2),
      (report.notes + transposes).foldingTransposes(listsAll: listsTransposes)
        .map { "note: \($0)".wrapped(to: width, hanging: 2) }.joined(),
      closing.wrapped(to: width, hanging: 2),
    ]
    .filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private func table(width: Int) -> String {
    guard let before = report.before, let after = report.after else { return "" }
    var table = Table([.text(""), .number(before.precision), .number(after.precision)])
    table.add("file", NumberFormat.bytes(before.fileBytes), NumberFormat.bytes(after.fileBytes))
    table.add(
      "weights and other constants", NumberFormat.bytes(before.weightBytes),
      NumberFormat.bytes(after.weightBytes))
    table.add("MACs", NumberFormat.count(before.macs), NumberFormat.count(after.macs))
    table.add("operators", NumberFormat.count(before.operators), NumberFormat.count(after.operators))
    if let arena = after.arena {
      table.add("arena, Cortex-M", "", "\(NumberFormat.count(arena.minimum)) B")
    }
    if let quality = report.quality {
      if let kind = quality.metric.flatMap(MetricKind.init), let before = quality.before,
        let after = quality.after
      {
        let results = [before, after].map { MetricResult($0, of: kind, samples: quality.samples) }
        table.add(kind.rawValue, results[0].valueText, results[1].valueText)
        table.add("95 % interval", results[0].intervalText, results[1].intervalText)
      }
      if let decibels = quality.outputSqnr {
        table.add("SQNR of the outputs", "", "\(NumberFormat.fixed(decibels, digits: 1)) dB")
      }
    }
    return table.text(width: width)
  }

  private var done: String {
    var lines: [String] = []
    if let calibration = report.calibration {
      lines.append("calibrated on \(samples(of: calibration)): \(choices(of: calibration))")
      if !calibration.correctedBiases.isEmpty {
        let count = NumberFormat.count(calibration.correctedBiases.count, of: "operator")
        lines.append("biases of \(count) corrected for the mean error of rounding")
      }
    }
    lines += report.changes.filter { $0.kind == .memory }.map(\.what)
    for change in report.changes where change.kind == .rewrite || change.kind == .output {
      let accuracy = change.error.map {
        $0 == 0 ? "exact" : "within \(NumberFormat.significant($0, digits: 2)) of the result's size"
      }
      lines.append("rewritten: \(change.what) (\(accuracy ?? "exact")): \(change.nodes.shortList)")
    }
    if let qdq = report.qdq { lines += self.lines(of: qdq) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func samples(of calibration: Report.Calibration) -> String {
    let count = NumberFormat.count(calibration.samples, of: "sample")
    guard let total = calibration.totalSamples, calibration.samples < total else { return count }
    return "\(count) of \(NumberFormat.count(total))"
  }

  /// "minmax for 12 tensors, percentile 99.99 for 3"
  private func choices(of calibration: Report.Calibration) -> String {
    calibration.choices
      .map { "\($0.method) for \(NumberFormat.count($0.ranges, of: "range"))" }.joined(separator: ", ")
  }

  private func lines(of qdq: Report.QDQ) -> [String] {
    let decibels = qdq.sqnr.map { ", \(NumberFormat.fixed($0, digits: 1)) dB from the device's outputs" }
    var reasons: [String] = []
    for entry in qdq.differing where !reasons.contains(entry.reason) { reasons.append(entry.reason) }
    return ["also written: \(qdq.path), QDQ\(decibels ?? "")"]
      + reasons.map { reason in
        var nodes: [String] = []
        for entry in qdq.differing where entry.reason == reason && !nodes.contains(entry.node) {
          nodes.append(entry.node)
        }
        return "differs there: \(nodes.map { "'\($0)'" }.joined(separator: ", ")): \(reason)"
      }
  }

  private var transposes: [String] {
    report.changes.filter { $0.kind == .transpose }.map { change in
      [change.what, change.why].compactMap { $0 }.joined(separator: ": ")
    }
  }

  private var closing: String {
    guard let after = report.after else { return "" }
    var facts = [NumberFormat.duration(seconds: report.run.seconds)]
    if report.quality != nil, let arithmetic = report.tool.arithmetic {
      facts.insert("measured in the arithmetic of \(arithmetic)", at: 0)
    }
    let others = report.outputs.filter { $0.path != after.path && $0.path != report.qdq?.path }
    return "\(after.path): \(NumberFormat.bytes(after.fileBytes)), \(facts.joined(separator: ", "))\n"
      + others.map { "\($0.path): \($0.what)\n" }.joined()
  }
}

extension MetricResult {
  init(_ measured: Report.Measurement, of kind: MetricKind, samples: Int) {
    self.init(
      kind: kind, value: measured.value, low: measured.low, high: measured.high, count: samples,
      correct: measured.correct, notFinite: measured.notFinite)
  }
}

extension [String] {
  /// The first few, and how many more.
  fileprivate var shortList: String {
    let shown = prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return count > 3 ? "\(shown) and \(count - 3) more" : shown
  }
}
