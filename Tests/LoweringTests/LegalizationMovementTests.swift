import Graph
import Testing

@testable import Lowering

@Suite("Legalization: movement")
struct LegalizationMovementTests {
  @Test func borders() throws {
    for mode in [Pad.Mode.edge, .wrap, .reflect, .constant] {
      for (before, after) in [
        ([0, 1, 2, 0], [0, 2, 0, 0]), ([0, 0, 3, 1], [0, 1, 1, 0]), ([0, 2, -1, 0], [0, 0, 1, 0]),
      ] {
        var sketch = LegalizationSketch()
        let x = sketch.input([.batch(1), 4, 5, 2])
        sketch.output(try sketch.apply(.pad(Pad(mode: mode, before: before, after: after)), [x]))
        try expectSame(sketch, budget: 0)
      }
    }
  }

  @Test func knownIndices() throws {
    for indices in [[-1], [0, 2, 4], [3, 1, -5, 3], [4, 3, 2]] {
      for axis in [1, 2] {
        var sketch = LegalizationSketch()
        let x = sketch.input([.batch(1), 5, 5])
        let sizes = indices.count == 1 ? [] : [indices.count]
        sketch.output(try sketch.apply(.gather(axis: axis), [x, sketch.indices(indices, sizes)]))
        try expectSame(sketch, budget: 0)
      }
    }
  }

  @Test func indicesOfElements() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([2, 3, 4])
    let places = sketch.indices([0, 2, -1, 1, 1, 0, 2, 2, 0, 1, -2, 1], [2, 2, 3])
    let picked = try sketch.apply(.gatherElements(axis: 1), [x, places])
    sketch.output(picked)
    sketch.output(
      try sketch.apply(.gatherND(batchDimensions: 0), [x, sketch.indices([0, 2, 1, -1], [2, 2])]))
    let slots = sketch.indices([2, 0, 1, 0, 2, 1], [1, 2, 3])
    let updates = try sketch.apply(.slice(Slice(of: [2, 2, 3], axis: 0, start: 0, count: 1)), [picked])
    sketch.output(try sketch.apply(.scatterElements(axis: 1, .none), [x, slots, updates]))
    let rows = try sketch.apply(.slice(Slice(of: [2, 3, 4], axis: 0, start: 1, count: 1)), [x])
    let flat = try sketch.apply(.reshape([3, 4]), [rows])
    sketch.output(
      try sketch.apply(.scatterND(.none), [x, sketch.indices([0, 1, 1, 0, 1, 2], [3, 2]), flat]))
    let legal = try expectSame(sketch, budget: 0, batch: 1)
    let names = legal.graph.operatorNames
    #expect(!names.contains { $0.hasPrefix("scatter") || $0 == "gatherND" || $0 == "gatherElements" })
  }

  @Test func masksAndOneHot() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([.batch(1), 4, 5])
    sketch.output(try sketch.apply(.triangle(upper: true, diagonal: 1), [x]))
    sketch.output(try sketch.apply(.triangle(upper: false, diagonal: 0), [x]))
    let classes = sketch.input([.batch(1), 3], .int32)
    sketch.output(try sketch.apply(.oneHot(axis: 2, depth: 4), [classes, sketch.constant([0, 1], [2])]))
    sketch.output(try sketch.apply(.oneHot(axis: 1, depth: 4), [classes, sketch.constant([-1, 2], [2])]))
    try expectSame(sketch, budget: 0)
  }

  @Test func extremes() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([.batch(1), 4, 5])
    let top = try sketch.apply(.topK(TopK(axis: 2, count: 1)), [x], results: 2)
    sketch.output(top[0])
    sketch.output(top[1])
    let rounded = try sketch.apply(.unary(.round), [x])
    sketch.output(
      try sketch.apply(.argExtreme(maximum: true, axis: 1, keepsAxis: false, selectsLast: true), [rounded]))
    try expectSame(sketch, budget: 0)
  }

  @Test func blocksInBothOrders() throws {
    for depthFirst in [true, false] {
      var sketch = LegalizationSketch()
      let x = sketch.input([.batch(1), 3, 4, 12])
      let composite = Composite.depthToSpace(blockSize: 2, depthFirst: depthFirst, layout: .channelsLast)
      sketch.output(try sketch.apply(.composite(composite), [x]))
      try expectSame(sketch, budget: 0)
    }
  }

  @Test func reversedSequences() throws {
    for length in [3, 5] {
      var sketch = LegalizationSketch()
      let x = sketch.input([.batch(1), 5, 2])
      let lengths = sketch.indices([length, length], [2])
      sketch.graph.inputs[0].declaredShape = [2, 5, 2]
      sketch.graph[x].type.shape = [2, 5, 2]
      sketch.output(try sketch.apply(.reverseSequence(batchAxis: 0, timeAxis: 1), [x, lengths]))
      try expectSame(sketch, budget: 0, batch: 1)
    }
  }

  /// Everything that cannot be expressed is named at once.
  @Test func refusals() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([.batch(1), 4, 5])
    sketch.output(try sketch.apply(.topK(TopK(axis: 2, count: 3)), [x], results: 2)[0])
    let window = WindowGeometry(size: [1, 2, 2])
    let cube = sketch.input([.batch(1), 3, 3, 3, 2])
    sketch.output(
      try sketch.apply(.pool(Pool(kind: .maximum, window: window, layout: .channelsLast)), [cube]))
    #expect { try sketch.graph.legalized(for: .int8) } throws: { error in
      guard let diagnostic = error as? Diagnostic else { return false }
      return diagnostic.kind == .unsupported
        && diagnostic.message.hasPrefix("2 operators cannot run on TensorFlow Lite Micro")
        && diagnostic.message.contains("'topK 0'") && diagnostic.message.contains("'max pool 1'")
    }
  }
}
