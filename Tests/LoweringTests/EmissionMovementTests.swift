import Graph
import Micro
import Testing

@testable import Lowering

@Suite("Emission: movement and axes")
struct EmissionMovementTests {
  /// int8 moves integers as they are: what is off is the input's rounding.
  private func expectMoved(_ sketch: LegalizationSketch, _ name: String, int8: Float = 0.51) throws {
    var sketch = sketch
    #expect(try sketch.loweredToFloat().errors.allSatisfy { $0 == 0 }, "\(name)")
    #expect(try sketch.loweredToInt8().errors.allSatisfy { $0 < int8 }, "\(name)")
  }

  @Test func transpositions() throws {
    let cases: [([Int], [Int])] = [
      ([2, 3, 4], [2, 0, 1]), ([1, 3, 1, 4], [0, 2, 1, 3]), ([2, 3, 4, 2, 3, 2], [0, 3, 4, 1, 2, 5]),
      ([2, 3, 4, 5], [0, 3, 1, 2]), ([1, 2, 1, 3, 1, 4, 2], [0, 3, 2, 5, 1, 4, 6]),
    ]
    for (sizes, permutation) in cases {
      var sketch = LegalizationSketch(seed: 1)
      let x = sketch.input(Shape(sizes))
      sketch.output(try sketch.apply(.transpose(permutation), [x]))
      try expectMoved(sketch, "\(permutation)")
    }
  }

  @Test func slicesForwardAndBackward() throws {
    let slices: [Slice] = [
      Slice(starts: [0, 1, 2], steps: [1, 1, 1], counts: [2, 3, 2]),
      Slice(starts: [1, 4, 0], steps: [-1, -2, 3], counts: [2, 2, 2]),
      Slice(starts: [1, 4, 3], steps: [-1, -1, -3], counts: [2, 5, 2]),
      Slice(starts: [0, 0, 3], steps: [1, 2, 7], counts: [1, 3, 1]),
    ]
    for slice in slices {
      var sketch = LegalizationSketch(seed: 2)
      let x = sketch.input([2, 5, 4])
      sketch.output(try sketch.apply(.slice(slice), [x]))
      try expectMoved(sketch, "\(slice)")
    }
  }

  @Test func slicesOfManyAxes() throws {
    var sketch = LegalizationSketch(seed: 3)
    let x = sketch.input([2, 3, 2, 2, 5, 2])
    let counts: Shape = [2, 3, 2, 2, 2, 2]
    sketch.output(
      try sketch.apply(
        .slice(Slice(starts: [0, 0, 0, 0, 1, 0], steps: [1, 1, 1, 1, 2, 1], counts: counts)), [x]))
    try expectMoved(sketch, "rank 6")
  }

  @Test func splitsAndConcatenations() throws {
    for parts in [[2, 2, 2], [1, 3, 2]] {
      var sketch = LegalizationSketch(seed: 4)
      let x = sketch.input([.batch(1), 6, 3])
      let pieces = try sketch.apply(
        .split(axis: 1, parts: parts.map(Extent.fixed)), [x], results: parts.count)
      sketch.output(pieces[0])
      sketch.output(try sketch.apply(.concat(axis: 1), [pieces[2], pieces[0], pieces[1]]))
      try expectMoved(sketch, "\(parts)")
    }
  }

  /// The kernel joins ten.
  @Test func manyOperandsAreJoinedInGroups() throws {
    var sketch = LegalizationSketch(seed: 5)
    let x = sketch.input([.batch(1), 2, 3])
    let copies = try (0..<23).map { _ in try sketch.apply(.unary(.relu), [x]) }
    sketch.output(try sketch.apply(.concat(axis: 2), copies))
    #expect(try sketch.loweredToFloat().errors[0] == 0)
    let int8 = try sketch.loweredToInt8()
    #expect(int8.codes.count { $0 == .concatenation } == 4)
    // Half a step of the result, and half a step of an input whose steps are twice as wide.
    #expect(int8.errors[0] < 1.6)
  }

  /// Each operand is brought to the result's numbers; the same tensor once.
  @Test func operandsOfAConcatenationGetItsNumbers() throws {
    var sketch = LegalizationSketch(seed: 6)
    let x = sketch.input([.batch(1), 4])
    let large = try sketch.apply(.binary(.multiply, clamp: nil), [x, sketch.constant([20], [1])])
    sketch.output(try sketch.apply(.concat(axis: 1), [x, large, x]))
    let int8 = try sketch.loweredToInt8()
    #expect(int8.codes.count { $0 == .quantize } == 1)
    #expect(int8.errors[0] < 1.1)
  }

