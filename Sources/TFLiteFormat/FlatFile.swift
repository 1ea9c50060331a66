import CTFLite
import Graph
import Storage

/// The tables of a verified file. The one place of this room, with ``FlatBuilder``, that holds pointers.
///
///     if let file = FlatFile(storage) { print(file.model.subgraph_count) }
struct FlatFile {
  let storage: Storage
  let model: ctflite_model
  private let root: UnsafeRawPointer

  /// nil when an offset, a length or a string of the file is wrong.
  init?(_ storage: Storage) {
    guard let root = ctflite_open(storage.base, storage.byteCount) else { return nil }
    self.storage = storage
    self.root = root
    var model = ctflite_model()
    ctflite_read_model(root, &model)
    self.model = model
  }

  static func hasIdentifier(_ storage: Storage) -> Bool {
    ctflite_has_identifier(storage.base, storage.byteCount)
  }

  // Indices come from the counts in the tables, so every element is there.

  func opcode(_ index: Int) -> ctflite_opcode {
    var opcode = ctflite_opcode()
    _ = ctflite_read_opcode(root, index, &opcode)
    return opcode
  }

  func buffer(_ index: Int) -> ctflite_buffer {
    var buffer = ctflite_buffer()
    _ = ctflite_read_buffer(root, index, &buffer)
    return buffer
  }

  func metadata(_ index: Int) -> ctflite_metadata {
    var metadata = ctflite_metadata()
    _ = ctflite_read_metadata(root, index, &metadata)
    return metadata
  }

  func subgraph(_ index: Int) -> ctflite_subgraph {
    var subgraph = ctflite_subgraph()
    _ = ctflite_read_subgraph(root, index, &subgraph)
    return subgraph
  }

  func tensor(_ index: Int, of subgraph: Int) -> ctflite_tensor {
    var tensor = ctflite_tensor()
    _ = ctflite_read_tensor(root, subgraph, index, &tensor)
    return tensor
  }

  func `operator`(_ index: Int, of subgraph: Int) -> ctflite_operator {
    var found = ctflite_operator()
    _ = ctflite_read_operator(root, subgraph, index, &found)
    return found
  }

  /// The bytes of a span of this file, in place.
  func bytes(_ span: ctflite_span) -> View<UInt8> {
    guard let start = span.start else { return storage.view(byteOffset: 0, count: 0) }
    return storage.view(byteOffset: start - UnsafeRawPointer(storage.base), count: span.count)
  }

  func text(_ span: ctflite_span) -> String {
    span.start.map {
      String(decoding: UnsafeRawBufferPointer(start: $0, count: span.count), as: UTF8.self)
    } ?? ""
  }

  func integers(_ span: ctflite_span) -> [Int] { elements(span, of: Int32.self).map(Int.init) }
  func longs(_ span: ctflite_span) -> [Int] { elements(span, of: Int64.self).map(Int.init) }
  func floats(_ span: ctflite_span) -> [Float] { elements(span) }

