import JSONText
import Graph
import Lowering
import Quantization
import Reporting

/// Ranges in a file: what `calibrate` writes and `quantize --ranges` reads.
struct RangeFile {
  var version: String
  /// The model file's SHA-256: ranges are good for no other.
  var modelDigest: String
  var calibrationDigest: String?
  var ranges: RangeTable
  /// What was found about the samples, for those who read the file.
  var findings: [DoctorReport.Finding] = []
  /// How the file came about.
  var lineage: Lineage?

  var json: JSON {
    .object([
      "tool": "edgeopt", "version": .string(version), "model_sha256": .string(modelDigest),
      "calibration_sha256": .optional(calibrationDigest, JSON.string),
      "samples": .integer(ranges.sampleCount), "ranges": .array(ranges.entries.map(\.json)),
      "corrections": .array(ranges.corrections.map(\.json)), "findings": .array(findings.map(\.json)),
      "made_by": .optional(lineage) { .members($0.members) },
    ])
  }
}

extension RangeFile {
  init(path: String) throws(Diagnostic) {
    let document = try JSON(path: path)
    guard let version = document["version"]?.string, let digest = document["model_sha256"]?.string,
      let list = document["ranges"]?.elements, let samples = document["samples"]?.integer
    else {
      throw Diagnostic(
        .badData, "'\(path)' holds no ranges",
        hint: "make the file with 'edgeopt calibrate MODEL --calib PATH'")
    }
    self.version = version
    modelDigest = digest
    calibrationDigest = document["calibration_sha256"]?.string
    lineage = document["made_by"].flatMap { Lineage($0) }
    ranges = RangeTable(sampleCount: samples)
    for (index, item) in list.enumerated() {
      ranges.entries.append(try RangeTable.Entry(item, index: index, path: path))
    }
    for item in document["corrections"]?.elements ?? [] {
      guard let result = item["result"]?.string, let values = item["values"]?.elements,
        values.allSatisfy({ $0.double.map { Float($0).isFinite } ?? false })
      else {
        throw Diagnostic(
          .badData, "'\(path)': a correction lacks its result, or its values are no numbers",
          hint: "leave \"corrections\" out, or make the file again")
      }
      ranges.corrections.append(.init(result: result, values: values.map { Float($0.double!) }))
    }
  }
}

extension RangeFile {
  /// Refuses ranges of tensors that the model does not have: they would go unused without a word.
  func check(_ legal: Legalization, path: String) throws(Diagnostic) {
    guard let stranger = ranges.unknownTensors(in: ranges.suited(legal)).first else { return }
    throw Diagnostic(
      .badData, "'\(path)' has a range for '\(stranger)', which is no tensor of the model",
      hint: "'edgeopt calibrate' lists the tensors that have ranges")
  }
}

extension RangeTable.Correction {
  fileprivate var json: JSON {
    .object(["result": .string(result), "values": .array(values.map { .number(Double($0)) })])
  }
}

extension RangeTable.Entry {
  var json: JSON {
    .object([
      "tensor": .string(tensor), "sharing": .strings(sharing), "least": .number(Double(least)),
      "greatest": .number(Double(greatest)), "lower": .number(Double(lower)), "upper": .number(Double(upper)),
      "choice": .string("\(choice)"), "reason": .string(reason),
    ])
  }

  /// Whoever changed the ends by hand has made a choice.
  fileprivate init(_ document: JSON, index: Int, path: String) throws(Diagnostic) {
    guard let tensor = document["tensor"]?.string else {
      throw Diagnostic(
        .badData, "'\(path)': range \(index) has no \"tensor\"",
        hint: "each range has \"tensor\", \"sharing\", \"lower\" and \"upper\"")
    }
    func end(_ key: String) throws(Diagnostic) -> Double {
      let value = document[key]?.double
      if let value, Float(value).isFinite, key == "lower" ? value <= 0 : value >= 0 { return value }
      let found = value.map { "is \(Float($0))" } ?? "is missing or no number"
      throw Diagnostic(
        .badData, "'\(path)': the range of '\(tensor)': \"\(key)\" \(found)",
        hint: "\"lower\" must be at most 0 and \"upper\" at least 0")
    }
    let lower = try end("lower")
    let upper = try end("upper")
    self.init(
      tensor: tensor, sharing: document["sharing"]?.elements?.compactMap(\.string) ?? [],
      least: Float(document["least"]?.double ?? lower),
      greatest: Float(document["greatest"]?.double ?? upper),
      lower: Float(lower), upper: Float(upper), choice: .given, reason: document["reason"]?.string ?? "")
  }
}

extension DoctorReport.Finding {
  fileprivate var json: JSON {
    .object([
      "severity": .string(severity.rawValue), "message": .string(message),
      "hint": .optional(hint, JSON.string),
    ])
  }
}
