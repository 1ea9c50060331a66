import Storage
import Testing

@testable import MicroRuntime

/// The rounding steps against their definitions in exact arithmetic, at every boundary that they have.
@Suite struct FixedPointTests {
  /// Numbers around powers of two and the ends.
  private static let edges: [Int32] = {
    var edges: Set<Int32> = [0, .min, .min + 1, .max, .max - 1]
    for shift in 0..<31 {
      for nudge: Int32 in -2...2 {
        edges.insert((1 << shift) &+ nudge)
        edges.insert((-1 << shift) &+ nudge)
      }
    }
    return edges.sorted()
  }()

  @Test func productIsRoundedUpAtHalves() {
    for a in Self.edges {
      for b in Self.edges {
        let exact = Int64(a) * Int64(b)
        // floor(x/2^31 + 1/2); only −1 · −1 leaves the type.
        let (quotient, remainder) = (exact >> 31, exact & 0x7FFF_FFFF)
        let wanted = a == .min && b == .min ? Int64(Int32.max) : quotient + (remainder >= 1 << 30 ? 1 : 0)
        #expect(Int64(FixedPoint.product(a, b)) == wanted)
      }
    }
  }

  @Test(arguments: Int32(0)...31) func shiftRoundsHalvesAwayFromZero(_ exponent: Int32) {
    for x in Self.edges + Self.halves(of: exponent) {
      let unit = Int64(1) << Int64(exponent)
      let magnitude = abs(Int64(x))
      let rounded = (magnitude + unit / 2) / unit
      #expect(Int64(FixedPoint.roundingShift(x, exponent)) == (x < 0 ? -rounded : rounded), "\(x)")
    }
  }

  /// Odd multiples of half a unit, and their neighbors.
  private static func halves(of exponent: Int32) -> [Int32] {
    guard exponent > 0 else { return [] }
    var numbers: [Int32] = []
    for multiple in [-7, -5, -3, -1, 1, 3, 5, 7] as [Int64] {
      for nudge in -1...1 as ClosedRange<Int64> {
        if let number = Int32(exactly: multiple * (1 << Int64(exponent - 1)) + nudge) {
          numbers.append(number)
        }
      }
    }
    return numbers
  }

  /// What x86-64 makes of exponents for which the device's language leaves the result open.
  @Test func shiftsBeyondTheTypeWrapTheirCount() {
    #expect(FixedPoint.roundingShift(1000, 33) == 501)
    #expect(FixedPoint.roundingShift(-1000, 33) == -500)
    #expect(FixedPoint.roundingShift(0, 40) == 1)
  }

  @Test(arguments: Int32(0)...12) func saturatingShiftStopsAtTheEnds(_ exponent: Int32) {
    for x in Self.edges where x != .min {
      let exact = Int64(x) << Int64(exponent)
      let limit = (Int64(1) << Int64(31 - exponent)) - 1
      let wanted = x > limit ? Int64(Int32.max) : x < -limit ? Int64(Int32.min) : exact
      #expect(Int64(FixedPoint.saturatingShiftLeft(x, exponent)) == wanted, "\(x)")
    }
  }

  @Test func functionsOfFixedPointAreWithinTheirPrecision() {
    // The series of exp around −1/8 ends after the fourth power: what it leaves out is at most (1/8)^5 / 5!.
    let budget = 2.6e-7
    for step in 0..<2000 {
      let raw = Int32(-step * 1_000_003)
      let real = Double(raw) * 0x1p-26
      let power = Double(FixedPoint.expOfNegative(raw, integerBits: 5)) * 0x1p-31
      #expect(abs(power - RealFunction.exp(real)) < budget)
      for sign in [1.0, -1] {
        let argument = Int32(sign) * raw
        let exact = RealFunction.exp(Double(argument) * 0x1p-27)
        #expect(abs(Double(FixedPoint.logistic(argument)) * 0x1p-31 - exact / (1 + exact)) < budget)
        let double = exact * exact
        #expect(abs(Double(FixedPoint.tanh(argument)) * 0x1p-31 - (double - 1) / (double + 1)) < 2 * budget)
      }
    }
  }
}