  private func elements<Element: BitwiseCopyable>(
    _ span: ctflite_span, of type: Element.Type = Element.self
  ) -> [Element] {
    guard let start = span.start else { return [] }
    return (0..<span.count).map {
      start.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}

/// The table of compressed constants inside a metadata payload.
enum CompressionTable {
  /// nil when the payload is no such table; TFLM then takes the model for uncompressed.
  static func entries(_ payload: View<UInt8>, limit: Int) -> [ctflite_compressed]? {
    let bytes = UnsafeRawPointer(payload.base)
    let count = ctflite_compressed_count(bytes, payload.count)
    guard count >= 0, count <= limit else { return nil }
    return (0..<count).map { index in
      var entry = ctflite_compressed()
      ctflite_read_compressed(bytes, index, &entry)
      return entry
    }
  }
}

/// Puts a file together, from the inside out.
final class FlatBuilder {
  private let builder: OpaquePointer
  private var kept: [View<UInt8>] = []

  init(expectedByteCount: Int) { builder = ctflite_builder_create(expectedByteCount) }
  deinit { ctflite_builder_destroy(builder) }

  /// The index of a buffer with these bytes.
  func buffer(_ bytes: View<UInt8>) -> UInt32 {
    // Later buffers are compared with this one.
    kept.append(bytes)
    return ctflite_builder_buffer(builder, ctflite_span(start: bytes.base, count: bytes.count))
  }

  func opcode(deprecatedCode: Int8, code: Int32, version: Int32, customName: String?) {
    Self.span(customName) { name in
      var opcode = ctflite_opcode(
        deprecated_code: deprecatedCode, code: code, version: version, custom_code: name)
      ctflite_builder_opcode(builder, &opcode)
    }
  }

  func tensor(
    name: String, type: Int8, shape: [Int32], buffer: UInt32, scales: [Float], zeroPoints: [Int64],
    axis: Int32, isVariable: Bool
  ) {
    Self.span(name) { name in
      Self.span(shape) { shape in
        Self.span(scales) { scales in
          Self.span(zeroPoints) { zeroPoints in
            var tensor = ctflite_tensor()
            (tensor.name, tensor.shape, tensor.scales, tensor.zero_points) = (name, shape, scales, zeroPoints)
            (tensor.type, tensor.buffer, tensor.quantized_dimension) = (type, buffer, axis)
            tensor.is_variable = isVariable
            ctflite_builder_tensor(builder, &tensor)
          }
        }
      }
    }
  }

  func `operator`(
    opcode: UInt32, inputs: [Int32], outputs: [Int32], intermediates: [Int32], options: OptionsRecord,
    customOptions: View<UInt8>?
  ) {
    Self.span(inputs) { inputs in
      Self.span(outputs) { outputs in
        Self.span(intermediates) { intermediates in
          options.withTable { options in
            var table = ctflite_operator()
            (table.opcode_index, table.options) = (opcode, options)
            (table.inputs, table.outputs) = (inputs, outputs)
            if intermediates.count > 0 { table.intermediates = intermediates }
            if let customOptions {
              table.custom_options = ctflite_span(start: customOptions.base, count: customOptions.count)
            }
            ctflite_builder_operator(builder, &table)
          }
        }
      }
    }
  }

  func subgraph(name: String, inputs: [Int32], outputs: [Int32]) {
    Self.span(name.isEmpty ? nil : name) { name in
      Self.span(inputs) { inputs in
        Self.span(outputs) { outputs in
          var subgraph = ctflite_subgraph()
          (subgraph.name, subgraph.inputs, subgraph.outputs) = (name, inputs, outputs)
          ctflite_builder_subgraph(builder, &subgraph)
        }
      }
    }
  }

  func metadata(name: String, buffer: UInt32) {
    Self.span(name) { name in
      var entry = ctflite_metadata(name: name, buffer: buffer)
      ctflite_builder_metadata(builder, &entry)
    }
  }

  func signaturePort(isOutput: Bool, name: String, tensor: UInt32) {
    Self.span(name) { ctflite_builder_signature_port(builder, isOutput, $0, tensor) }
  }

  /// A buffer that holds the table of these entries.
  func compressionBuffer(_ entries: [ctflite_compressed], subgraphCount: Int) -> UInt32 {
    ctflite_builder_buffer(
      builder, ctflite_builder_compressed(builder, entries, entries.count, subgraphCount))
  }

  func finish(description: String, signatureKey: String?) -> View<UInt8> {
    Self.span(description.isEmpty ? nil : description) { description in
      Self.span(signatureKey) { key in
        let file = ctflite_builder_finish(builder, description, key)
        return View(UnsafeRawBufferPointer(start: file.start, count: file.count))
      }
    }
  }

  private static func span<Element, Result>(_ elements: [Element], _ body: (ctflite_span) -> Result) -> Result
  {
    elements.withUnsafeBytes { bytes in
      // An empty array may have no address, and without one there would be no vector.
      withUnsafeBytes(of: 0) { nothing in
        body(ctflite_span(start: bytes.baseAddress ?? nothing.baseAddress, count: elements.count))
      }
    }
  }

  static func span<Result>(_ text: String?, _ body: (ctflite_span) -> Result) -> Result {
    guard let text else { return body(ctflite_span()) }
    return span(Array(text.utf8), body)
  }
}

/// An options table without names: its fields in the order of the schema, by kind.
struct OptionsRecord {
  var table: UInt8 = 0
  var numbers: [Int] = []
  var reals: [Float] = []
  var list: [Int] = []
  var texts: [String] = []

  init(_ table: UInt8, _ numbers: Int...) {
    self.table = table
    self.numbers = numbers
  }

  /// Of a table in a file; fields that it lacks are 0.
  init(_ options: ctflite_options, in file: FlatFile) {
    table = options.is_present ? options.union_id : 0
    numbers = withUnsafeBytes(of: options.numbers) { $0.bindMemory(to: Int32.self).map(Int.init) }
    reals = [options.reals.0, options.reals.1]
    list = file.integers(options.list)
    texts = [file.text(options.texts.0), file.text(options.texts.1)]
  }

  func withTable<Result>(_ body: (ctflite_options) -> Result) -> Result {
    var options = ctflite_options()
    options.union_id = table
    options.is_present = table != 0
    withUnsafeMutableBytes(of: &options.numbers) { bytes in
      for (index, number) in numbers.enumerated() {
        bytes.storeBytes(of: Int32(clamping: number), toByteOffset: index * 4, as: Int32.self)
      }
    }
    if reals.count > 0 { options.reals.0 = reals[0] }
    if reals.count > 1 { options.reals.1 = reals[1] }
    let extents = list.map { Int32(clamping: $0) }
    return extents.withUnsafeBytes { list in
      options.list = ctflite_span(start: list.baseAddress, count: extents.count)
      return FlatBuilder.span(texts.first) { first in
        FlatBuilder.span(texts.count > 1 ? texts[1] : nil) { second in
          options.texts = (first, second)
          return body(options)
        }
      }
    }
  }
}
