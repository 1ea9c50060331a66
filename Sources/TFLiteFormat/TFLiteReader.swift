import CTFLite
import Graph
import Micro
import Storage

/// Reads a `.tflite` file. Constants stay where they are in the mapped file.
///
///     let model = try TFLiteReader(path: "model.tflite").model()
///
/// The result is sound: every index names something, operators run after what they read was made, and constants are as
/// long as their shapes say. Whether TFLM runs it is another question.
public struct TFLiteReader {
  /// What messages call the file.
  public let name: String
  private let storage: Storage

  public init(path: String) throws(Diagnostic) {
    do throws(StorageError) {
      self.init(try Storage(mapping: path), name: path)
    } catch {
      switch error {
      case .missing: throw Diagnostic(.missing, "there is no file '\(path)'")
      case .isDirectory: throw Diagnostic(.missing, "'\(path)' is a folder, not a model file")
      case .unreadable(_, let reason), .unwritable(_, let reason):
        throw Diagnostic(.inputOutput, "cannot read '\(path)': \(reason)")
      }
    }
  }

  /// A file in memory.
  public init(_ storage: Storage, name: String) {
    self.storage = storage
    self.name = name
  }

  /// A file in memory; the view's bytes are copied.
  public init(_ bytes: View<UInt8>, name: String) {
    self.init(Storage(bytes: bytes.array), name: name)
  }

  public func model() throws(Diagnostic) -> MicroModel {
    var reading = ModelReading(try verifiedFile(), name: name)
    return try reading.model()
  }

  /// Bytes that any offset may be followed in.
  private func verifiedFile() throws(Diagnostic) -> FlatFile {
    guard storage.byteCount > 0 else { throw Diagnostic(.badData, "'\(name)' is empty") }
    let isMarked = FlatFile.hasIdentifier(storage)
    guard let file = FlatFile(storage) else {
      throw isMarked
        ? Diagnostic(
          .badData, "'\(name)' is damaged: it begins like a .tflite file, but an offset in it leads astray",
          hint: "copy or convert it again; it has \(storage.byteCount) bytes")
        : Diagnostic(
          .badData, "'\(name)' is not a .tflite file: it lacks the mark 'TFL3' at bytes 4 to 7",
          hint: "an ONNX file must be named .onnx")
    }
    guard file.model.version == 3 else {
      throw Diagnostic(
        .unsupported, "'\(name)' has version \(file.model.version) of the .tflite format, expected 3",
        hint: "convert the model again with a current tool")
    }
    return file
  }
}

/// The reading of one verified file.
struct ModelReading {
  let file: FlatFile
  let name: String
  var faults = FaultList()
  /// Elements and characters that may still be read: tables can share their vectors, so a small file can hold much.
  private var allowance: Int

  init(_ file: FlatFile, name: String) {
    self.file = file
    self.name = name
    allowance = 1 << 20 + 4 * file.storage.byteCount
  }

  mutating func model() throws(Diagnostic) -> MicroModel {
    try refuseExternalBuffers()
    guard file.model.subgraph_count > 0 else {
      throw Diagnostic(.badData, "'\(name)' holds no subgraph, so there is nothing to run")
    }
    let opcodes = try operatorCodes()
    var subgraphs: [MicroSubgraph] = []
    for index in 0..<file.model.subgraph_count { subgraphs.append(try subgraph(index, opcodes)) }
    var model = MicroModel(
      subgraphs: subgraphs, description: file.text(file.model.description), metadata: try metadata())
    readCompression(into: &model)
    // What is left out above would only make the rest look wrong.
    try faults.report(in: name)
    for index in model.subgraphs.indices {
      settleConstants(of: &model.subgraphs[index], at: index)
      SubgraphChecks(model, index).run(&faults)
    }
    try faults.report(in: name)
    return model
  }

  /// Takes `count` elements from what may still be read.
  mutating func charge(_ spans: ctflite_span...) throws(Diagnostic) {
    for span in spans { allowance -= span.count }
    guard allowance >= 0 else {
      throw Diagnostic(
        .badData,
        "'\(name)' is damaged: its tables share so much that they hold far more than the file has bytes")
    }
  }

