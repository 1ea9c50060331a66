import Graph
import Storage

/// Limits that a file must keep before any of its messages is decoded.
enum WireLimits {
  /// Messages inside messages; real models stay below 20.
  static let depth = 64
  /// Tensors, values and attributes of one file, each. Nodes have their own limit.
  static let messages = 500_000

  /// The messages that can hold messages, and under which field numbers.
  private enum Message {
    case model, graph, node, attribute, tensor, sparseTensor, valueInfo, type, element, map, function

    func child(_ field: Int) -> Message? {
      switch (self, field) {
      case (.model, 7): .graph
      case (.model, 25): .function
      case (.graph, 1), (.function, 7): .node
      case (.graph, 5): .tensor
      case (.graph, 15): .sparseTensor
      case (.graph, 11), (.graph, 12), (.graph, 13), (.function, 12): .valueInfo
      case (.node, 5), (.function, 11): .attribute
      case (.attribute, 5), (.attribute, 10): .tensor
      case (.attribute, 6), (.attribute, 11): .graph
      case (.attribute, 22), (.attribute, 23): .sparseTensor
      case (.attribute, 14), (.attribute, 15): .type
      case (.sparseTensor, 1), (.sparseTensor, 2): .tensor
      case (.valueInfo, 2): .type
      case (.type, 4), (.type, 9): .element
      case (.type, 5): .map
      case (.element, 1), (.map, 2): .type
      default: nil
      }
    }

    var plural: String {
      switch self {
      case .node: "nodes"
      case .attribute: "attributes"
      case .tensor, .sparseTensor: "tensors"
      case .valueInfo: "inputs, outputs and described values"
      default: "\(self) messages"
      }
    }

    /// Tensors hold nothing deep, and their bulk should not be looked at.
    var isLeaf: Bool { self == .tensor }
  }

  /// Walks every message that can nest, on the wire and without recursion.
  static func check(_ bytes: View<UInt8>) throws(Diagnostic) {
    var stack: [(message: Message, reader: WireReader)] = [(.model, WireReader(bytes, 0..<bytes.count))]
    var counts: [Message: Int] = [:]
    while let top = stack.last {
      var reader = top.reader
      guard let field = try reader.next() else {
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].reader = reader
      guard field.kind == .bytes, let child = top.message.child(field.number) else { continue }
      counts[child, default: 0] += 1
      guard child != .node || counts[child]! <= ImportLimits.nodes else { throw ImportLimits.tooManyNodes }
      guard counts[child]! <= messages else {
        throw Diagnostic(
          .badData, "the model holds more than \(messages) \(child.plural), which is the limit",
          hint: "the file is damaged, or the model is too large for edgeopt")
      }
      if child.isLeaf { continue }
      guard stack.count < depth else {
        throw Diagnostic(.badData, "messages are nested more than \(depth) deep, which is the limit")
      }
      stack.append((child, WireReader(bytes, field.content)))
    }
  }
}
