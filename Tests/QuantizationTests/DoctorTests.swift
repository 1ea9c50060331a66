import Graph
import Lowering
import Storage
import Testing

@testable import Quantization

@Suite struct DoctorTests {
  private func report(
    _ samples: (Graph) -> CalibrationSamples
  ) throws -> DoctorReport {
    let graph = try SmallModel.residual()
    return try ModelCalibration(graph.legalized(for: .int8), method: .minmax)
      .run(samples(graph), threads: 2).doctor
  }

  private func warnings(_ report: DoctorReport) -> String {
    report.findings.filter { $0.severity == .warning }.map(\.message).joined(separator: "\n")
  }

  @Test func goodDataHasNoWarnings() throws {
    let report = try report { SmallModel.noise($0, count: 200) }
    #expect(warnings(report) == "")
    #expect(report.hasConverged)
    #expect(report.findings.contains { $0.message.contains("settled") })
  }

  @Test func oneSampleIsTooFew() throws {
    #expect(warnings(try report { SmallModel.noise($0, count: 1) }).contains("one sample only"))
    #expect(warnings(try report { SmallModel.noise($0, count: 5) }).contains("5 samples only"))
  }

  @Test func noSamplesAreAnError() throws {
    #expect(throws: Diagnostic.self) { try report { SmallModel.noise($0, count: 0) } }
  }

  @Test func anOutlierIsNamedWithWhatItStretches() throws {
    let report = try report { graph in
      let noise = SmallModel.noise(graph, count: 100)
      return CalibrationSamples(count: 100, name: noise.name) { range throws(Diagnostic) in
        let values = try noise.batch(range)
        let size = values[0].elementCount / range.count
        if range.contains(37) {
          for index in 0..<size { values[0].floats[(37 - range.lowerBound) * size + index] *= 30 }
        }
        return values
      }
    }
    let found = report.findings.first { $0.message.contains("stretches") }?.message ?? ""
    #expect(found.contains("'file37.npy'"))
    #expect(report.findings.count { $0.message.contains("stretches") } == 1)
  }

  @Test func constantAndDoubleSamplesAreNamed() throws {
    let report = try report { graph in
      SmallModel.samples(graph, count: 40) { sample, element in
        if sample == 7 { return 0.25 }
        var generator = SeededGenerator(seed: (sample == 21 ? 20 : sample) * 977 + element)
        return Float.random(in: -1...1, using: &generator)
      }
    }
    #expect(warnings(report).contains("'file7.npy' is the same number everywhere"))
    #expect(report.findings.contains { $0.message.contains("'file21.npy', which equals 'file20.npy'") })
  }

  @Test(arguments: [Float.nan, .infinity]) func whatIsNotFiniteIsAnErrorWithItsName(_ odd: Float) throws {
    do {
      _ = try report { graph in
        SmallModel.samples(graph, count: 50) { sample, element in sample == 33 && element == 5 ? odd : 0.1 }
      }
      Issue.record("nothing was thrown")
    } catch let error as Diagnostic {
      #expect(error.kind == .badData && error.message.contains("'file33.npy'"))
    }
  }

  @Test func rangesThatGrowHaveNotSettled() throws {
    let report = try report { graph in
      SmallModel.samples(graph, count: 100) { sample, element in
        var generator = SeededGenerator(seed: sample * 977 + element)
        return Float.random(in: -1...1, using: &generator) * Float(sample + 1)
      }
    }
    #expect(!report.hasConverged)
  }
}
