import Graph
import Quantization
import Reporting
import Storage

/// Ranges in a file: what `calibrate` writes and `quantize --ranges` reads.
struct RangeFile {
  var version: String
  /// The model file's SHA-256: ranges are good for no other.
  var modelDigest: String
  var calibrationDigest: String?
  var ranges: RangeTable
  /// What was found about the samples, for those who read the file.
  var findings: [DoctorReport.Finding] = []

  var json: JSON {
    .object([
      "tool": "edgeopt", "version": .string(version), "model_sha256": .string(modelDigest),
      "calibration_sha256": .optional(calibrationDigest, JSON.string),
      "samples": .integer(ranges.sampleCount), "ranges": .array(ranges.entries.map(\.json)),
      "corrections": .array(ranges.corrections.map(\.json)), "findings": .array(findings.map(\.json)),
    ])
  }
}

extension RangeFile {
  init(path: String) throws(Diagnostic) {
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try Storage(mapping: path).view(of: UInt8.self).array
    } catch {
      switch error {
      case .missing: throw Diagnostic(.missing, "'\(path)' does not exist", hint: "check the path")
      default: throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
      }
    }
    let document = try JSON(parsing: bytes, called: path)
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
    ranges = RangeTable(sampleCount: samples)
    for (index, item) in list.enumerated() {
      guard let entry = RangeTable.Entry(item) else {
        throw Diagnostic(
          .badData, "'\(path)': range \(index) lacks its tensor, or its ends are no numbers around zero",
          hint: "each range has \"tensor\", \"sharing\", \"lower\" and \"upper\"")
      }
      ranges.entries.append(entry)
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

  /// nil for what is no range; whoever changed the ends by hand has made a choice.
  fileprivate init?(_ document: JSON) {
    guard let tensor = document["tensor"]?.string, let lower = document["lower"]?.double,
      let upper = document["upper"]?.double, lower <= 0, upper >= 0, Float(lower).isFinite,
      Float(upper).isFinite
    else { return nil }
    self.init(
      tensor: tensor, sharing: document["sharing"]?.elements?.compactMap(\.string) ?? [],
      least: Float(document["least"]?.double ?? lower),
      greatest: Float(document["greatest"]?.double ?? upper),
      lower: Float(lower), upper: Float(upper), choice: .given, reason: document["reason"]?.string ?? "")
  }
}
