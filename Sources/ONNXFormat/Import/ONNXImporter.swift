import Graph
import Storage

/// Reads an ONNX file into a ``Graph``.
///
/// Weights stay in the mapped file. Functions are inlined, shape arithmetic and constant parts are computed, and
/// window operators are channels-first, as ONNX has them; the layout pass follows.
///
///     let importer = ONNXImporter(options: ImportOptions(), evaluator: evaluator)
///     let graph = try importer.importModel(path: "model.onnx")
public struct ONNXImporter {
  private let options: ImportOptions
  private let evaluator: any ConstantEvaluator

  public init(options: ImportOptions, evaluator: any ConstantEvaluator) {
    self.options = options
    self.evaluator = evaluator
  }

  public func importModel(path: String) throws(Diagnostic) -> Graph {
    do {
      return try read(path)
    } catch {
      var diagnostic = error
      if !diagnostic.message.contains(path) { diagnostic.message = "\(path): \(diagnostic.message)" }
      throw diagnostic
    }
  }

  private func read(_ path: String) throws(Diagnostic) -> Graph {
    let file = try ModelFile(path: path)
    let record = file.record
    var graph = Graph(name: record.graph.name)
    graph.source = SourceInfo(
      path: path, format: "ONNX", producer: record.header.producer, opset: file.opsets[""] ?? 0,
      irVersion: record.header.irVersion, byteCount: file.storage.byteCount)
    var importing = Importing(
      options: options, evaluator: evaluator, graph: graph,
      tensors: TensorReader(file.storage, modelPath: path))
    importing.opsets = file.opsets
    importing.functions = file.functions
    try importing.addInitializers(record.graph)
    try importing.addInputs(file.inputs, deciding: file.deciding)
    try importing.translate(record.graph.nodes, outputs: record.graph.outputs.map(\.name))
    try importing.addOutputs(record.graph.outputs)
    importing.graph.removeUnused()
    importing.graph.compact()
    return importing.graph
  }
}

extension Importing {
  fileprivate mutating func addInitializers(_ record: GraphRecord) throws(Diagnostic) {
    for initializer in record.initializers {
      guard !initializer.name.isEmpty else {
        throw Diagnostic(.badData, "the model has a constant without a name")
      }
      guard scopes[0].initializers.updateValue(initializer, forKey: initializer.name) == nil else {
        throw Diagnostic(
          .badData, "the model defines constant '\(initializer.name)' twice", hint: "export the model again")
      }
    }
  }
}

/// A model file that was opened, read into records and found to be of a version that edgeopt knows.
struct ModelFile {
  let storage: Storage
  let record: ModelRecord
  let opsets: [String: Int]
  let functions: [FunctionKey: FunctionRecord]
  /// Inputs that are not merely constants which older files list among the inputs.
  let inputs: [ValueRecord]
  /// Names of values that decide shapes.
  let deciding: Set<String>

  init(path: String) throws(Diagnostic) {
    storage = try Self.map(path)
    record = try ModelReader(storage).model()
    try Self.checkHeader(record)
    opsets = try Opsets.table(record.header.opsets)
    var functions: [FunctionKey: FunctionRecord] = [:]
    for function in record.functions {
      let header = function.header
      let key = FunctionKey(domain: header.domain, name: header.name, overload: header.overload)
      guard functions.updateValue(function, forKey: key) == nil else {
        throw Diagnostic(.badData, "the model defines function '\(header.name)' twice")
      }
    }
    self.functions = functions
    let constants = Set(record.graph.initializers.map(\.name))
    inputs = record.graph.inputs.filter { !constants.contains($0.name) }
    var binding = InputBinding(functions: functions)
    deciding = binding.names(deciding: record.graph.nodes)
  }

  private static func map(_ path: String) throws(Diagnostic) -> Storage {
    do {
      return try Storage(mapping: path)
    } catch {
      switch error {
      case .missing:
        throw Diagnostic(.missing, "\(path): there is no such file", hint: "check the path")
      case .isDirectory:
        throw Diagnostic(
          .badData, "\(path) is a directory, expected an ONNX file", hint: "give the .onnx file inside it")
      case .unreadable(_, let reason), .unwritable(_, let reason):
        throw Diagnostic(.inputOutput, "\(path) cannot be read: \(reason)")
      }
    }
  }

  private static func checkHeader(_ record: ModelRecord) throws(Diagnostic) {
    let version = record.header.irVersion
    guard (3...14).contains(version) else {
      throw Diagnostic(
        version > 14 ? .unsupported : .badData,
        "the model has IR version \(version); edgeopt reads 3 to 14",
        hint: version > 14 ? "save it with an older onnx package" : "check that the file is an ONNX model")
    }
    guard record.header.opsets.contains(where: { Domains.normalized($0.domain).isEmpty }) else {
      throw Diagnostic(.badData, "the model does not say its opset", hint: "export it again")
    }
    guard !record.graph.nodes.isEmpty, !record.graph.outputs.isEmpty else {
      throw Diagnostic(
        .badData,
        "the model's graph is empty: it has \(record.graph.nodes.count) nodes and \(record.graph.outputs.count) outputs",
        hint: "export the model again")
    }
    guard record.graph.sparseInitializerCount == 0 else {
      throw Diagnostic(
        .unsupported, "the model has \(record.graph.sparseInitializerCount) sparse constants",
        hint: "save it with dense ones")
    }
  }
}
