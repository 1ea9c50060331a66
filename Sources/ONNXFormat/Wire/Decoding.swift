import CONNX
import Graph
import Storage

// The one place that handles protobuf-c's pointers: each function decodes a small message and returns plain values.

/// Strings of protobuf-c are null when absent.
private func string(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

private func text(_ data: ProtobufCBinaryData) -> String {
  String(decoding: UnsafeBufferPointer(start: data.data, count: data.len), as: UTF8.self)
}

/// The elements of a repeated field.
private func elements<Element, Result>(
  _ pointer: UnsafeMutablePointer<Element>?, _ count: Int, _ transform: (Element) -> Result
) -> [Result] {
  guard let pointer, count > 0 else { return [] }
  return UnsafeBufferPointer(start: pointer, count: count).map(transform)
}

/// Decodes `bytes` as one message, hands it to `body`, and frees it.
private func decoding<Message, Result>(
  _ bytes: [UInt8], _ what: String,
  unpack: (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) -> UnsafeMutablePointer<
    Message
  >?,
  free: (UnsafeMutablePointer<Message>?, UnsafeMutablePointer<ProtobufCAllocator>?) -> Void,
  body: (Message) -> Result
) throws(Diagnostic) -> Result {
  guard let message = bytes.withUnsafeBufferPointer({ unpack(nil, $0.count, $0.baseAddress) }) else {
    throw WireReader.corrupt("\(what) cannot be decoded")
  }
  defer { free(message, nil) }
  return body(message.pointee)
}

/// Decodes the small messages of a model.
enum Decoder {
  static func header(_ bytes: [UInt8]) throws(Diagnostic) -> ModelHeader {
    try decoding(
      bytes, "the model's header", unpack: onnx__model_proto__unpack, free: onnx__model_proto__free_unpacked
    ) { message in
      ModelHeader(
        irVersion: Int(message.ir_version),
        producer: [string(message.producer_name), string(message.producer_version)]
          .filter { !$0.isEmpty }.joined(separator: " "),
        opsets: elements(message.opset_import, message.n_opset_import) {
          ($0.map { string($0.pointee.domain) } ?? "", $0.map { Int($0.pointee.version) } ?? 0)
        })
    }
  }

  /// What a function says besides its nodes.
  static func functionHeader(_ bytes: [UInt8]) throws(Diagnostic) -> FunctionHeader {
    try decoding(
      bytes, "a function", unpack: onnx__function_proto__unpack, free: onnx__function_proto__free_unpacked
    ) { message in
      FunctionHeader(
        name: string(message.name), domain: string(message.domain), overload: string(message.overload),
        inputs: elements(message.input, message.n_input) { string($0) },
        outputs: elements(message.output, message.n_output) { string($0) },
        attributes: elements(message.attribute, message.n_attribute) { string($0) },
        opsets: elements(message.opset_import, message.n_opset_import) {
          ($0.map { string($0.pointee.domain) } ?? "", $0.map { Int($0.pointee.version) } ?? 0)
        })
    }
  }

  /// A node whose attributes hold no tensors or graphs (those were taken out before).
  static func node(_ bytes: [UInt8]) throws(Diagnostic) -> NodeRecord {
    try decoding(bytes, "a node", unpack: onnx__node_proto__unpack, free: onnx__node_proto__free_unpacked) {
      message in
      NodeRecord(
        name: string(message.name), operatorName: string(message.op_type), domain: string(message.domain),
        overload: string(message.overload),
        inputs: elements(message.input, message.n_input) { string($0) },
        outputs: elements(message.output, message.n_output) { string($0) },
        attributes: elements(message.attribute, message.n_attribute) { attribute($0!.pointee) })
    }
  }

  /// An attribute that holds no tensors or graphs.
  static func attribute(_ bytes: [UInt8]) throws(Diagnostic) -> AttributeRecord {
    try decoding(
      bytes, "an attribute", unpack: onnx__attribute_proto__unpack,
      free: onnx__attribute_proto__free_unpacked,
      body: { attribute($0) })
  }

  private static func attribute(_ message: Onnx__AttributeProto) -> AttributeRecord {
    AttributeRecord(name: string(message.name), value: value(of: message))
  }

  private static func value(of message: Onnx__AttributeProto) -> AttributeValue {
    if let reference = message.ref_attr_name, reference.pointee != 0 { return .reference(string(reference)) }
    let floats = { AttributeValue.floats(elements(message.floats, message.n_floats) { $0 }) }
    let integers = { AttributeValue.integers(elements(message.ints, message.n_ints) { Int($0) }) }
    let strings = { AttributeValue.strings(elements(message.strings, message.n_strings) { text($0) }) }
    switch message.type.rawValue {
    case 1: return .float(message.f)
    case 2: return .integer(Int(message.i))
    case 3: return .string(text(message.s))
    case 6: return floats()
    case 7: return integers()
    case 8: return strings()
    case 0:
      // Files of IR version 1 and 2 do not say the type.
      if message.has_f != 0 { return .float(message.f) }
      if message.has_i != 0 { return .integer(Int(message.i)) }
      if message.has_s != 0 { return .string(text(message.s)) }
      if message.n_floats > 0 { return floats() }
      if message.n_ints > 0 { return integers() }
      if message.n_strings > 0 { return strings() }
      return .other("an empty value")
    case 4, 5, 9, 10: return .other("an empty value")
    default: return .other("a value of type \(message.type.rawValue)")
    }
  }

  static func valueInfo(_ bytes: [UInt8]) throws(Diagnostic) -> ValueRecord {
    try decoding(
      bytes, "an input or output", unpack: onnx__value_info_proto__unpack,
      free: onnx__value_info_proto__free_unpacked
    ) { message in
      var record = ValueRecord(name: string(message.name))
      guard let type = message.type?.pointee else { return record }
      switch type.value_case.rawValue {
      case 1: if let tensor = type.tensor_type { read(tensor.pointee, into: &record) }
      case 4: record.otherKind = "sequence"
      case 5: record.otherKind = "map"
      case 8: record.otherKind = "sparse tensor"
      case 9: record.otherKind = "optional"
      case 0: break
      default: record.otherKind = "opaque"
      }
      return record
    }
  }

  private static func read(_ tensor: Onnx__TypeProto__Tensor, into record: inout ValueRecord) {
    record.dataType = Int(tensor.elem_type)
    guard let shape = tensor.shape?.pointee else { return }
    record.dimensions = elements(shape.dim, shape.n_dim) { pointer in
      guard let dimension = pointer?.pointee else { return .unknown }
      switch dimension.value_case.rawValue {
      // Some exporters write −1 where they mean "not known".
      case 1: return dimension.dim_value == -1 ? .unknown : .fixed(Int(dimension.dim_value))
      case 2:
        let name = string(dimension.dim_param)
        return name.isEmpty ? .unknown : .named(name)
      default: return .unknown
      }
    }
  }

  /// A tensor whose elements were taken out before.
  static func tensorHeader(_ bytes: [UInt8]) throws(Diagnostic) -> TensorHeader {
    try decoding(
      bytes, "a tensor", unpack: onnx__tensor_proto__unpack, free: onnx__tensor_proto__free_unpacked
    ) { message in
      TensorHeader(
        name: string(message.name), sizes: elements(message.dims, message.n_dims) { Int($0) },
        dataType: Int(message.data_type), isExternal: message.data_location.rawValue == 1,
        external: elements(message.external_data, message.n_external_data) {
          ($0.map { string($0.pointee.key) } ?? "", $0.map { string($0.pointee.value) } ?? "")
        })
    }
  }
}
