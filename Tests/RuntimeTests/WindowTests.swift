import Foundation
import Graph
import Storage
import Testing

@testable import Runtime

/// Sums of up to a thousand products in float32 against double: a few ulps of the largest partial sum, and for
/// Winograd's transform some more.
private let sumBudget = 3e-5

@Suite struct WindowTests {
  /// A random window operator: data, geometry and the extents that follow.
  private struct Case {
    var data: [Int]
    var window: WindowGeometry
    var groups: Int
    var outputs: Int

    init(_ dice: inout Dice, spatialRank: Int) {
      groups = dice.chance(30) ? dice.int(2...3) : 1
      let channels = groups * dice.int(1...(dice.chance(20) ? 20 : 5))
      let depthwise = dice.chance(20)
      if depthwise { groups = channels }
      outputs = groups * (depthwise ? dice.int(1...2) : dice.int(1...9))
      let size = (0..<spatialRank).map { _ in dice.chance(40) ? 3 : dice.int(1...4) }
      let dilations = size.map { _ in dice.chance(80) ? 1 : dice.int(1...3) }
      let strides = size.map { _ in dice.chance(60) ? 1 : dice.int(1...3) }
      let geometry = WindowGeometry(
        size: size, strides: strides, dilations: dilations,
        padBefore: size.map { dice.int(0...max(0, $0 - 1)) },
        padAfter: size.map { dice.int(0...max(0, $0 - 1)) })
      let spatial = (0..<spatialRank).map { geometry.span($0) + dice.int(0...(spatialRank > 2 ? 3 : 9)) }
      window = geometry
      data = [dice.int(1...3)] + spatial + [channels]
    }
  }

  /// Calls `body` for every output position and tap that lies on data, with the input position.
  private static func walk(
    _ window: WindowGeometry, _ place: [Int], _ spatial: [Int],
    _ body: (_ tap: Int, _ position: [Int]) -> Void
  ) {
    for (index, tap) in positions(window.size).enumerated() {
      let position = place.indices.map {
        place[$0] * window.strides[$0] + tap[$0] * window.dilations[$0] - window.padBefore[$0]
      }
      if zip(position, spatial).allSatisfy({ (0..<$1).contains($0) }) { body(index, position) }
    }
  }

  @Test(arguments: 1...4)
  func convolutionIsTheSumOfProductsUnderTheWindow(spatialRank: Int) throws {
    for seed in 0..<(spatialRank == 4 ? 4 : 25) {
      var dice = Dice(seed * 10 + spatialRank)
      let c = Case(&dice, spatialRank: spatialRank)
      let depth = c.data.last! / c.groups
      let x = dice.floats(c.data)
      let filter = dice.floats([c.outputs] + c.window.size + [depth])
      let bias = dice.chance(50) ? dice.floats([c.outputs]) : nil
      let clamp: FusedClamp? = dice.chance(30) ? FusedClamp(minimum: -0.5, maximum: 0.75) : nil
      let operation = Operation.convolution(
        Convolution(window: c.window, groups: c.groups, layout: .channelsLast, clamp: clamp))
      let y = try compute(operation, [x, filter, bias], constants: dice.chance(70) ? [1, 2] : [])[0]
      let spatial = Array(c.data[1..<c.data.count - 1])
      let expected = positions(y.sizes).map { p -> Double in
        let (channel, place) = (p.last!, Array(p[1..<p.count - 1]))
        let first = channel / (c.outputs / c.groups) * depth
        var sum = Double(bias?.floats[channel] ?? 0)
        Self.walk(c.window, place, spatial) { tap, position in
          let base = flat([p[0]] + position + [first], c.data)
          let weights = (channel * c.window.size.reduce(1, *) + tap) * depth
          for k in 0..<depth { sum += Double(x.floats[base + k]) * Double(filter.floats[weights + k]) }
        }
        return clamp.map { min(max(sum, Double($0.minimum)), Double($0.maximum)) } ?? sum
      }
      expectClose(y, expected, budget: sumBudget)
    }
  }

