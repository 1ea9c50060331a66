import Foundation
import Storage
import Testing

@testable import TensorMath

@Suite struct SoftmaxTests {
  @Test(
    arguments: [
      ([3, 10], 1), ([10, 3], 0), ([2, 5, 300], 1), ([4, 1000], 1), ([1], 0), ([3, 0], 1), ([2, 3, 4, 5], 2),
    ], [false, true])
  func agreesWithTheDefinition(_ shape: ([Int], Int), _ logarithmic: Bool) {
    let (sizes, axis) = shape
    let x = View(Samples.ordinary(sizes.reduce(1, *), seed: 8).map { $0 * 20 })
    let (found, problem) = Samples.agreed(x.count) { y, workers in
      Softmax(sizes: sizes, axis: axis, isLogarithmic: logarithmic).apply(x, into: y, on: workers)
    }
    #expect(problem == nil)
    let reduced = sizes.indices.map { $0 == axis ? 1 : sizes[$0] }
    var sums = [Double](repeating: 0, count: reduced.reduce(1, *))
    for (place, index) in Samples.indices(sizes).enumerated() {
      sums[Samples.position(index, in: reduced)] += exp(Double(x[place]))
    }
    for (place, index) in Samples.indices(sizes).enumerated() {
      let exact = Double(x[place]) - log(sums[Samples.position(index, in: reduced)])
      // The subtraction from the maximum (at most 80) rounds to 4e-6; the exponential carries that over.
      let error = abs(Double(found[place]) - (logarithmic ? exact : exp(exact)))
      #expect(error <= (logarithmic ? 8e-6 : 8e-6 * exp(exact) + 1e-38))
    }
  }

  @Test func masksAreZero() {
    let x = View<Float>([1, -.infinity, 1])
    Softmax(sizes: [3], axis: 0).apply(x, into: x, on: Workers(threads: 1))
    #expect(x.array == [0.5, 0, 0.5])
    let y = View<Float>([-.infinity, -.infinity])
    Softmax(sizes: [2], axis: 0).apply(y, into: y, on: Workers(threads: 1))
    #expect(y[0].isNaN && y[1].isNaN)
  }
}

@Suite struct NormalizationTests {
  @Test(arguments: [1, 3, 64, 77, 1000], [false, true]) func rowsAgreeWithTheDefinition(
    _ count: Int, _ isRootMeanSquare: Bool
  ) {
    let rows = 5
    let x = View(Samples.ordinary(rows * count, seed: 1).map { $0 + 3 })
    let scale = View(Samples.ordinary(count, seed: 2))
    let bias = View(Samples.ordinary(count, seed: 3))
    let normalization = RowNormalization(count: count, epsilon: 1e-5, isRootMeanSquare: isRootMeanSquare)
    for (scale, bias) in [(scale, bias), (scale, nil), (nil, bias), (nil, nil)]
      as [(View<Float>?, View<Float>?)]
    {
      let (found, problem) = Samples.agreed(rows * count) { y, workers in
        normalization.apply(x, scale: scale, bias: bias, into: y, on: workers)
      }
      #expect(problem == nil)
      for row in 0..<rows {
        let values = (0..<count).map { Double(x[row * count + $0]) }
        let mean = isRootMeanSquare ? 0 : values.reduce(0, +) / Double(count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        let inverse = 1 / (variance + Double(Float(1e-5))).squareRoot()
        for column in 0..<count {
          let centered = (values[column] - mean) * inverse
          let exact = centered * Double(scale?[column] ?? 1) + Double(bias?[column] ?? 0)
          // The mean of numbers near 3 is off by some 2^-23 × 3, which 1/deviation magnifies (only with 1 element a lot).
          #expect(abs(Double(found[row * count + column]) - exact) <= (count == 1 ? 1e-3 : 4e-6))
        }
      }
    }
  }

  @Test func statisticsAreReported() {
    let x = View<Float>([1, 3, 2, 2])
    let (y, mean, inverse) = (View<Float>(count: 4), View<Float>(count: 2), View<Float>(count: 2))
    RowNormalization(count: 2, epsilon: 0)
      .apply(x, into: y, mean: mean, inverseDeviation: inverse, on: Workers(threads: 1))
    #expect(y[0] == -1 && y[1] == 1)
    #expect(mean.array == [2, 2])
    #expect(inverse[0] == 1)
  }

  @Test(arguments: [(1, 1, 1, 1), (2, 7, 6, 3), (2, 50, 64, 64), (1, 49, 40, 8), (3, 10, 12, 1)])
  func groupsAgreeWithTheDefinition(_ shape: (Int, Int, Int, Int)) {
    let (batch, positions, channels, groups) = shape
    let x = View(Samples.ordinary(batch * positions * channels, seed: 5).map { $0 * 2 - 1 })
    let scale = View(Samples.ordinary(channels, seed: 6))
    let bias = View(Samples.ordinary(channels, seed: 7))
    let (found, problem) = Samples.agreed(x.count) { y, workers in
      GroupNormalization(groups: groups, epsilon: 1e-4).apply(
        x, batch: batch, positions: positions, channels: channels, scale: scale, bias: bias, into: y,
        on: workers)
    }
    #expect(problem == nil)
    let width = channels / groups
    for sample in 0..<batch {
      for group in 0..<groups {
        let places = (0..<positions).flatMap { position in
          (0..<width).map { (sample * positions + position) * channels + group * width + $0 }
        }
        let mean = places.reduce(0) { $0 + Double(x[$1]) } / Double(places.count)
        let variance = places.reduce(0) { $0 + pow(Double(x[$1]) - mean, 2) } / Double(places.count)
        for place in places {
          let channel = place % channels
          let exact =
            (Double(x[place]) - mean) / (variance + Double(Float(1e-4))).squareRoot() * Double(scale[channel])
            + Double(bias[channel])
          // Statistics are summed in double; a handful of float roundings remain.
          #expect(abs(Double(found[place]) - exact) <= 4e-6)
        }
      }
    }
  }

  @Test func localResponseAgreesWithTheDefinition() {
    let x = View(Samples.ordinary(2 * 9 * 3, seed: 14))
    let function = LocalResponseNormalization(size: 4, alpha: 0.3, beta: 0.75, bias: 1.5)
    let (found, problem) = Samples.agreed(x.count) { y, workers in
      function.apply(x, sizes: [2, 9, 3], axis: 1, into: y, on: workers)
    }
    #expect(problem == nil)
    for (place, index) in Samples.indices([2, 9, 3]).enumerated() {
      let neighbors = max(0, index[1] - 1)...min(8, index[1] + 2)
      let sum = neighbors.reduce(0) { $0 + pow(Double(x[(index[0] * 9 + $1) * 3 + index[2]]), 2) }
      let exact = Double(x[place]) / pow(1.5 + Double(Float(0.3)) / 4 * sum, 0.75)
      #expect(abs(Double(found[place]) - exact) <= 1e-6)
    }
  }
}
