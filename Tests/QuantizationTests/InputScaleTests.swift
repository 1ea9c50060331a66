import Graph
import Lowering
import Testing

@testable import Quantization

@Suite struct InputScaleTests {
  private func warning(scale: Float) throws -> String {
    let graph = try SmallModel.residual()
    let report = try ModelCalibration(graph.legalized(for: .int8), method: .minmax)
      .run(SmallModel.noise(graph, count: 40, scale: scale), threads: 1).doctor
    return report.findings.first { $0.severity == .warning }?.message ?? ""
  }

  @Test func dataAsInTrainingPass() throws { #expect(try warning(scale: 1) == "") }
  @Test func largeDataLookUnnormalized() throws {
    #expect(try warning(scale: 255).contains("look unnormalized: they reach from -25"))
  }
  @Test func smallDataAreNamedToo() throws {
    #expect(try warning(scale: 1 / 255).contains("look too small"))
  }
}

@Suite struct BranchTests {
  /// One branch a hundred times as wide as the other.
  private func boxesAndScores(isOutput: Bool) throws -> Graph {
    var graph = Graph(name: "head")
    let x = graph.addTensor("x", TensorType(.float32, [.batch(1), 4]))
    graph.inputs = [SmallModel.port(graph, x, "x")]
    let factor = graph.addConstant(Constant(TensorValue(floats: [100], sizes: [])), name: "factor")
    let boxes = try graph.append(
      .binary(.multiply, clamp: nil), inputs: [x, factor], names: ["boxes"], sources: ["boxes"])[0]!
    let scores = try graph.append(.unary(.relu), inputs: [x], names: ["scores"], sources: ["scores"])[0]!
    var all = try graph.append(
      .concat(axis: 1), inputs: [boxes, scores], names: ["all"], sources: ["joint"])[0]!
    if !isOutput {
      all = try graph.append(.unary(.leakyRelu(alpha: 0.5)), inputs: [all], names: ["end"], sources: ["end"])[
        0]!
    }
    graph.outputs = [SmallModel.port(graph, all, "all")]
    return graph
  }

  @Test func anOutputThatWouldLoseABranchIsSplit() throws {
    let graph = try boxesAndScores(isOutput: true)
    let found = try ModelCalibration(graph.legalized(for: .int8), method: .auto)
      .run(SmallModel.noise(graph, count: 40), threads: 1)
    #expect(found.legal.graph.outputs.map(\.name) == ["all_0", "all_1"])
    let again = found.ranges.suited(try graph.legalized(for: .int8))
    #expect(again.graph.outputs.map(\.name) == ["all_0", "all_1"])
    let plan = try Quantizer(found.legal).plan(found.ranges).plan
    let numbers = found.legal.graph.outputs.map { plan.activations[$0.tensor]!.scale }
    #expect(numbers[0] > 50 * numbers[1])
  }

  @Test func aBranchInsideIsWarnedOf() throws {
    let graph = try boxesAndScores(isOutput: false)
    let found = try ModelCalibration(graph.legalized(for: .int8), method: .minmax)
      .run(SmallModel.noise(graph, count: 40), threads: 1)
    #expect(found.legal.graph.outputs.count == 1)
    #expect(found.notes.count == 1 && found.notes[0].contains("'joint' joins 'scores'"))
    // Scores fill a 200th part of what boxes do.
    #expect(found.notes[0].contains("only 1.3 of 255 steps are left"))
    #expect(found.doctor.findings.contains { $0.severity == .warning && $0.message == found.notes[0] })
  }
}
