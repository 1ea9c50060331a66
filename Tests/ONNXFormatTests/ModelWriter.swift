import Foundation

/// Writes protobuf messages by hand, right and wrong ones.
struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func integer(_ field: Int, _ value: Int) {
    varint(UInt64(field) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field) << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func bytes(_ field: Int, _ content: [UInt8]) {
    varint(UInt64(field) << 3 | 2)
    varint(UInt64(content.count))
    bytes += content
  }

  mutating func append(_ encoded: [UInt8]) { bytes += encoded }

  mutating func text(_ field: Int, _ content: String) { bytes(field, Array(content.utf8)) }

  mutating func message(_ field: Int, _ build: (inout MessageWriter) -> Void) {
    var inner = MessageWriter()
    build(&inner)
    bytes(field, inner.bytes)
  }
}

/// An attribute's value.
enum TestAttribute: Sendable {
  case int(Int)
  case ints([Int])
  case float(Float)
  case floats([Float])
  case string(String)
  case strings([String])
  case tensor(TestTensor)
  case graph(TestGraph)
  /// A function's attribute of this name; the number is its type.
  case reference(String, Int)
}

struct TestTensor: Sendable {
  var name = ""
  var sizes: [Int]
  /// ONNX's number of the type.
  var type: Int
  var raw: [UInt8]
  var external: [(String, String)] = []
  /// Fields that stand in place of the raw data, already encoded.
  var typed: [UInt8] = []

  static func floats(_ name: String, _ sizes: [Int], _ values: [Float]) -> TestTensor {
    TestTensor(
      name: name, sizes: sizes, type: 1,
      raw: values.flatMap { withUnsafeBytes(of: $0.bitPattern) { Array($0) } })
  }

  static func int64s(_ name: String, _ values: [Int], sizes: [Int]? = nil) -> TestTensor {
    TestTensor(
      name: name, sizes: sizes ?? [values.count], type: 7,
      raw: values.flatMap { withUnsafeBytes(of: Int64($0)) { Array($0) } })
  }

  func write(_ writer: inout MessageWriter) {
    for size in sizes { writer.integer(1, size) }
    writer.integer(2, type)
    if !name.isEmpty { writer.text(8, name) }
    if !typed.isEmpty {
      writer.append(typed)
    } else if external.isEmpty {
      writer.bytes(9, raw)
    } else {
      for (key, value) in external {
        writer.message(13) {
          $0.text(1, key)
          $0.text(2, value)
        }
      }
      writer.integer(14, 1)
    }
  }
}

struct TestNode: Sendable {
  var op: String
  var inputs: [String]
  var outputs: [String]
  var name = ""
  var domain = ""
  var attributes: [(String, TestAttribute)] = []

  init(
    _ op: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    _ attributes: [(String, TestAttribute)] = []
  ) {
    (self.op, self.inputs, self.outputs) = (op, inputs, outputs)
    (self.name, self.domain, self.attributes) = (name, domain, attributes)
  }

  func write(_ writer: inout MessageWriter) {
    for input in inputs { writer.text(1, input) }
    for output in outputs { writer.text(2, output) }
    if !name.isEmpty { writer.text(3, name) }
    writer.text(4, op)
    for (name, value) in attributes { writer.message(5) { Self.write(name, value, &$0) } }
    if !domain.isEmpty { writer.text(7, domain) }
  }

  private static func write(_ name: String, _ value: TestAttribute, _ writer: inout MessageWriter) {
    writer.text(1, name)
    var type = 0
    switch value {
    case .float(let number): (type, _) = (1, writer.float(2, number))
    case .int(let number): (type, _) = (2, writer.integer(3, number))
    case .string(let text): (type, _) = (3, writer.text(4, text))
    case .tensor(let tensor): (type, _) = (4, writer.message(5) { tensor.write(&$0) })
    case .graph(let graph): (type, _) = (5, writer.message(6) { graph.write(&$0) })
    case .floats(let numbers): (type, _) = (6, numbers.forEach { writer.float(7, $0) })
    case .ints(let numbers): (type, _) = (7, numbers.forEach { writer.integer(8, $0) })
    case .strings(let texts): (type, _) = (8, texts.forEach { writer.text(9, $0) })
    case .reference(let other, let number): (type, _) = (number, writer.text(21, other))
    }
    writer.integer(20, type)
  }
}

/// A declared input or output; a dimension is a size, a name, or nothing.
struct TestValue: Sendable {
  enum Dimension: Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    case size(Int)
    case named(String)
    case open

    init(integerLiteral value: Int) { self = .size(value) }
    init(stringLiteral value: String) { self = value.isEmpty ? .open : .named(value) }
  }
  var name: String
  var type: Int
  var dimensions: [Dimension]?

  init(_ name: String, _ dimensions: [Dimension]?, type: Int = 1) {
    (self.name, self.type, self.dimensions) = (name, type, dimensions)
  }

  func write(_ writer: inout MessageWriter) {
    writer.text(1, name)
    writer.message(2) { writer in
      writer.message(1) { writer in
        writer.integer(1, type)
        guard let dimensions else { return }
        writer.message(2) { writer in
          for dimension in dimensions {
            writer.message(1) { writer in
              switch dimension {
              case .size(let size): writer.integer(1, size)
              case .named(let name): writer.text(2, name)
              case .open: break
              }
            }
          }
        }
      }
    }
  }
}

struct TestGraph: Sendable {
  var nodes: [TestNode] = []
  var inputs: [TestValue] = []
  var outputs: [TestValue] = []
  var initializers: [TestTensor] = []

  func write(_ writer: inout MessageWriter) {
    for node in nodes { writer.message(1) { node.write(&$0) } }
    writer.text(2, "test")
    for tensor in initializers { writer.message(5) { tensor.write(&$0) } }
    for input in inputs { writer.message(11) { input.write(&$0) } }
    for output in outputs { writer.message(12) { output.write(&$0) } }
  }
}

struct TestFunction: Sendable {
  var name: String
  var domain = "local"
  var inputs: [String]
  var outputs: [String]
  var attributes: [String] = []
  var nodes: [TestNode]
  var defaults: [(String, TestAttribute)] = []

  func write(_ writer: inout MessageWriter, opset: Int) {
    writer.text(1, name)
    for input in inputs { writer.text(4, input) }
    for output in outputs { writer.text(5, output) }
    for attribute in attributes { writer.text(6, attribute) }
    for node in nodes { writer.message(7) { node.write(&$0) } }
    for (domain, version) in [("", opset), ("local", 1)] {
      writer.message(9) {
        $0.text(1, domain)
        $0.integer(2, version)
      }
    }
    writer.text(10, domain)
  }
}

/// A whole model file.
struct TestModel: Sendable {
  var opset = 17
  var irVersion = 8
  var graph: TestGraph
  var functions: [TestFunction] = []

  var bytes: [UInt8] {
    var writer = MessageWriter()
    writer.integer(1, irVersion)
    writer.text(2, "edgeopt tests")
    writer.message(7) { graph.write(&$0) }
    for (domain, version) in [("", opset), ("local", 1)] {
      writer.message(8) {
        $0.text(1, domain)
        $0.integer(2, version)
      }
    }
    for function in functions { writer.message(25) { function.write(&$0, opset: opset) } }
    return writer.bytes
  }
}

/// A folder of its own, removed when the last holder is gone.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "edgeopt-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8], as name: String = "model.onnx") throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}