  @Test(arguments: 1...3)
  func transposedConvolutionSpreadsEveryInput(spatialRank: Int) throws {
    for seed in 0..<20 {
      var dice = Dice(seed * 10 + spatialRank)
      let c = Case(&dice, spatialRank: spatialRank)
      let depth = c.data.last! / c.groups
      let extra = c.window.size.indices.map { dice.int(0...(c.window.strides[$0] - 1)) }
      let x = dice.floats(c.data)
      let filter = dice.floats([c.outputs] + c.window.size + [depth])
      let bias = dice.chance(50) ? dice.floats([c.outputs]) : nil
      let convolution = TransposedConvolution(
        window: c.window, outputPadding: extra, groups: c.groups, layout: .channelsLast)
      let y = try compute(.transposedConvolution(convolution), [x, filter, bias], constants: [1, 2])[0]
      var sums = positions(y.sizes).map { Double(bias?.floats[$0.last!] ?? 0) }
      for (element, p) in positions(c.data).enumerated() {
        let group = p.last! / depth
        for (tap, offset) in positions(c.window.size).enumerated() {
          let place = offset.indices.map {
            p[$0 + 1] * c.window.strides[$0] + offset[$0] * c.window.dilations[$0] - c.window.padBefore[$0]
          }
          guard zip(place, y.sizes[1...]).allSatisfy({ (0..<$1).contains($0) }) else { continue }
          for channel in 0..<c.outputs / c.groups {
            let output = group * (c.outputs / c.groups) + channel
            let weight = (output * c.window.size.reduce(1, *) + tap) * depth + p.last! % depth
            sums[flat([p[0]] + place + [output], y.sizes)] +=
              Double(x.floats[element]) * Double(filter.floats[weight])
          }
        }
      }
      expectClose(y, sums, budget: sumBudget)
    }
  }

  @Test(arguments: 1...3)
  func poolsTakeTheMaximumOrMeanUnderTheWindow(spatialRank: Int) throws {
    for seed in 0..<20 {
      var dice = Dice(seed * 10 + spatialRank)
      let c = Case(&dice, spatialRank: spatialRank)
      let x = dice.floats(c.data)
      let countsPadding = dice.chance(50)
      let kinds: [Pool.Kind] = [.maximum, .average(countsPadding: countsPadding), .lp(2)]
      for kind in kinds {
        let pool = Pool(kind: kind, window: c.window, roundsUp: dice.chance(30), layout: .channelsLast)
        let y = try compute(.pool(pool), [x])[0]
        let spatial = Array(c.data[1..<c.data.count - 1])
        let expected = positions(y.sizes).map { p -> Double in
          var values: [Double] = []
          let place = Array(p[1..<p.count - 1])
          Self.walk(c.window, place, spatial) { _, position in
            values.append(Double(x.floats[flat([p[0]] + position + [p.last!], c.data)]))
          }
          // Places on declared padding; a window that rounding up let stick out further counts no more.
          let counted = positions(c.window.size).count { tap in
            tap.indices.allSatisfy {
              place[$0] * c.window.strides[$0] + tap[$0] * c.window.dilations[$0]
                < spatial[$0] + c.window.padBefore[$0] + c.window.padAfter[$0]
            }
          }
          switch kind {
          case .maximum: return values.max() ?? -.infinity
          case .average:
            return values.isEmpty ? 0 : values.reduce(0, +) / Double(countsPadding ? counted : values.count)
          case .lp: return values.map { $0 * $0 }.reduce(0, +).squareRoot()
          }
        }
        expectClose(y, expected)
      }
    }
  }

