import Datasets
import Graph
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
  /// Leaves the graph as it was written, apart from layouts, so that it still has all of its tensors.
  var keepsAllTensors = false
  /// Dumps the graph after this pass.
  var dumpAfter: String?

  struct LoadedModel {
    var graph: Graph
    /// What each pass did.
    var passes: [(pass: String, summary: PassSummary)]
    var dump: String?
  }

  init(path: String) { self.path = path }

  init(path: String, _ options: ModelOptions) throws(Diagnostic) {
    self.path = path
    for shape in options.inputShape { importOptions.inputShapes[shape.name] = shape.value.sizes }
    for dimension in options.dim { importOptions.dimensions[dimension.name] = dimension.value.size }
    for binding in options.bind {
      importOptions.bindings[binding.name] = try ArrayFile(path: binding.value).value()
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
    let pipeline =
      keepsAllTensors
      ? Pipeline([.layout(.channelsLast, keepsPortLayout: keepsPortLayout)])
      : Pipeline.forExecution(keepsPortLayout: keepsPortLayout)
    var dump: String?
    let report = try pipeline.run(on: &graph, dumpAfter: dumpAfter) { dump = $0 }
    return LoadedModel(graph: graph, passes: report, dump: dump)
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
        .unsupported, "'\(path)' is a .tflite file, which version \(edgeopt.version) does not read",
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
