import Datasets
import Lowering
import Micro
import Quantization
import Reporting

/// What was done to a model on its way to the device, and why.
struct QuantizationFacts {
  let job: QuantizationJob
  let made: QuantizationJob.Made
  let calibrated: QuantizationJob.Calibrated?
  let plan: MemoryPlanSummary?
  /// Where the ranges come from.
  var paths: [String] = []
  var method = ""
  var digest: String?

  init(
    job: QuantizationJob, made: QuantizationJob.Made, calibrated: QuantizationJob.Calibrated?,
    plan: MemoryPlanSummary?
  ) {
    self.job = job
    self.made = made
    self.calibrated = calibrated
    self.plan = plan
  }

  func tell(_ report: inout Report) {
    let notes = made.legal.graph.notes + made.notes + made.lowered.notes
    report.notes = notes.filter { !$0.isTransposeNote }
    report.calibration = calibration
    report.changes =
      made.legal.rewrites.map { Report.Change($0) }
      + notes.filter(\.isTransposeNote).map(Report.Change.init(transposeNote:)) + choices + corrections
    if let plan { report.changes.append(.init(.memory, plan.text)) }
    for finding in calibrated?.doctor.findings ?? [] {
      let warning = QuantizationWarning(finding)
      if warning.isNote {
        report.notes.append(warning.sentences)
      } else {
        report.warnings.append(warning.fact)
      }
    }
  }

  private var calibration: Report.Calibration {
    let samples = calibrated?.dataset
    var result = Report.Calibration(
      paths: paths, samples: samples?.count ?? made.ranges.sampleCount, method: method)
    result.totalSamples = samples?.totalCount
    result.sha256 = digest
    result.choices = made.ranges.choiceCounts
    result.correctedBiases = made.ranges.corrections.map(\.result)
    result.hasConverged = calibrated?.doctor.hasConverged
    return result
  }

  /// Ranges that are not simply all that was seen.
  private var choices: [Report.Change] {
    made.ranges.entries.compactMap { entry in
      guard entry.choice != .minmax, entry.choice != .given else { return nil }
      return Report.Change(
        .range, "the range of '\(entry.tensor)' by \(entry.choice): \(entry.lower) to \(entry.upper)",
        why: entry.reason.isEmpty ? nil : entry.reason)
    }
  }

  private var corrections: [Report.Change] {
    made.ranges.corrections.map { correction in
      Report.Change(
        .bias, "the bias of '\(correction.result)' corrected for the mean error of rounding")
    }
  }
}

extension RangeTable {
  /// How many ranges each method gave, most first.
  var choiceCounts: [Report.Calibration.Choice] {
    Dictionary(grouping: entries, by: { "\($0.choice)" }).map {
      .init(method: $0.key, ranges: $0.value.count)
    }
    .sorted { ($1.ranges, $0.method) < ($0.ranges, $1.method) }
  }
}

extension Report.Change {
  init(_ rewrite: Legalization.Rewrite) {
    let error: Double =
      switch rewrite.accuracy {
      case .exact: 0
      case .within(let part): Double(part)
      }
    self.init(
      rewrite.changesOutputs ? .output : .rewrite, rewrite.what, nodes: rewrite.nodes, error: error)
  }

  /// "transpose left of 'head' …: why"
  fileprivate init(transposeNote note: String) {
    let parts = note.split(separator: "]: ", maxSplits: 1)
    if parts.count == 2 {
      self.init(.transpose, "\(parts[0])]", why: String(parts[1]))
    } else {
      self.init(.transpose, note)
    }
  }
}

extension String {
  fileprivate var isTransposeNote: Bool { hasPrefix("transpose left ") }
}
