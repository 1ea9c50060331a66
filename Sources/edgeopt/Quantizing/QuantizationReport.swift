import JSONText
import Datasets
import Graph
import Lowering
import Micro
import Quantization
import Reporting
import Storage

/// What quantization did and what it cost: the table, the reasons, and the same as a document.
struct QuantizationReport {
  /// A metric before and after.
  struct Accuracy {
    var float: Evaluation.Result
    var device: Evaluation.Result
  }

  var model: String
  var output: String
  var floatByteCount: Int
  var byteCount: Int
  var floatCost: ModelCost
  var device: DeviceModel
  var arena: ArenaReport
  var memoryPlan: MemoryPlanSummary?
  var settings: QuantizationJob.Settings
  var calibration: CalibrationFacts
  var rewrites: [Legalization.Rewrite]
  var notes: [String]
  /// Those that are not the doctor's.
  var warnings: [QuantizationWarning]
  var fidelity: OutputFidelity?
  var accuracy: Accuracy?
  var provenance: Provenance
  /// Beside the model.
  var alsoWritten: [(path: String, what: String)] = []
  var qdq: QDQModel?
  var seconds = 0.0

  struct CalibrationFacts {
    var paths: [String]
    var samples: Int
    /// What the data hold; nil with ranges from a file.
    var totalSamples: Int?
    var ranges: RangeTable
    var doctor: DoctorReport?
  }

  // MARK: - Text

