import Foundation
import Storage
import Testing

@testable import TensorMath

@Suite struct ReductionTests {
  /// The definition, in double.
  static func exact(_ function: ReductionFunction, _ values: [Double]) -> Double {
    switch function {
    case .sum: values.reduce(0, +)
    case .mean: values.reduce(0, +) / Double(values.count)
    case .maximum: values.reduce(-.infinity, max)
    case .minimum: values.reduce(.infinity, min)
    case .product: values.reduce(1, *)
    case .l1: values.reduce(0) { $0 + abs($1) }
    case .l2: values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .sumOfSquares: values.reduce(0) { $0 + $1 * $1 }
    case .logSum: log(values.reduce(0, +))
    case .logSumExp:
      values.isEmpty
        ? -.infinity : values.max()! + log(values.reduce(0) { $0 + exp($1 - values.max()!) })
    }
  }

  @Test(arguments: ReductionFunction.allCases) func agreesWithTheDefinition(_ function: ReductionFunction) {
    var numbers = RandomNumbers(seed: 11)
    var cases: [([Int], [Int])] = [
      ([7, 300], [1]), ([300, 7], [0]), ([3, 150, 9], [1]), ([2, 20, 20, 70], [1, 2]),
      ([6, 5, 4, 3], [0, 2]),
      ([6, 5, 4, 3], [1, 3]), ([1, 1], [0]), ([], []), ([4], []), ([2, 0, 3], [1]), ([0, 3], [1]),
      ([5, 1, 2], [1]),
      ([3, 600], [0]),
    ]
    for _ in 0..<20 {
      let sizes = Samples.sizes(rank: Int.random(in: 1...5, using: &numbers), limit: 7, &numbers)
      cases.append((sizes, sizes.indices.filter { _ in Bool.random(using: &numbers) }))
    }
    for (sizes, axes) in cases {
      // Logarithms and products of positive numbers near 1 only.
      let x = View(
        Samples.ordinary(sizes.reduce(1, *), seed: 4).map {
          function == .logSum || function == .product ? 1 + abs($0) / 8 : $0
        })
      let kept = sizes.indices.map { axes.contains($0) ? 1 : sizes[$0] }
      let (found, problem) = Samples.agreed(kept.reduce(1, *)) { y, workers in
        function.apply(x, sizes: sizes, axes: axes, into: y, on: workers)
      }
      #expect(problem == nil, "\(function) \(sizes) \(axes)")
      var groups = [[Double]](repeating: [], count: found.count)
      for (place, index) in Samples.indices(sizes).enumerated() {
        groups[Samples.position(index, in: kept)].append(Double(x[place]))
      }
      for (place, group) in groups.enumerated() {
        let exact = ReductionTests.exact(function, group)
        // Each of n additions rounds to 2^-24 of a partial sum, which is at most the sum of magnitudes.
        let magnitude = group.reduce(1) { $0 + abs($1) }
        let error = abs(Double(found[place]) - exact)
        let within = error <= 4e-7 * magnitude * max(1, function == .product ? abs(exact) : 1)
        #expect(
          within || Float(exact) == found[place] || (exact.isNaN && found[place].isNaN),
          "\(function) \(sizes) \(axes): \(found[place]), expected \(exact)")
      }
    }
  }

  @Test func specialValuesPassThrough() {
    let workers = Workers(threads: 1)
    func reduce(_ function: ReductionFunction, _ values: [Float]) -> Float {
      let y = View<Float>(count: 1)
      function.apply(View(values), sizes: [values.count], axes: [0], into: y, on: workers)
      return y[0]
    }
    for position in [0, 3, 35, 64] {
      var values = [Float](repeating: 1, count: 65)
      values[position] = .nan
      for function in ReductionFunction.allCases { #expect(reduce(function, values).isNaN, "\(function)") }
    }
    #expect(reduce(.logSumExp, [-.infinity, -.infinity]) == -.infinity)
    #expect(reduce(.logSumExp, [.infinity, 0]) == .infinity)
    #expect(abs(reduce(.logSumExp, [1000, 1000]) - 1000.69315) <= 1e-4)
    #expect(reduce(.maximum, [-.infinity]) == -.infinity)
  }

  @Test func allKernelSetsAgreeOnSpecialValues() {
    for function in ReductionFunction.allCases {
      for (sizes, axes) in [([5, 77], [1]), ([77, 5], [0]), ([2, 130, 300], [1])] {
        let x = View(Samples.floats(sizes.reduce(1, *), seed: 21))
        let count = sizes.indices.reduce(1) { axes.contains($1) ? $0 : $0 * sizes[$1] }
        let (_, problem) = Samples.agreed(count) { y, workers in
          function.apply(x, sizes: sizes, axes: axes, into: y, on: workers)
        }
        #expect(problem == nil, "\(function) \(sizes)")
      }
    }
  }
}
