import Graph
import Micro

/// What a model for the device costs, operator by operator.
///
///     let cost = DeviceCost(model)
///     print(cost.macs, cost.constantBytes)
public struct DeviceCost: Sendable {
  /// One operator of the first subgraph.
  public struct Layer: Sendable, Hashable {
    /// The name of its first result.
    public var name: String
    /// "CONV_2D"
    public var operatorName: String
    public var outputType: MicroType
    public var outputShape: [Int]
    /// Elements of its constants; one that several operators share counts at the first.
    public var parameters: Int
    public var macs: Int
    public var activationBytes: Int
  }

  public var layers: [Layer] = []
  public var parameters = 0
  public var macs = 0
  public var activationBytes = 0
  /// Bytes of all constants, as the file holds them.
  public var constantBytes = 0

  public init(_ model: MicroModel) {
    let graph = model.main
    var counted = Set<Int>()
    for node in graph.operators {
      var parameters = 0
      for case let input? in node.inputs where graph.tensors[input].isConstant {
        if counted.insert(input).inserted { parameters += graph.tensors[input].elementCount }
      }
      let results = node.outputs.map { graph.tensors[$0] }
      layers.append(
        Layer(
          name: results.first?.name ?? "", operatorName: node.displayName,
          outputType: results.first?.type ?? .float32, outputShape: results.first?.shape ?? [],
          parameters: parameters, macs: node.macs(in: graph),
          activationBytes: results.reduce(0) { $0 + ($1.byteCount ?? 0) }))
    }
    for subgraph in model.subgraphs {
      constantBytes += subgraph.tensors.reduce(0) { $0 + ($1.data?.count ?? 0) }
    }
    parameters = layers.reduce(0) { $0 + $1.parameters }
    macs = layers.reduce(0) { $0 + $1.macs }
    activationBytes = layers.reduce(0) { $0 + $1.activationBytes }
  }
}

extension MicroOperator {
  /// The file format's name, or that of a custom operator.
  var displayName: String { code == .custom ? customName : code.name }

  /// Multiply-accumulates of one run.
  fileprivate func macs(in graph: MicroSubgraph) -> Int {
    func shape(_ index: Int?) -> [Int] { index.map { graph.tensors[$0].shape } ?? [] }
    func input(_ place: Int) -> [Int] { place < inputs.count ? shape(inputs[place]) : [] }
    let results = shape(outputs.first).reduce(1, *)
    switch code {
    case .conv2D: return results * input(1).dropFirst().reduce(1, *)
    case .depthwiseConv2D: return results * input(1).dropFirst().dropLast().reduce(1, *)
    case .fullyConnected: return results * (input(1).last ?? 0)
    case .transposeConv: return input(2).reduce(1, *) * input(1).dropLast().reduce(1, *)
    case .batchMatmul:
      if case .batchMatMul(let adjointX, _, _) = options, adjointX {
        return results * (input(0).dropLast().last ?? 0)
      }
      return results * (input(0).last ?? 0)
    case .unidirectionalSequenceLstm:
      // Four gates, each of the input and of the state.
      let steps = input(0).dropLast().reduce(1, *)
      return steps * 4 * (input(1).reduce(1, *) + input(5).reduce(1, *))
    default: return 0
    }
  }
}
