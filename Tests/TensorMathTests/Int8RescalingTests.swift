import Storage
import TensorMath
import Testing

/// The vectorized rescaling against the one-number formulas.
@Suite struct Int8RescalingTests {
  static let multipliers: [Int32] = {
    var random = RandomNumbers(seed: 1)
    let edges: [Int32] = [0, 1, 1 << 30, (1 << 30) + 1, Int32.max - 1, Int32.max, -1, -(1 << 30), -Int32.max]
    return edges + (0..<16).map { _ in Int32(random.integer(1 << 30...Int(Int32.max))) }
  }()

  /// Sums around the places where a result changes: those nearest to (k + 1/2)·2^(31 - shift) / multiplier, and around
  /// the ties of the first rounding.
  static func boundaries(_ multiplier: Int32, _ shift: Int32, _ random: inout RandomNumbers) -> [Int32] {
    guard multiplier != 0 else { return [] }
    let step = 0x1p31 / Double(multiplier)
    let left = Double(sign: .plus, exponent: Int(max(shift, 0)), significand: 1)
    let unit = step * Double(sign: .plus, exponent: Int(max(-shift, 0)), significand: 1) / left
    var places: [Double] = (-130...130).map { (Double($0) + 0.5) * unit }
    for _ in 0..<40 { places.append((Double(random.integer(-(1 << 30)...1 << 30)) + 0.5) * step / left) }
    return places.flatMap { place -> [Int32] in
      guard abs(place) < 0x1p31 - 4 else { return [] }
      return (-2...2).map { Int32(place.rounded(.down)) + $0 }
    }
  }

  static let extremes: [Int32] =
    [Int32.min, Int32.min + 1, Int32.max, Int32.max - 1, 1 << 30, -(1 << 30), (1 << 30) - 1, -(1 << 30) - 1]
    + Array(-3...3)

  @Test func everyBoundaryAtEveryShift() {
    var random = RandomNumbers(seed: 2)
    let columns = 17
    for shift in Int32(-31)...30 {
      for multiplier in Int8RescalingTests.multipliers {
        var sums = Int8RescalingTests.extremes + Int8RescalingTests.boundaries(multiplier, shift, &random)
        sums += (0..<64).map { _ in Int32(truncatingIfNeeded: random.next()) >> Int32(random.next() % 31) }
        sums += [Int32](repeating: 0, count: (columns - sums.count % columns) % columns)
        // The lanes have the same factor, or others beside it.
        let isMixed = random.next() % 2 == 0
        let rescaling = Int8Rescaling(
          multipliers: (0..<columns).map {
            isMixed && $0 % 3 == 1 ? random.pick(Self.multipliers) : multiplier
          },
          shifts: (0..<columns).map { isMixed && $0 % 3 == 1 ? Int32(random.integer(-31...30)) : shift },
          zeroPoint: random.pick([0, 0, -128, 127, 5]),
          bounds: random.pick([-128...127, -128...127, -7...90]))
        let expected = sums.indices.map { NaiveInt8.rescale(sums[$0], rescaling, channel: $0 % columns) }
        let input = View(sums), output = View<Int8>(count: sums.count)
        for kernels in Int8Kernels.available {
          requantize(input, rows: sums.count / columns, rescaling, into: output, kernels: kernels)
          #expect(output.array == expected, "\(kernels.name) multiplier \(multiplier) shift \(shift)")
        }
      }
    }
  }

  @Test(arguments: Int8Kernels.available) func anyNumberOfRowsAndColumns(kernels: Int8Kernels) {
    var random = RandomNumbers(seed: 3)
    for rows in [1, 2, 3, 4, 5, 9] {
      for columns in [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64] {
        let sums = (0..<rows * columns).map { _ in Int32(random.integer(-40000...40000)) }
        let rescaling = random.rescaling(columns, magnitude: 20000)
        // A guard behind the output shows stores that go too far.
        let output = View<Int8>([Int8](repeating: 99, count: rows * columns + 64))
        requantize(View(sums), rows: rows, rescaling, into: output, kernels: kernels)
        let expected = sums.indices.map { NaiveInt8.rescale(sums[$0], rescaling, channel: $0 % columns) }
        #expect(Array(output.array.prefix(sums.count)) == expected, "\(kernels.name) \(rows) x \(columns)")
        #expect(output.array.suffix(64).allSatisfy { $0 == 99 })
      }
    }
  }
}
