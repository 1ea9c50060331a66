import Graph
import Micro
import Storage

/// The files that a firmware project needs to run a model: the model as an array, exactly its operators, the arena's
/// size, its numbers in and out, its contract as a document, and test vectors that a board can check itself with.
///
///     let firmware = try FirmwareFiles(model, bytes: file, name: "resnet8", labels: ["cat", "dog"])
///     for file in firmware.files { print(file.name, file.bytes.count) }
public struct FirmwareFiles: Sendable {
  public struct File: Sendable {
    public var name: String
    public var bytes: [UInt8]
  }

  /// The model's name as all C names begin with it.
  public let identifier: String
  public let files: [File]

  /// `bytes` is the `.tflite` file of `model`; `arenaByteCount` overrides the predicted size of the arena.
  public init(
    _ model: MicroModel, bytes: View<UInt8>, name: String, labels: [String] = [],
    preparation: [InputPreparation] = [], vectors: [TestVector] = [], arenaByteCount: Int? = nil
  ) throws(Diagnostic) {
    let subject = try FirmwareSubject(
      model, bytes: bytes, name: name, labels: labels, preparation: preparation, vectors: vectors,
      arenaByteCount: arenaByteCount)
    identifier = subject.identifier
    var files = [
      ModelSource.header(subject), ModelSource.source(subject), OperatorsHeader.file(subject),
      PortsHeader.file(subject), ContractDocument.file(subject),
    ]
    if !vectors.isEmpty {
      files += [
        VectorSource.header(subject), VectorSource.source(subject), SelfTestSource.header(subject),
        SelfTestSource.source(subject),
      ]
    }
    self.files = files
  }
}

/// What happens to raw values before they are an input: x' = (x · numerator / denominator − mean) / deviation.
public struct InputPreparation: Sendable, Hashable {
  /// Which of the model's inputs.
  public var input: Int
  public var numerator: Float
  public var denominator: Float
  /// One for all, or one for each channel (the last axis); empty for none.
  public var mean: [Float]
  public var deviation: [Float]
  /// "NHWC", "rgb", "96x96": told to people, done by nobody here.
  public var layout: String?
  public var color: String?
  public var size: String?

  public init(
    input: Int = 0, numerator: Float = 1, denominator: Float = 1, mean: [Float] = [], deviation: [Float] = [],
    layout: String? = nil, color: String? = nil, size: String? = nil
  ) {
    self.input = input
    self.numerator = numerator
    self.denominator = denominator
    self.mean = mean
    self.deviation = deviation
    self.layout = layout
    self.color = color
    self.size = size
  }

  /// Whether values change at all.
  var isIdentity: Bool {
    numerator == denominator && mean.allSatisfy { $0 == 0 } && deviation.allSatisfy { $0 == 1 }
  }
}

/// A sample with what the device must compute from it, starting from reset state.
public struct TestVector: Sendable {
  /// In the order of the model's inputs, as bytes of their elements.
  public var inputs: [View<UInt8>]
  public var outputs: [View<UInt8>]
  /// In the order of the operators; empty when the layers are not known.
  public var layers: [LayerChecksum]

  public init(inputs: [View<UInt8>], outputs: [View<UInt8>], layers: [LayerChecksum] = []) {
    self.inputs = inputs
    self.outputs = outputs
    self.layers = layers
  }
}

/// The CRC-32 of what an operator of the main subgraph writes into a tensor.
public struct LayerChecksum: Sendable, Hashable {
  public var operatorIndex: Int
  public var tensor: Int
  public var crc32: UInt32

  public init(operatorIndex: Int, tensor: Int, crc32: UInt32) {
    self.operatorIndex = operatorIndex
    self.tensor = tensor
    self.crc32 = crc32
  }

  /// With the checksum of these bytes.
  public init(operatorIndex: Int, tensor: Int, bytes: View<UInt8>) {
    self.init(operatorIndex: operatorIndex, tensor: tensor, crc32: Checksum.crc32(bytes))
  }
}

