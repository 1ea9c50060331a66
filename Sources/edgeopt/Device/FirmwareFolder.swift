import Datasets
import Firmware
import Graph
import MicroRuntime
import Storage

/// The folder of C sources for the firmware: all of its files are checked before any is written.
struct FirmwareFolder {
  let path: String
  private let targets: [OutputTarget]
  private let files: [FirmwareFiles.File]

  /// A board checks itself with this many samples.
  static let vectorCount = 4

  init(
    path: String, device: DeviceModel, bytes: View<UInt8>, name: String, dataset: Dataset?, seed: Int,
    replaces: Bool, inputs: [String], outputs: [(flag: String, path: String?)] = []
  ) throws(Diagnostic) {
    self.path = path
    let firmware = try FirmwareFiles(
      device.model, bytes: bytes, name: name, labels: dataset?.classNames ?? [],
      preparation: Self.preparation(device, dataset), vectors: try Self.vectors(device, dataset, seed: seed))
    files = firmware.files
    if case .file = FileKind(of: path) {
      throw Diagnostic(.inputOutput, "'\(path)' is a file, expected a folder", hint: "choose another name")
    }
    for file in files {
      try OutputTarget.check(distinct: outputs + [("--c", "\(path)/\(file.name)")])
    }
    // Before the folder is there, nothing in it can be in the way.
    guard FileKind(of: path) == .folder else {
      targets = []
      return
    }
    var targets: [OutputTarget] = []
    for file in files {
      targets.append(
        try OutputTarget(path: "\(path)/\(file.name)", replaces: replaces, reading: inputs))
    }
    self.targets = targets
  }

  var names: [String] { files.map(\.name) }

  func write() throws(Diagnostic) {
    try OutputFolder.create(path)
    for (index, file) in files.enumerated() {
      let target =
        try targets.isEmpty ? OutputTarget(path: "\(path)/\(file.name)", replaces: false) : targets[index]
      try target.write(file.bytes)
    }
  }

  private static func preparation(_ device: DeviceModel, _ dataset: Dataset?) -> [InputPreparation] {
    guard let settings = dataset?.settings else { return [] }
    return device.inputs.indices.filter { device.inputs[$0].takesRealNumbers }.map { index in
      InputPreparation(
        input: index, numerator: settings.scale?.numerator ?? 1,
        denominator: settings.scale?.denominator ?? 1, mean: settings.mean ?? [],
        deviation: settings.standardDeviation ?? [], layout: settings.layout?.rawValue,
        color: settings.color?.rawValue, size: settings.resize?.description)
    }
  }

  /// Samples with what the device makes of them, layer by layer; random integers where there are no samples.
  private static func vectors(
    _ device: DeviceModel, _ dataset: Dataset?, seed: Int
  ) throws(Diagnostic) -> [TestVector] {
    var generator = SeededGenerator(seed: seed)
    var vectors: [TestVector] = []
    for index in 0..<min(vectorCount, dataset?.count ?? vectorCount) {
      let inputs =
        try dataset.map { data throws(Diagnostic) in try device.stored(data.sample(at: index).inputs) }
        ?? device.inputs.map { $0.port.noise(&generator) }
      vectors.append(try vector(device, inputs))
    }
    return vectors
  }

  private static func vector(_ device: DeviceModel, _ inputs: [TensorValue]) throws(Diagnostic) -> TestVector
  {
    var makers: [Int: Int] = [:]
    for (index, node) in device.model.main.operators.enumerated() {
      for output in node.outputs { makers[output] = index }
    }
    let session = device.program.makeSession()
    var layers: [LayerChecksum] = []
    session.onTensor = { tensor, value throws(Diagnostic) in
      guard let maker = makers[tensor] else { return }
      layers.append(LayerChecksum(operatorIndex: maker, tensor: tensor, bytes: value.bytes))
    }
    let outputs = try session.run(inputs)
    return TestVector(inputs: inputs.map(\.bytes), outputs: outputs.map(\.bytes), layers: layers)
  }
}

extension MicroPort {
  /// Any numbers that the port's type holds: over the whole range of small integers, from −1 to 1 for floats.
  fileprivate func noise(_ generator: inout SeededGenerator) -> TensorValue {
    let value = TensorValue(type: type, sizes: sizes)
    for index in 0..<value.elementCount {
      if type.isFloat {
        value.floats[index] = Float(generator.below(20_001)) / 10_000 - 1
      } else {
        let range = [.int8, .uint8, .int16].contains(type) ? type.integerRange! : 0...1
        value.setInteger(range.lowerBound + generator.below(range.count), at: index)
      }
    }
    return value
  }
}
