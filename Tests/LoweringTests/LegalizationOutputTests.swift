import Graph
import Runtime
import Testing

@testable import Lowering

@Suite("Legalization: outputs")
struct LegalizationOutputTests {
  /// The branches of a detection head, side by side, are what the joined output was.
  @Test func branchesBecomeOutputs() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([.batch(1), 6, 4])
    let boxes = try sketch.apply(.dense(clamp: nil), [x, sketch.noise([4, 4], scale: 100)])
    let scores = try sketch.apply(
      .unary(.sigmoid), [sketch.apply(.dense(clamp: nil), [x, sketch.noise([3, 4])])])
    let all = try sketch.apply(.concat(axis: 2), [boxes, scores])
    sketch.output(try sketch.apply(.unary(.relu), [x]))
    sketch.output(all)
    // Seen from outside the channels come first.
    sketch.graph.outputs[1].permutation = [0, 2, 1]
    sketch.graph.outputs[1].declaredShape = [.batch(1), 7, 6]
    var legal = try sketch.graph.legalized(for: .int8)
    let joined = try #require(legal.graph.joinedOutputs.first)
    #expect(joined == JoinedOutput(port: 1, branches: [boxes, scores], axis: 2))
    let name = legal.graph.outputs[1].name
    legal.splitOutput(joined)
    try legal.graph.verify()
    try legal.observation.verify()
    #expect(legal.graph.outputs.map(\.name).dropFirst() == ["\(name)_0", "\(name)_1"])
    #expect(legal.graph.outputs.map(\.declaredShape).dropFirst() == [[.batch(1), 4, 6], [.batch(1), 3, 6]])
    #expect(!legal.graph.operatorNames.contains("concat"))
    #expect(
      legal.graph.notes.last?.contains("along axis 1 '\(name)_0' is 0 to 3, '\(name)_1' is 4 to 6") == true)

    let inputs = sketch.samples(batch: 2)
    let whole = try Program(sketch.graph).makeSession(batch: 2).run(inputs)[1]
    let parts = try Program(legal.graph).makeSession(batch: 2).run(inputs)[1...]
    var found: [Float] = []
    for row in 0..<12 {
      for part in parts { found += part.floats.array[row * part.sizes[2]..<(row + 1) * part.sizes[2]] }
    }
    #expect(found == whole.floats.array)
  }

  /// The places of LSTMs move with the operators before them.
  @Test func placesOfCellsMove() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([.batch(1), 3, 2])
    let y = try sketch.apply(.unary(.tanh), [x])
    let all = try sketch.apply(.concat(axis: 2), [x, y])
    let layer = Recurrent(
      kind: .lstm(couplesInputForget: false), direction: .forward, hiddenSize: 2,
      activations: [.sigmoid, .tanh, .tanh], batchMajor: true)
    let state = try sketch.apply(.recurrent(layer), [y, sketch.noise([1, 8, 2]), sketch.noise([1, 8, 2])])
    sketch.output(all)
    sketch.output(state)
    var legal = try sketch.graph.legalized(for: .int8)
    legal.splitOutput(legal.graph.joinedOutputs[0])
    let place = try #require(legal.graph.operators.firstIndex { $0.operation.name == "lstm" })
    #expect(legal.cellStates[place]?.count == 3)
  }
}
