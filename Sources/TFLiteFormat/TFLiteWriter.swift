import CTFLite
import Graph
import Micro
import Storage

/// Writes a model as a `.tflite` file: the same bytes for the same model, without anything that nobody reads.
///
///     try TFLiteWriter(model).write(to: "model.tflite")
///
/// Equal constants share one buffer, which starts at a multiple of 16 in the file.
public struct TFLiteWriter {
  private let model: MicroModel

  public init(_ model: MicroModel) { self.model = model }

  /// Puts the file in place once it is complete.
  public func write(to path: String) throws(Diagnostic) {
    let bytes = try bytes()
    do throws(StorageError) {
      let file = try OutputFile(path)
      try file.write(bytes)
      try file.commit()
    } catch {
      switch error {
      case .missing, .unreadable: throw Diagnostic(.inputOutput, "cannot write '\(path)'")
      case .isDirectory: throw Diagnostic(.inputOutput, "'\(path)' is a folder, expected a file to write")
      case .unwritable(_, let reason): throw Diagnostic(.inputOutput, "cannot write '\(path)': \(reason)")
      }
    }
  }

  public func bytes() throws(Diagnostic) -> View<UInt8> {
    let byteCount = payloadByteCount
    // The format's offsets are 32 bits wide, and signed in places.
    guard byteCount < 1 << 31 - 1 << 26 else {
      throw Diagnostic(
        .unsupported, "the model has \(byteCount) bytes of constants; a .tflite file has room for 2 GB")
    }
    var writing = ModelWriting(model, expectedByteCount: byteCount + 4096)
    return try writing.file()
  }

  private var payloadByteCount: Int {
    model.subgraphs.reduce(0) { $0 + $1.tensors.reduce(0) { $0 + ($1.data?.count ?? 0) } }
      + model.metadata.reduce(0) { $0 + $1.bytes.count }
  }
}

/// The writing of one file.
private struct ModelWriting {
  let model: MicroModel
  let builder: FlatBuilder
  private var opcodes: [OpcodeKey: UInt32] = [:]
  private var compressed: [ctflite_compressed] = []

  private struct OpcodeKey: Hashable {
    var code: BuiltinOperator
    var customName: String
    var version: Int
  }

  init(_ model: MicroModel, expectedByteCount: Int) {
    self.model = model
    builder = FlatBuilder(expectedByteCount: expectedByteCount)
  }

  mutating func file() throws(Diagnostic) -> View<UInt8> {
    for (index, subgraph) in model.subgraphs.enumerated() {
      for (position, tensor) in subgraph.tensors.enumerated() { write(tensor, at: position, of: index) }
      for op in subgraph.operators { try write(op, in: subgraph) }
      builder.subgraph(
        name: subgraph.name, inputs: subgraph.inputs.map { Int32(clamping: $0) },
        outputs: subgraph.outputs.map { Int32(clamping: $0) })
    }
    writeMetadata()
    writeSignature()
    return builder.finish(description: model.description, signatureKey: "serving_default")
  }

  private mutating func write(_ tensor: MicroTensor, at position: Int, of subgraph: Int) {
    let quantization = tensor.quantization
    builder.tensor(
      name: tensor.name, type: tensor.type.rawValue, shape: tensor.shape.map { Int32(clamping: $0) },
      buffer: tensor.data.map(builder.buffer) ?? 0, scales: quantization?.scales ?? [],
      zeroPoints: quantization?.zeroPoints.map(Int64.init) ?? [],
      axis: Int32(clamping: quantization?.axis ?? 0),
      isVariable: tensor.isVariable)
    if let compression = tensor.compression {
      compressed.append(
        ctflite_compressed(
          subgraph: UInt32(subgraph), tensor: Int32(position),
          value_buffer: builder.buffer(compression.values),
          index_bit_width: UInt8(clamping: compression.bitWidth)))
    }
  }

  private mutating func write(_ op: MicroOperator, in subgraph: MicroSubgraph) throws(Diagnostic) {
    let isWide =
      op.outputs.first.map { subgraph.tensors.indices.contains($0) && subgraph.tensors[$0].type == .int16 }
      ?? false
    guard let options = OptionsRecord(op.options, of: op.code, isWide: isWide) else {
      throw Diagnostic(.failed, "\(op.title) cannot be written with the options \(op.options)")
    }
    builder.operator(
      opcode: opcode(of: op, in: subgraph), inputs: op.inputs.map { Int32(clamping: $0 ?? -1) },
      outputs: op.outputs.map { Int32(clamping: $0) },
      intermediates: op.intermediates.map { Int32(clamping: $0) }, options: options,
      customOptions: op.customOptions)
  }

  /// The operator's place among the file's operator codes, which stand in the order of their first use.
  private mutating func opcode(of op: MicroOperator, in subgraph: MicroSubgraph) -> UInt32 {
    // A version that someone gave may be higher than its use demands, and never lower.
    let version = op.code == .custom ? op.version : max(op.version, op.liteRTVersion(in: subgraph))
    let key = OpcodeKey(code: op.code, customName: op.customName, version: version)
    if let known = opcodes[key] { return known }
    let code = op.code.rawValue
    builder.opcode(
      deprecatedCode: Int8(min(code, 127)), code: code, version: Int32(clamping: version),
      customName: op.customName.isEmpty ? nil : op.customName)
    let index = UInt32(opcodes.count)
    opcodes[key] = index
    return index
  }

  private func writeMetadata() {
    // Which buffer holds which values is only known now.
    let count = (compressed.last.map { Int($0.subgraph) } ?? -1) + 1
    var compression = compressed.isEmpty ? nil : builder.compressionBuffer(compressed, subgraphCount: count)
    for entry in model.metadata {
      if entry.name == MicroMetadata.compression, let table = compression {
        builder.metadata(name: entry.name, buffer: table)
        compression = nil
      } else {
        builder.metadata(name: entry.name, buffer: builder.buffer(entry.bytes))
      }
    }
    if let compression { builder.metadata(name: MicroMetadata.compression, buffer: compression) }
    if model.metadata(named: MicroMetadata.runtimeVersion) == nil {
      builder.metadata(
        name: MicroMetadata.runtimeVersion,
        buffer: builder.buffer(MicroMetadata.paddedVersion(model.minimumRuntimeVersion)))
    }
  }

  /// Tells readers other than TFLM what the inputs and outputs are called.
  private func writeSignature() {
    for (isOutput, tensors) in [(false, model.main.inputs), (true, model.main.outputs)] {
      var taken = Set<String>()
      for (position, tensor) in tensors.enumerated() {
        var name = model.main.tensors.indices.contains(tensor) ? model.main.tensors[tensor].name : ""
        if !taken.insert(name).inserted {
          name += "_\(position)"
          taken.insert(name)
        }
        builder.signaturePort(isOutput: isOutput, name: name, tensor: UInt32(clamping: tensor))
      }
    }
  }
}

extension MicroMetadata {
  static let compression = "COMPRESSION_METADATA"
  static let runtimeVersion = "min_runtime_version"

  /// 16 bytes, as readers expect them.
  fileprivate static func paddedVersion(_ version: String) -> View<UInt8> {
    let text = Array(version.utf8.prefix(15))
    return View(text + [UInt8](repeating: 0, count: 16 - text.count))
  }
}
