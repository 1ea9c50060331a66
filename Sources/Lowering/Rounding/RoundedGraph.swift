import Graph

/// A float graph in which the roundings of a plan are operators: every planned tensor is quantized and dequantized
/// before it is read, and weights are the device's integers.
///
///     var rounded = try Lowering(evaluator: FloatEvaluator(), plan: plan).rounding(legal.graph)
///     try Pipeline([.layout(.channelsFirst, keepsPortLayout: true)]).run(on: &rounded.graph)
///     rounded.roundMovedTensors()
public struct RoundedGraph: Sendable {
  public var graph: Graph
  /// The operators that the device computes in another way than as float between roundings.
  public var differing: [Difference] = []

  /// One operator whose results may be a step or more apart from the device's.
  public struct Difference: Sendable, Hashable {
    /// The source's node.
    public var node: String
    public var reason: String
    /// Whether the device rounds inside of it, and this graph does not.
    public var isFloat = false
  }
}

extension Lowering {
  /// The same network as ``lower(_:)`` makes, as float operators between roundings.
  public func rounding(_ graph: Graph) throws(Diagnostic) -> RoundedGraph {
    var insertion = RoundingInsertion(graph, self)
    return try insertion.run()
  }
}

extension RoundedGraph {
  /// Rounds what transposes and reshapes move, once more and without any change, where an operator reads it at once: no
  /// runtime has to find out then how far a rounding reaches.
  public mutating func roundMovedTensors() {
    transposeFactors()
    let readers = graph.consumers
    let operators = graph.operators
    var grids: [TensorID: Operator] = [:]
    graph.operators = []
    for var node in operators {
      if case .dequantizeLinear(nil, 0) = node.operation, let output = node.outputs[0] {
        grids[output] = node
      }
      guard node.isMovement, let input = node.inputs[0], let grid = grids[input],
        let output = node.outputs[0],
        let integers = grid.inputs[0],
        readers[output, default: []].contains(where: { !operators[$0].isQuantization })
      else {
        graph.operators.append(node)
        continue
      }
      let (name, type, element) = (graph[output].name, graph[output].type, graph[integers].element)
      let moved = graph.addTensor("\(name)/moved", type)
      let rounded = graph.addTensor("\(name)/quantized", TensorType(element, type.shape))
      node.outputs[0] = moved
      let operands = Array(grid.inputs.dropFirst())
      graph.operators += [
        node,
        Operator(
          .quantizeLinear(axis: nil, blockSize: 0, element), inputs: [moved] + operands, outputs: [rounded],
          sources: ["\(name)/QuantizeLinear"]),
        Operator(
          grid.operation, inputs: [rounded] + operands, outputs: [output],
          sources: ["\(name)/DequantizeLinear"]),
      ]
      grids[output] = graph.operators.last
    }
  }

  /// Computed factors are transposed by operators of their own.
  private mutating func transposeFactors() {
    let operators = graph.operators
    graph.operators = []
    for var node in operators {
      if case .matmul(let left, let right) = node.operation {
        var rest = [left, right]
        for operand in 0..<2 where rest[operand] {
          guard let id = node.inputs[operand], graph[id].constant == nil else { continue }
          let rank = graph[id].shape.rank
          var order = Array(0..<rank)
          order.swapAt(rank - 1, rank - 2)
          let type = TensorType(graph[id].element, graph[id].shape.permuted(order))
          let turned = graph.addTensor("\(graph[id].name)/transposed", type)
          graph.operators.append(
            Operator(.transpose(order), inputs: [id], outputs: [turned], sources: node.sources))
          node.inputs[operand] = turned
          rest[operand] = false
        }
        node.operation = .matmul(transposesLeft: rest[0], transposesRight: rest[1])
      }
      graph.operators.append(node)
    }
  }
}

extension Operator {
  fileprivate var isMovement: Bool {
    switch operation {
    case .transpose, .reshape: true
    default: false
    }
  }

  fileprivate var isQuantization: Bool {
    if case .quantizeLinear = operation { return true }
    return false
  }
}

extension Operation {
  /// Why the device's results differ from the rounded ones of float arithmetic; nil where they are the same.
  var roundingDifference: String? {
    switch self {
    case .recurrent: "float inside, where the device rounds gates and states"
    case .softmax, .unary(.sigmoid), .unary(.tanh): "fixed-point functions on the device"
    case .dense, .convolution, .transposedConvolution, .matmul, .reduce(.mean, _, _), .reduce(.sum, _, _),
      .cumulative, .binary(.add, _), .binary(.subtract, _), .binary(.multiply, _), .binary(.divide, _),
      .binary(.prelu, _), .unary(.leakyRelu), .unary(.hardSwish), .unary(.square):
      "the device multiplies sums by integers and rounds twice, float arithmetic once"
    case .pool(let pool):
      if case .average = pool.kind { "the device rounds means of integers half away from zero" } else { nil }
    case .resize(let resize):
      resize.mode == .linear ? "the device interpolates in fixed point" : nil
    default: nil
    }
  }
}
