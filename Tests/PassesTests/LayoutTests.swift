import Graph
import Runtime
import Testing

@testable import Passes

@Suite struct LayoutTests {
  /// Runs the pipeline for execution and returns how many transposes are left.
  private func transposesLeft(_ graph: inout Graph, keepsPortLayout: Bool = false) throws -> Int {
    try Pipeline.forExecution(keepsPortLayout: keepsPortLayout).run(on: &graph, verifies: true)
    for node in graph.operators { #expect(node.operation.layout ?? .channelsLast == .channelsLast) }
    return graph.operators.count { $0.operation.name == "transpose" }
  }

  private func classifier(channels: Int = 3) throws -> Graph {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), .fixed(channels), 8, 8])
    var y = try builder.convolution(x, channels: 4)
    y = try builder.apply(.unary(.relu), [y])
    y = try builder.apply(
      .pool(
        Pool(kind: .maximum, window: WindowGeometry(size: [2, 2], strides: [2, 2]), layout: .channelsFirst)),
      [y])
    y = try builder.apply(.reshape([.batch(1), 64]), [y])
    y = try builder.apply(.unary(.sigmoid), [y])
    y = try builder.apply(
      .matmul(transposesLeft: false, transposesRight: false), [y, builder.noise([64, 10])])
    y = try builder.apply(.softmax(axis: 1, logarithmic: false), [y])
    builder.output(y)
    return builder.graph
  }

  @Test func aClassifierHasNoTransposeAndTurnsItsInput() throws {
    var graph = try classifier()
    #expect(try transposesLeft(&graph) == 0)
    #expect(graph.inputs[0].permutation == [0, 2, 3, 1])
    #expect(graph[graph.inputs[0].tensor].shape == [.batch(1), 8, 8, 3])
    #expect(graph.notes.count == 1)
    // The weights absorbed the flattening.
    let dense = graph.operators.first { $0.operation.name == "dense" }!
    #expect(graph[dense.inputs[1]!].constant!.steps.contains(.reshape([10, 4, 16])))
  }

  @Test func aKeptInputIsTransposedOnce() throws {
    var graph = try classifier()
    #expect(try transposesLeft(&graph, keepsPortLayout: true) == 1)
    #expect(graph.inputs[0].permutation == nil)
    #expect(graph.notes.count == 1)
    #expect(graph.notes[0].contains("input 'x' keeps its layout"))
    #expect(graph.operators[0].operation == .transpose([0, 2, 3, 1]))
  }

  @Test func oneChannelMovesForFree() throws {
    var graph = try classifier(channels: 1)
    #expect(try transposesLeft(&graph, keepsPortLayout: true) == 0)
    #expect(graph.operators[0].operation == .reshape([.batch(1), 8, 8, 1]))
    #expect(graph.notes.isEmpty)
  }

  @Test func aChannelsLastSourceLosesItsTranspose() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 8, 8, 3])
    var y = try builder.apply(.transpose([0, 3, 1, 2]), [x], name: "to channels first")
    y = try builder.convolution(y, channels: 4)
    y = try builder.apply(.transpose([0, 2, 3, 1]), [y])
    builder.output(y)
    var graph = builder.graph
    #expect(try transposesLeft(&graph, keepsPortLayout: true) == 0)
    #expect(graph.operatorNames == ["convolution"])
    #expect(graph.operators[0].sources.contains("to channels first"))
  }

  @Test func branchesMeetWithoutTransposes() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 8, 8])
    let a = try builder.convolution(x, channels: 4)
    // Squeeze and excite.
    let mean = try builder.apply(.reduce(.mean, axes: [2, 3], keepsAxes: false), [a])
    let gate = try builder.apply(
      .unary(.sigmoid), [try builder.apply(.dense(clamp: nil), [mean, builder.noise([4, 4])])])
    let wide = try builder.apply(.reshape([.batch(1), 4, 1, 1]), [gate])
    let excited = try builder.apply(.binary(.multiply, clamp: nil), [a, wide])
    let halves = try builder.graph.append(
      .split(axis: 1, parts: [2, 2]), inputs: [excited], names: ["h0", "h1"], sources: ["split"])
    let b = try builder.convolution(halves[0]!, channels: 5)
    let joined = try builder.apply(.concat(axis: 1), [b, halves[1], try builder.apply(.unary(.exp), [a])])
    let padded = try builder.apply(
      .pad(Pad(mode: .edge, before: [0, 0, 1, 2], after: [0, 0, 0, 0])), [joined])
    let scaled = try builder.apply(.binary(.maximum, clamp: nil), [padded, builder.noise([11, 1, 1])])
    let last = try builder.convolution(scaled, channels: 2)
    builder.output(try builder.apply(.softmax(axis: 1, logarithmic: true), [last]))
    var graph = builder.graph
    #expect(try transposesLeft(&graph) == 0)
    #expect(graph.outputs[0].permutation == [0, 2, 3, 1])
    #expect(graph.operators.last!.operation == .softmax(axis: 3, logarithmic: true))
  }

  @Test func channelShuffleIsOneTransposeInEitherLayout() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 8, 8])
    var y = try builder.convolution(x, channels: 6)
    y = try builder.apply(.reshape([.batch(1), 2, 3, 8, 8]), [y])
    y = try builder.apply(.transpose([0, 2, 1, 3, 4]), [y])
    y = try builder.apply(.reshape([.batch(1), 6, 8, 8]), [y])
    y = try builder.convolution(y, channels: 2)
    builder.output(y)
    var graph = builder.graph
    #expect(try transposesLeft(&graph) == 1)
    let transpose = graph.operators.first { $0.operation.name == "transpose" }!
    #expect(transpose.operation == .transpose([0, 1, 2, 4, 3]))
  }

  @Test func patchesBecomeTokens() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 8, 8])
    var y = try builder.convolution(x, channels: 6, kernel: 4, pad: 0, stride: 4)
    y = try builder.apply(.reshape([.batch(1), 6, 4]), [y])
    y = try builder.apply(.transpose([0, 2, 1]), [y])
    y = try builder.apply(.matmul(transposesLeft: false, transposesRight: true), [y, y])
    builder.output(y)
    var graph = builder.graph
    #expect(try transposesLeft(&graph) == 0)
  }

  @Test func oneDimensionalConvolutionsFeedRecurrences() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 9, 16])
    var y = try builder.convolution(x, channels: 4)
    y = try builder.apply(.transpose([2, 0, 1]), [y])
    let recurrent = Recurrent(kind: .plain, direction: .forward, hiddenSize: 5, activations: [.tanh])
    y = try builder.apply(.recurrent(recurrent), [y, builder.noise([1, 5, 4]), builder.noise([1, 5, 5])])
    y = try builder.apply(.reduce(.maximum, axes: [0, 1], keepsAxes: false), [y])
    builder.output(y)
    var graph = builder.graph
    #expect(try transposesLeft(&graph) == 0)
    #expect(graph.inputs[0].permutation == [0, 2, 1])
  }

  @Test func decodersReorderTheirDenseOutputs() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 12])
    var y = try builder.apply(.dense(clamp: .relu), [x, builder.noise([48, 12]), builder.noise([48])])
    y = try builder.apply(.reshape([.batch(1), 3, 4, 4]), [y])
    y = try builder.convolution(y, channels: 2)
    y = try builder.apply(.reshape([.batch(1), 32]), [y])
    y = try builder.apply(.dense(clamp: nil), [y, builder.noise([48, 32]), builder.noise([48])])
    y = try builder.apply(.reshape([.batch(1), 3, 4, 4]), [y])
    y = try builder.convolution(y, channels: 2)
    y = try builder.apply(.reduce(.mean, axes: [1, 2, 3], keepsAxes: false), [y])
    builder.output(y)
    var graph = builder.graph
    #expect(try transposesLeft(&graph) == 0)
  }

  @Test func aFlattenedOutputIsTransposedOnceAndSaysSo() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 8, 8])
    var y = try builder.convolution(x, channels: 4)
    y = try builder.apply(.reshape([.batch(1), 256]), [y])
    y = try builder.apply(.unary(.sigmoid), [y], name: "flat")
    builder.output(y)
    var graph = builder.graph
    #expect(try transposesLeft(&graph) == 1)
    #expect(graph.notes.contains { $0.hasPrefix("transpose left") })
  }

  @Test func exportGoesBackToChannelsFirst() throws {
    var graph = try classifier()
    try Pipeline.forExecution().run(on: &graph, verifies: true)
    _ = try Pass.layout(.channelsFirst, keepsPortLayout: false).run(&graph)
    try graph.verify()
    #expect(graph.inputs[0].permutation == nil)
    #expect(graph.operatorNames.contains("transpose") == false)
  }
}

