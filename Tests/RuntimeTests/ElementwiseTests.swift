import Foundation
import Graph
import Storage
import Testing

@testable import Runtime

@Suite struct ElementwiseTests {
  private static let functions: [(Unary, @Sendable (Double) -> Double)] = [
    (.absolute, { abs($0) }), (.negate, { -$0 }), (.sign, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    (.reciprocal, { 1 / $0 }), (.square, { $0 * $0 }), (.exp, { exp($0) }), (.sin, { sin($0) }),
    (.cos, { cos($0) }), (.tan, { tan($0) }), (.asin, { asin($0) }), (.acos, { acos($0) }),
    (.atan, { atan($0) }), (.sinh, { sinh($0) }), (.cosh, { cosh($0) }), (.tanh, { tanh($0) }),
    (.asinh, { asinh($0) }), (.atanh, { atanh($0) }), (.erf, { erf($0) }), (.floor, { $0.rounded(.down) }),
    (.ceil, { $0.rounded(.up) }), (.round, { $0.rounded(.toNearestOrEven) }), (.relu, { max(0, $0) }),
    (.sigmoid, { 1 / (1 + exp(-$0)) }), (.hardSwish, { $0 * min(max($0 / 6 + 0.5, 0), 1) }),
    (.softplus, { log1p(exp($0)) }), (.softsign, { $0 / (1 + abs($0)) }),
    (.mish, { $0 * tanh(log1p(exp($0))) }),
    (.clip(minimum: -0.25, maximum: 0.5), { min(max($0, -0.25), 0.5) }),
    (.leakyRelu(alpha: 0.1), { $0 < 0 ? 0.1 * $0 : $0 }),
    (.elu(alpha: 1.5), { $0 < 0 ? 1.5 * expm1($0) : $0 }),
    (.celu(alpha: 2), { max(0, $0) + min(0, 2 * expm1($0 / 2)) }),
    (.selu(alpha: 1.5, gamma: 1.1), { 1.1 * ($0 < 0 ? 1.5 * expm1($0) : $0) }),
    (.hardSigmoid(alpha: 0.3, beta: 0.4), { min(max(0.3 * $0 + 0.4, 0), 1) }),
    (.gelu(tanhApproximation: false), { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
    (
      .gelu(tanhApproximation: true),
      { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
    ),
    (.swish(alpha: 0.7), { $0 / (1 + exp(-0.7 * $0)) }),
    (.thresholdedRelu(alpha: 0.3), { $0 > 0.3 ? $0 : 0 }),
    (.shrink(bias: 0.1, threshold: 0.4), { $0 < -0.4 ? $0 + 0.1 : $0 > 0.4 ? $0 - 0.1 : 0 }),
  ]

  @Test(arguments: functions.indices)
  func functionsOfOneFloatAgreeWithDoubles(_ index: Int) throws {
    let (kind, reference) = Self.functions[index]
    var dice = Dice(index)
    for sizes in [[], [7], [3, 0], [5, 40]] {
      let x = dice.floats(sizes)
      expectClose(try compute(.unary(kind), [x])[0], x.floats.array.map { reference(Double($0)) })
    }
  }

  @Test func functionsOfPositiveFloatsAgreeWithDoubles() throws {
    var dice = Dice(7)
    let x = TensorValue(floats: (0..<50).map { _ in 1.001 + abs(dice.float()) * 3 }, sizes: [50])
    let doubles = x.floats.array.map(Double.init)
    expectClose(try compute(.unary(.log), [x])[0], doubles.map { log($0) })
    expectClose(try compute(.unary(.squareRoot), [x])[0], doubles.map { $0.squareRoot() })
    expectClose(try compute(.unary(.reciprocalSquareRoot), [x])[0], doubles.map { 1 / $0.squareRoot() })
    expectClose(try compute(.unary(.acosh), [x])[0], doubles.map { acosh($0) })
  }

  @Test func tellsNotANumberAndInfinity() throws {
    let x = TensorValue(floats: [1, .nan, .infinity, -.infinity], sizes: [4])
    #expect(try compute(.unary(.isNaN), [x])[0].integers == [0, 1, 0, 0])
    #expect(
      try compute(.unary(.isInfinite(positive: true, negative: false)), [x])[0].integers == [0, 0, 1, 0])
    #expect(
      try compute(.unary(.isInfinite(positive: true, negative: true)), [x])[0].integers == [0, 0, 1, 1])
  }

  @Test func integersNegateClipAndInvert() throws {
    let x = TensorValue(integers: [-5, 0, 7, -128], type: .int8, sizes: [4])
    #expect(try compute(.unary(.absolute), [x])[0].integers == [5, 0, 7, -128])
    #expect(try compute(.unary(.relu), [x])[0].integers == [0, 0, 7, 0])
    #expect(try compute(.unary(.sign), [x])[0].integers == [-1, 0, 1, -1])
    #expect(try compute(.unary(.square), [x])[0].integers == [25, 0, 49, 0])
    #expect(try compute(.unary(.clip(minimum: -2.5, maximum: 3.5)), [x])[0].integers == [-2, 0, 3, -2])
    #expect(
      try compute(.unary(.clip(minimum: -.infinity, maximum: .infinity)), [x])[0].integers == [
        -5, 0, 7, -128,
      ])
    #expect(try compute(.unary(.bitwiseNot), [x])[0].integers == [4, -1, -8, 127])
    #expect(try compute(.unary(.round), [x])[0].integers == x.integers)
    let truths = TensorValue(integers: [1, 0], type: .bool, sizes: [2])
    #expect(try compute(.unary(.not), [truths])[0].integers == [0, 1])
    let large = TensorValue(integers: [-1, 5], type: .uint64, sizes: [2])
    #expect(try compute(.unary(.clip(minimum: 0, maximum: .infinity)), [large])[0].integers == [-1, 5])
    #expect(try compute(.unary(.clip(minimum: 6, maximum: 10)), [large])[0].integers == [10, 6])
  }

  private static let binaries: [(Binary, @Sendable (Double, Double) -> Double)] = [
    (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }), (.divide, { $0 / $1 }),
    (.modulo, { $0 - $1 * ($0 / $1).rounded(.down) }), (.remainder, { fmod($0, $1) }),
    (.maximum, { max($0, $1) }),
    (.minimum, { min($0, $1) }), (.prelu, { $0 < 0 ? $0 * $1 : $0 }),
  ]