  @Test func bordersAndBlocks() throws {
    for (index, pad) in [
      Pad(mode: .constant, before: [0, 1, 2, 0], after: [0, 0, 1, 0]),
      Pad(mode: .constant, before: [0, -1, 2, 0], after: [0, 1, -1, 0]),
      Pad(mode: .reflect, before: [0, 1, 2, 0], after: [0, 2, 1, 0]),
    ].enumerated() {
      var sketch = LegalizationSketch(seed: 7 + index)
      let x = sketch.input([.batch(1), 4, 4, 2])
      let value = index == 0 ? sketch.constant([0.5], []) : nil
      sketch.output(try sketch.apply(.pad(pad), value.map { [x, $0] } ?? [x]))
      try expectMoved(sketch, "\(pad.mode)", int8: 0.6)
    }
    for toDepth in [true, false] {
      var sketch = LegalizationSketch(seed: 8)
      let x = sketch.input([.batch(1), 4, 4, 8])
      let blocks: Composite =
        toDepth
        ? .spaceToDepth(blockSize: 2, layout: .channelsLast)
        : .depthToSpace(blockSize: 2, depthFirst: true, layout: .channelsLast)
      sketch.output(try sketch.apply(.composite(blocks), [x]))
      try expectMoved(sketch, "blocks")
    }
  }

  @Test func repetition() throws {
    var sketch = LegalizationSketch(seed: 9)
    let x = sketch.input([2, 1, 3])
    sketch.output(try sketch.apply(.tile([2, 1, 3]), [x]))
    sketch.output(try sketch.apply(.broadcast([2, 4, 3]), [x]))
    try expectMoved(sketch, "tile")
  }

  @Test func indices() throws {
    for indices in [[2, 0, 2, 1], [1, 2], [-1]] {
      var sketch = LegalizationSketch(seed: 10)
      let x = sketch.input([3, 4, 2])
      sketch.output(try sketch.apply(.gather(axis: 0), [x, sketch.indices(indices, [indices.count])]))
      try expectMoved(sketch, "\(indices)")
    }
    var sketch = LegalizationSketch(seed: 11)
    let rows = sketch.input([.batch(1), 4], .int64)
    sketch.output(try sketch.apply(.gather(axis: 0), [sketch.noise([3, 5]), rows]))
    #expect(try sketch.loweredToFloat().errors[0] == 0)
    #expect(try sketch.loweredToInt8().errors[0] < 0.51)
  }

  @Test func reductions() throws {
    let cases: [([Int], [Int])] = [
      ([1, 4, 5, 3], [1, 2]), ([2, 3, 4], [2]), ([2, 3, 4], [0, 2]), ([2, 3, 2, 2, 3], [1, 2, 3]),
    ]
    for reduction in [Reduction.mean, .sum, .maximum, .minimum] {
      for (index, (sizes, axes)) in cases.enumerated() {
        var sketch = LegalizationSketch(seed: 12 + index)
        let x = sketch.input(Shape(sizes))
        sketch.output(
          try sketch.apply(.reduce(reduction, axes: axes, keepsAxes: index % 2 == 0), [x]))
        #expect(try sketch.loweredToFloat().errors[0] < 1e-5, "\(reduction) \(sizes)")
        #expect(try sketch.loweredToInt8().errors[0] < 1.6, "\(reduction) \(sizes)")
      }
    }
  }

  @Test func argumentsAndSoftmaxAlongAnyAxis() throws {
    for axis in 0..<3 {
      var sketch = LegalizationSketch(seed: 20)
      let x = sketch.input([2, 3, 4])
      sketch.output(try sketch.apply(.softmax(axis: axis, logarithmic: false), [x]))
      sketch.output(
        try sketch.apply(.argExtreme(maximum: true, axis: axis, keepsAxis: false, selectsLast: false), [x]))
      let float = try sketch.loweredToFloat()
      #expect(float.errors[0] < 1e-5 && float.errors[1] == 0)
      #expect(try sketch.loweredToInt8().errors[0] < 2)
    }
  }
}
