import Testing

@testable import Graph

@Suite struct CompositeExpansionTests {
  private static let composites: [(Composite, Shape, [Shape])] = [
    (.layerNormalization(axis: 1, epsilon: 1e-5), [.batch(1), 3, 4], [[3, 4], [3, 4]]),
    (.rmsNormalization(axis: 2, epsilon: 1e-5), [.batch(1), 3, 4], [[4]]),
    (
      .groupNormalization(groups: 2, epsilon: 1e-5, layout: .channelsLast), [.batch(1), 5, 5, 4], [[4], [4]]
    ),
    (.groupNormalization(groups: 4, epsilon: 1e-5, layout: .channelsFirst), [.batch(1), 4, 5], [[4], [4]]),
    (
      .localResponseNormalization(size: 3, alpha: 1, beta: 0.75, bias: 1, channelAxis: 3),
      [.batch(1), 2, 2, 6], []
    ),
    (.depthToSpace(blockSize: 2, depthFirst: false, layout: .channelsFirst), [.batch(1), 8, 3, 3], []),
    (.depthToSpace(blockSize: 2, depthFirst: true, layout: .channelsLast), [.batch(1), 3, 3, 8], []),
    (.spaceToDepth(blockSize: 3, layout: .channelsLast), [.batch(1), 3, 6, 2], []),
  ]

  @Test(arguments: composites.indices)
  func expandsIntoCoreOperatorsOfTheSameType(_ index: Int) throws {
    let (composite, shape, operands) = Self.composites[index]
    var graph = Graph(name: "one")
    let data = graph.addTensor("x", TensorType(.float32, shape))
    let others = operands.map { graph.addTensor("c", TensorType(.float32, $0)) }
    let result = try graph.append(
      .composite(composite), inputs: [data] + others, names: ["y"], sources: ["node"])[0]!
    graph.inputs = ([data] + others).map {
      Port(tensor: $0, name: "x", declaredType: .float32, declaredShape: graph[$0].shape)
    }
    graph.outputs = [
      Port(tensor: result, name: "y", declaredType: .float32, declaredShape: graph[result].shape)
    ]
    let expanded = try graph.expandingComposites { _ in true }
    #expect(expanded[result].shape == graph[result].shape)
    #expect(expanded.operators.count > 1)
    for node in expanded.operators {
      if case .composite = node.operation { Issue.record("\(node.operation.name) is left") }
      #expect(node.sources == ["node"])
    }
    #expect(expanded.operators.last?.outputs == [result])
    try expanded.verify()
  }
}
