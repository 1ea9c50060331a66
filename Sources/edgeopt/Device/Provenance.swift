import JSONText
import Graph
import Micro
import Reporting
import Storage

/// Where a `.tflite` file comes from: what made it, from what, and with which settings. It says neither when nor where,
/// so that the same work makes the same bytes.
struct Provenance {
  static let metadataName = "edgeopt"

  var version: String
  /// The model file's SHA-256.
  var modelDigest: String
  /// Of the calibration samples, as the model got them.
  var calibrationDigest: String?
  var calibrationSamples: Int?
  /// What was asked for, as flags are called.
  var recipe: [JSON.Member]
  var inputs: [ProvenancePort]
  var outputs: [ProvenancePort]

  var json: JSON {
    .object([
      "tool": "edgeopt", "version": .string(version), "model_sha256": .string(modelDigest),
      "calibration_sha256": .optional(calibrationDigest, JSON.string),
      "calibration_samples": .optional(calibrationSamples, JSON.integer), "recipe": .members(recipe),
      "inputs": .array(inputs.map(\.json)), "outputs": .array(outputs.map(\.json)),
    ])
  }

  var metadata: MicroMetadata {
    MicroMetadata(name: Self.metadataName, bytes: View(Array(json.text().utf8)))
  }

  /// What a file says of itself; nil for files of other tools.
  init?(of model: MicroModel) {
    guard let bytes = model.metadata(named: Self.metadataName),
      let document = try? JSON(parsing: bytes.array, called: Self.metadataName),
      document["tool"]?.string == "edgeopt", let version = document["version"]?.string,
      let digest = document["model_sha256"]?.string
    else { return nil }
    self.version = version
    modelDigest = digest
    calibrationDigest = document["calibration_sha256"]?.string
    calibrationSamples = document["calibration_samples"]?.integer
    if case .members(let members)? = document["recipe"] { recipe = members } else { recipe = [] }
    inputs = (document["inputs"]?.elements ?? []).map(ProvenancePort.init)
    outputs = (document["outputs"]?.elements ?? []).map(ProvenancePort.init)
  }

  init(
    version: String, modelDigest: String, calibrationDigest: String?, calibrationSamples: Int?,
    recipe: [JSON.Member], graph: Graph
  ) {
    self.version = version
    self.modelDigest = modelDigest
    self.calibrationDigest = calibrationDigest
    self.calibrationSamples = calibrationSamples
    self.recipe = recipe
    inputs = graph.inputs.map(ProvenancePort.init)
    outputs = graph.outputs.map(ProvenancePort.init)
  }

  /// The digest of a file's bytes.
  static func digest(ofFile path: String) throws(Diagnostic) -> String {
    do throws(StorageError) {
      var digest = SHA256()
      digest.add(try Storage(mapping: path).view())
      return digest.hexadecimal
    } catch {
      throw Diagnostic(.inputOutput, "'\(path)' cannot be read again for its digest")
    }
  }
}

/// An input or output of the device's model beside the source's.
struct ProvenancePort: Hashable {
  var name: String
  /// As ``DevicePort/permutation``.
  var permutation: [Int]?
  /// The shape in the source; open extents are 1.
  var sourceShape: [Int]

  init(_ port: Port) {
    name = port.name
    permutation = port.permutation
    sourceShape = port.declaredShape.perSample
  }

  fileprivate init(_ document: JSON) {
    name = document["name"]?.string ?? ""
    permutation = document["permutation"]?.elements?.compactMap(\.integer)
    sourceShape = document["source_shape"]?.elements?.compactMap(\.integer) ?? []
  }

  var json: JSON {
    .object([
      "name": .string(name), "permutation": .optional(permutation, JSON.integers),
      "source_shape": .integers(sourceShape),
    ])
  }
}
