import Storage
import Testing

@testable import TensorMath

@Suite struct MovementTests {
  let workers = Workers(threads: 2)

  /// 0, 1, 2, … in elements of the given width.
  static func ramp(_ count: Int, width: Int) -> View<UInt8> {
    let bytes = View<UInt8>(count: count * width)
    for index in 0..<count {
      for byte in 0..<width { bytes[index * width + byte] = UInt8(index >> (8 * byte) & 255) }
    }
    return bytes
  }

  @Test(arguments: [1, 2, 4, 8]) func transpositionsMoveEveryElement(_ width: Int) {
    var numbers = RandomNumbers(seed: 23)
    var cases: [([Int], [Int])] = [
      ([65, 130], [1, 0]), ([2, 3, 17, 19], [0, 2, 3, 1]), ([2, 17, 19, 3], [0, 3, 1, 2]), ([5], [0]),
      ([], []),
      ([4, 0, 2], [2, 1, 0]), ([3, 5, 2], [1, 0, 2]), ([3, 5, 3], [1, 0, 2]),
      ([2, 2, 2, 2, 2, 2, 2, 2], [7, 6, 5, 4, 3, 2, 1, 0]),
    ]
    for _ in 0..<40 {
      let sizes = Samples.sizes(rank: Int.random(in: 1...6, using: &numbers), limit: 7, &numbers)
      cases.append((sizes, sizes.indices.shuffled(using: &numbers)))
    }
    for (sizes, permutation) in cases {
      let x = MovementTests.ramp(sizes.reduce(1, *), width: width)
      let transposition = Transposition(sizes: sizes, permutation: permutation)
      for kernels in KernelSet.available {
        let y = View<UInt8>(count: x.count)
        transposition.apply(x, elementByteCount: width, into: y, on: Workers(threads: 2, kernels: kernels))
        for (place, index) in Samples.indices(transposition.outputSizes).enumerated() {
          var from = index
          for (axis, source) in permutation.enumerated() { from[source] = index[axis] }
          let source = Samples.position(from, in: sizes)
          #expect(
            (0..<width).allSatisfy { y[place * width + $0] == x[source * width + $0] },
            "\(sizes) \(permutation)")
        }
      }
    }
  }

  func mapped(_ map: AxisMap, _ x: [Float], fill: Float = 0) -> [Float] {
    let y = View<Float>(count: map.outputSizes.reduce(1, *))
    map.apply(View(x).bytes, elementByteCount: 4, fill: View([fill]).bytes, into: y.bytes, on: workers)
    return y.array
  }

  @Test func slicesWalkForwardAndBackward() {
    let map = AxisMap(sizes: [2, 4])
    let x: [Float] = [0, 1, 2, 3, 4, 5, 6, 7]
    #expect(mapped(map.slicing(starts: [0, 1], steps: [1, 2], counts: [2, 2]), x) == [1, 3, 5, 7])
    #expect(mapped(map.slicing(starts: [1, 3], steps: [-1, -3], counts: [2, 2]), x) == [7, 4, 3, 0])
    #expect(mapped(map.slicing(starts: [1, 0], steps: [1, 1], counts: [1, 4]), x) == [4, 5, 6, 7])
    #expect(mapped(map.slicing(starts: [0, 0], steps: [1, 1], counts: [0, 4]), x) == [])
  }

  @Test func padsInEveryMode() {
    let map = AxisMap(sizes: [3])
    #expect(
      mapped(map.padding(.constant, before: [2], after: [1]), [1, 2, 3], fill: 9) == [9, 9, 1, 2, 3, 9])
    #expect(mapped(map.padding(.edge, before: [2], after: [1]), [1, 2, 3]) == [1, 1, 1, 2, 3, 3])
    #expect(mapped(map.padding(.reflect, before: [2], after: [3]), [1, 2, 3]) == [3, 2, 1, 2, 3, 2, 1, 2])
    #expect(mapped(map.padding(.wrap, before: [2], after: [4]), [1, 2, 3]) == [2, 3, 1, 2, 3, 1, 2, 3, 1])
    #expect(mapped(map.padding(.constant, before: [-1], after: [1]), [1, 2, 3], fill: 9) == [2, 3, 9])
    let rows = AxisMap(sizes: [2, 2]).padding(.constant, before: [1, 0], after: [0, 1])
    #expect(mapped(rows, [1, 2, 3, 4], fill: 5) == [5, 5, 5, 1, 2, 5, 3, 4, 5])
  }

  @Test func tilesAndBroadcasts() {
    #expect(mapped(AxisMap(sizes: [1, 2]).tiling([2, 2]), [1, 2]) == [1, 2, 1, 2, 1, 2, 1, 2])
    #expect(
      mapped(AxisMap(sizes: [2, 1]).broadcasting(to: [2, 2, 3]), [1, 2]) == [
        1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2,
      ])
  }

  @Test func joinsAndSplits() {
    let joining = Joining(sizes: [2, 3, 2], axis: 1, extents: [1, 2], elementByteCount: 4)
    let (a, b) = (View<Float>([0, 1, 6, 7]), View<Float>([2, 3, 4, 5, 8, 9, 10, 11]))
    let y = View<Float>(count: 12)
    joining.concatenate([a.bytes, b.bytes], into: y.bytes, on: workers)
    #expect(y.array == (0..<12).map(Float.init))
    let (c, d) = (View<Float>(count: 4), View<Float>(count: 8))
    joining.split(y.bytes, into: [c.bytes, d.bytes], on: workers)
    #expect(c.array == a.array && d.array == b.array)
  }

  @Test func trianglesAndOneHot() {
    let x = View<Float>([1, 2, 3, 4, 5, 6])
    let y = View<Float>(count: 6)
    func triangle(_ upper: Bool, _ diagonal: Int) -> [Float] {
      IndexPattern.triangle(
        x.bytes, rows: 2, columns: 3, upper: upper, diagonal: diagonal, elementByteCount: 4, into: y.bytes)
      return y.array
    }
    #expect(triangle(true, 0) == [1, 2, 3, 0, 5, 6])
    #expect(triangle(true, 2) == [0, 0, 3, 0, 0, 0])
    #expect(triangle(false, 0) == [1, 0, 0, 4, 5, 0])
    #expect(triangle(false, -1) == [0, 0, 0, 4, 0, 0])
    #expect(triangle(false, .max) == [1, 2, 3, 4, 5, 6])
    let hot = View<Float>(count: 9)
    IndexPattern.oneHot(
      View<Int64>([2, -3, 5]), outer: 3, inner: 1, depth: 3, off: View<Float>([0]).bytes,
      on: View<Float>([1]).bytes,
      into: hot.bytes)
    #expect(hot.array == [0, 0, 1, 1, 0, 0, 0, 0, 0])
  }

  @Test func reversesSequences() throws {
    let y = View<Float>(count: 6)
    try IndexPattern.reverseSequence(
      View<Float>([0, 1, 2, 3, 4, 5]).bytes, sizes: [2, 3], batchAxis: 0, timeAxis: 1,
      lengths: View<Int64>([2, 3]),
      elementByteCount: 4, into: y.bytes)
    #expect(y.array == [1, 0, 2, 5, 4, 3])
    try IndexPattern.reverseSequence(
      View<Float>([0, 1, 2, 3, 4, 5]).bytes, sizes: [3, 2], batchAxis: 1, timeAxis: 0,
      lengths: View<Int64>([2, 0]),
      elementByteCount: 4, into: y.bytes)
    #expect(y.array == [2, 1, 0, 3, 4, 5])
  }
}

