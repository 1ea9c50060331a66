import Graph
import Micro
import Runtime
import Testing

@testable import Lowering

@Suite("Emission: ports, names and problems")
struct EmissionPortTests {
  private func classifier() throws -> LegalizationSketch {
    var sketch = LegalizationSketch(seed: 1)
    let x = sketch.input([.batch(1), 6], name: "image")
    let y = try sketch.apply(.dense(clamp: .relu), [x, sketch.noise([4, 6]), sketch.noise([4])])
    sketch.output(y)
    return sketch
  }

  @Test func borderTypes() throws {
    for (input, output) in [
      (ElementType.int8, ElementType.int8), (.float32, .float32), (.int16, .int8), (.float32, .int16),
      (.uint8, .uint8),
    ] {
      var sketch = try classifier()
      let lowered = try sketch.loweredToInt8(inputType: input, outputType: output)
      let main = lowered.model.main
      #expect(main.tensors[main.inputs[0]].type == MicroType(input))
      #expect(main.tensors[main.outputs[0]].type == MicroType(output))
      #expect(main.tensors[main.inputs[0]].name == "image")
      #expect(main.tensors[main.outputs[0]].name == sketch.graph.outputs[0].name)
      #expect(lowered.codes.count == 1 + (input == .int8 ? 0 : 1) + (output == .int8 ? 0 : 1))
      // An int16 output has steps of a 128th; a float one is compared in whole numbers.
      #expect(lowered.errors[0] < (output == .int16 ? 300 : 2.5), "\(input) \(output)")
    }
  }

  @Test func namesAreUniqueAndNothingIsUnused() throws {
    var sketch = try classifier()
    let y = sketch.graph.outputs[0].tensor
    sketch.output(try sketch.apply(.unary(.erf), [y]))
    let main = try sketch.loweredToInt8().model.main
    #expect(Set(main.tensors.map(\.name)).count == main.tensors.count)
    #expect(main.tensors.allSatisfy { !$0.name.isEmpty })
    var used = Set(main.inputs + main.outputs)
    for added in main.operators { used.formUnion(added.inputs.compactMap { $0 } + added.outputs) }
    #expect(used.count == main.tensors.count)
  }

  @Test func pictures() throws {
    var sketch = LegalizationSketch(seed: 2)
    let x = sketch.input([.batch(1), 1, 6, 6])
    let picture = try sketch.apply(.reshape([.batch(1), 6, 6, 1]), [x])
    let convolution = Convolution(window: WindowGeometry(size: [3, 3]), layout: .channelsLast)
    let y = try sketch.apply(.convolution(convolution), [picture, sketch.noise([1, 3, 3, 1])])
    sketch.output(try sketch.apply(.reshape([.batch(1), 1, 4, 4]), [y]))
    let lowering = Lowering(evaluator: FloatEvaluator())
    let main = try lowering.lower(sketch.graph).model.main
    #expect(main.operators.map(\.code) == [.conv2D])
    #expect(main.tensors[main.inputs[0]].shape == [1, 6, 6, 1])
    #expect(main.tensors[main.outputs[0]].shape == [1, 4, 4, 1])
    #expect(main.tensors[main.outputs[0]].name == sketch.graph.outputs[0].name)
    #expect(try sketch.loweredToFloat().codes == [.reshape, .conv2D, .reshape])
  }

  /// Where a layer stays float, integers are converted on its borders.
  @Test func floatIslands() throws {
    var sketch = try classifier()
    let y = sketch.graph.outputs[0].tensor
    let z = try sketch.apply(.unary(.exp), [y])
    sketch.graph.outputs = []
    sketch.output(z)
    var plan = QuantizationPlan()
    plan.activations[sketch.graph.inputs[0].tensor] = .int8(scale: 1 / 128, zeroPoint: 0)
    plan.activations[y] = .int8(scale: 1 / 32, zeroPoint: -128)
    let lowered = try Lowering(evaluator: FloatEvaluator(), plan: plan).lower(sketch.graph)
    #expect(lowered.model.main.operators.map(\.code) == [.fullyConnected, .dequantize, .exp])
  }

  @Test func allProblemsAtOnce() throws {
    var sketch = LegalizationSketch(seed: 3)
    let x = sketch.input([.batch(1), 4])
    let a = try sketch.apply(.unary(.erf), [x])
    let b = try sketch.apply(.unary(.acos), [a])
    sketch.output(b)
    let graph = sketch.graph
    let error = #expect(throws: Diagnostic.self) {
      try Lowering(evaluator: FloatEvaluator()).lower(graph)
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("2 operators") == true)
    #expect(error?.message.contains("'erf 0'") == true && error?.message.contains("'acos 1'") == true)
  }

  @Test func everyTensorIsFound() throws {
    let sketch = try classifier()
    let lowered = try Lowering(evaluator: FloatEvaluator()).lower(sketch.graph)
    for node in sketch.graph.operators {
      for case let id? in node.outputs {
        let index = try #require(lowered.tensorIndex[id])
        #expect(lowered.model.main.tensors[index].name == sketch.graph[id].name)
      }
    }
    #expect(lowered.operatorRanges == [0..<1])
  }
}
