import Graph

/// What one operator costs, for one sample.
public struct LayerCost: Sendable, Hashable {
  /// The source's name of the operator.
  public var name: String
  /// What it computes: "convolution + relu".
  public var operatorName: String
  /// The shape of its first result.
  public var outputShape: Shape
  /// Elements of its float constants; a constant that several operators share counts at the first.
  public var parameters: Int
  /// Multiply-accumulates of convolutions, matrix products and recurrent layers.
  public var macs: Int
  /// Bytes of its results.
  public var activationBytes: Int
}

/// What a whole graph costs, layer by layer.
///
///     let cost = ModelCost(graph)
///     print(cost.macs, cost.layers[0].name)
public struct ModelCost: Sendable {
  public var layers: [LayerCost] = []
  public var parameters = 0
  public var macs = 0
  /// Bytes of all constants as the graph holds them: float weights in four bytes.
  public var floatWeightBytes = 0
  /// Bytes of the weights after int8 quantization: filters in one byte, biases in four, the rest as it is.
  public var int8WeightBytes = 0
  public var activationBytes = 0
  /// The most bytes of results and inputs that are needed at one time, with perfect packing.
  public var peakActivationBytes = 0

  public init(_ graph: Graph) {
    var counted = Set<TensorID>()
    for node in graph.operators {
      var layer = LayerCost(
        name: node.displayName(in: graph), operatorName: graph.shortName(of: node), outputShape: [],
        parameters: 0,
        macs: graph.macs(of: node), activationBytes: 0)
      for (place, input) in node.inputs.enumerated() {
        guard let input, let constant = graph[input].constant, counted.insert(input).inserted else {
          continue
        }
        let bytes = constant.elementCount * constant.type.byteCount
        floatWeightBytes += bytes
        guard constant.type == .float32 else {
          int8WeightBytes += bytes
          continue
        }
        layer.parameters += constant.elementCount
        int8WeightBytes += constant.elementCount * (node.operation.biasPlace == place ? 4 : 1)
      }
      for case let output? in node.outputs {
        layer.activationBytes.addSaturating(graph.byteCount(of: output))
      }
      if let first = node.outputs.lazy.compactMap({ $0 }).first { layer.outputShape = graph[first].shape }
      parameters += layer.parameters
      macs.addSaturating(layer.macs)
      activationBytes.addSaturating(layer.activationBytes)
      layers.append(layer)
    }
    peakActivationBytes = graph.peakActivationBytes
  }
}

extension Operator {
  /// The source's name, or the name of the first result for operators without one.
  func displayName(in graph: Graph) -> String {
    if !sourceName.isEmpty { return sourceName }
    return outputs.lazy.compactMap { $0 }.first.map { graph[$0].name } ?? ""
  }
}

extension Operation {
  /// Which operand is the bias.
  fileprivate var biasPlace: Int? {
    switch self {
    case .dense, .convolution, .transposedConvolution: 2
    case .recurrent: 3
    default: nil
    }
  }
}

extension Graph {
  /// The operator's name as tables and pictures show it: "depthwise conv + relu".
  func shortName(of node: Operator) -> String {
    var name = node.operation.name.replacing("convolution", with: "conv")
    if case .convolution(let convolution) = node.operation, convolution.groups > 1,
      let filter = node.inputs[1],
      self[filter].shape.extents.last == 1
    {
      name = "depthwise conv"
    }
    guard let clamp = node.operation.clamp else { return name }
    switch (clamp.minimum, clamp.maximum) {
    case (0, .infinity): return "\(name) + relu"
    case (0, 6): return "\(name) + relu6"
    default: return "\(name) + clip"
    }
  }

  func byteCount(of id: TensorID) -> Int {
    let (bytes, overflow) = self[id].shape.elementCountPerSample.multipliedReportingOverflow(
      by: self[id].element.byteCount)
    return overflow ? Int.max : bytes
  }

  /// Multiply-accumulates for one sample.
  func macs(of node: Operator) -> Int {
    func shape(_ place: Int) -> [Int]? {
      place < node.inputs.count ? node.inputs[place].map { self[$0].shape.perSample } : nil
    }
    let outputs = node.outputs.lazy.compactMap { $0 }.first.map { self[$0].shape.elementCountPerSample } ?? 0
    switch node.operation {
    case .convolution:
      guard let filter = shape(1), let channels = filter.first, channels > 0 else { return 0 }
      return product(outputs, Shape.elementCount(filter) / channels)
    case .transposedConvolution(let convolution):
      guard let filter = shape(1), let inputs = shape(0) else { return 0 }
      let inputChannels = (filter.last ?? 0) * convolution.groups
      guard inputChannels > 0 else { return 0 }
      // Every input element meets the filter of each output channel of its group.
      return product(Shape.elementCount(inputs) / inputChannels, Shape.elementCount(filter))
    case .dense:
      return product(outputs, shape(1)?.last ?? 0)
    case .matmul(let transposesLeft, _):
      guard let left = shape(0) else { return 0 }
      let depth = left.count < 2 ? left.last : transposesLeft ? left[left.count - 2] : left.last
      return product(outputs, depth ?? 0)
    case .recurrent(let recurrent):
      guard let data = shape(0), data.count == 3 else { return 0 }
      let gates = recurrent.direction.count * recurrent.kind.gateCount * recurrent.hiddenSize
      return product(product(data[0], data[1]), product(gates, data[2] + recurrent.hiddenSize))
    default:
      return 0
    }
  }

  private func product(_ left: Int, _ right: Int) -> Int { Shape.elementCount([left, right]) }

  /// The most bytes that are alive between two operators' ends.
  fileprivate var peakActivationBytes: Int {
    var lastUse: [TensorID: Int] = [:]
    for (index, node) in operators.enumerated() {
      for case let input? in node.inputs where self[input].constant == nil { lastUse[input] = index }
      for case let output? in node.outputs { lastUse[output] = max(index, lastUse[output] ?? 0) }
    }
    for port in outputs where self[port.tensor].constant == nil { lastUse[port.tensor] = operators.count }
    var ending = [[TensorID]](repeating: [], count: operators.count + 1)
    for (id, index) in lastUse { ending[index].append(id) }
    var live = 0
    for id in Set(inputs.map(\.tensor)) where lastUse[id] != nil { live.addSaturating(byteCount(of: id)) }
    var peak = live
    for (index, node) in operators.enumerated() {
      for case let output? in node.outputs { live.addSaturating(byteCount(of: output)) }
      peak = max(peak, live)
      if live < Int.max { for id in ending[index] { live -= byteCount(of: id) } }
    }
    return peak
  }
}

extension Int {
  /// Sums of absurd sizes stop at the largest number instead of ending the program.
  mutating func addSaturating(_ other: Int) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }
}
