import Foundation
import Graph
import Storage
import Testing

@testable import Runtime

@Suite struct AxisTests {
  /// Applies `body` to the elements that share all positions except those along `axes`.
  private func reduced(_ x: TensorValue, _ axes: [Int], _ body: ([Double]) -> Double) -> [Double] {
    let kept = x.sizes.indices.filter { !axes.contains($0) }
    return positions(kept.map { x.sizes[$0] }).map { outer in
      let values = positions(axes.sorted().map { x.sizes[$0] }).map { inner -> Double in
        var place = [Int](repeating: 0, count: x.sizes.count)
        for (axis, index) in zip(kept, outer) { place[axis] = index }
        for (axis, index) in zip(axes.sorted(), inner) { place[axis] = index }
        return Double(x.floats[flat(place, x.sizes)])
      }
      return body(values)
    }
  }

  private static let reductions: [(Reduction, @Sendable ([Double]) -> Double)] = [
    (.sum, { $0.reduce(0, +) }), (.mean, { $0.reduce(0, +) / Double($0.count) }),
    (.maximum, { $0.max() ?? -.infinity }), (.minimum, { $0.min() ?? .infinity }),
    (.product, { $0.reduce(1, *) }), (.l1, { $0.reduce(0) { $0 + abs($1) } }),
    (.l2, { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }), (.sumOfSquares, { $0.reduce(0) { $0 + $1 * $1 } }),
    (.logSumExp, { log($0.reduce(0) { $0 + exp($1) }) }),
  ]

  @Test(arguments: reductions.indices)
  func reductionsAgreeWithDoubles(_ index: Int) throws {
    let (kind, reference) = Self.reductions[index]
    var dice = Dice(index)
    let cases: [([Int], [Int])] = [
      ([7], [0]), ([3, 4, 5], [1]), ([3, 4, 5], [0, 2]), ([3, 4, 5], [0, 1, 2]), ([2, 3, 4, 5], [1, 2]),
      ([2, 3, 0], [2]), ([0, 3], [1]), ([3, 70], [1]), ([130, 3], [0]), ([4], []), ([], []),
    ]
    for (sizes, axes) in cases {
      let x = dice.floats(sizes)
      for keeps in [true, false] {
        let y = try compute(.reduce(kind, axes: axes, keepsAxes: keeps), [x])[0]
        expectClose(y, reduced(x, axes, reference))
      }
    }
  }

  @Test func integersReduce() throws {
    let x = TensorValue(int64s: [5, -2, 7, 1, 0, 3], sizes: [2, 3])
    func reduce(_ kind: Reduction) throws -> [Int] {
      try compute(.reduce(kind, axes: [1], keepsAxes: false), [x])[0].integers
    }
    #expect(try reduce(.sum) == [10, 4])
    #expect(try reduce(.maximum) == [7, 3])
    #expect(try reduce(.product) == [-70, 0])
    #expect(try reduce(.mean) == [3, 1])
  }

