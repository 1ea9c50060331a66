import Graph
import Storage

/// Small graphs to account for and to draw.
enum SampleGraphs {
  /// Convolution + relu, a residual around a second convolution, mean, dense, softmax.
  static func residual(blocks: Int = 1, channels: Int = 8) throws -> Graph {
    var graph = Graph(name: "residual")
    var x = graph.addTensor("image", TensorType(.float32, [.batch(1), 16, 16, 3]))
    graph.inputs = [
      Port(tensor: x, name: "image", declaredType: .float32, declaredShape: [.batch(1), 16, 16, 3])
    ]
    x = try convolution(&graph, x, outputs: channels, name: "stem", clamp: .relu)
    for block in 0..<blocks {
      let y = try convolution(&graph, x, outputs: channels, name: "block\(block)/conv", clamp: nil)
      x = try graph.append(
        .binary(.add, clamp: .relu), inputs: [x, y], names: ["block\(block)/sum"],
        sources: ["block\(block)/add"])[0]!
    }
    x = try graph.append(
      .reduce(.mean, axes: [1, 2], keepsAxes: false), inputs: [x], names: ["mean"], sources: ["mean"])[0]!
    let weights = graph.addConstant(Constant(TensorValue(type: .float32, sizes: [10, channels])), name: "w")
    let bias = graph.addConstant(Constant(TensorValue(type: .float32, sizes: [10])), name: "b")
    x = try graph.append(
      .dense(clamp: nil), inputs: [x, weights, bias], names: ["logits"], sources: ["head"])[0]!
    x = try graph.append(
      .softmax(axis: 1, logarithmic: false), inputs: [x], names: ["p"], sources: ["softmax"])[0]!
    graph.outputs = [Port(tensor: x, name: "p", declaredType: .float32, declaredShape: [.batch(1), 10])]
    return graph
  }

  private static func convolution(
    _ graph: inout Graph, _ x: TensorID, outputs: Int, name: String, clamp: FusedClamp?
  ) throws -> TensorID {
    let inputs = graph[x].shape[3].perSample
    let filter = graph.addConstant(
      Constant(TensorValue(type: .float32, sizes: [outputs, 3, 3, inputs])), name: "\(name).w")
    let bias = graph.addConstant(Constant(TensorValue(type: .float32, sizes: [outputs])), name: "\(name).b")
    let window = WindowGeometry(size: [3, 3], padBefore: [1, 1], padAfter: [1, 1])
    return try graph.append(
      .convolution(Convolution(window: window, layout: .channelsLast, clamp: clamp)),
      inputs: [x, filter, bias],
      names: [name], sources: [name])[0]!
  }
}
