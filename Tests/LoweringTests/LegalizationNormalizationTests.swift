import Graph
import Testing

@testable import Lowering

@Suite("Legalization: normalizations")
struct LegalizationNormalizationTests {
  @Test(arguments: [1, 2]) func layers(axis: Int) throws {
    var sketch = LegalizationSketch(seed: axis)
    let x = sketch.input([.batch(1), 5, 16])
    let sizes = axis == 1 ? [5, 16] : [16]
    let y = try sketch.apply(
      .composite(.layerNormalization(axis: axis, epsilon: 1e-5)),
      [x, sketch.noise(sizes), sketch.noise(sizes)])
    sketch.output(y)
    let legal = try expectSame(sketch)
    // Everything that depends on the variance needs more than 8 bits.
    let squares = legal.graph.operators.first { $0.operation == .unary(.square) }?.outputs[0]
    #expect(legal.wide.contains(try #require(squares ?? nil)))
    #expect(legal.wide.contains(legal.graph.outputs[0].tensor))
  }

  @Test func rootMeanSquares() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([.batch(1), 5, 16])
    sketch.output(
      try sketch.apply(.composite(.rmsNormalization(axis: 2, epsilon: 1e-5)), [x, sketch.noise([16])]))
    try expectSame(sketch)
  }

  @Test(arguments: [1, 2, 8]) func groups(_ groups: Int) throws {
    var sketch = LegalizationSketch(seed: groups)
    let x = sketch.input([.batch(1), 6, 5, 8])
    let composite = Composite.groupNormalization(groups: groups, epsilon: 1e-5, layout: .channelsLast)
    let y = try sketch.apply(.composite(composite), [x, sketch.noise([8]), sketch.noise([8])])
    sketch.output(y)
    try expectSame(sketch)
  }

  @Test func localResponse() throws {
    for (size, axis) in [(3, 3), (4, 3), (3, 1)] {
      var sketch = LegalizationSketch(seed: size)
      let x = sketch.input([.batch(1), 4, 4, 6])
      let composite = Composite.localResponseNormalization(
        size: size, alpha: 0.5, beta: 0.75, bias: 1, channelAxis: axis)
      sketch.output(try sketch.apply(.composite(composite), [x]))
      try expectSame(sketch)
    }
  }

  /// A transformer's stream of sums, and what attention mixes, are int16; everything else between them stays int8.
  @Test func transformersAreWideInPlaces() throws {
    var sketch = LegalizationSketch(seed: 11)
    let x = sketch.input([.batch(1), 6, 8])
    let sum = try sketch.apply(.binary(.add, clamp: nil), [x, sketch.noise([6, 8])])
    let norm = try sketch.apply(
      .composite(.layerNormalization(axis: 2, epsilon: 1e-5)), [sum, sketch.noise([8]), sketch.noise([8])])
    let keys = try sketch.apply(.dense(clamp: nil), [norm, sketch.noise([8, 8])])
    let values = try sketch.apply(.dense(clamp: nil), [norm, sketch.noise([8, 8])])
    let scores = try sketch.apply(.matmul(transposesLeft: false, transposesRight: true), [norm, keys])
    let weights = try sketch.apply(.softmax(axis: 2, logarithmic: false), [scores])
    let mixed = try sketch.apply(.matmul(transposesLeft: false, transposesRight: false), [weights, values])
    sketch.output(try sketch.apply(.dense(clamp: nil), [mixed, sketch.noise([3, 8])]))
    let legal = try expectSame(sketch)
    #expect([sum, norm, weights, mixed].allSatisfy(legal.wide.contains))
    #expect(![keys, values, scores].contains(where: legal.wide.contains))
  }
}
