import Graph

/// One node of an ONNX graph to be written.
struct ExportedNode {
  enum Attribute: Hashable {
    case int(Int)
    case ints([Int])
    case float(Float)
    case floats([Float])
    case string(String)
    case strings([String])

    static func flag(_ isSet: Bool) -> Attribute { .int(isSet ? 1 : 0) }
  }

  var operation: String
  var name: String
  /// Empty names are absent operands.
  var inputs: [String]
  var outputs: [String]
  /// Written in the order of their names.
  var attributes: [String: Attribute]

  var message: MessageBytes {
    var node = MessageBytes()
    for input in inputs.droppingAbsentTail { node.text(1, input) }
    for output in outputs.droppingAbsentTail { node.text(2, output) }
    node.text(3, name)
    node.text(4, operation)
    for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
      node.message(5, value.message(named: key))
    }
    return node
  }
}

extension ExportedNode.Attribute {
  /// The fields of ONNX's AttributeProto.
  fileprivate func message(named name: String) -> MessageBytes {
    var attribute = MessageBytes()
    attribute.text(1, name)
    let type: Int
    switch self {
    case .float(let value):
      attribute.float(2, value)
      type = 1
    case .int(let value):
      attribute.number(3, value)
      type = 2
    case .string(let value):
      attribute.text(4, value)
      type = 3
    case .floats(let values):
      for value in values { attribute.float(7, value) }
      type = 6
    case .ints(let values):
      for value in values { attribute.number(8, value) }
      type = 7
    case .strings(let values):
      for value in values { attribute.text(9, value) }
      type = 8
    }
    attribute.number(20, type)
    return attribute
  }
}

extension [String] {
  fileprivate var droppingAbsentTail: ArraySlice<String> {
    var rest = self[...]
    while rest.last == "" { rest.removeLast() }
    return rest
  }
}
