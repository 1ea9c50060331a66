import Graph
import Runtime
import Testing

@testable import Lowering

@Suite("Legalization: functions")
struct LegalizationFunctionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var kind: Unary
    var scale: Float = 3
    var offset: Float = 0
    var testDescription: String { "\(kind)" }
  }

  static let cases: [Case] = [
    Case(kind: .reciprocal, scale: 1, offset: 2), Case(kind: .sign), Case(kind: .tan, scale: 1.2),
    Case(kind: .sinh), Case(kind: .cosh), Case(kind: .asinh, scale: 20),
    Case(kind: .acosh, scale: 1, offset: 2.5),
    Case(kind: .atanh, scale: 0.9), Case(kind: .atan, scale: 10), Case(kind: .asin, scale: 0.99),
    Case(kind: .acos, scale: 0.99), Case(kind: .erf), Case(kind: .gelu(tanhApproximation: false), scale: 5),
    Case(kind: .gelu(tanhApproximation: true), scale: 5), Case(kind: .softplus, scale: 20), Case(kind: .mish),
    Case(kind: .elu(alpha: 0.5)), Case(kind: .celu(alpha: 2)), Case(kind: .selu(alpha: 1.67, gamma: 1.05)),
    Case(kind: .thresholdedRelu(alpha: 0.5)), Case(kind: .shrink(bias: 0.2, threshold: 0.7)),
  ]

  /// Only functions that the device has are left, and they agree to a few steps of a float.
  @Test(arguments: cases) func float(_ test: Case) throws {
    var sketch = LegalizationSketch(seed: 5)
    let x = sketch.input([.batch(1), 40])
    sketch.output(try sketch.apply(.unary(test.kind), [x]))
    let legal = try expectSame(
      sketch, budget: 1e-6, batch: 4, scale: test.scale, offset: test.offset, targets: [.float32])
    for node in legal.graph.operators {
      guard case .unary(let kind) = node.operation else { continue }
      #expect(Self.native.contains(kind), "\(kind)")
    }
  }

  static let native: Set<Unary> = [
    .absolute, .negate, .square, .squareRoot, .reciprocalSquareRoot, .exp, .log, .sin, .cos, .tanh, .floor,
    .ceil, .round, .relu, .sigmoid, .hardSwish, .elu(alpha: 1), .not,
  ]

  /// In int8 a function is one table.
  @Test func tables() throws {
    for test in Self.cases {
      var sketch = LegalizationSketch(seed: 5)
      let x = sketch.input([.batch(1), 4])
      sketch.output(try sketch.apply(.unary(test.kind), [x]))
      #expect(try sketch.graph.legalized(for: .int8).graph.operators.count == 1)
    }
  }

  @Test func infinities() throws {
    for kind in [
      Unary.isNaN, .isInfinite(positive: false, negative: false), .isInfinite(positive: true, negative: true),
      .isInfinite(positive: false, negative: true),
    ] {
      var sketch = LegalizationSketch()
      let x = sketch.input([.batch(1), 4])
      let y = sketch.constant([0, 1, -1, 2], [4])
      // 1/0 and 0/0 are among the results.
      let zero = try sketch.apply(.binary(.subtract, clamp: nil), [x, x])
      let odd = try sketch.apply(.binary(.divide, clamp: nil), [y, zero])
      sketch.output(try sketch.apply(.unary(kind), [odd]))
      try expectSame(sketch, budget: 0, targets: [.float32])
    }
  }

  @Test(arguments: [Float(2), 3, 5, -2, 0.5, -0.5, -1, 1.7, 0]) func powers(_ exponent: Float) throws {
    var sketch = LegalizationSketch(seed: 3)
    let x = sketch.input([.batch(1), 20])
    let whole = exponent == exponent.rounded() && exponent > 0
    sketch.output(try sketch.apply(.binary(.power, clamp: nil), [x, sketch.constant([exponent], [])]))
    try expectSame(sketch, scale: 1, offset: whole ? 0 : 2)
  }

  /// A known base has a logarithm; a base that may be negative has powers that no logarithm gives.
  @Test func powersKnownAtRunTime() throws {
    var sketch = LegalizationSketch(seed: 4)
    let x = sketch.input([.batch(1), 20])
    let base = try sketch.apply(.binary(.power, clamp: nil), [sketch.noise([20], scale: 0.5, offset: 2), x])
    sketch.output(base)
    try expectSame(sketch)
    sketch.output(try sketch.apply(.binary(.power, clamp: nil), [x, base]))
    #expect(throws: Diagnostic.self) {
      try sketch.graph.legalized(for: .float32, evaluator: FloatEvaluator())
    }
  }

  @Test(arguments: [Binary.divide, .modulo, .remainder]) func quotients(_ kind: Binary) throws {
    var sketch = LegalizationSketch(seed: 6)
    let x = sketch.input([.batch(1), 20])
    let y = sketch.input([.batch(1), 1])
    let moved = try sketch.apply(.binary(.subtract, clamp: nil), [x, sketch.constant([3.1], [])])
    sketch.output(try sketch.apply(.binary(kind, clamp: nil), [moved, y]))
    try expectSame(sketch, scale: 1, offset: 2)
  }

  /// x ÷ max(‖x‖, ε) has its whole inside in int16.
  @Test func unitVectors() throws {
    var sketch = LegalizationSketch(seed: 7)
    let x = sketch.input([.batch(1), 5, 16])
    let norm = try sketch.apply(.reduce(.l2, axes: [2], keepsAxes: true), [x])
    let bounded = try sketch.apply(.unary(.clip(minimum: 1e-3, maximum: .infinity)), [norm])
    let spread = try sketch.apply(.broadcast([.batch(1), 5, 16]), [bounded])
    sketch.output(try sketch.apply(.binary(.divide, clamp: nil), [x, spread]))
    let legal = try expectSame(sketch)
    #expect(legal.graph.operators.contains { $0.operation == .unary(.reciprocalSquareRoot) })
    #expect(!legal.graph.operators.contains { $0.operation == .unary(.reciprocal) })
  }

  @Test(arguments: Reduction.allCases) func reductions(_ reduction: Reduction) throws {
    for (axes, keeps) in [([1], true), ([2], false), ([1, 2], false)] {
      var sketch = LegalizationSketch(seed: 8)
      let x = sketch.input([.batch(1), 4, 5])
      sketch.output(try sketch.apply(.reduce(reduction, axes: axes, keepsAxes: keeps), [x]))
      try expectSame(sketch, scale: 1, offset: reduction == .logSum ? 2 : 0)
    }
  }

  @Test(arguments: [Cumulative.Kind.sum, .product]) func running(_ kind: Cumulative.Kind) throws {
    for (exclusive, reverse) in [(false, false), (true, false), (false, true), (true, true)] {
      var sketch = LegalizationSketch(seed: 9)
      let x = sketch.input([.batch(1), 6, 2])
      for axis in 1...2 {
        let cumulative = Cumulative(kind: kind, axis: axis, exclusive: exclusive, reverse: reverse)
        sketch.output(try sketch.apply(.cumulative(cumulative), [x]))
      }
      try expectSame(sketch)
    }
  }
}
