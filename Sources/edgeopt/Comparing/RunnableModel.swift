import Datasets
import Graph
import MicroRuntime
import Reporting
import Runtime
import Storage
import TensorMath

/// A model file of either kind, ready to be fed.
///
///     let model = try RunnableModel(path: "model.tflite", ModelOptions())
///     let data = try Dataset(request, for: model.dataInputs)
///     let evaluated = try model.evaluated(on: data, workers: workers)
struct RunnableModel {
  let path: String
  private let form: Form
  /// Where a device has the outputs that are seen of it.
  private var deviceOutputs: [DeviceOutput] = []

  private enum Form {
    case float(Runtime.Program)
    case device(DeviceModel)
  }

  init(
    path: String, _ options: ModelOptions, detail: (String) -> Void = { _ in }
  ) throws(Diagnostic) {
    self.path = path
    switch ModelFormat(path: path) {
    case .onnx:
      var loader = try ModelLoader(path: path, options)
      loader.keepsPortLayout = true
      loader.importOptions.batch = .symbolic
      let loaded = try loader.load()
      for step in loaded.passes { detail("pass \(step.pass): \(step.summary)") }
      form = .float(try Runtime.Program(loaded.graph))
    case .tflite:
      let device = try DeviceModel(path: path)
      form = .device(device)
      deviceOutputs = device.outputs.indices.map(DeviceOutput.init)
    }
  }

  /// Sees outputs that the device gives in parts as the wholes that another model gives, where they are such.
  mutating func joinOutputs(as other: RunnableModel) {
    guard case .device(let device) = form, other.outputSizes.count < deviceOutputs.count,
      let joined = DeviceOutput.outputs(of: device, joinedTo: other.outputSizes)
    else { return }
    deviceOutputs = joined
  }

  /// What the inputs ask of data.
  var dataInputs: [DataInput] {
    switch form {
    case .float(let program):
      let graph = program.graph
      return graph.inputs.filter { graph[$0.tensor].constant == nil }
        .map { DataInput($0, layout: graph.dataLayout(of: $0)) }
    case .device(let device): return device.dataInputs
    }
  }

  /// The model as its tensors are compared, each of them.
  func reference() throws(Diagnostic) -> TensorComparison.Reference {
    switch form {
    case .float(let program): .float(try Runtime.Program(program.graph, fusesSteps: false))
    case .device(let device): .device(device)
    }
  }

  /// nil for float models.
  var device: DeviceModel? {
    if case .device(let device) = form { device } else { nil }
  }

  var outputNames: [String] {
    switch form {
    case .float(let program): program.graph.outputs.map(\.name)
    case .device(let device): deviceOutputs.map { device.outputs[$0.places.lowerBound].port.name }
    }
  }

  /// Of one sample, in the source's layout.
  private var outputSizes: [[Int]] {
    switch form {
    case .float(let program): program.graph.outputs.map { $0.declaredShape.perSample }
    case .device(let device): deviceOutputs.map { $0.sizes(of: device) }
    }
  }

  /// The types and sizes of what the model itself gives for one sample.
  var ownOutputs: [(type: SourceType, sizes: [Int])] {
    switch form {
    case .float(let program):
      program.graph.outputs.map { ($0.declaredType, $0.declaredShape.perSample) }
    case .device(let device): device.outputs.map { (SourceType($0.port.type), $0.port.sizes) }
    }
  }

  func evaluated(
    on dataset: Dataset, output: Int = 0, workers: Workers
  ) throws(Diagnostic) -> EvaluatedModel {
    switch form {
    case .float(let program):
      try EvaluatedModel(program, on: dataset, output: output, workers: workers)
    case .device(let device):
      EvaluatedModel(device, outputs: deviceOutputs, on: dataset, output: output, workers: workers)
    }
  }
}

extension Report.Model {
  /// The facts of a model file of either kind, which need not run. A float graph is counted as it runs: folded and fused.
  init(path: String, _ options: ModelOptions) throws(Diagnostic) {
    let file = try Report.FileFacts(path: path)
    switch ModelFormat(path: path) {
    case .onnx:
      var loader = try ModelLoader(path: path, options)
      loader.importOptions.batch = .symbolic
      self.init(graph: try loader.load().graph, file: file)
    case .tflite:
      let model = try DeviceModel.read(path).model
      self.init(device: model, file: file, provenance: Provenance(of: model))
    }
  }
}