  @Test func maximumPoolTellsPositionsInChannelsFirstNumbering() throws {
    let x = TensorValue(floats: [1, 8, 4, 3, 2, 7, 5, 6], sizes: [1, 2, 2, 2])
    let pool = Pool(kind: .maximum, window: WindowGeometry(size: [2, 2]), layout: .channelsLast)
    let results = try compute(.pool(pool), [x], results: 2)
    // Channel 0 holds 1 4 2 5, channel 1 holds 8 3 7 6.
    #expect(results[0].floats.array == [5, 8])
    #expect(results[1].integers == [3, 4])
    var columns = pool
    columns.columnMajorPositions = true
    columns.window = WindowGeometry(size: [1, 2])
    #expect(try compute(.pool(columns), [x], results: 2)[1].integers == [2, 4, 3, 5])
  }

  @Test func channelsFirstDataGetsTransposedOnTheWay() throws {
    var dice = Dice(1)
    let x = dice.floats([2, 3, 6, 5])
    let filter = dice.floats([4, 3, 3, 3])
    let window = WindowGeometry(size: [3, 3], padBefore: [1, 1], padAfter: [1, 1])
    let first = try compute(.convolution(Convolution(window: window, layout: .channelsFirst)), [x, filter])[0]
    let last = try compute(
      .convolution(Convolution(window: window, layout: .channelsLast)), [x.permuted([0, 2, 3, 1]), filter])[0]
    #expect(first.floats.array == last.permuted([0, 3, 1, 2]).floats.array)
    let pool = Pool(kind: .maximum, window: WindowGeometry(size: [2, 2]), layout: .channelsFirst)
    #expect(try compute(.pool(pool), [x], results: 2)[1].sizes == [2, 3, 5, 4])
  }

  @Test func integersConvolveAndPool() throws {
    let x = TensorValue(integers: [1, 2, 3, 4, 5, 6, 7, 8, 9], type: .int32, sizes: [1, 3, 3, 1])
    let filter = TensorValue(integers: [1, 0, 0, -1], type: .int32, sizes: [1, 2, 2, 1])
    let window = WindowGeometry(size: [2, 2])
    let y = try compute(.convolution(Convolution(window: window, layout: .channelsLast)), [x, filter])[0]
    #expect(y.integers == [-4, -4, -4, -4])
    let bytes = TensorValue(integers: [1, 200, 3, 4], type: .uint8, sizes: [1, 2, 2, 1])
    let pool = Pool(kind: .maximum, window: window, layout: .channelsLast)
    #expect(try compute(.pool(pool), [bytes])[0].integers == [200])
  }

  @Test func emptyBatchesAndChannelsGiveEmptyResults() throws {
    let window = WindowGeometry(size: [3, 3])
    let operation = Operation.convolution(Convolution(window: window, layout: .channelsLast))
    let filter = TensorValue(type: .float32, sizes: [4, 3, 3, 2])
    #expect(
      try compute(operation, [TensorValue(type: .float32, sizes: [0, 5, 5, 2]), filter])[0].elementCount == 0)
    let none = TensorValue(type: .float32, sizes: [1, 5, 5, 0])
    let bias = TensorValue(floats: [3], sizes: [1])
    let y = try compute(operation, [none, TensorValue(type: .float32, sizes: [1, 3, 3, 0]), bias])[0]
    #expect(y.floats.array == [Float](repeating: 3, count: 9))
  }

  @Test func resizeKeepsCornersOrRepeatsNeighbors() throws {
    let x = TensorValue(floats: [1, 2, 3, 4], sizes: [1, 2, 2, 1])
    let nearest = Resize(
      mode: .nearest(.floor), coordinates: .asymmetric, output: [1, 4, 4, 1], scales: [1, 2, 2, 1])
    #expect(
      try compute(.resize(nearest), [x])[0].floats.array == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
    let linear = Resize(
      mode: .linear, coordinates: .alignCorners, output: [1, 3, 3, 1], scales: [1, 1.5, 1.5, 1])
    expectClose(try compute(.resize(linear), [x])[0], [1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4])
    let bytes = TensorValue(integers: [10, 20], type: .uint8, sizes: [1, 2])
    let wider = Resize(mode: .linear, coordinates: .alignCorners, output: [1, 3], scales: [1, 1.5])
    #expect(try compute(.resize(wider), [bytes])[0].integers == [10, 15, 20])
  }
}