@Suite struct IndexingTests {
  let x = View<Float>([0, 1, 2, 3, 4, 5])

  @Test func gathersSlicesAndElements() throws {
    let y = View<Float>(count: 4)
    try Indexing.gather(
      x.bytes, sizes: [2, 3], axis: 1, indices: View<Int64>([2, -3]), elementByteCount: 4, into: y.bytes,
      on: Workers(threads: 2))
    #expect(y.array == [2, 0, 5, 3])
    try Indexing.gatherElements(
      x.bytes, sizes: [2, 3], axis: 1, indices: View<Int64>([0, 2, -1, 1]), indexSizes: [2, 2],
      elementByteCount: 4,
      into: y.bytes)
    #expect(y.array == [0, 2, 5, 4])
    try Indexing.gatherElements(
      x.bytes, sizes: [3, 2], axis: 0, indices: View<Int64>([0, 2, 2, 1]), indexSizes: [2, 2],
      elementByteCount: 4,
      into: y.bytes)
    #expect(y.array == [0, 5, 4, 3])
  }

  @Test func gathersTuples() throws {
    let y = View<Float>(count: 2)
    try Indexing.gatherND(
      x.bytes, sizes: [2, 3], indices: View<Int64>([0, 1, 1, -1]), indexSizes: [2, 2], elementByteCount: 4,
      into: y.bytes)
    #expect(y.array == [1, 5])
    try Indexing.gatherND(
      x.bytes, sizes: [2, 3], indices: View<Int64>([2, 0]), indexSizes: [2, 1], batchDimensions: 1,
      elementByteCount: 4, into: y.bytes)
    #expect(y.array == [2, 3])
  }

