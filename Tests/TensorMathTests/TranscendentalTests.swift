import Foundation
import Storage
import Testing

@testable import TensorMath

/// Each function against Foundation's double functions over dense sweeps. The budget is in units in the last place
/// of the exact result: 1 for what is computed in double and rounded once (0.5 and a little), 2 to 4 for what is computed
/// in float, since its last two or three operations round.
@Suite struct TranscendentalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let function: ElementwiseFunction
    let range: ClosedRange<Float>
    let budget: Double
    let exact: @Sendable (Double) -> Double
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "exp", function: .exp, range: -110...90, budget: 1.5) { exp($0) },
    Case(name: "log", function: .log, range: 0...3e38, budget: 0.6) { log($0) },
    Case(name: "log near 1", function: .log, range: 0.5...2, budget: 0.6) { log($0) },
    Case(name: "sin", function: .sin, range: -20...20, budget: 0.6) { sin($0) },
    Case(name: "sin, large", function: .sin, range: -3.4e38...3.4e38, budget: 0.6) { sin($0) },
    Case(name: "cos", function: .cos, range: -20...20, budget: 0.6) { cos($0) },
    Case(name: "cos, large", function: .cos, range: -1e9...1e9, budget: 0.6) { cos($0) },
    Case(name: "cos, huge", function: .cos, range: -3.4e38...3.4e38, budget: 0.6) { cos($0) },
    Case(name: "tan", function: .tan, range: -20...20, budget: 0.6) { tan($0) },
    Case(name: "tan, large", function: .tan, range: -3.4e38...3.4e38, budget: 0.6) { tan($0) },
    Case(name: "asin", function: .asin, range: -1...1, budget: 0.6) { asin($0) },
    Case(name: "acos", function: .acos, range: -1...1, budget: 0.6) { acos($0) },
    Case(name: "atan", function: .atan, range: -3.4e38...3.4e38, budget: 0.6) { atan($0) },
    Case(name: "atan, small", function: .atan, range: -4...4, budget: 0.6) { atan($0) },
    Case(name: "sinh", function: .sinh, range: -90...90, budget: 0.6) { sinh($0) },
    Case(name: "cosh", function: .cosh, range: -90...90, budget: 0.6) { cosh($0) },
    Case(name: "tanh", function: .tanh, range: -12...12, budget: 2) { tanh($0) },
    Case(name: "asinh", function: .asinh, range: -3.4e38...3.4e38, budget: 0.6) { asinh($0) },
    Case(name: "asinh, small", function: .asinh, range: -4...4, budget: 0.6) { asinh($0) },
    Case(name: "acosh", function: .acosh, range: 1...3.4e38, budget: 0.6) { acosh($0) },
    Case(name: "acosh, small", function: .acosh, range: 1...4, budget: 0.6) { acosh($0) },
    Case(name: "atanh", function: .atanh, range: -1...1, budget: 0.6) { atanh($0) },
    Case(name: "erf", function: .erf, range: -5...5, budget: 2) { erf($0) },
    Case(name: "sigmoid", function: .sigmoid, range: -110...110, budget: 2.5) {
      $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0))
    },
    Case(name: "softplus", function: .softplus, range: -110...110, budget: 0.6) {
      max($0, 0) + log1p(exp(-abs($0)))
    },
    Case(name: "mish", function: .mish, range: -110...110, budget: 0.6) {
      $0 * tanh(max($0, 0) + log1p(exp(-abs($0))))
    },
    Case(name: "elu", function: .elu(alpha: 1), range: -40...1, budget: 2) { $0 > 0 ? $0 : expm1($0) },
    // The tail beyond −5 is a product of five rounded factors.
    Case(name: "gelu", function: .gelu(tanhApproximation: false), range: -13...13, budget: 8) {
      0.5 * $0 * erfc(-$0 / 2.0.squareRoot())
    },
    Case(name: "rsqrt", function: .reciprocalSquareRoot, range: 0...3e38, budget: 1.5) {
      1 / $0.squareRoot()
    },
  ]

  /// Floats spread evenly over the bit patterns of the range, and evenly over its values.
  static func sweep(_ range: ClosedRange<Float>, count: Int) -> [Float] {
    func ordinal(_ x: Float) -> Int {
      let bits = Int(Int32(bitPattern: x.bitPattern & 0x7fff_ffff))
      return x.sign == .minus ? -bits : bits
    }
    let (low, high) = (ordinal(range.lowerBound), ordinal(range.upperBound))
    return (0..<count).flatMap { index -> [Float] in
      let place = low + Int((Double(high - low) * Double(index) / Double(count - 1)).rounded())
      let float = Float(bitPattern: UInt32(abs(place)) | (place < 0 ? 0x8000_0000 : 0))
      let fraction = Float(index) / Float(count - 1)
      let linear = range.lowerBound * (1 - fraction) + range.upperBound * fraction
      return [float, min(max(linear, range.lowerBound), range.upperBound)]
    }
  }

  /// The distance of `found` from `exact` in units of the last place of a float near `exact`.
  static func error(_ found: Float, _ exact: Double) -> Double {
    let rounded = Float(exact)
    if found == rounded || (found.isNaN && exact.isNaN) { return 0 }
    // An overflow is one step beyond the largest finite float.
    if rounded.isInfinite || found.isInfinite || found.isNaN { return .infinity }
    let unit = Double(max(rounded.magnitude.ulp, Float.leastNonzeroMagnitude))
    return abs(Double(found) - exact) / unit
  }

  @Test(arguments: cases) func staysWithinItsBudget(_ test: Case) {
    let arguments = TranscendentalTests.sweep(test.range, count: 100_000)
    let x = View(arguments)
    let y = View<Float>(count: x.count)
    test.function.apply(x, into: y, on: Workers(threads: 2))
    var worst = 0.0
    var place: Float = 0
    for (argument, found) in zip(arguments, y.array) {
      let error = TranscendentalTests.error(found, test.exact(Double(argument)))
      if error > worst { (worst, place) = (error, argument) }
    }
    #expect(worst <= test.budget, "\(test.name): \(worst) ulp at \(place), \(test.function(place))")
  }

  @Test func powersStayWithinTheirBudget() {
    let bases = TranscendentalTests.sweep(0...1e30, count: 2000)
    let exponents = TranscendentalTests.sweep(-40...40, count: 37)
    let y = View<Float>(count: bases.count * exponents.count)
    BinaryFunction.power.apply(
      View(bases), [bases.count, 1], View(exponents), [exponents.count], into: y, on: Workers(threads: 2))
    var worst = 0.0
    for (row, base) in bases.enumerated() {
      for (column, exponent) in exponents.enumerated() {
        let exact = pow(Double(base), Double(exponent))
        worst = max(worst, TranscendentalTests.error(y[row * exponents.count + column], exact))
      }
    }
    // Computed in double, rounded once.
    #expect(worst <= 0.6)
  }

  @Test func powHasTheSpecialCasesOfIEEE() {
    let special: [Float] = [
      0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, -2.5, .infinity, -.infinity, .nan, 1e38, -1e38,
      .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 0.999,
      16_777_215, 16_777_216, 16_777_218, -16_777_215,
    ]
    let y = View<Float>(count: special.count * special.count)
    BinaryFunction.power.apply(
      View(special), [special.count, 1], View(special), [special.count], into: y, on: Workers(threads: 1))
    for (row, base) in special.enumerated() {
      for (column, exponent) in special.enumerated() {
        let found = y[row * special.count + column]
        let exact = Float(pow(Double(base), Double(exponent)))
        #expect(
          found.isNaN && exact.isNaN
            || (found.sign == exact.sign && TranscendentalTests.error(found, Double(exact)) <= 1),
          "pow(\(base), \(exponent)) = \(found), expected \(exact)")
      }
    }
  }

  static let limits: [(ElementwiseFunction, Float, Float)] = [
    (.exp, .infinity, .infinity), (.exp, -.infinity, 0), (.log, 0, -.infinity), (.log, -0.0, -.infinity),
    (.log, .infinity, .infinity), (.tanh, .infinity, 1), (.tanh, -.infinity, -1), (.sigmoid, .infinity, 1),
    (.sigmoid, -.infinity, 0), (.erf, .infinity, 1), (.erf, -.infinity, -1), (.sinh, -.infinity, -.infinity),
    (.cosh, -.infinity, .infinity), (.asinh, -.infinity, -.infinity), (.acosh, .infinity, .infinity),
    (.atanh, 1, .infinity), (.atanh, -1, -.infinity), (.softplus, -.infinity, 0),
    (.softplus, .infinity, .infinity),
    (.relu, -.infinity, 0), (.elu(alpha: 2), -.infinity, -2),
    (.gelu(tanhApproximation: false), .infinity, .infinity),
    (.gelu(tanhApproximation: true), .infinity, .infinity), (.mish, .infinity, .infinity), (.round, 2.5, 2),
    (.round, -1.5, -2),
    (.sign, -3, -1), (.hardSwish, 4, 4), (.reciprocalSquareRoot, 0, .infinity), (.atan, .infinity, .pi / 2),
    (.softsign, 3, 0.75),
  ]

  @Test(arguments: limits)
  func limitsAreTheirs(_ function: ElementwiseFunction, _ x: Float, _ expected: Float) {
    let found = function(x)
    #expect(found == expected || abs(found - expected) < 1e-6)
  }

  @Test(arguments: [
    ElementwiseFunction.log, .squareRoot, .asin, .acos, .acosh, .atanh,
  ]) func outsideTheDomainIsNaN(_ function: ElementwiseFunction) {
    #expect(function(-2).isNaN)
  }

  @Test(arguments: [ElementwiseFunction.sin, .cos, .tan]) func circularFunctionsOfInfinityAreNaN(
    _ function: ElementwiseFunction
  ) {
    #expect(function(.infinity).isNaN)
    #expect(function(-.infinity).isNaN)
  }
}