/// Everything that the files speak about, checked.
struct FirmwareSubject: Sendable {
  let model: MicroModel
  let bytes: View<UInt8>
  let name: String
  let identifier: String
  let labels: [String]
  let preparation: [InputPreparation]
  let vectors: [TestVector]
  let inputs: [FirmwarePort]
  let outputs: [FirmwarePort]
  let operators: [ResolverMethod]
  let arenas: [ArenaPlatform: Int]
  let isArenaGiven: Bool

  init(
    _ model: MicroModel, bytes: View<UInt8>, name: String, labels: [String], preparation: [InputPreparation],
    vectors: [TestVector], arenaByteCount: Int?
  ) throws(Diagnostic) {
    self.model = model
    self.bytes = bytes
    self.name = name
    identifier = CName.identifier(name, or: "model")
    self.labels = labels
    self.preparation = preparation
    // Floats differ in their last bits from compiler to compiler: no checksum can hold them.
    self.vectors = vectors.map { vector in
      var exact = vector
      exact.layers.removeAll {
        model.main.tensors.indices.contains($0.tensor) && model.main.tensors[$0.tensor].type == .float32
      }
      return exact
    }
    inputs = try FirmwarePort.ports(model, model.main.inputs, "input")
    outputs = try FirmwarePort.ports(model, model.main.outputs, "output")
    operators = try ResolverMethod.methods(of: model)
    var arenas: [ArenaPlatform: Int] = [:]
    for platform in ArenaPlatform.allCases {
      if let arenaByteCount {
        arenas[platform] = arenaByteCount
      } else {
        arenas[platform] = try ArenaPrediction(model, platform: platform).minimum
      }
    }
    self.arenas = arenas
    isArenaGiven = arenaByteCount != nil
    try check()
  }

  /// The size of the arena, a multiple of 16.
  func arena(_ platform: ArenaPlatform) -> Int { ((arenas[platform] ?? 0) + 15) / 16 * 16 }

  private func check() throws(Diagnostic) {
    for entry in preparation {
      guard inputs.indices.contains(entry.input) else {
        throw Diagnostic(
          .usage, "preparation is given for input \(entry.input), the model has \(inputs.count) inputs")
      }
      let channels = inputs[entry.input].shape.last ?? 1
      for (what, values) in [("mean", entry.mean), ("standard deviation", entry.deviation)] {
        guard values.count <= 1 || values.count == channels else {
          throw Diagnostic(
            .usage,
            "\(what) has \(values.count) numbers, input '\(inputs[entry.input].name)' has \(channels) channels",
            hint: "give one number, or one for each channel")
        }
      }
      guard entry.denominator != 0, !entry.deviation.contains(0) else {
        throw Diagnostic(
          .usage, "the preparation divides by zero", hint: "give a scale and --std without zeros")
      }
    }
    for (number, vector) in vectors.enumerated() { try check(vector, number) }
  }

  private func check(_ vector: TestVector, _ number: Int) throws(Diagnostic) {
    for (what, ports, values) in [("input", inputs, vector.inputs), ("output", outputs, vector.outputs)] {
      guard ports.count == values.count else {
        throw Diagnostic(
          .badData, "test vector \(number) has \(values.count) \(what)s, the model has \(ports.count)")
      }
      for (port, value) in zip(ports, values) where port.byteCount != value.count {
        throw Diagnostic(
          .badData,
          "test vector \(number) has \(value.count) bytes for \(what) '\(port.name)', expected \(port.byteCount)"
        )
      }
    }
    for layer in vector.layers {
      guard model.main.operators.indices.contains(layer.operatorIndex),
        model.main.operators[layer.operatorIndex].outputs.contains(layer.tensor)
      else {
        throw Diagnostic(
          .badData,
          "test vector \(number) has a checksum of tensor \(layer.tensor), which operator "
            + "\(layer.operatorIndex) does not write")
      }
    }
  }
}