  @Test func scatters() throws {
    let y = View<Float>(count: 6)
    func elements(_ reduction: ScatterReduction) throws -> [Float] {
      try Indexing.scatterElements(
        x.bytes, .float32, sizes: [2, 3], axis: 1, indices: View<Int64>([0, 0, 2, 1]), indexSizes: [2, 2],
        updates: View<Float>([10, 20, -1, 7]).bytes, reduction: reduction, into: y.bytes)
      return y.array
    }
    #expect(try elements(.none) == [20, 1, 2, 3, 7, -1])
    #expect(try elements(.add) == [30, 1, 2, 3, 11, 4])
    #expect(try elements(.multiply) == [0, 1, 2, 3, 28, -5])
    #expect(try elements(.maximum) == [20, 1, 2, 3, 7, 5])
    #expect(try elements(.minimum) == [0, 1, 2, 3, 4, -1])
    let integers = View<Int64>([1, 2, 3, 4])
    let z = View<Int64>(count: 4)
    try Indexing.scatterND(
      integers.bytes, .int64, sizes: [2, 2], indices: View<Int64>([1, 1]), indexSizes: [2, 1],
      updates: View<Int64>([10, 20, 30, 40]).bytes, reduction: .add, into: z.bytes)
    #expect(z.array == [1, 2, 43, 64])
  }

  @Test(arguments: [3, -4, .max, .min]) func anIndexOutsideIsAnError(_ index: Int64) {
    let y = View<Float>(count: 2)
    #expect(throws: IndexError(index: Int(index), extent: 3, axis: 1)) {
      try Indexing.gather(
        x.bytes, sizes: [2, 3], axis: 1, indices: View([index]), elementByteCount: 4, into: y.bytes,
        on: Workers(threads: 1))
    }
    #expect(throws: IndexError.self) {
      try Indexing.gatherND(
        x.bytes, sizes: [2, 3], indices: View([0, index]), indexSizes: [1, 2], elementByteCount: 4,
        into: y[0..<1].bytes)
    }
  }
}

@Suite struct OrderTests {
  let workers = Workers(threads: 2)

  @Test func argExtremesTakeTheFirstOrTheLast() {
    let x = View<Float>([1, 5, 5, -0.0, 0, -2])
    let y = View<Int64>(count: 2)
    ArgExtreme(isMaximum: true).apply(.float32, x.bytes, sizes: [2, 3], axis: 1, into: y, on: workers)
    #expect(y.array == [1, 0])
    ArgExtreme(isMaximum: true, selectsLast: true)
      .apply(.float32, x.bytes, sizes: [2, 3], axis: 1, into: y, on: workers)
    #expect(y.array == [2, 1])
    let z = View<Int64>(count: 3)
    ArgExtreme(isMaximum: false).apply(.float32, x.bytes, sizes: [2, 3], axis: 0, into: z, on: workers)
    #expect(z.array == [1, 1, 1])
  }

  @Test func topElementsAreOrderedAndStable() {
    let x = View<Float>([3, -1, 3, .infinity, -.infinity, 2])
    let (values, indices) = (View<Float>(count: 3), View<Int64>(count: 3))
    TopElements(count: 3).apply(
      .float32, x.bytes, sizes: [6], axis: 0, into: values.bytes, indices: indices, on: workers)
    #expect(values.array == [.infinity, 3, 3] && indices.array == [3, 0, 2])
    TopElements(count: 3, isLargest: false)
      .apply(.float32, x.bytes, sizes: [6], axis: 0, into: values.bytes, indices: indices, on: workers)
    #expect(values.array == [-.infinity, -1, 2] && indices.array == [4, 1, 5])
    let (bytes, places) = (View<UInt8>(count: 2), View<Int64>(count: 2))
    TopElements(count: 1)
      .apply(
        .uint8, View<UInt8>([1, 200, 130, 4]), sizes: [2, 2], axis: 0, into: bytes, indices: places,
        on: workers)
    #expect(bytes.array == [130, 200] && places.array == [1, 0])
  }

  @Test func orderKeysOrderFloats() {
    let ascending: [Float] = [
      -.infinity, -1e30, -1, -.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 1, 1e30, .infinity, .nan,
    ]
    let keys = ascending.map(ScalarType.orderKey)
    #expect(keys == keys.sorted() && Set(keys).count == keys.count)
    #expect(ScalarType.orderKey(-0.0) == ScalarType.orderKey(0))
  }

  @Test func cumulates() {
    let x = View<Float>([1, 2, 3, 4, 5, 6])
    let y = View<Float>(count: 6)
    func run(_ cumulation: Cumulation, _ axis: Int) -> [Float] {
      cumulation.apply(.float32, x.bytes, sizes: [2, 3], axis: axis, into: y.bytes)
      return y.array
    }
    #expect(run(Cumulation(isProduct: false), 1) == [1, 3, 6, 4, 9, 15])
    #expect(run(Cumulation(isProduct: false, isExclusive: true), 1) == [0, 1, 3, 0, 4, 9])
    #expect(run(Cumulation(isProduct: false, isReverse: true), 1) == [6, 5, 3, 15, 11, 6])
    #expect(run(Cumulation(isProduct: true, isExclusive: true, isReverse: true), 1) == [6, 3, 1, 30, 6, 1])
    #expect(run(Cumulation(isProduct: false), 0) == [1, 2, 3, 5, 7, 9])
  }
}
