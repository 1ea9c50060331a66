import Graph
import Testing

@testable import Datasets

@Suite struct ModelLayoutTests {
  private func layout(_ permutation: [Int]?, _ shape: Shape) throws -> SampleLayout? {
    var graph = Graph(name: "test")
    let input = graph.addTensor("x", TensorType(.float32, shape))
    var data = try graph.append(.unary(.relu), inputs: [input], names: ["a"], sources: ["a"])[0]!
    if let permutation {
      data = try graph.append(.transpose(permutation), inputs: [data], names: ["b"], sources: ["b"])[0]!
    }
    let channels = graph[data].shape[1].perSample
    let spatial = shape.rank - 2
    let filter = TensorValue(
      type: .float32, sizes: [1] + [Int](repeating: 1, count: spatial) + [channels])
    let weights = graph.addConstant(Constant(filter), name: "w")
    let window = WindowGeometry(size: [Int](repeating: 1, count: spatial))
    _ = try graph.append(
      .convolution(Convolution(window: window, layout: .channelsFirst)), inputs: [data, weights],
      names: ["c"],
      sources: ["c"])
    let port = Port(tensor: input, name: "x", declaredType: .float32, declaredShape: shape)
    return DataInput(port, of: graph).layout
  }

  @Test func theFirstConvolutionShowsTheLayout() throws {
    #expect(try layout(nil, [.batch(1), 8, 8, 8]) == .nchw)
    #expect(try layout([0, 3, 1, 2], [.batch(1), 8, 8, 8]) == .nhwc)
    #expect(try layout(nil, [1, 9, 9]) == .ncw)
    #expect(try layout([0, 2, 1], [1, 9, 9]) == .nwc)
  }
}
