import Graph
import Micro
import Runtime
import Testing

@testable import Lowering

@Suite("Numbers that a file gives")
struct GivenNumbersTests {
  /// x → Q → DQ, as quantizers write it.
  private func quantized(
    _ sketch: inout LegalizationSketch, _ x: TensorID, _ scale: Float, _ zeroPoint: Int,
    _ type: ElementType = .int8
  ) throws -> TensorID {
    let scales = sketch.constant([scale], [])
    let zeros = sketch.graph.addConstant(
      Constant(TensorValue(integers: [zeroPoint], type: type, sizes: [])),
      name: "z\(sketch.graph.tensors.count)")
    let integers = try sketch.apply(.quantizeLinear(axis: nil, blockSize: 0, type), [x, scales, zeros])
    return try sketch.apply(.dequantizeLinear(axis: nil, blockSize: 0), [integers, scales, zeros])
  }

  private func weights(_ sketch: inout LegalizationSketch, _ integers: [Int], _ scales: [Float]) -> TensorID {
    let value = TensorValue(
      integers: integers, type: .int8, sizes: [scales.count, integers.count / scales.count])
    let constant = Constant(value).dequantized(
      axis: 0, scales: scales, zeroPoints: scales.map { _ in 0 })
    return sketch.graph.addConstant(constant, name: "w\(sketch.graph.tensors.count)")
  }

  @Test func scalesAndIntegersAreKept() throws {
    var sketch = LegalizationSketch(seed: 1)
    let x = sketch.input([.batch(1), 3])
    let integers = [127, -3, 5, 90, 127, -128]
    let filter = weights(&sketch, integers, [0.01, 0.02])
    let y = try sketch.apply(
      .dense(clamp: nil), [try quantized(&sketch, x, 0.0125, 140, .uint8), filter, nil])
    sketch.output(try quantized(&sketch, y, 0.03, -7))
    let (graph, notes) = sketch.graph.takingGivenNumbers()
    #expect(notes.isEmpty && graph.operatorNames == ["dense"])
    #expect(graph[graph.inputs[0].tensor].quantization == Quantization(scales: [0.0125], zeroPoints: [12]))
    sketch.graph = graph
    let lowered = try sketch.loweredToInt8()
    let main = lowered.model.main
    #expect(main.operators.map(\.code) == [.fullyConnected])
    #expect(main.tensors[main.inputs[0]].quantization == Quantization(scales: [0.0125], zeroPoints: [12]))
    #expect(main.tensors[main.outputs[0]].quantization == Quantization(scales: [0.03], zeroPoints: [-7]))
    let stored = main.tensors[main.operators[0].inputs[1]!]
    #expect(stored.quantization?.scales == [0.01, 0.02])
    #expect(stored.data?.reinterpreted(as: Int8.self).array == integers.map(Int8.init))
  }

  /// Quantizers leave a RELU out where the integers begin at zero.
  @Test func aReluThatOnlyTheIntegersDoIsPutBack() throws {
    var sketch = LegalizationSketch(seed: 2)
    let x = sketch.input([.batch(1), 3])
    let y = try sketch.apply(.dense(clamp: nil), [x, sketch.noise([4, 3]), nil])
    let z = try quantized(&sketch, y, 0.012, -128)
    sketch.output(try sketch.apply(.dense(clamp: nil), [z, sketch.noise([2, 4]), nil]))
    let sample = sketch.samples(batch: 1)
    let expected = try Program(sketch.graph).makeSession(batch: 1).run(sample)
    let (graph, _) = sketch.graph.takingGivenNumbers()
    #expect(graph.operatorNames == ["dense", "relu", "dense"])
    let found = try Program(graph).makeSession(batch: 1).run(sample)
    // Four operands are rounded by half a step, their weights are at most 1.
    for (one, other) in zip(expected[0].floats.array, found[0].floats.array) {
      #expect(abs(one - other) <= 4 * 0.006 + 1e-6)
    }
  }

  @Test func otherWidthsAreTold() throws {
    var sketch = LegalizationSketch(seed: 3)
    let x = sketch.input([.batch(1), 3])
    sketch.output(try sketch.apply(.unary(.tanh), [try quantized(&sketch, x, 0.001, 0, .int16)]))
    let (graph, notes) = sketch.graph.takingGivenNumbers()
    #expect(graph.operatorNames == ["tanh"] && notes.count == 1)
    #expect(graph[graph.inputs[0].tensor].quantization == nil)
  }

  @Test func integersFollowWhatIsDoneToConstants() {
    let value = TensorValue(integers: Array(1...24), type: .int8, sizes: [2, 3, 4])
    let real = Constant(value).dequantized(axis: 1, scales: [1, 2, 4], zeroPoints: [0, 0, 1])
    #expect(real.type == .float32)
    #expect(real.realized().floats[8] == Float(9 - 1) * 4)
    let moved = real.permuted([2, 1, 0]).sliced(axis: 1, 1..<3).scaled(axis: 1, factors: [10, 100])
    let integers = moved.integers
    #expect(
      integers?.quantization == Quantization(scales: [20, 400], zeroPoints: [0, 1], axis: 1))
    let realized = moved.realized().floats.array
    let restored = integers?.value.dequantized(axis: 1, scales: [20, 400], zeroPoints: [0, 1]).floats.array
    #expect(restored == realized)
    #expect(real.reshaped([6, 4]).integers == nil)
    #expect(real.scaled(axis: 0, factors: [1, 2]).integers == nil)
  }
}
