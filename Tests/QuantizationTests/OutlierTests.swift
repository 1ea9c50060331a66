import Graph
import Lowering
import Runtime
import Storage
import TensorMath
import Testing

@testable import Quantization

/// A sample that is a thousand times as large as the others must not decide what is chosen for them.
@Suite struct OutlierTests {
  private static let count = 64

  private func samples(_ graph: Graph, outlier: Int?, seed: Int = 0) -> CalibrationSamples {
    SmallModel.samples(graph, count: Self.count) { sample, element in
      var generator = SeededGenerator(seed: seed + sample * 10_007 + element)
      return Float.random(in: -1...1, using: &generator) * (sample == outlier ? 1_000 : 1)
    }
  }

  private func held() throws -> [Int] {
    let legal = try SmallModel.residual().legalized(for: .int8)
    return try ModelCalibration(legal, method: .auto).calibration.split(Self.count).held.flatMap { $0 }
  }

  private func calibrated(outlier: Int?) throws -> RangeTable {
    let graph = try SmallModel.residual()
    let calibration = try ModelCalibration(graph.legalized(for: .int8), method: .auto)
    return try calibration.run(samples(graph, outlier: outlier), threads: 2).ranges
  }

  /// What the ranges cost on samples of the usual size.
  private func error(_ ranges: RangeTable) throws -> Double {
    let graph = try SmallModel.residual()
    let legal = try graph.legalized(for: .int8)
    let simulation = try PlanSimulation(legal.graph, Quantizer(legal).plan(ranges).plan)
    let program = try Program(legal.graph, fusesSteps: false)
    let others = samples(graph, outlier: nil, seed: 1_000_003)
    var distance = SquaredDistance()
    for index in 0..<Self.count {
      let inputs = try others.batch(index..<index + 1)
      let real = try program.makeSession(batch: 1).run(inputs)
      let rounded = try simulation.makeSession(batch: 1).run(inputs)
      distance.add(expected: real[0].floats, found: rounded[0].floats)
    }
    return distance.relative
  }

  @Test func whatJudgesIsNotDecidedByOneSample() throws {
    let usual = try calibrated(outlier: nil)
    let least = try error(usual)
    for place in try held().prefix(6) {
      let ranges = try calibrated(outlier: place)
      #expect(try error(ranges) < 1.5 * least, "outlier \(place)")
      for (one, other) in zip(usual.corrections, ranges.corrections) {
        let furthest = zip(one.values, other.values).map { abs($0 - $1) }.max() ?? 0
        #expect(furthest < 0.02, "bias of \(one.result), outlier \(place)")
      }
    }
  }

  @Test func onlyFewMayStandOut() {
    #expect(
      Outliers.kept(powers: [1, 2, 1_000, 1, 3, 2, 1, 2]) == [
        true, true, false, true, true, true, true, true,
      ])
    // Two of eight are no outliers: that is how the data are.
    #expect(Outliers.kept(powers: [1, 2, 1_000, 1, 3, 2, 1, 1_000]).allSatisfy { $0 })
    // Ten times as large is no outlier either.
    #expect(Outliers.kept(powers: [1, 2, 100, 1, 3, 2, 1, 2]).allSatisfy { $0 })
    // Nothing can be told of three, nor beside nothing.
    #expect(Outliers.kept(powers: [1, 1, 1_000]).allSatisfy { $0 })
    #expect(Outliers.kept(powers: [0, 0, 0, 0, 0, 0, 0, 5]).allSatisfy { $0 })
  }

  @Test func noPowerMayStandOut() {
    let kept = Outliers.kept([[1, 1], [1, 900], [1, 1], [900, 1], [1, 1], [1, 1], [1, 1], [1, 1]])
    #expect(kept == [true, false, true, false, true, true, true, true])
    #expect(Outliers.kept([]) == [])
  }
}
