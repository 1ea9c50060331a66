import Storage

@testable import TensorMath

/// Seeded test data.
enum Samples {
  static let special: [Float] = [
    .nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    .leastNormalMagnitude / 64, .leastNormalMagnitude,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1, 0.5, -0.5, 88.72284, -103.97, 1e10, -3e20,
    16_777_218,
  ]

  /// Mostly moderate numbers, some of any magnitude, and special values strewn in.
  static func floats(_ count: Int, seed: UInt64) -> [Float] {
    var generator = RandomNumbers(seed: seed)
    return (0..<count).map { _ in
      switch UInt64.random(in: 0..<16, using: &generator) {
      case 0: special[Int.random(in: special.indices, using: &generator)]
      case 1, 2: Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      default: Float.random(in: -8...8, using: &generator)
      }
    }
  }

  /// Numbers of moderate size only.
  static func ordinary(_ count: Int, seed: UInt64) -> [Float] {
    var generator = RandomNumbers(seed: seed)
    return (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
  }

  /// Random extents, some of them 1.
  static func sizes(rank: Int, limit: Int, _ numbers: inout RandomNumbers) -> [Int] {
    (0..<rank).map { _ in numbers.pick([1, Int.random(in: 1...limit, using: &numbers)]) }
  }

  /// Every index tuple of a tensor, in row-major order.
  static func indices(_ sizes: [Int]) -> [[Int]] {
    sizes.reduce([[]]) { prefixes, size in prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
  }

  /// The row-major position of an index tuple; axes of extent 1 repeat, missing axes come in front.
  static func position(_ index: [Int], in sizes: [Int]) -> Int {
    let aligned = index.suffix(sizes.count)
    return zip(aligned, sizes).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
  }

  /// The same for every kernel set and number of threads; gives the result of the reference on one thread.
  static func agreed(_ count: Int, _ body: (View<Float>, Workers) -> Void) -> (View<Float>, problem: String?)
  {
    let expected = View<Float>(count: count)
    body(expected, Workers(threads: 1, kernels: .reference))
    for kernels in KernelSet.available {
      for threads in [1, 2, 7] {
        let found = View<Float>(count: count)
        body(found, Workers(threads: threads, kernels: kernels))
        if let difference = difference(found, expected) {
          return (expected, "\(kernels.name), \(threads) threads: \(difference)")
        }
      }
    }
    return (expected, nil)
  }

  /// The first element whose bits differ; any NaN equals any other.
  static func difference(_ found: View<Float>, _ expected: View<Float>) -> String? {
    guard found.count == expected.count else { return "\(found.count) elements, not \(expected.count)" }
    for (index, pair) in zip(found.array, expected.array).enumerated()
    where pair.0.bitPattern != pair.1.bitPattern && !(pair.0.isNaN && pair.1.isNaN) {
      return "element \(index): \(pair.0), expected \(pair.1)"
    }
    return nil
  }
}
