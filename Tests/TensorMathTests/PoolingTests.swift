import Foundation
import Storage
import Testing

@testable import TensorMath

@Suite struct PoolingTests {
  /// Random windows of one to three axes, with paddings, dilations and windows that run past the end.
  static let windows: [PoolingWindow] = {
    var numbers = RandomNumbers(seed: 17)
    return (0..<60).map { _ in
      let rank = Int.random(in: 1...3, using: &numbers)
      func draw(_ range: ClosedRange<Int>) -> [Int] {
        (0..<rank).map { _ in Int.random(in: range, using: &numbers) }
      }
      let (input, size, strides, dilations) = (draw(4...9), draw(1...3), draw(1...3), draw(1...2))
      let before = size.map { Int.random(in: 0..<$0, using: &numbers) }
      let after = size.map { Int.random(in: 0..<$0, using: &numbers) }
      let roundsUp = Bool.random(using: &numbers)
      let output = (0..<rank).map { axis in
        let room = input[axis] + before[axis] + after[axis] - ((size[axis] - 1) * dilations[axis] + 1)
        let count = max(0, roundsUp ? (room + strides[axis] - 1) / strides[axis] : room / strides[axis]) + 1
        return (count - 1) * strides[axis] >= input[axis] + before[axis] ? count - 1 : count
      }
      return PoolingWindow(
        batch: Int.random(in: 1...2, using: &numbers), input: input, output: output,
        channels: numbers.pick([1, 3, 64, 70]), size: size, strides: strides, dilations: dilations,
        padBefore: before, padAfter: after)
    }
  }()

  /// Per output position: the input positions under the window, and its places on data or declared padding.
  static func places(_ window: PoolingWindow, _ output: [Int]) -> (inside: [[Int]], withPadding: Int) {
    var inside: [[Int]] = []
    var withPadding = 0
    for tap in Samples.indices(window.size) {
      let place = output.indices.map {
        output[$0] * window.strides[$0] - window.padBefore[$0] + tap[$0] * window.dilations[$0]
      }
      if place.indices.allSatisfy({ (0..<window.input[$0]).contains(place[$0]) }) { inside.append(place) }
      if place.indices.allSatisfy({ place[$0] < window.input[$0] + window.padAfter[$0] }) { withPadding += 1 }
    }
    return (inside, withPadding)
  }

  @Test(arguments: windows) func agreesWithTheDefinition(_ window: PoolingWindow) {
    let x = View(Samples.ordinary(window.batch * window.inputPositions * window.channels, seed: 3))
    let count = window.batch * window.outputPositions * window.channels
    let positions = View<Int64>(count: count)
    let results = [
      Samples.agreed(count) { window.maximum(x, into: $0, on: $1) },
      Samples.agreed(count) {
        window.maximum(x, into: $0, positions: positions, columnMajor: false, on: $1)
      },
      Samples.agreed(count) { window.average(x, countsPadding: false, into: $0, on: $1) },
      Samples.agreed(count) { window.average(x, countsPadding: true, into: $0, on: $1) },
      Samples.agreed(count) { window.norm(x, order: 2, into: $0, on: $1) },
      Samples.agreed(count) { window.norm(x, order: 3, into: $0, on: $1) },
    ]
    for result in results { #expect(result.problem == nil) }
    let channels = window.channels
    for (number, index) in Samples.indices([window.batch] + window.output).enumerated() {
      let (inside, withPadding) = PoolingTests.places(window, Array(index.dropFirst()))
      for channel in 0..<channels {
        let values = inside.map { place in
          x[
            (index[0] * window.inputPositions + Samples.position(place, in: window.input)) * channels
              + channel]
        }
        let place = number * channels + channel
        #expect(results[0].0[place] == values.max() ?? -.infinity)
        #expect(results[1].0[place] == values.max() ?? -.infinity)
        if let best = values.firstIndex(of: results[1].0[place]) {
          let flat = Samples.position(inside[best], in: window.input)
          #expect(positions[place] == Int64((index[0] * channels + channel) * window.inputPositions + flat))
        }
        let sum = values.reduce(0) { $0 + Double($1) }
        let cube = values.reduce(0) { $0 + pow(abs(Double($1)), 3) }
        let square = values.reduce(0) { $0 + Double($1) * Double($1) }
        // At most 27 additions of numbers up to 8.
        #expect(abs(Double(results[2].0[place]) - (values.isEmpty ? 0 : sum / Double(values.count))) <= 1e-5)
        #expect(abs(Double(results[3].0[place]) - (values.isEmpty ? 0 : sum / Double(withPadding))) <= 1e-5)
        #expect(abs(Double(results[4].0[place]) - square.squareRoot()) <= 1e-5)
        #expect(abs(Double(results[5].0[place]) - cbrt(cube)) <= 1e-5)
      }
    }
  }

  @Test func columnMajorPositionsCountTheFirstAxisFastest() {
    let window = PoolingWindow(
      batch: 1, input: [2, 3], output: [1, 1], channels: 1, size: [2, 3], strides: [1, 1], dilations: [1, 1],
      padBefore: [0, 0], padAfter: [0, 0])
    let x = View<Float>([0, 1, 2, 3, 9, 4])
    let (y, positions) = (View<Float>(count: 1), View<Int64>(count: 1))
    window.maximum(x, into: y, positions: positions, columnMajor: true, on: Workers(threads: 1))
    #expect(y[0] == 9 && positions[0] == 3)
  }

  @Test func notANumberWins() {
    let window = PoolingWindow(
      batch: 1, input: [3], output: [1], channels: 1, size: [3], strides: [1], dilations: [1], padBefore: [0],
      padAfter: [0])
    for position in 0..<3 {
      var values: [Float] = [1, 2, 3]
      values[position] = .nan
      let (y, positions) = (View<Float>(count: 1), View<Int64>(count: 1))
      for kernels in KernelSet.available {
        let workers = Workers(threads: 1, kernels: kernels)
        window.maximum(View(values), into: y, on: workers)
        #expect(y[0].isNaN)
        window.maximum(View(values), into: y, positions: positions, columnMajor: false, on: workers)
        #expect(y[0].isNaN && positions[0] == Int64(position))
      }
    }
  }
}
