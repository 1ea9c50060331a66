import Graph
import Storage

/// Reads a mapped file into records. Elements of tensors stay where they are.
struct ModelReader {
  let bytes: View<UInt8>

  init(_ storage: Storage) { bytes = storage.view() }

  func model() throws(Diagnostic) -> ModelRecord {
    guard bytes.count > 0 else {
      throw Diagnostic(.badData, "the file is empty", hint: "export the model again")
    }
    if bytes.count >= 8, bytes[4..<8].array == Array("TFL3".utf8) {
      throw Diagnostic(
        .badData, "it is a .tflite file",
        hint: "give it a name that ends in .tflite, which tells the formats apart")
    }
    try WireLimits.check(bytes)
    var header = WireWriter()
    var graphRange: Range<Int>?
    var functionRanges: [Range<Int>] = []
    var metadata: [String: String] = [:]
    var reader = WireReader(bytes, 0..<bytes.count)
    while let field = try reader.next() {
      switch (field.number, field.kind) {
      case (7, .bytes):
        guard graphRange == nil else { throw WireReader.corrupt("it holds more than one graph") }
        graphRange = field.content
      case (14, .bytes):
        // Notes of other tools are no reason to refuse a model.
        if let (name, value) = try? note(field.content) { metadata[name] = value }
      case (25, .bytes): functionRanges.append(field.content)
      case (1...8, _): header.append(field, from: bytes)
      default: break
      }
    }
    guard let graphRange else { throw WireReader.corrupt("it holds no graph") }
    var functions: [FunctionRecord] = []
    for range in functionRanges { functions.append(try function(range)) }
    return ModelRecord(
      header: try Decoder.header(header.bytes), graph: try graph(graphRange), functions: functions,
      metadata: metadata)
  }

  /// Longer notes are not read.
  private static let greatestNote = 1 << 20

  /// A name and a text.
  private func note(_ range: Range<Int>) throws(Diagnostic) -> (name: String, value: String)? {
    guard range.count <= Self.greatestNote else { return nil }
    var parts: [Int: String] = [:]
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      if field.kind == .bytes {
        parts[field.number] = String(decoding: bytes[field.content].array, as: UTF8.self)
      }
    }
    guard let name = parts[1] else { return nil }
    return (name, parts[2] ?? "")
  }

  /// Graphs hold nodes that hold graphs; the depth was checked on the wire.
  func graph(_ range: Range<Int>) throws(Diagnostic) -> GraphRecord {
    var record = GraphRecord()
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      guard field.kind == .bytes else { continue }
      switch field.number {
      case 1: record.nodes.append(try node(field.content))
      case 2: record.name = String(decoding: bytes[field.content].array, as: UTF8.self)
      case 5: record.initializers.append(try tensor(field.content))
      case 11: record.inputs.append(try Decoder.valueInfo(bytes[field.content].array))
      case 12: record.outputs.append(try Decoder.valueInfo(bytes[field.content].array))
      case 15: record.sparseInitializerCount += 1
      default: break
      }
    }
    return record
  }

  private func function(_ range: Range<Int>) throws(Diagnostic) -> FunctionRecord {
    var header = WireWriter()
    var nodes: [NodeRecord] = []
    var defaults: [AttributeRecord] = []
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      switch field.number {
      case 7 where field.kind == .bytes: nodes.append(try node(field.content))
      case 11 where field.kind == .bytes: defaults.append(try attribute(field.content))
      case 1, 4, 5, 6, 9, 10, 13: header.append(field, from: bytes)
      default: break
      }
    }
    return FunctionRecord(header: try Decoder.functionHeader(header.bytes), nodes: nodes, defaults: defaults)
  }

  /// Fields of an attribute that hold tensors or graphs.
  private static let bulkyFields: Set<Int> = [5, 6, 10, 11, 14, 15, 22, 23]

  private func node(_ range: Range<Int>) throws(Diagnostic) -> NodeRecord {
    var writer = WireWriter()
    var bulky: [AttributeRecord] = []
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      switch field.number {
      case 5 where field.kind == .bytes:
        if try isBulky(field.content) {
          bulky.append(try attribute(field.content))
        } else {
          writer.append(field, from: bytes)
        }
      case 1, 2, 3, 4, 5, 7, 8: writer.append(field, from: bytes)
      default: break
      }
    }
    var record = try Decoder.node(writer.bytes)
    record.attributes += bulky
    return record
  }

  private func isBulky(_ range: Range<Int>) throws(Diagnostic) -> Bool {
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      if Self.bulkyFields.contains(field.number) { return true }
    }
    return false
  }

  private func attribute(_ range: Range<Int>) throws(Diagnostic) -> AttributeRecord {
    var writer = WireWriter()
    var value: AttributeValue?
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      switch field.number {
      case 5 where field.kind == .bytes: value = .tensor(try tensor(field.content))
      case 6 where field.kind == .bytes: value = .graph(try graph(field.content))
      case 10, 11: value = .other("a list of tensors or graphs")
      case 14, 15, 22, 23: value = .other("a type or a sparse tensor")
      default: writer.append(field, from: bytes)
      }
    }
    var record = try Decoder.attribute(writer.bytes)
    if case .reference = record.value { return record }
    if let value { record.value = value }
    return record
  }

  private func tensor(_ range: Range<Int>) throws(Diagnostic) -> TensorRecord {
    var writer = WireWriter()
    var raw: Range<Int>?
    var typed: (field: Int, span: Range<Int>)?
    var reader = WireReader(bytes, range)
    while let field = try reader.next() {
      switch field.number {
      case 9 where field.kind == .bytes: raw = field.content
      case 4, 5, 6, 7, 10, 11:
        guard typed == nil || typed?.field == field.number else {
          throw WireReader.corrupt("a tensor has two kinds of typed data")
        }
        typed = (field.number, (typed?.span.lowerBound ?? field.whole.lowerBound)..<field.whole.upperBound)
      case 1, 2, 8, 13, 14:
        writer.append(field, from: bytes)
        guard writer.bytes.count < 1 << 16 else {
          throw WireReader.corrupt("a tensor says more than 64 kB of itself besides its elements")
        }
      default: break
      }
    }
    return TensorRecord(header: try Decoder.tensorHeader(writer.bytes), raw: raw, typed: typed)
  }
}
