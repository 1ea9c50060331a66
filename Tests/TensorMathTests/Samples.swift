import Storage

/// Seeded test data.
enum Samples {
  static let special: [Float] = [
    .nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    .leastNormalMagnitude / 64, .leastNormalMagnitude,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1, 0.5, -0.5, 88.72284, -103.97, 1e10, -3e20,
    16_777_218,
  ]

  /// A small generator of our own, so that tests repeat on every platform (SplitMix64).
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// Mostly moderate numbers, some of any magnitude, and special values strewn in.
  static func floats(_ count: Int, seed: UInt64) -> [Float] {
    var generator = Generator(seed: seed)
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
    var generator = Generator(seed: seed)
    return (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
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