  @Test func extremesRanksAndRunningSums() throws {
    let x = TensorValue(floats: [3, 1, 3, 2, 5, 5], sizes: [2, 3])
    func extreme(_ maximum: Bool, _ axis: Int, last: Bool = false) throws -> [Int] {
      try compute(.argExtreme(maximum: maximum, axis: axis, keepsAxis: false, selectsLast: last), [x])[0]
        .integers
    }
    #expect(try extreme(true, 1) == [0, 1])
    #expect(try extreme(true, 1, last: true) == [2, 2])
    #expect(try extreme(false, 0) == [1, 0, 0])
    let top = try compute(.topK(TopK(axis: 1, count: 2)), [x], results: 2)
    #expect(top[0].floats.array == [3, 3, 5, 5])
    #expect(top[1].integers == [0, 2, 1, 2])
    let least = try compute(.topK(TopK(axis: 0, count: 1, largest: false)), [x], results: 2)
    #expect(least[1].integers == [1, 0, 0])
    func running(_ cumulative: Cumulative) throws -> [Float] {
      try compute(.cumulative(cumulative), [x])[0].floats.array
    }
    #expect(try running(Cumulative(kind: .sum, axis: 1)) == [3, 4, 7, 2, 7, 12])
    #expect(try running(Cumulative(kind: .sum, axis: 1, exclusive: true)) == [0, 3, 4, 0, 2, 7])
    #expect(try running(Cumulative(kind: .sum, axis: 0, reverse: true)) == [5, 6, 8, 2, 5, 5])
    #expect(
      try running(Cumulative(kind: .product, axis: 1, exclusive: true, reverse: true)) == [3, 3, 1, 25, 5, 1])
  }

  @Test func softmaxSumsToOneAlongItsAxis() throws {
    var dice = Dice(5)
    let x = dice.floats([3, 5, 4], scale: 10)
    for axis in 0..<3 {
      let y = try compute(.softmax(axis: axis, logarithmic: false), [x])[0]
      let logarithms = try compute(.softmax(axis: axis, logarithmic: true), [x])[0]
      let lanes = reduced(x, [axis]) { lane in lane.reduce(0) { $0 + exp($1) } }
      let kept = [0, 1, 2].filter { $0 != axis }
      let expected = positions(x.sizes).map { place -> Double in
        let lane = flat(kept.map { place[$0] }, kept.map { x.sizes[$0] })
        return exp(Double(x.floats[flat(place, x.sizes)])) / lanes[lane]
      }
      expectClose(y, expected)
      expectClose(logarithms, expected.map { log($0) }, budget: 1e-4)
    }
  }

  /// The direct kernels and the expansions into core operators round differently, never by more than this.
  @Test func compositesAgreeWithTheirExpansion() throws {
    var dice = Dice(9)
    let image = dice.floats([2, 4, 6, 8])
    let channels = [dice.floats([8]), dice.floats([8])]
    let cases: [(Composite, [TensorValue], Int)] = [
      (.layerNormalization(axis: 2, epsilon: 1e-5), [image, dice.floats([6, 8]), dice.floats([6, 8])], 3),
      (.layerNormalization(axis: 3, epsilon: 1e-2), [image, dice.floats([1, 8])], 1),
      (.rmsNormalization(axis: 1, epsilon: 1e-5), [image, dice.floats([4, 6, 8])], 1),
      (.rmsNormalization(axis: 2, epsilon: 1e-5), [image, dice.floats([1])], 1),
      (.groupNormalization(groups: 2, epsilon: 1e-5, layout: .channelsLast), [image] + channels, 1),
      (.groupNormalization(groups: 8, epsilon: 1e-5, layout: .channelsLast), [image] + channels, 1),
      (
        .groupNormalization(groups: 2, epsilon: 1e-5, layout: .channelsFirst),
        [image, dice.floats([4]), dice.floats([4])], 1
      ),
      (.localResponseNormalization(size: 5, alpha: 0.7, beta: 0.75, bias: 1.5, channelAxis: 3), [image], 1),
      (.localResponseNormalization(size: 2, alpha: 0.7, beta: 0.5, bias: 1, channelAxis: 1), [image], 1),
      (.depthToSpace(blockSize: 2, depthFirst: true, layout: .channelsLast), [image], 1),
      (.depthToSpace(blockSize: 2, depthFirst: false, layout: .channelsFirst), [image], 1),
      (.spaceToDepth(blockSize: 2, layout: .channelsLast), [image], 1),
      (.spaceToDepth(blockSize: 2, layout: .channelsFirst), [image], 1),
    ]
    for (composite, operands, count) in cases {
      let direct = try compute(.composite(composite), operands, results: count)
      let whole = try graph(.composite(composite), operands, results: count)
      let expanded = try whole.expandingComposites { _ in true }
      #expect(expanded.operators.count > 1)
      let parts = try Program(expanded).makeSession().run(operands)
      for (one, other) in zip(direct, parts) {
        expectClose(one, other.floats.array.map(Double.init), budget: 2e-5)
      }
    }
  }

  @Test func depthMovesToSpaceInEitherOrder() throws {
    let x = TensorValue(floats: (0..<8).map(Float.init), sizes: [1, 1, 1, 8])
    let columnsFirst = try compute(
      .composite(.depthToSpace(blockSize: 2, depthFirst: true, layout: .channelsLast)), [x])[0]
    #expect(columnsFirst.sizes == [1, 2, 2, 2])
    #expect(columnsFirst.floats.array == [0, 1, 2, 3, 4, 5, 6, 7])
    let rowsFirst = try compute(
      .composite(.depthToSpace(blockSize: 2, depthFirst: false, layout: .channelsLast)), [x])[0]
    #expect(rowsFirst.floats.array == [0, 4, 1, 5, 2, 6, 3, 7])
  }
}