  func text(width: Int, listsTransposes: Bool) -> String {
    [
      table(width: width), arena.text(width: width), done.wrapped(to: width, hanging: 2),
      notes.foldingTransposes(listsAll: listsTransposes)
        .map { "note: \($0)".wrapped(to: width, hanging: 2) }.joined(),
      closing.wrapped(to: width, hanging: 2),
    ]
    .filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var cost: DeviceCost { DeviceCost(device.model) }

  private func table(width: Int) -> String {
    var table = Table([.text(""), .number("float32"), .number("int8")])
    table.add("file", NumberFormat.bytes(floatByteCount), NumberFormat.bytes(byteCount))
    table.add(
      "weights and other constants", NumberFormat.bytes(floatCost.floatWeightBytes),
      NumberFormat.bytes(cost.constantBytes))
    table.add("MACs", NumberFormat.count(floatCost.macs), NumberFormat.count(cost.macs))
    table.add("operators", NumberFormat.count(floatCost.layers.count), NumberFormat.count(cost.layers.count))
    if let minimum = arena.cortexM?.minimum {
      table.add("arena, Cortex-M", "", "\(NumberFormat.count(minimum)) B")
    }
    if let accuracy, let float = accuracy.float.metric, let device = accuracy.device.metric {
      table.add(float.kind.rawValue, float.valueText, device.valueText)
      table.add("95 % interval", float.intervalText, device.intervalText)
    }
    if let fidelity {
      table.add(
        "SQNR of the outputs", "", "\(NumberFormat.fixed(fidelity.decibels, digits: 1)) dB")
    }
    return table.text(width: width)
  }

  private var done: String {
    var lines = ["calibrated on \(samplesText): \(choices)"]
    if !calibration.ranges.corrections.isEmpty {
      let count = NumberFormat.count(calibration.ranges.corrections.count, of: "operator")
      lines.append("biases of \(count) corrected for the mean error of rounding")
    }
    if let memoryPlan { lines.append(memoryPlan.text) }
    for rewrite in rewrites {
      let accuracy =
        switch rewrite.accuracy {
        case .exact: "exact"
        case .within(let part):
          "within \(NumberFormat.significant(Double(part), digits: 2)) of the result's size"
        }
      lines.append("rewritten: \(rewrite.what) (\(accuracy)): \(rewrite.nodes.shortList)")
    }
    lines += qdq?.lines ?? []
    return lines.joined(separator: "\n") + "\n"
  }

  private var samplesText: String {
    let count = NumberFormat.count(calibration.samples, of: "sample")
    guard let total = calibration.totalSamples, calibration.samples < total else { return count }
    return "\(count) of \(NumberFormat.count(total))"
  }

  /// "minmax for 12 tensors, percentile 99.99 for 3"
  private var choices: String {
    let counts = Dictionary(grouping: calibration.ranges.entries, by: { "\($0.choice)" }).mapValues(\.count)
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return sorted.map { "\($0.key) for \(NumberFormat.count($0.value, of: "range"))" }.joined(separator: ", ")
  }

  private var closing: String {
    var facts = [NumberFormat.duration(seconds: seconds)]
    if accuracy != nil || fidelity != nil {
      facts.insert("measured in the arithmetic of \(Self.reference)", at: 0)
    }
    let others = alsoWritten.map { "\($0.path): \($0.what)\n" }.joined()
    return "\(output): \(NumberFormat.bytes(byteCount)), \(facts.joined(separator: ", "))\n\(others)"
  }

  static let reference = "TensorFlow Lite Micro's reference kernels (2026-10-23, 8f6596d)"

  // MARK: - JSON

  var json: JSON {
    .object([
      "model": .string(model), "output": .string(output), "bytes_before": .integer(floatByteCount),
      "bytes": .integer(byteCount), "constant_bytes_before": .integer(floatCost.floatWeightBytes),
      "constant_bytes": .integer(cost.constantBytes), "macs_before": .integer(floatCost.macs),
      "macs": .integer(cost.macs), "operators_before": .integer(floatCost.layers.count),
      "operators": .integer(cost.layers.count), "inputs": ports(device.inputs, provenance.inputs),
      "outputs": ports(device.outputs, provenance.outputs), "arena": arena.json,
      "accuracy": .optional(accuracy) {
        .object([
          "metric": .optional($0.float.metric) { .string($0.kind.rawValue) },
          "before": .optional($0.float.metric, \.json), "after": .optional($0.device.metric, \.json),
        ])
      },
      "output_sqnr": .optional(fidelity) { .number($0.decibels) },
      "reference": .string(Self.reference), "calibration": calibrationJSON,
      "qdq": .optional(qdq, \.json), "rewrites": .array(rewrites.map(json)), "notes": .strings(notes),
      "warnings": .strings(allWarnings),
      "provenance": provenance.json, "seconds": .number(seconds),
    ])
  }

  private func ports(_ ports: [DevicePort], _ sources: [ProvenancePort]) -> JSON {
    .array(
      zip(ports, sources).map { port, source in
        guard case .members(let tensor) = device.model.main.tensors[port.port.tensor].json,
          case .members(let origin) = source.json
        else { return .null }
        return .members(tensor + origin.filter { $0.name != "name" })
      })
  }

  private var calibrationJSON: JSON {
    .object([
      "data": .strings(calibration.paths), "samples": .integer(calibration.samples),
      "ranges": .array(calibration.ranges.entries.map(\.json)),
      "corrected_biases": .strings(calibration.ranges.corrections.map(\.result)),
      "has_converged": .optional(calibration.doctor) { .bool($0.hasConverged) },
      "findings": .array((calibration.doctor?.findings ?? []).map(\.json)),
    ])
  }

  private var allWarnings: [String] {
    let findings = (calibration.doctor?.findings ?? []).map { QuantizationWarning($0) }
    return (findings + warnings).filter { !$0.isNote }.map(\.message)
  }

  private func json(_ rewrite: Legalization.Rewrite) -> JSON {
    let error: JSON =
      if case .within(let part) = rewrite.accuracy { .number(Double(part)) } else { 0.0 }
    return .object([
      "what": .string(rewrite.what), "nodes": .strings(rewrite.nodes), "relative_error": error,
    ])
  }
}

extension DoctorReport.Finding {
  var json: JSON {
    .object([
      "severity": .string(severity.rawValue), "message": .string(message),
      "hint": .optional(hint, JSON.string),
    ])
  }
}

extension MetricResult {
  var json: JSON {
    .object([
      "value": .number(value), "interval95": [.number(low), .number(high)],
      "correct": .optional(correct, JSON.integer), "samples": .integer(count),
      "not_finite": .integer(notFinite),
    ])
  }
}

extension [String] {
  /// The first few, and how many more.
  fileprivate var shortList: String {
    let shown = prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return count > 3 ? "\(shown) and \(count - 3) more" : shown
  }
}
