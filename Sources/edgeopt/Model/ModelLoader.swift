import Datasets
import Graph
import Lowering
import ONNXFormat
import Passes
import Runtime
import Storage

/// Reads a model file and prepares its graph: the one way in for all verbs.
///
///     var loader = ModelLoader(path: "model.onnx")
///     loader.keepsPortLayout = true
///     let graph = try loader.load().graph
struct ModelLoader {
  var path: String
  var importOptions = ImportOptions()
  /// Leaves inputs and outputs in the source's layout.
  var keepsPortLayout = false
  var purpose = Purpose.execution
  /// Who wants the model, in messages.
  var verb = "this"
  /// Dumps the graph after this pass.
  var dumpAfter: String?

  /// What the graph is for, which decides the passes.
  enum Purpose {
    case execution
    /// As for execution; the scales of a model that is quantized already are remembered beside the float network.
    case quantization
    /// Nothing is folded or fused, so that the graph still has all of its tensors.
    case layerDump
  }

  struct LoadedModel {
    var graph: Graph
    /// Operators before any pass.
    var operatorsRead: Int
    /// What each pass did.
    var passes: [(pass: String, summary: PassSummary)]
    var dump: String?
  }

  init(path: String) { self.path = path }

  init(path: String, _ options: ModelOptions) throws(Diagnostic) {
    self.path = path
    try Self.check(once: options.inputShape.map(\.name), of: "--input-shape")
    try Self.check(once: options.dim.map(\.name), of: "--dim")
    try Self.check(once: options.bind.map(\.name), of: "--bind")
    for shape in options.inputShape { importOptions.inputShapes[shape.name] = shape.value.sizes }
    for dimension in options.dim { importOptions.dimensions[dimension.name] = dimension.value.size }
    for binding in options.bind {
      importOptions.bindings[binding.name] = try ArrayFile(path: binding.value).value()
    }
    if !(options.dim.isEmpty && options.bind.isEmpty), ModelFormat(path: path) == .onnx {
      try checkNames(try ONNXModelSummary(path: path))
    }
  }

  private static func check(once names: [String], of flag: String) throws(Diagnostic) {
    var seen = Set<String>()
    guard let twice = names.first(where: { !seen.insert($0).inserted }) else { return }
    throw Diagnostic(.usage, "\(flag) gives '\(twice)' twice", hint: "give each name once")
  }

  /// A flag that names what the model does not have is a slip that must not go unnoticed.
  private func checkNames(_ summary: ONNXModelSummary) throws(Diagnostic) {
    let dimensions = Set(summary.inputs.flatMap(\.dimensionNames)).sorted()
    for name in importOptions.dimensions.keys.sorted() where !dimensions.contains(name) {
      let known = dimensions.map { "'\($0)'" }.joined(separator: ", ")
      throw Diagnostic(
        .usage, "--dim names '\(name)', which is not a dimension of the model's inputs",
        hint: dimensions.isEmpty ? "none of their dimensions has a name" : "their dimensions: \(known)")
    }
    // Integers may reach a shape; the scales of a Resize are floats that decide one.
    let bindable = summary.inputs.filter { !$0.type.elementType.isFloat || $0.needsBinding }.map(\.name)
    for name in importOptions.bindings.keys.sorted() where !bindable.contains(name) {
      let known = bindable.map { "'\($0)'" }.joined(separator: ", ")
      throw Diagnostic(
        .usage, "--bind names '\(name)', which is not an input that shapes depend on",
        hint: bindable.isEmpty ? "the model has no such inputs" : "the model's: \(known)")
    }
  }

  func load() throws(Diagnostic) -> LoadedModel {
    var graph: Graph
    if let opened = readWithOpenBatch() {
      graph = opened
    } else {
      var closed = self
      closed.importOptions.batch = .asDeclared
      graph = try closed.read()
    }
    let operatorsRead = graph.operators.count
    var dump: String?
    let report = try pipeline.run(on: &graph, dumpAfter: dumpAfter) { dump = $0 }
    return LoadedModel(graph: graph, operatorsRead: operatorsRead, passes: report, dump: dump)
  }

  private var pipeline: Pipeline {
    switch purpose {
    case .execution: .forExecution(keepsPortLayout: keepsPortLayout)
    case .quantization:
      Pipeline([.givenNumbers] + Pipeline.forExecution(keepsPortLayout: keepsPortLayout).passes)
    case .layerDump: Pipeline([.layout(.channelsLast, keepsPortLayout: keepsPortLayout)])
    }
  }

  /// The graph with a batch of one made open, if that was asked for and its samples are proven independent.
  private func readWithOpenBatch() -> Graph? {
    guard importOptions.batch == .symbolic, let graph = try? read(), graph.batchIndependence().isIndependent
    else { return nil }
    return graph
  }

  /// The graph as the file has it.
  func read() throws(Diagnostic) -> Graph {
    switch ModelFormat(path: path) {
    case .onnx: try ONNXImporter(options: importOptions, evaluator: FloatEvaluator()).importModel(path: path)
    case .tflite:
      throw Diagnostic(
        .usage, "'\(path)' is a .tflite file; \(verb) takes an .onnx model",
        hint: "give the .onnx file that it was made from")
    }
  }
}

/// The forms of model files.
enum ModelFormat {
  case onnx, tflite

  /// By the name's ending; what has no known ending is taken for ONNX, whose reader says what it finds.
  init(path: String) {
    self = path.lowercased().hasSuffix(".tflite") ? .tflite : .onnx
  }

  /// A file's name without folders and without the ending of a model.
  static func stem(of path: String) -> String {
    let name = Folder.lastComponent(of: path)
    let ending = [".onnx", ".tflite"].first { name.lowercased().hasSuffix($0) }
    return String(name.dropLast(ending?.count ?? 0))
  }
}

/// One `.npy` file that a flag names.
struct ArrayFile {
  let path: String
  let file: NPYFile

  init(path: String) throws(Diagnostic) {
    self.path = path
    file = try NPYFile(path)
  }

  func value() -> TensorValue { file.value() }
  /// "float32[1, 3]"
  var description: String {
    "\(file.type.rawValue)[" + file.sizes.map(String.init).joined(separator: ", ") + "]"
  }
}