  private func refuseExternalBuffers() throws(Diagnostic) {
    let external = "weights in other files or behind the tables are not read by microcontrollers"
    let count = file.model.external_buffer_count
    guard count == 0 else {
      throw Diagnostic(
        .unsupported, "'\(name)' keeps \(count) of its constants outside of it (external buffers)",
        hint: external)
    }
    let placed = (0..<file.model.buffer_count).filter { index in
      let buffer = file.buffer(index)
      return buffer.data.count == 0 && (buffer.offset > 1 || buffer.size > 1)
    }
    guard placed.isEmpty else {
      let names = placed.prefix(8).map(String.init).joined(separator: ", ")
      throw Diagnostic(
        .unsupported,
        "'\(name)' keeps the data of buffers \(names) behind its tables (Buffer.offset), as files over 2 GB do",
        hint: external)
    }
  }

  // MARK: Operator codes

  struct OperatorCode {
    var code: BuiltinOperator
    var customName: String
    var version: Int
  }

  private mutating func operatorCodes() throws(Diagnostic) -> [OperatorCode?] {
    var codes: [OperatorCode?] = []
    for index in 0..<file.model.opcode_count {
      let table = file.opcode(index)
      try charge(table.custom_code)
      // Files of old tools have only the first; codes over 127 are only in the second.
      let number = max(Int32(table.deprecated_code), table.code)
      let code = BuiltinOperator(rawValue: number)
      let customName = file.text(table.custom_code)
      if code == nil {
        faults.add(.unsupported, "operator code \(index) is \(Self.unknownOperator(number))")
      } else if code == .custom && customName.isEmpty {
        faults.add(.badData, "operator code \(index) is a custom operator without a name")
      }
      codes.append(code.map { OperatorCode(code: $0, customName: customName, version: Int(table.version)) })
    }
    return codes
  }

  private static func unknownOperator(_ number: Int32) -> String {
    switch number {
    case 203: "DILATE (203), which TFLM has no kernel for"
    case 162...209: "a StableHLO operator (\(number)), which TFLM has no kernel for"
    default: "\(number), which no version of the format names"
    }
  }

  // MARK: Metadata

  private mutating func metadata() throws(Diagnostic) -> [MicroMetadata] {
    var entries: [MicroMetadata] = []
    for index in 0..<file.model.metadata_count {
      let table = file.metadata(index)
      try charge(table.name)
      let name = file.text(table.name)
      if let bytes = bufferBytes(table.buffer, of: "metadata '\(name)'") {
        entries.append(MicroMetadata(name: name, bytes: bytes))
      }
    }
    return entries
  }

  /// The bytes of a buffer, none for an empty one; nil and a fault when there is no such buffer.
  mutating func bufferBytes(_ index: UInt32, of owner: @autoclosure () -> String) -> View<UInt8>? {
    if Int(index) < file.model.buffer_count { return file.bytes(file.buffer(Int(index)).data) }
    // A file without any buffers is one whose tensors are all empty.
    if index == 0 && file.model.buffer_count == 0 { return file.bytes(ctflite_span()) }
    faults.add(.badData, "\(owner()) is in buffer \(index), but there are \(file.model.buffer_count)")
    return nil
  }

  /// Constants that are stored as indices into values are listed beside the network.
  private mutating func readCompression(into model: inout MicroModel) {
    let tensorCount = model.subgraphs.reduce(0) { $0 + $1.tensors.count }
    guard let payload = model.metadata(named: MicroMetadata.compression),
      let entries = CompressionTable.entries(payload, limit: tensorCount)
    else { return }
    for entry in entries {
      let (subgraph, tensor) = (Int(entry.subgraph), Int(entry.tensor))
      guard subgraph < model.subgraphs.count, model.subgraphs[subgraph].tensors.indices.contains(tensor)
      else {
        faults.add(.badData, "the compression table names tensor \(tensor) of subgraph \(subgraph)")
        continue
      }
      let name = "'\(model.subgraphs[subgraph].tensors[tensor].name)'"
      guard (1...7).contains(entry.index_bit_width) else {
        faults.add(.badData, "\(name) is compressed to \(entry.index_bit_width) bits, expected 1 to 7")
        continue
      }
      if let values = bufferBytes(entry.value_buffer, of: "the value table of \(name)") {
        model.subgraphs[subgraph].tensors[tensor].compression = MicroCompression(
          bitWidth: Int(entry.index_bit_width), values: values)
      }
    }
  }
}
