import JSONText
import Graph
import Micro
import Reporting
import Storage

/// Where a `.tflite` file comes from: what made it, from what, and with which settings. It says neither when nor where,
/// so that the same work makes the same bytes.
struct Provenance {
  static let metadataName = "edgeopt"

  /// What was done, and to what.
  var lineage: Lineage
  /// Of the calibration samples, as the model got them.
  var calibrationDigest: String?
  var calibrationSamples: Int?
  var inputs: [ProvenancePort]
  var outputs: [ProvenancePort]

  var version: String { lineage.version }
  /// The SHA-256 of the model that the chain of stages began with.
  var modelDigest: String { lineage.original?.identity.sha256 ?? "" }
  /// What was asked for, as flags are called.
  var options: [JSON.Member] { lineage.options }

  var json: JSON {
    var members: [JSON.Member] = [.init(name: "tool", value: "edgeopt")] + lineage.members
    members.append(.init(name: "model_sha256", value: .string(modelDigest)))
    if let calibrationDigest {
      members.append(.init(name: "calibration_sha256", value: .string(calibrationDigest)))
    }
    if let calibrationSamples {
      members.append(.init(name: "calibration_samples", value: .integer(calibrationSamples)))
    }
    members.append(.init(name: "inputs", value: .array(inputs.map(\.json))))
    members.append(.init(name: "outputs", value: .array(outputs.map(\.json))))
    return .members(members)
  }

  /// On one line: it lies in the device's flash.
  var metadata: MicroMetadata {
    MicroMetadata(name: Self.metadataName, bytes: View(Array(json.line().utf8)))
  }

  /// What a file says of itself; nil for files of other tools, and for those of versions that did not say what they
  /// read.
  init?(of model: MicroModel) {
    guard let document = Self.document(in: model), document["tool"]?.string == "edgeopt",
      let lineage = Lineage(document)
    else { return nil }
    self.lineage = lineage
    calibrationDigest = document["calibration_sha256"]?.string
    calibrationSamples = document["calibration_samples"]?.integer
    inputs = (document["inputs"]?.elements ?? []).map(ProvenancePort.init)
    outputs = (document["outputs"]?.elements ?? []).map(ProvenancePort.init)
  }

  private static func document(in model: MicroModel) -> JSON? {
    guard let bytes = model.metadata(named: metadataName) else { return nil }
    return try? JSON(parsing: bytes.array, called: metadataName)
  }

  init(_ lineage: Lineage, calibrationDigest: String? = nil, calibrationSamples: Int? = nil, graph: Graph) {
    self.lineage = lineage
    self.calibrationDigest = calibrationDigest
    self.calibrationSamples = calibrationSamples
    inputs = graph.inputs.map(ProvenancePort.init)
    outputs = graph.outputs.map(ProvenancePort.init)
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
    var members: [JSON.Member] = [.init(name: "name", value: .string(name))]
    if let permutation { members.append(.init(name: "permutation", value: .integers(permutation))) }
    return .members(members + [.init(name: "source_shape", value: .integers(sourceShape))])
  }
}