@Suite struct MultiplierTests {
  @Test func powersOfTwoAndTheirNeighbors() throws {
    #expect(try Multiplier(0.5) == Multiplier(factor: 1 << 30, shift: 0))
    #expect(try Multiplier(1) == Multiplier(factor: 1 << 30, shift: 1))
    // A significand that rounds up to 2 moves into the exponent.
    #expect(try Multiplier(1 - 0x1p-40) == Multiplier(factor: 1 << 30, shift: 1))
    #expect(try Multiplier(-0.75) == Multiplier(factor: -3 << 29, shift: 0))
    #expect(try Multiplier(0) == Multiplier(factor: 0, shift: 0))
    // Shifts stop at −31.
    #expect(try Multiplier(0x1p-32) == Multiplier(factor: 1 << 30, shift: -31))
    #expect(try Multiplier(0x1p-33) == Multiplier(factor: 0, shift: 0))
    #expect(throws: (any Error).self) { try Multiplier(.infinity) }
  }

  @Test(arguments: -31...0) func productsAreRoundedTwice(_ shift: Int) throws {
    var generator = SeededGenerator(seed: shift)
    for _ in 0..<2000 {
      let factor = Int32(1 << 30 + generator.below(1 << 30))
      let multiplier = Multiplier(factor: factor, shift: Int32(shift))
      let x = Int32(truncatingIfNeeded: generator.next()) >> Int32(generator.below(31))
      let once = (Int64(x) * Int64(factor) + (1 << 30)) >> 31
      let unit = Int64(1) << Int64(-shift)
      let twice = (abs(once) + unit / 2) / unit
      #expect(Int64(multiplier.apply(x)) == (once < 0 ? -twice : twice))
    }
  }

  @Test func wideSumsAreRoundedOnceWithSixteenBits() throws {
    let multiplier = try Multiplier(0.3)
    let reduced = ((Int64(multiplier.factor) + (1 << 15)) >> 16)
    for x in [0, 1, -1, 5, 12_345_678_901, -12_345_678_901, 1 << 40] as [Int64] {
      let total = Int64(15 - multiplier.shift)
      let exact = x * reduced + (Int64(1) << (total - 1))
      let wanted = Int32(truncatingIfNeeded: exact >> total)
      #expect(multiplier.applyWide(x) == wanted)
    }
    #expect(multiplier.applyWide(10) == 3)
    #expect(multiplier.applyWide(-10) == -3)
  }

  @Test func activationsBoundNumbers() {
    let grid = Grid(scale: 0.05, zeroPoint: -11)
    #expect(grid.range(of: .none, bits: 8) == -128...127)
    #expect(grid.range(of: .relu, bits: 8) == -11...127)
    #expect(grid.range(of: .relu6, bits: 8) == -11...109)
    #expect(grid.range(of: .reluN1To1, bits: 8) == -31...9)
    #expect(Grid(scale: 0.1, zeroPoint: 100).range(of: .relu6, bits: 8) == 100...127)
  }
}

@Suite struct RealFunctionTests {
  @Test func remaindersAreExact() {
    for (a, b) in [(7.5, 2), (-7.5, 2), (7.5, -2), (0x1p100, 3), (1e-40, 1e-42), (5, 7), (6, 3)]
      as [(Float, Float)]
    {
      #expect(RealFunction.remainder(a, b) == a.truncatingRemainder(dividingBy: b))
    }
    #expect(RealFunction.remainder(1, 0).isNaN && RealFunction.remainder(.infinity, 2).isNaN)
    #expect(RealFunction.remainder(5, .infinity) == 5)
  }

  @Test func exponentialAndLogarithmAreInverse() {
    // exp doubles the argument's relative error by its size; the logarithm adds one rounding.
    for step in -600...600 {
      let x = Double(step) / 7.3
      #expect(abs(RealFunction.log2(RealFunction.exp(x)) * 0.6931471805599453 - x) <= 4e-14)
    }
    #expect(RealFunction.exp(0) == 1)
    // One step of a double.
    #expect(abs(RealFunction.exp(1) - 2.718281828459045) <= 4.5e-16)
    #expect(RealFunction.log2(0.125) == -3)
    #expect(RealFunction.exp(-1000) == 0)
  }
}
