import Graph
import Storage
import Testing

@testable import Runtime

@Suite struct MovementTests {
  private let ramp = TensorValue(floats: (0..<24).map(Float.init), sizes: [2, 3, 4])

  private func picked(_ y: TensorValue, _ source: ([Int]) -> Float) {
    #expect(y.floats.array == positions(y.sizes).map(source))
  }

  private func element(_ position: [Int]) -> Float { Float(flat(position, [2, 3, 4])) }

  @Test func reshapeTransposeBroadcastAndTile() throws {
    #expect(try compute(.reshape([4, 6]), [ramp])[0].floats.array == ramp.floats.array)
    for permutation in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1], [2, 0, 1]] {
      picked(try compute(.transpose(permutation), [ramp])[0]) { place in
        var source = [0, 0, 0]
        for (axis, from) in permutation.enumerated() { source[from] = place[axis] }
        return element(source)
      }
    }
    picked(try compute(.broadcast([5, 2, 3, 4]), [ramp])[0]) { element(Array($0[1...])) }
    let column = TensorValue(floats: [1, 2, 3], sizes: [3, 1])
    picked(try compute(.broadcast([2, 3, 4]), [column])[0]) { Float($0[1] + 1) }
    picked(try compute(.tile([1, 2, 3]), [ramp])[0]) { element([$0[0], $0[1] % 3, $0[2] % 4]) }
    #expect(try compute(.tile([0, 1, 1]), [ramp])[0].elementCount == 0)
    #expect(try compute(.transpose([]), [TensorValue(floats: [5], sizes: [])])[0].floats.array == [5])
  }

  @Test func transposesEveryWidthAndRankEight() throws {
    var dice = Dice(3)
    for type in [ElementType.bool, .int16, .int32, .int64] {
      let x = dice.integers([2, 1, 3, 2, 1, 2, 2, 3], 0...1, type)
      let permutation = [7, 0, 2, 4, 6, 1, 5, 3]
      #expect(try compute(.transpose(permutation), [x])[0].integers == x.permuted(permutation).integers)
    }
  }

  @Test func concatAndSplitAreInverse() throws {
    var dice = Dice(1)
    for axis in 0..<3 {
      let extents = [1, 3, 0, 2]
      let parts = extents.map { extent -> TensorValue in
        var sizes = [2, 3, 4]
        sizes[axis] = extent
        return dice.floats(sizes)
      }
      let whole = try compute(.concat(axis: axis), parts, constants: [1])[0]
      picked(whole) { place in
        var place = place
        for (part, extent) in zip(parts, extents) {
          if place[axis] < extent { return part.floats[flat(place, part.sizes)] }
          place[axis] -= extent
        }
        return .nan
      }
      let split = try compute(.split(axis: axis, parts: extents.map(Extent.fixed)), [whole], results: 4)
      for (part, back) in zip(parts, split) { #expect(part.floats.array == back.floats.array) }
    }
  }

  @Test func concatMayReadOneTensorTwice() throws {
    var graph = Graph(name: "twice")
    let x = graph.addInput("x", [1, 4])
    let y = try graph.append(.unary(.negate), inputs: [x], names: ["y"], sources: ["n"])[0]!
    let z = try graph.append(.concat(axis: 1), inputs: [y, x, y], names: ["z"], sources: ["c"])[0]!
    let w = try graph.append(.concat(axis: 0), inputs: [y, y], names: ["w"], sources: ["d"])[0]!
    graph.addOutput(z)
    graph.addOutput(w)
    let results = try Program(graph).makeSession().run([TensorValue(floats: [1, 2, 3, 4], sizes: [1, 4])])
    #expect(results[0].floats.array == [-1, -2, -3, -4, 1, 2, 3, 4, -1, -2, -3, -4])
    #expect(results[1].floats.array == [-1, -2, -3, -4, -1, -2, -3, -4])
  }

  @Test func slicesWalkBothWays() throws {
    let slice = Slice(starts: [1, 2, 3], steps: [1, -1, -2], counts: [1, 3, 2])
    picked(try compute(.slice(slice), [ramp])[0]) { element([1, 2 - $0[1], 3 - 2 * $0[2]]) }
    let front = Slice(starts: [1, 1, 0], steps: [1, 1, 1], counts: [1, 2, 4])
    picked(try compute(.slice(front), [ramp])[0]) { element([1, $0[1] + 1, $0[2]]) }
    let nothing = Slice(starts: [0, 3, 0], steps: [1, 1, 1], counts: [2, 0, 4])
    #expect(try compute(.slice(nothing), [ramp])[0].elementCount == 0)
  }

  @Test func padsInAllModesAndCrops() throws {
    let x = TensorValue(floats: [1, 2, 3], sizes: [3])
    func pad(_ mode: Pad.Mode, _ before: Int, _ after: Int, _ value: TensorValue? = nil) throws -> [Float] {
      let operation = Operation.pad(Pad(mode: mode, before: [before], after: [after]))
      return try compute(operation, value == nil ? [x] : [x, value], constants: [1])[0].floats.array
    }
    #expect(try pad(.constant, 1, 2) == [0, 1, 2, 3, 0, 0])
    #expect(try pad(.constant, 1, 1, TensorValue(floats: [7], sizes: [])) == [7, 1, 2, 3, 7])
    #expect(try pad(.reflect, 2, 1) == [3, 2, 1, 2, 3, 2])
    #expect(try pad(.edge, 2, 1) == [1, 1, 1, 2, 3, 3])
    #expect(try pad(.wrap, 2, 1) == [2, 3, 1, 2, 3, 1])
    #expect(try pad(.constant, -1, 2) == [2, 3, 0, 0])
  }

  @Test func gathersAlongAxesElementsAndTuples() throws {
    let indices = TensorValue(int64s: [2, -3, 1, 1], sizes: [2, 2])
    picked(try compute(.gather(axis: 1), [ramp, indices])[0]) { place in
      element([place[0], [[2, 0], [1, 1]][place[1]][place[2]], place[3]])
    }
    let narrow = TensorValue(integers: [1, 0], type: .int32, sizes: [2])
    picked(try compute(.gather(axis: 0), [ramp, narrow])[0]) { element([1 - $0[0], $0[1], $0[2]]) }
    let x = TensorValue(floats: [1, 2, 3, 4], sizes: [2, 2])
    let elements = TensorValue(int64s: [1, 0, -1, 0], sizes: [2, 2])
    #expect(try compute(.gatherElements(axis: 0), [x, elements])[0].floats.array == [3, 2, 3, 2])
    let tuples = TensorValue(int64s: [0, 1, 1, -1], sizes: [2, 2])
    #expect(try compute(.gatherND(batchDimensions: 0), [x, tuples])[0].floats.array == [2, 4])
    let perRow = TensorValue(int64s: [1, 0], sizes: [2, 1])
    #expect(try compute(.gatherND(batchDimensions: 1), [x, perRow])[0].floats.array == [2, 3])
    let none = TensorValue(type: .int64, sizes: [0])
    #expect(try compute(.gather(axis: 0), [x, none])[0].sizes == [0, 2])
  }

  @Test func scattersInOrderWithEveryReduction() throws {
    let x = TensorValue(floats: [1, 2, 3, 4], sizes: [4])
    let indices = TensorValue(int64s: [1, -1, 1], sizes: [3])
    let updates = TensorValue(floats: [10, 20, 30], sizes: [3])
    let expected: [(ScatterReduction, [Float])] = [
      (.none, [1, 30, 3, 20]), (.add, [1, 42, 3, 24]), (.multiply, [1, 600, 3, 80]),
      (.maximum, [1, 30, 3, 20]), (.minimum, [1, 2, 3, 4]),
    ]
    for (reduction, result) in expected {
      let elements = try compute(.scatterElements(axis: 0, reduction), [x, indices, updates])[0]
      #expect(elements.floats.array == result)
      let tuples = try compute(.scatterND(reduction), [x, indices.reshaped([3, 1]), updates])[0]
      #expect(tuples.floats.array == result)
    }
  }

  @Test func indicesOutsideNameTheNode() throws {
    let x = TensorValue(floats: [1, 2], sizes: [2])
    let indices = TensorValue(int64s: [2], sizes: [1])
    let program = try Program(try graph(.gather(axis: 0), [x, indices]))
    let session = try program.makeSession()
    do {
      _ = try session.run([x, indices])
      Issue.record("an index outside went unnoticed")
    } catch {
      #expect(error.message.contains("'node'"))
      #expect(error.message.contains("2"))
    }
    // The session stays usable.
    #expect(try session.run([x, TensorValue(int64s: [-1], sizes: [1])])[0].floats.array == [2])
    let wide = TensorValue(int64s: [0, 0, 0], sizes: [1, 3])
    #expect(throws: Diagnostic.self) {
      try compute(.gatherElements(axis: 0), [TensorValue(floats: [1, 2], sizes: [2, 1]), wide])
    }
  }

  @Test func oneHotTriangleAndReversal() throws {
    let indices = TensorValue(int64s: [1, -1, 5], sizes: [3])
    let values = TensorValue(floats: [0.5, 2], sizes: [2])
    let last = try compute(.oneHot(axis: 1, depth: 3), [indices, values])[0]
    #expect(last.floats.array == [0.5, 2, 0.5, 0.5, 0.5, 2, 0.5, 0.5, 0.5])
    let first = try compute(.oneHot(axis: 0, depth: 3), [indices, values])[0]
    #expect(first.floats.array == last.permuted([1, 0]).floats.array)

    let square = TensorValue(floats: (1...6).map(Float.init), sizes: [2, 3])
    #expect(
      try compute(.triangle(upper: true, diagonal: 0), [square])[0].floats.array == [1, 2, 3, 0, 5, 6])
    #expect(
      try compute(.triangle(upper: false, diagonal: 1), [square])[0].floats.array == [1, 2, 0, 4, 5, 6])
    #expect(
      try compute(.triangle(upper: true, diagonal: Int.max), [square])[0].floats.array == [0, 0, 0, 0, 0, 0])

    let lengths = TensorValue(int64s: [2, 3], sizes: [2])
    #expect(
      try compute(.reverseSequence(batchAxis: 0, timeAxis: 1), [square, lengths])[0].floats.array
        == [2, 1, 3, 6, 5, 4])
    #expect(throws: Diagnostic.self) {
      try compute(
        .reverseSequence(batchAxis: 0, timeAxis: 1), [square, TensorValue(int64s: [4, 0], sizes: [2])])
    }
  }
}
