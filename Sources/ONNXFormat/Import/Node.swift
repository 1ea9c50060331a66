import Graph

/// A node about to be translated: its operands resolved, its attributes ready to be asked for.
struct Node {
  let record: NodeRecord
  /// The version of the operator set that the node speaks.
  let opset: Int
  let inputs: [ImportedValue?]
  private let attributes: [String: AttributeValue]

  init(record: NodeRecord, opset: Int, inputs: [ImportedValue?], attributes: [String: AttributeValue]) {
    self.record = record
    self.opset = opset
    self.inputs = inputs
    self.attributes = attributes
  }

  /// A node with the same attributes and other operands, in the standard operator set.
  func standing(for inputs: [ImportedValue?], opset: Int) -> Node {
    Node(record: record, opset: opset, inputs: inputs, attributes: attributes)
  }

  var operatorName: String { record.operatorName }
  var title: String { record.title }
  /// Whether result `index` has a name, which means that somebody may want it.
  func wants(_ index: Int) -> Bool {
    record.outputs.indices.contains(index) && !record.outputs[index].isEmpty
  }
  var outputCount: Int { record.outputs.count }

  func input(_ index: Int) -> ImportedValue? { inputs.indices.contains(index) ? inputs[index] : nil }
  func hasInput(_ index: Int) -> Bool { input(index) != nil }

  // MARK: Messages

  func problem(_ text: String, kind: Diagnostic.Kind = .badData, hint: String? = nil) -> Diagnostic {
    Diagnostic(kind, "'\(title)' (\(operatorName)) \(text)", hint: hint)
  }

  func unsupported(_ text: String, hint: String? = nil) -> Diagnostic {
    problem(text, kind: .unsupported, hint: hint)
  }

  // MARK: Attributes

  private func wrongKind(_ name: String, _ expected: String) -> Diagnostic {
    problem("has attribute '\(name)' of the wrong type; expected \(expected)")
  }

  func integer(_ name: String, default value: Int) throws(Diagnostic) -> Int {
    try optionalInteger(name) ?? value
  }

  func optionalInteger(_ name: String) throws(Diagnostic) -> Int? {
    switch attributes[name] {
    case nil: return nil
    case .integer(let value): return value
    default: throw wrongKind(name, "an integer")
    }
  }

  func flag(_ name: String, default value: Bool = false) throws(Diagnostic) -> Bool {
    try integer(name, default: value ? 1 : 0) != 0
  }

  func integers(_ name: String) throws(Diagnostic) -> [Int]? {
    switch attributes[name] {
    case nil: return nil
    case .integers(let values): return values
    // An empty list may come without its type.
    case .other("an empty value"): return []
    default: throw wrongKind(name, "a list of integers")
    }
  }

  func float(_ name: String, default value: Float) throws(Diagnostic) -> Float {
    try optionalFloat(name) ?? value
  }

  func optionalFloat(_ name: String) throws(Diagnostic) -> Float? {
    switch attributes[name] {
    case nil: return nil
    case .float(let value): return value
    default: throw wrongKind(name, "a number")
    }
  }

  func floats(_ name: String) throws(Diagnostic) -> [Float]? {
    switch attributes[name] {
    case nil: return nil
    case .floats(let values): return values
    case .other("an empty value"): return []
    default: throw wrongKind(name, "a list of numbers")
    }
  }

  func string(_ name: String, default value: String) throws(Diagnostic) -> String {
    switch attributes[name] {
    case nil: return value
    case .string(let text): return text
    default: throw wrongKind(name, "a text")
    }
  }

  func strings(_ name: String) throws(Diagnostic) -> [String]? {
    switch attributes[name] {
    case nil: return nil
    case .strings(let texts): return texts
    case .other("an empty value"): return []
    default: throw wrongKind(name, "a list of texts")
    }
  }

  func tensor(_ name: String) throws(Diagnostic) -> TensorRecord? {
    switch attributes[name] {
    case nil: return nil
    case .tensor(let record): return record
    default: throw wrongKind(name, "a tensor")
    }
  }

  func graph(_ name: String) throws(Diagnostic) -> GraphRecord {
    guard case .graph(let record)? = attributes[name] else { throw wrongKind(name, "a graph") }
    return record
  }

  // MARK: Axes

  /// An axis counted from the end made non-negative, and checked.
  func axis(_ axis: Int, rank: Int) throws(Diagnostic) -> Int {
    guard axis >= -rank && axis < rank else {
      throw problem("names axis \(axis) of a tensor of rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// The same for a list, sorted and without doubles.
  func axes(_ axes: [Int], rank: Int) throws(Diagnostic) -> [Int] {
    var result: Set<Int> = []
    for axis in axes {
      guard result.insert(try self.axis(axis, rank: rank)).inserted else {
        throw problem("names an axis twice: \(axes)")
      }
    }
    return result.sorted()
  }
}
