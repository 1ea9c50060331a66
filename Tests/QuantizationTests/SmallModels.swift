import Graph
import Lowering
import Quantization
import Storage

/// Small networks and samples to calibrate them on.
enum SmallModel {
  static func port(_ graph: Graph, _ tensor: TensorID, _ name: String) -> Port {
    Port(tensor: tensor, name: name, declaredType: .float32, declaredShape: graph[tensor].shape)
  }

  static func weights(_ sizes: [Int], seed: Int, scale: Float = 0.5) -> Constant {
    var generator = SeededGenerator(seed: seed)
    let count = Shape.elementCount(sizes)
    return Constant(
      TensorValue(
        floats: (0..<count).map { _ in Float.random(in: -scale...scale, using: &generator) }, sizes: sizes))
  }

  /// Two convolutions with a residual, pooled, and a classifier.
  static func residual() throws -> Graph {
    var graph = Graph(name: "residual")
    let x = graph.addTensor("x", TensorType(.float32, [.batch(1), 8, 8, 3]))
    graph.inputs = [port(graph, x, "x")]
    func convolve(_ input: TensorID, _ channels: Int, _ clamp: FusedClamp?, _ name: String, _ seed: Int)
      throws
      -> TensorID
    {
      let depth = graph[input].shape[3].fixedValue!
      let filter = graph.addConstant(weights([channels, 3, 3, depth], seed: seed), name: "\(name)/w")
      let bias = graph.addConstant(weights([channels], seed: seed + 100), name: "\(name)/b")
      let window = WindowGeometry(size: [3, 3], padBefore: [1, 1], padAfter: [1, 1])
      return try graph.append(
        .convolution(Convolution(window: window, layout: .channelsLast, clamp: clamp)),
        inputs: [input, filter, bias], names: [name], sources: [name])[0]!
    }
    let first = try convolve(x, 4, .relu, "first", 1)
    let second = try convolve(first, 4, nil, "second", 2)
    let sum = try graph.append(
      .binary(.add, clamp: .relu), inputs: [first, second], names: ["sum"], sources: ["add"])[0]!
    let pooled = try graph.append(
      .pool(
        Pool(kind: .maximum, window: WindowGeometry(size: [2, 2], strides: [2, 2]), layout: .channelsLast)),
      inputs: [sum], names: ["pooled"], sources: ["pool"])[0]!
    let flat = try graph.append(
      .reshape([.batch(1), 64]), inputs: [pooled], names: ["flat"], sources: ["flatten"])[0]!
    let matrix = graph.addConstant(weights([5, 64], seed: 3), name: "dense/w")
    let scores = try graph.append(
      .dense(clamp: nil), inputs: [flat, matrix], names: ["scores"], sources: ["dense"])[0]!
    let shares = try graph.append(
      .softmax(axis: 1, logarithmic: false), inputs: [scores], names: ["shares"], sources: ["softmax"])[0]!
    graph.outputs = [port(graph, shares, "shares")]
    return graph
  }

  /// The operands joined along the last axis.
  static func joined(_ operations: [Operation], channels: Int = 4) throws -> Graph {
    var graph = Graph(name: "joined")
    let x = graph.addTensor("x", TensorType(.float32, [.batch(1), .fixed(channels)]))
    graph.inputs = [port(graph, x, "x")]
    var branches: [TensorID] = []
    for (index, operation) in operations.enumerated() {
      branches.append(
        try graph.append(operation, inputs: [x], names: ["branch\(index)"], sources: ["branch\(index)"])[0]!)
    }
    let all = try graph.append(.concat(axis: 1), inputs: branches, names: ["all"], sources: ["concat"])[0]!
    graph.outputs = [port(graph, all, "all")]
    return graph
  }

  static func samples(
    _ graph: Graph, count: Int, _ value: @escaping @Sendable (_ sample: Int, _ element: Int) -> Float
  )
    -> CalibrationSamples
  {
    let shape = graph[graph.inputs[0].tensor].shape
    let size = shape.elementCountPerSample
    return CalibrationSamples(count: count, name: { "file\($0).npy" }) { range in
      let floats = range.flatMap { sample in (0..<size).map { value(sample, $0) } }
      return [TensorValue(floats: floats, sizes: shape.resolved(batch: range.count))]
    }
  }

  static func noise(_ graph: Graph, count: Int, scale: Float = 1) -> CalibrationSamples {
    samples(graph, count: count) { sample, element in
      var generator = SeededGenerator(seed: sample * 10_007 + element)
      return Float.random(in: -scale...scale, using: &generator)
    }
  }
}

extension Graph {
  func tensor(_ name: String) -> TensorID { TensorID(tensors.firstIndex { $0.name == name }!) }
}
