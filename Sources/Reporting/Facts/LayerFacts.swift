import Graph
import Micro

extension Report.Layer {
  /// The operators of a model for the device, in order, as far as the model alone tells of them.
  ///
  ///     report.layers = Report.Layer.all(of: model)
  public static func all(of model: MicroModel) -> [Report.Layer] {
    let graph = model.main
    var counted = Set<Int>()
    return zip(graph.operators, DeviceCost(model).layers).map { node, cost in
      let constants = node.inputs.compactMap { $0 }.filter {
        graph.tensors[$0].isConstant && counted.insert($0).inserted
      }
      let result = node.outputs.first.map { graph.tensors[$0] }
      var layer = Report.Layer(
        name: cost.name, operator: cost.operatorName,
        inputShape: node.inputs.lazy.compactMap { $0 }.first.map { graph.tensors[$0].shape } ?? [],
        outputShape: cost.outputShape, type: "\(cost.outputType)",
        weightBits: node.weights(in: graph).flatMap { graph.tensors[$0].type.bitCount },
        activationBits: cost.outputType.bitCount ?? 0, parameters: cost.parameters, macs: cost.macs,
        bytesBefore: nil, bytesAfter: constants.reduce(0) { $0 + (graph.tensors[$1].data?.count ?? 0) },
        activationBytes: cost.activationBytes)
      layer.nodes = node.sources
      layer.range = result.flatMap(Report.ValueRange.init)
      return layer
    }
  }
}

extension Report.ValueRange {
  /// What the integers of a tensor can express; nil without a scale.
  public init?(_ tensor: MicroTensor) {
    guard let grid = tensor.quantization, grid.axis == nil, let bounds = tensor.type.element?.integerRange,
      [.int8, .uint8, .int16].contains(tensor.type)
    else { return nil }
    let (scale, zeroPoint) = (Double(grid.scales[0]), grid.zeroPoints[0])
    self.init(
      lower: Double(bounds.lowerBound - zeroPoint) * scale,
      upper: Double(bounds.upperBound - zeroPoint) * scale, scale: scale, zeroPoint: zeroPoint)
  }
}

extension MicroOperator {
  /// The tensor of its weights: the largest constant that numbers are multiplied with or added to.
  public func weights(in graph: MicroSubgraph) -> Int? {
    let numbers: [MicroType] = [.int4, .int8, .uint8, .int16, .float16, .float32]
    var best: Int?
    for case let input? in inputs where graph.tensors[input].isConstant {
      guard numbers.contains(graph.tensors[input].type) else { continue }
      if graph.tensors[input].elementCount > best.map({ graph.tensors[$0].elementCount }) ?? 0 {
        best = input
      }
    }
    return best
  }
}

extension MicroType {
  /// Of one element; nil for types without a size.
  var bitCount: Int? { self == .int4 ? 4 : byteCount.map { 8 * $0 } }
}