  @Test(arguments: binaries.indices)
  func functionsOfTwoFloatsBroadcast(_ index: Int) throws {
    let (kind, reference) = Self.binaries[index]
    let shapes: [([Int], [Int])] = [
      ([4, 5], [4, 5]), ([4, 5], [5]), ([3, 1, 5], [2, 1]), ([], [2, 3]), ([7], []), ([2, 0], [1]),
      ([1, 1, 1, 2, 1, 3, 1, 2], [2, 1, 1, 1, 1, 1, 4, 1]),
    ]
    for (seed, (left, right)) in shapes.enumerated() {
      var dice = Dice(seed)
      let (a, b) = (dice.floats(left), dice.floats(right))
      let y = try compute(.binary(kind, clamp: nil), [a, b])[0]
      expectClose(
        y,
        positions(y.sizes).map {
          reference(Double(a.floats[broadcastIndex($0, left)]), Double(b.floats[broadcastIndex($0, right)]))
        }, budget: 1e-4)
    }
  }

  @Test func theFusedClampBoundsTheResult() throws {
    let x = TensorValue(floats: [-3, -1, 1, 3], sizes: [4])
    #expect(try compute(.binary(.add, clamp: .relu), [x, x])[0].floats.array == [0, 0, 2, 6])
    #expect(
      try compute(.binary(.add, clamp: FusedClamp(minimum: 2, maximum: 1)), [x, x])[0].floats.array == [
        1, 1, 1, 1,
      ])
    let integers = TensorValue(integers: [-3, 9], type: .int32, sizes: [2])
    #expect(try compute(.binary(.add, clamp: .relu6), [integers, integers])[0].integers == [0, 6])
  }

  @Test func integerArithmeticNeverTraps() throws {
    let a = TensorValue(integers: [7, -7, Int.min, 5], type: .int64, sizes: [4])
    let b = TensorValue(integers: [-2, 2, -1, 0], type: .int64, sizes: [4])
    #expect(try compute(.binary(.divide, clamp: nil), [a, b])[0].integers == [-3, -3, Int.min, 0])
    #expect(try compute(.binary(.modulo, clamp: nil), [a, b])[0].integers == [-1, 1, 0, 0])
    #expect(try compute(.binary(.remainder, clamp: nil), [a, b])[0].integers == [1, -1, 0, 0])
    #expect(try compute(.binary(.add, clamp: nil), [a, a])[0].integers == [14, -14, 0, 10])
    #expect(try compute(.binary(.multiply, clamp: nil), [a, b])[0].integers == [-14, -14, Int.min, 0])
    let small = TensorValue(integers: [250, 3], type: .uint8, sizes: [2])
    #expect(try compute(.binary(.add, clamp: nil), [small, small])[0].integers == [244, 6])
    let shift = TensorValue(integers: [1, 9], type: .uint8, sizes: [2])
    #expect(try compute(.binary(.shiftLeft, clamp: nil), [small, shift])[0].integers == [244, 0])
    #expect(try compute(.binary(.shiftRight, clamp: nil), [small, shift])[0].integers == [125, 0])
  }

  @Test func powersMixTypes() throws {
    let base = TensorValue(integers: [2, 3, -2], type: .int32, sizes: [3])
    let whole = TensorValue(floats: [3, 2, 3], sizes: [3])
    #expect(try compute(.binary(.power, clamp: nil), [base, whole])[0].integers == [8, 9, -8])
    let floats = TensorValue(floats: [2, 0.5, 4], sizes: [3])
    let exponents = TensorValue(integers: [3, 2, -1], type: .int64, sizes: [3])
    expectClose(try compute(.binary(.power, clamp: nil), [floats, exponents])[0], [8, 0.25, 0.25])
    let roots = TensorValue(floats: [0.5], sizes: [1])
    let squares = TensorValue(integers: [16, 9], type: .int64, sizes: [2])
    #expect(try compute(.binary(.power, clamp: nil), [squares, roots])[0].integers == [4, 3])
  }

  @Test func logicComparisonAndSelection() throws {
    let a = TensorValue(integers: [0, 0, 1, 1], type: .bool, sizes: [4])
    let b = TensorValue(integers: [0, 1, 0, 1], type: .bool, sizes: [4])
    #expect(try compute(.binary(.and, clamp: nil), [a, b])[0].integers == [0, 0, 0, 1])
    #expect(try compute(.binary(.or, clamp: nil), [a, b])[0].integers == [0, 1, 1, 1])
    #expect(try compute(.binary(.xor, clamp: nil), [a, b])[0].integers == [0, 1, 1, 0])
    #expect(try compute(.compare(.equal), [a, b])[0].integers == [1, 0, 0, 1])
    let x = TensorValue(floats: [1, 2, .nan], sizes: [3])
    let y = TensorValue(floats: [2], sizes: [1])
    #expect(try compute(.compare(.less), [x, y])[0].integers == [1, 0, 0])
    #expect(try compute(.compare(.lessOrEqual), [x, y])[0].integers == [1, 1, 0])
    #expect(try compute(.compare(.greater), [x, y])[0].integers == [0, 0, 0])
    #expect(try compute(.compare(.greaterOrEqual), [x, y])[0].integers == [0, 1, 0])
    let large = TensorValue(integers: [-1, 1], type: .uint64, sizes: [2])
    #expect(
      try compute(.compare(.greater), [large, TensorValue(integers: [2], type: .uint64, sizes: [])])[0]
        .integers == [1, 0])
    let chosen = try compute(
      .select,
      [a.reshaped([2, 2]), TensorValue(int64s: [1, 2], sizes: [2]), TensorValue(int64s: [9], sizes: [])])[0]
    #expect(chosen.integers == [9, 9, 1, 2])
  }

  @Test func castsTruncateWrapAndTest() throws {
    let x = TensorValue(floats: [-1.7, 2.5, 300, .nan, 1e30], sizes: [5])
    #expect(try compute(.cast(.int32), [x])[0].integers.prefix(3) == [-1, 2, 300])
    #expect(try compute(.cast(.uint8), [x])[0].integers.prefix(3) == [255, 2, 44])
    #expect(try compute(.cast(.bool), [x])[0].integers == [1, 1, 1, 1, 1])
    #expect(try compute(.cast(.float32), [x])[0].floats.array.prefix(3) == [-1.7, 2.5, 300])
    let integers = TensorValue(integers: [-1, 256, 3], type: .int64, sizes: [3])
    #expect(try compute(.cast(.uint8), [integers])[0].integers == [255, 0, 3])
    #expect(try compute(.cast(.float32), [integers])[0].floats.array == [-1, 256, 3])
    let large = TensorValue(integers: [-1], type: .uint64, sizes: [])
    #expect(try compute(.cast(.float32), [large])[0].floats.array == [18446744073709551616])
  }
}
