import Graph
import Micro

extension Report {
  /// A file, apart from what is in it.
  public struct FileFacts: Sendable, Hashable {
    public var path: String
    public var sha256: String
    public var byteCount: Int
    public var compressedByteCount: Int

    public init(path: String, sha256: String, byteCount: Int, compressedByteCount: Int) {
      self.path = path
      self.sha256 = sha256
      self.byteCount = byteCount
      self.compressedByteCount = compressedByteCount
    }
  }
}

extension Report.Model {
  /// What a float model costs. The graph is that which runs: folded and fused.
  ///
  ///     let before = Report.Model(graph: loaded.graph, file: file)
  public init(graph: Graph, file: Report.FileFacts) {
    let cost = ModelCost(graph)
    self.init(
      path: file.path, format: "onnx", sha256: file.sha256, precision: graph.precision,
      fileBytes: file.byteCount, compressedBytes: file.compressedByteCount, parameters: cost.parameters,
      macs: cost.macs, operators: cost.layers.count, weightBytes: cost.floatWeightBytes,
      graphBytes: max(0, file.byteCount - cost.floatWeightBytes))
    inputs = graph.inputs.map(Report.Port.init)
    outputs = graph.outputs.map(Report.Port.init)
    let source = graph.source
    if !source.producer.isEmpty { provenance.append(.init(name: "producer", value: source.producer)) }
    if source.opset > 0 { provenance.append(.init(name: "opset", value: String(source.opset))) }
  }

  /// What a model for the device costs. `arena` is that of the same model.
  ///
  ///     let after = Report.Model(device: model, file: file, arena: ArenaReport(model))
  public init(device model: MicroModel, file: Report.FileFacts, arena: ArenaReport) {
    let cost = DeviceCost(model)
    self.init(
      path: file.path, format: "tflite", sha256: file.sha256, precision: cost.precision,
      fileBytes: file.byteCount, compressedBytes: file.compressedByteCount, parameters: cost.parameters,
      macs: cost.macs, operators: cost.layers.count, weightBytes: cost.constantBytes,
      graphBytes: max(0, file.byteCount - cost.constantBytes))
    inputs = model.main.inputs.map { Report.Port(model.main.tensors[$0]) }
    outputs = model.main.outputs.map { Report.Port(model.main.tensors[$0]) }
    self.arena = Report.Arena(arena)
    if !model.description.isEmpty {
      provenance.append(.init(name: "description", value: model.description))
    }
  }
}

extension Report.Port {
  /// As the source declares it; open extents are 1.
  init(_ port: Port) {
    self.init(name: port.name, type: port.declaredType.rawValue, shape: port.declaredShape.perSample)
  }

  init(_ tensor: MicroTensor) {
    self.init(
      name: tensor.name, type: "\(tensor.type)", shape: tensor.shape,
      scale: tensor.quantization.map { Double($0.scales[0]) },
      zeroPoint: tensor.quantization?.zeroPoints[0])
  }
}

extension Graph {
  /// The types of what its operators compute with: those with multiplications, else all.
  fileprivate var precision: String {
    func types(_ operators: [Operator]) -> [String] {
      operators.compactMap { $0.outputs.lazy.compactMap { $0 }.first.map { "\(self[$0].element)" } }.distinct
    }
    let computing = types(operators.filter { macs(of: $0) > 0 })
    return (computing.isEmpty ? types(operators) : computing).joined(separator: ", ")
  }
}

extension DeviceCost {
  fileprivate var precision: String {
    let computing = layers.filter { $0.macs > 0 }.map { "\($0.outputType)" }.distinct
    return (computing.isEmpty ? layers.map { "\($0.outputType)" }.distinct : computing)
      .joined(separator: ", ")
  }
}

extension [String] {
  /// Each once, in the order of first appearance.
  fileprivate var distinct: [String] {
    var seen = Set<String>()
    return filter { seen.insert($0).inserted }
  }
}
