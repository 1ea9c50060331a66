import Graph
import Lowering
import Runtime
import Storage
import TensorMath
import Testing

@testable import Quantization

@Suite struct PlanTests {
  private func calibrated(
    _ graph: Graph, _ method: CalibrationMethod = .minmax, threads: Int = 1, count: Int = 40
  ) throws -> (plan: QuantizationPlan, ranges: RangeTable) {
    let legal = try graph.legalized(for: .int8)
    let found = try ModelCalibration(legal, method: method).run(
      SmallModel.noise(graph, count: count), threads: threads)
    return (try Quantizer(legal).plan(found.ranges).plan, found.ranges)
  }

  @Test func everyRealTensorHasNumbersAndRulesHold() throws {
    let graph = try SmallModel.residual()
    let plan = try calibrated(graph).plan
    let numbers = Dictionary(uniqueKeysWithValues: plan.activations.map { (graph[$0.key].name, $0.value) })
    #expect(Set(numbers.keys) == ["x", "first", "second", "sum", "pooled", "flat", "scores", "shares"])
    #expect(numbers["sum"] == numbers["pooled"] && numbers["pooled"] == numbers["flat"])
    #expect(numbers["shares"] == .probability)
    // Nothing below zero leaves relu: all integers are above it.
    #expect(numbers["first"]?.zeroPoint == -128 && numbers["sum"]?.zeroPoint == -128)
  }

  @Test(arguments: [CalibrationMethod.minmax, .auto, .mse, .entropy, .percentile(99.9)])
  func threadsMakeNoDifference(_ method: CalibrationMethod) throws {
    let graph = try SmallModel.residual()
    let one = try calibrated(graph, method, threads: 1).ranges
    #expect(try calibrated(graph, method, threads: 3).ranges == one)
    #expect(one.entries.allSatisfy { $0.lower <= 0 && $0.upper >= 0 && $0.lower < $0.upper })
  }

  @Test func zeroIsExactAndDegenerateRangesHaveAScale() {
    for range in [
      RealRange(0, 0), RealRange(2, 5), RealRange(-3, -1), RealRange(0, 1e-30), RealRange(-1, 1e30),
    ] {
      for numbers in [QuantizationPlan.Activation.int8(covering: range), .int16(covering: range)] {
        #expect(numbers.scale > 0 && numbers.scale.isFinite)
        #expect(numbers.type.integerRange!.contains(numbers.zeroPoint))
        #expect(numbers.range.lower <= range.lower + Double(numbers.scale) / 2)
        #expect(numbers.range.upper >= range.upper - Double(numbers.scale) / 2)
      }
    }
    #expect(QuantizationPlan.Activation.int8(covering: RealRange(0, 255)) == .int8(scale: 1, zeroPoint: -128))
    #expect(QuantizationPlan.Activation.int8(covering: RealRange(-128, 127)) == .int8(scale: 1, zeroPoint: 0))
  }

  @Test func branchesOfAConcatShareTheirNumbers() throws {
    let graph = try SmallModel.joined([.unary(.relu), .unary(.negate)])
    let (plan, _) = try calibrated(graph)
    let numbers = plan.activations[graph.tensor("all")]
    #expect(plan.activations[graph.tensor("branch0")] == numbers)
    #expect(plan.activations[graph.tensor("branch1")] == numbers)
    #expect(plan.requantized.isEmpty)
  }

  @Test func branchesWithFixedNumbersAreRequantized() throws {
    let graph = try SmallModel.joined([.unary(.sigmoid), .unary(.negate)])
    let (plan, _) = try calibrated(graph)
    let numbers = plan.activations[graph.tensor("all")]!
    #expect(plan.activations[graph.tensor("branch0")] == .probability)
    #expect(numbers != .probability)
    let consumer = graph.operators.firstIndex { $0.sources == ["concat"] }!
    #expect(plan.requantized == [QuantizationPlan.Use(consumer: consumer, operand: 0): numbers])
    #expect(numbers.range.lower < -0.9 && numbers.range.upper > 0.9)
  }

  @Test func equalFixedBranchesKeepTheirNumbers() throws {
    let graph = try SmallModel.joined([.unary(.sigmoid), .unary(.sigmoid)])
    let (plan, _) = try calibrated(graph)
    #expect(plan.activations[graph.tensor("all")] == .probability && plan.requantized.isEmpty)
  }

  @Test func aTableOfRangesIsAllThatAPlanNeeds() throws {
    let graph = try SmallModel.residual()
    let (plan, ranges) = try calibrated(graph, .auto)
    let again = try Quantizer(try graph.legalized(for: .int8)).plan(ranges).plan
    #expect(again.activations == plan.activations && again.biases == plan.biases)
    var partial = ranges
    partial.entries.removeLast()
    #expect(throws: Diagnostic.self) { try Quantizer(try graph.legalized(for: .int8)).plan(partial) }
  }

  @Test func biasesTakeBackWhatRoundingAdds() throws {
    let graph = try SmallModel.residual()
    let legal = try graph.legalized(for: .int8)
    let samples = SmallModel.noise(graph, count: 64)
    let found = try ModelCalibration(legal, method: .auto).run(samples, threads: 1)
    #expect(!found.ranges.corrections.isEmpty)
    var plain = found.ranges
    plain.corrections = []
    func meanError(_ ranges: RangeTable) throws -> Float {
      let plan = try Quantizer(legal).plan(ranges).plan
      let inputs = try samples.batch(0..<64)
      let scores = graph.tensor("second")
      func means(_ session: Session) throws -> [Float] {
        var sums = [Float](repeating: 0, count: 4)
        let rounding = session.onTensor
        session.onTensor = { (id, value) throws(Diagnostic) in
          if id == scores {
            for (index, x) in value.floats.array.enumerated() { sums[index % 4] += x / 4096 }
          }
          try rounding?(id, value)
        }
        _ = try session.run(inputs)
        return sums
      }
      let expected = try means(Program(graph, fusesSteps: false).makeSession(batch: 64))
      let rounded = try means(PlanSimulation(graph, plan).makeSession(batch: 64))
      return zip(expected, rounded).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    #expect(try meanError(found.ranges) < meanError(plain))
  }
}
