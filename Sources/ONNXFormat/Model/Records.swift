import Graph
import Storage

// An ONNX model as the file says it: names and numbers, nothing judged yet.

/// What a model says besides its graph and functions.
struct ModelHeader {
  var irVersion: Int
  var producer: String
  var opsets: [(domain: String, version: Int)]
}

/// A whole file.
struct ModelRecord {
  var header: ModelHeader
  var graph: GraphRecord
  var functions: [FunctionRecord]
  /// What tools noted in the file, by name.
  var metadata: [String: String] = [:]
}

/// A graph: the model's own, or the branch of a conditional.
struct GraphRecord {
  var name = ""
  var nodes: [NodeRecord] = []
  var initializers: [TensorRecord] = []
  var inputs: [ValueRecord] = []
  var outputs: [ValueRecord] = []
  var sparseInitializerCount = 0
}

struct FunctionHeader {
  var name: String
  var domain: String
  var overload: String
  var inputs: [String]
  var outputs: [String]
  var attributes: [String]
  var opsets: [(domain: String, version: Int)]
}

/// A function that the model defines for itself.
struct FunctionRecord {
  var header: FunctionHeader
  var nodes: [NodeRecord]
  /// Attributes that a call may leave out.
  var defaults: [AttributeRecord]
}

struct NodeRecord {
  var name: String
  var operatorName: String
  var domain: String
  var overload: String
  var inputs: [String]
  var outputs: [String]
  var attributes: [AttributeRecord]

  /// What messages call the node: its name, or the operator and what it makes.
  var title: String {
    if !name.isEmpty { return name }
    return outputs.first { !$0.isEmpty }.map { "\(operatorName) that makes \($0)" } ?? operatorName
  }
}

struct AttributeRecord {
  var name: String
  var value: AttributeValue
}

enum AttributeValue {
  case float(Float)
  case integer(Int)
  case string(String)
  case tensor(TensorRecord)
  indirect case graph(GraphRecord)
  case floats([Float])
  case integers([Int])
  case strings([String])
  /// The value of the calling node's attribute of this name.
  case reference(String)
  /// Something that no operator of ours reads; the text says what.
  case other(String)
}

/// A declared input or output.
struct ValueRecord {
  enum Dimension: Hashable {
    case fixed(Int)
    case named(String)
    case unknown
  }

  var name: String
  /// ONNX's number of the element type; 0 when it is not said.
  var dataType = 0
  /// nil when not even the rank is declared.
  var dimensions: [Dimension]?
  /// What the value is when it is not a tensor.
  var otherKind: String?

  init(name: String) { self.name = name }
}

struct TensorHeader {
  var name: String
  var sizes: [Int]
  var dataType: Int
  var isExternal: Bool
  var external: [(key: String, value: String)]
}

/// A tensor in the file: what it says of itself, and where its elements stand.
struct TensorRecord {
  var header: TensorHeader
  /// `raw_data`, as a range of the file.
  var raw: Range<Int>?
  /// The typed elements (`float_data` and so on): their field number, and the part of the file that holds all of them.
  var typed: (field: Int, span: Range<Int>)?

  var name: String { header.name }
}
