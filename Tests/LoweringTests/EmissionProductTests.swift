import Graph
import Micro
import Testing

@testable import Lowering

@Suite("Emission: products")
struct EmissionProductTests {
  @Test func denseLayersNeedNoReshape() throws {
    var sketch = LegalizationSketch(seed: 1)
    let x = sketch.input([.batch(1), 2, 3, 4])
    let flat = try sketch.apply(.reshape([.batch(1), 24]), [x])
    let hidden = try sketch.apply(.dense(clamp: .relu), [flat, sketch.noise([10, 24]), sketch.noise([10])])
    let y = try sketch.apply(.dense(clamp: nil), [hidden, sketch.noise([5, 10]), nil])
    sketch.output(try sketch.apply(.softmax(axis: 1, logarithmic: false), [y]))
    let float = try sketch.loweredToFloat()
    #expect(float.errors[0] < 1e-5)
    #expect(float.codes == [.fullyConnected, .fullyConnected, .softmax])
    let int8 = try sketch.loweredToInt8()
    #expect(int8.codes == [.fullyConnected, .fullyConnected, .softmax])
    // Probabilities in steps of 1/256; the logits are steps of about 1/20.
    #expect(int8.errors[0] < 8)
  }

  @Test func denseLayersOverLeadingAxes() throws {
    var sketch = LegalizationSketch(seed: 2)
    let x = sketch.input([.batch(1), 5, 6])
    sketch.output(try sketch.apply(.dense(clamp: nil), [x, sketch.noise([7, 6]), sketch.noise([7])]))
    #expect(try sketch.loweredToFloat().errors[0] < 1e-5)
    let int8 = try sketch.loweredToInt8()
    #expect(int8.errors[0] < 2.5)
    #expect(int8.codes == [.fullyConnected])
    #expect(int8.model.main.tensors[int8.model.main.operators[0].inputs[1]!].quantization?.scales.count == 7)
  }

  @Test func productsWithConstantsAreDense() throws {
    for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
      var sketch = LegalizationSketch(seed: 3)
      let x = sketch.input([.batch(1), 4, 4])
      let weights = sketch.noise([4, 4])
      sketch.output(
        try sketch.apply(.matmul(transposesLeft: left, transposesRight: right), [x, weights]))
      #expect(try sketch.loweredToFloat().errors[0] < 1e-5)
      let int8 = try sketch.loweredToInt8()
      #expect(int8.errors[0] < 2)
      #expect(int8.codes == (left ? [.transpose, .fullyConnected] : [.fullyConnected]))
    }
  }

  @Test func productsOfActivations() throws {
    for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
      var sketch = LegalizationSketch(seed: 4)
      let a = sketch.input(left ? [.batch(1), 2, 5, 3] : [.batch(1), 2, 3, 5])
      let b = sketch.input(right ? [.batch(1), 2, 4, 5] : [.batch(1), 2, 5, 4])
      sketch.output(try sketch.apply(.matmul(transposesLeft: left, transposesRight: right), [a, b]))
      #expect(try sketch.loweredToFloat().errors[0] < 1e-5)
      let int8 = try sketch.loweredToInt8()
      #expect(int8.errors[0] < 2.5)
      // A right side that is not transposed would be copied for good.
      #expect(int8.codes == (right ? [.batchMatmul] : [.transpose, .batchMatmul]))
    }
  }

  @Test func wideLayersTakeAnInt64Bias() throws {
    var sketch = LegalizationSketch(seed: 5)
    let x = sketch.input([.batch(1), 6])
    let y = try sketch.apply(.dense(clamp: .relu), [x, sketch.noise([4, 6]), sketch.noise([4])])
    sketch.output(y)
    let wide = try sketch.loweredToInt8(wide: [y], outputType: .int16)
    #expect(wide.codes == [.quantize, .fullyConnected])
    let bias = wide.model.main.operators[1].inputs[2]!
    #expect(wide.model.main.tensors[bias].type == .int64)
    // The result has 128 times as many steps as its int8 operand.
    #expect(wide.errors[0] < 2 * 128)
  }
}
