import Graph
import Micro
import Testing

@testable import Lowering

@Suite("Emission: element-wise")
struct EmissionElementwiseTests {
  /// Each function alone: half a step of its own, and what half a step of its operand does to it: a whole one where
  /// the result's range is half as wide, all of them where a rounded operand falls to the other side of a jump.
  @Test func functions() throws {
    let functions: [(Unary, budget: Float)] = [
      (.relu, 1.6), (.sigmoid, 1.5), (.tanh, 1.5), (.hardSwish, 2), (.leakyRelu(alpha: 0.1), 1.6),
      (.absolute, 1.6),
      (.negate, 1.1), (.square, 2.6), (.clip(minimum: 0, maximum: 6), 1.6),
      (.clip(minimum: -0.5, maximum: 0.25), 2),
      (.clip(minimum: 0.2, maximum: 0.7), 2), (.exp, 2.5), (.erf, 2), (.gelu(tanhApproximation: false), 2),
      (.swish(alpha: 1), 2), (.mish, 2), (.softplus, 2), (.elu(alpha: 0.5), 2),
      (.hardSigmoid(alpha: 0.2, beta: 0.5), 2),
      (.sin, 2), (.floor, 256), (.selu(alpha: 1.67, gamma: 1.05), 2),
    ]
    for (function, budget) in functions {
      var sketch = LegalizationSketch(seed: 7)
      let x = sketch.input([.batch(1), 6, 20])
      sketch.output(try sketch.apply(.unary(function), [x]))
      #expect(try sketch.loweredToInt8().errors[0] < budget, "\(function)")
    }
  }

  @Test func floatFunctions() throws {
    let functions: [Unary] = [
      .relu, .sigmoid, .tanh, .hardSwish, .leakyRelu(alpha: 0.1), .absolute, .negate, .square, .exp, .sin,
      .cos,
      .floor, .ceil, .round, .elu(alpha: 1), .swish(alpha: 1.5), .hardSigmoid(alpha: 0.2, beta: 0.5),
      .softsign,
      .clip(minimum: 0, maximum: 6), .clip(minimum: -0.5, maximum: 0.25), .reciprocal,
    ]
    for function in functions {
      var sketch = LegalizationSketch(seed: 8)
      let x = sketch.input([.batch(1), 4, 5])
      sketch.output(try sketch.apply(.unary(function), [x]))
      #expect(try sketch.loweredToFloat().errors[0] < 1e-5, "\(function)")
    }
  }

  @Test func arithmeticWithBroadcasting() throws {
    let shapes: [[Int]] = [[2, 3, 4], [4], [3, 1], [1, 3, 4], [1], []]
    for kind in [Binary.add, .subtract, .multiply, .maximum, .minimum] {
      for (index, sizes) in shapes.enumerated() {
        for isConstant in [true, false] {
          var sketch = LegalizationSketch(seed: index + 1)
          let x = sketch.input([2, 3, 4])
          let other = isConstant ? sketch.noise(sizes) : sketch.input(Shape(sizes))
          let operands = index % 2 == 0 ? [x, other] : [other, x]
          sketch.output(try sketch.apply(.binary(kind, clamp: index == 1 ? .relu : nil), operands))
          #expect(try sketch.loweredToFloat().errors[0] < 1e-6, "\(kind) \(sizes)")
          #expect(try sketch.loweredToInt8().errors[0] < 2.2, "\(kind) \(sizes)")
        }
      }
    }
  }

  /// A single factor or divisor is one whole step, and costs no accuracy.
  @Test func singleFactorsAreExact() throws {
    for (kind, value) in [(Binary.multiply, Float(0.3)), (.divide, 7.7), (.multiply, -1.9)] {
      var sketch = LegalizationSketch(seed: 2)
      let x = sketch.input([.batch(1), 50])
      sketch.output(try sketch.apply(.binary(kind, clamp: nil), [x, sketch.constant([value], [1])]))
      // Half a step of the input and half a step of the result.
      #expect(try sketch.loweredToInt8().errors[0] < 1.02, "\(kind)")
    }
  }

  @Test func comparisonsSelectFromTheSameNumbers() throws {
    for comparison in Comparison.allCases {
      var sketch = LegalizationSketch(seed: 9)
      let x = sketch.input([.batch(1), 30])
      let condition = try sketch.apply(.compare(comparison), [x, x])
      sketch.output(try sketch.apply(.select, [condition, x, sketch.constant([0.25], [1])]))
      #expect(try sketch.loweredToFloat().errors[0] == 0)
      #expect(try sketch.loweredToInt8().errors[0] < 1.1, "\(comparison)")
    }
  }

  @Test func prelu() throws {
    var sketch = LegalizationSketch(seed: 10)
    let x = sketch.input([.batch(1), 4, 6])
    sketch.output(try sketch.apply(.binary(.prelu, clamp: nil), [x, sketch.noise([6], scale: 0.3)]))
    #expect(try sketch.loweredToFloat().errors[0] < 1e-6)
    // The result's range is about half of the operand's.
    #expect(try sketch.loweredToInt8().errors[0] < 2)
  }
}
