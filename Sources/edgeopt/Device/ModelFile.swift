import Datasets
import Graph
import JSONText
import Micro
import Reporting
import Storage

extension Report.FileFacts {
  /// A file that is there; its external data are other files.
  init(path: String) throws(Diagnostic) {
    do throws(StorageError) {
      self.init(path: path, bytes: try Storage(mapping: path).view())
    } catch {
      switch error {
      case .missing: throw Diagnostic(.missing, "'\(path)' does not exist", hint: "check the path")
      case .isDirectory: throw Diagnostic(.badData, "'\(path)' is a folder, expected a model file")
      default: throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
      }
    }
  }

  /// A file that is to be written.
  init(path: String, bytes: View<UInt8>) {
    var digest = SHA256()
    digest.add(bytes)
    self.init(
      path: path, sha256: digest.hexadecimal, byteCount: bytes.count,
      compressedByteCount: CompressedSize(of: bytes).byteCount)
  }
}

extension Report.Model {
  /// What a device model and its file cost, with what the file says of its origin.
  ///
  ///     let after = try Report.Model(device, file: Report.FileFacts(path: "model.tflite"))
  init(_ device: DeviceModel, file: Report.FileFacts, arena: ArenaReport? = nil) {
    self.init(device: device.model, file: file, provenance: device.provenance, arena: arena)
  }

  /// A model that need not run.
  init(device model: MicroModel, file: Report.FileFacts, provenance: Provenance?, arena: ArenaReport? = nil) {
    var memory = arena ?? ArenaReport(model)
    if arena == nil { memory.path = file.path }
    self.init(device: model, file: file, arena: memory)
    guard let origin = provenance else { return }
    self.provenance = origin.settings
    inputs.adopt(origin.inputs)
    outputs.adopt(origin.outputs)
  }
}

extension [Report.Port] {
  fileprivate mutating func adopt(_ sources: [ProvenancePort]) {
    guard count == sources.count else { return }
    for (index, source) in sources.enumerated() {
      self[index].permutation = source.permutation
      self[index].sourceShape = source.sourceShape
    }
  }
}

extension Provenance {
  /// For people and for reports.
  var settings: [Report.Setting] {
    var result: [Report.Setting] = [
      .init(name: "edgeopt", value: version), .init(name: "model_sha256", value: modelDigest),
    ]
    if let calibrationDigest {
      result.append(.init(name: "calibration_sha256", value: calibrationDigest))
    }
    if let calibrationSamples {
      result.append(.init(name: "calibration_samples", value: String(calibrationSamples)))
    }
    return result + options.map { .init(name: $0.name, value: $0.value.settingText) }
  }
}

extension JSON {
  /// As a flag's value is typed.
  fileprivate var settingText: String {
    if let string { return string }
    return text().split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