/// What layers compute can still be shown under the source's names, in the source's order.
@Suite struct OriginTests {
  @Test func everyTensorIsRestored() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 4, 4])
    var y = try builder.convolution(x, channels: 2)
    let turned = try builder.apply(.transpose([0, 2, 3, 1]), [y], name: "turned")
    builder.output(try builder.apply(.unary(.relu), [turned]), "a")
    y = try builder.apply(.reshape([.batch(1), 32]), [y], name: "flat")
    y = try builder.apply(.dense(clamp: nil), [y, builder.noise([4, 32])])
    builder.output(y, "b")
    let inputs = noiseInputs(builder.graph, batch: 1, seed: 3)
    let expected = try layers(of: builder.graph, inputs)
    var graph = builder.graph
    _ = try Pass.layout(.channelsLast, keepsPortLayout: true).run(&graph)
    let found = try layers(of: graph, inputs)
    #expect(!graph.operatorNames.dropFirst().contains("transpose"))
    #expect(Set(found.keys) == Set(expected.keys))
    for (name, value) in expected { #expect(deviation(value, try #require(found[name])) <= 1e-6, "\(name)") }
  }

  private func layers(of graph: Graph, _ inputs: [TensorValue]) throws -> [String: TensorValue] {
    let session = try Program(graph, fusesSteps: false).makeSession()
    var found: [String: TensorValue] = [:]
    session.onTensor = { id, value in
      guard id.index < graph.tensors.count else { return }
      for origin in [graph[id].origin] + graph[id].origin.aliases where !origin.name.isEmpty {
        let copy = TensorValue(floats: value.floats.array, sizes: value.sizes)
        found[origin.name] = origin.restored(copy)
      }
    }
    _ = try session.run(inputs)
    return found
  }
}
