import Graph

/// What an ONNX file says of its inputs and outputs, read without building a graph.
///
///     let summary = try ONNXModelSummary(path: "model.onnx")
///     for input in summary.inputs where input.needsBinding { print(input.name) }
public struct ONNXModelSummary: Sendable {
  /// One size of a declared shape.
  public enum Dimension: Hashable, Sendable {
    case fixed(Int)
    case named(String)
    case unknown
  }

  public struct Value: Sendable {
    public let name: String
    public let type: SourceType
    /// nil when the file does not even declare the rank.
    public let shape: [Dimension]?
    /// The value decides shapes, axes or amounts: the import needs it (``ImportOptions/bindings``).
    public let needsBinding: Bool
  }

  public let inputs: [Value]
  public let outputs: [Value]
  public let opset: Int
  public let irVersion: Int
  public let producer: String
  /// The files beside the model that hold weights, relative to its folder.
  public let externalFiles: [String]
  /// What tools noted in the file, by name.
  public let metadata: [String: String]

  public init(path: String) throws(Diagnostic) {
    let file = try ModelFile(path: path)
    opset = file.opsets[""] ?? 0
    irVersion = file.record.header.irVersion
    producer = file.record.header.producer
    externalFiles = try Self.externalFiles(of: file.record.graph.initializers.map(\.header))
    metadata = file.record.metadata
    inputs = try Self.values(file.inputs, "input", deciding: file.deciding)
    outputs = try Self.values(file.record.graph.outputs, "output", deciding: [])
  }

  /// Callers read these files, and write files of these names: none may stand outside of the model's folder.
  private static func externalFiles(of tensors: [TensorHeader]) throws(Diagnostic) -> [String] {
    var names: Set<String> = []
    for tensor in tensors where tensor.isExternal {
      for (key, name) in tensor.external where key == "location" && names.insert(name).inserted {
        try ExternalData.check(name, "tensor '\(tensor.name)'")
      }
    }
    return names.sorted()
  }

  private static func values(
    _ records: [ValueRecord], _ what: String, deciding: Set<String>
  ) throws(Diagnostic) -> [Value] {
    var result: [Value] = []
    for record in records {
      // An output may leave its type to inference.
      let type =
        record.dataType == 0 && what == "output"
        ? .float32 : try DataTypes.sourceType(record.dataType, of: "\(what) '\(record.name)'")
      result.append(
        Value(
          name: record.name, type: type, shape: record.dimensions?.map(Dimension.init),
          needsBinding: deciding.contains(record.name)))
    }
    return result
  }
}

extension ONNXModelSummary.Dimension {
  fileprivate init(_ dimension: ValueRecord.Dimension) {
    switch dimension {
    case .fixed(let size): self = .fixed(size)
    case .named(let name): self = .named(name)
    case .unknown: self = .unknown
    }
  }
}
