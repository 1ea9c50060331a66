import Graph
import Lowering
import Storage
import Testing

@testable import Quantization

/// What the doctor says about whether more samples would matter.
@Suite struct ConvergenceTests {
  private func report(
    count: Int, _ value: @escaping @Sendable (_ sample: Int, _ noise: Float) -> Float
  ) throws -> DoctorReport {
    let graph = try SmallModel.residual()
    let samples = SmallModel.samples(graph, count: count) { sample, element in
      // The noise of ten samples over and over: the second half shows nothing new.
      var generator = SeededGenerator(seed: (sample % 10) * 977 + element)
      return value(sample, Float.random(in: -1...1, using: &generator))
    }
    return try ModelCalibration(graph.legalized(for: .int8), method: .auto).run(samples, threads: 1).doctor
  }

  private func words(_ report: DoctorReport) -> String {
    report.findings.first { $0.message.hasPrefix("the ranges") }?.message ?? ""
  }

  @Test(arguments: 1...15) func fewSamplesSettleNothing(_ count: Int) throws {
    let report = try report(count: count) { _, noise in noise }
    #expect(words(report) == "" && !report.hasConverged)
  }

  @Test func nothingNewWidensNoRange() throws {
    let report = try report(count: 40) { _, noise in noise }
    #expect(words(report) == "the ranges have settled: the second half of the samples widened none of them")
    #expect(report.hasConverged)
  }

  @Test func aLittleGrowthIsStated() throws {
    let report = try report(count: 40) { sample, noise in sample < 20 ? noise : noise * 1.02 }
    #expect(words(report).hasPrefix("the ranges have settled"))
    #expect(words(report).contains("widened none of them by more than "))
    #expect(report.hasConverged)
  }

  @Test func theRangeThatGrewMostIsNamed() throws {
    let report = try report(count: 40) { sample, noise in sample < 20 ? noise : noise * 1.4 }
    let words = words(report)
    #expect(words.hasPrefix("the ranges still grow: the second half of the samples widened "))
    #expect(words.contains(" by more than 10 %, most '") && words.hasSuffix(" %)"))
    #expect(!report.hasConverged)
  }
}
