import Graph
import Lowering
import Storage
import Testing

@testable import Quantization

/// Samples that judge ranges are looked at as closely as those that ranges are chosen from.
@Suite struct HeldBackTests {
  @Test(arguments: [1, 2, 4, 8, 16]) func everySampleIsWatchedOnce(_ batch: Int) {
    for count in 1...300 {
      for holdsBack in [false, true] {
        let split = SampleSplit(count: count, batch: batch, holdsBack: holdsBack)
        #expect(split.all.flatMap { Array($0.samples) } == Array(0..<count))
        #expect(split.all.filter(\.isShown).map(\.samples) == split.shown)
      }
    }
  }

  @Test(arguments: [8, 30, 200]) func whatIsNotFiniteIsFoundInEverySample(_ count: Int) throws {
    let graph = try SmallModel.joined([.unary(.relu), .unary(.negate)])
    let calibration = try ModelCalibration(graph.legalized(for: .int8), method: .auto)
    for place in 0..<count {
      for odd in [Float.nan, place % 2 == 0 ? .infinity : -.infinity] {
        let samples = SmallModel.samples(graph, count: count) { sample, element in
          sample == place && element == 2 ? odd : Float(element) - 1.5
        }
        do {
          _ = try calibration.run(samples, threads: 2)
          Issue.record("\(odd) in sample \(place) of \(count) was taken")
        } catch let error as Diagnostic {
          #expect(error.kind == .badData && error.message.contains("'file\(place).npy'"))
        }
      }
    }
  }

  @Test(arguments: [0, 4, 5, 6, 14, 29]) func whatOverflowsInsideIsFoundToo(_ place: Int) throws {
    let graph = try SmallModel.residual()
    let samples = SmallModel.samples(graph, count: 30) { sample, _ in sample == place ? 3e38 : 0.25 }
    let calibration = try ModelCalibration(graph.legalized(for: .int8), method: .auto)
    let error = #expect(throws: Diagnostic.self) { try calibration.run(samples, threads: 2) }
    #expect(error?.message.contains("'file\(place).npy' gives NaN or infinity in tensor") == true)
  }

  /// One of thirty samples is a thousand times as large as the others.
  private func found(outlier: Int) throws -> ModelCalibration.Found {
    let graph = try SmallModel.residual()
    let samples = SmallModel.samples(graph, count: 30) { sample, element in
      var generator = SeededGenerator(seed: sample * 10_007 + element)
      return Float.random(in: -1...1, using: &generator) * (sample == outlier ? 1_000 : 1)
    }
    return try ModelCalibration(graph.legalized(for: .int8), method: .auto).run(samples, threads: 2)
  }

  @Test(arguments: [0, 2, 5, 6, 13, 21, 29]) func anOutlierIsNamedWhereverItLies(_ place: Int) throws {
    let messages = try found(outlier: place).doctor.findings.map(\.message)
    #expect(messages.count { $0.contains("stretches") } == 1)
    #expect(messages.contains { $0.contains("'file\(place).npy' stretches") })
    // The scale of the other samples is right.
    #expect(!messages.contains { $0.contains("unnormalized") || $0.contains("too small") })
  }

  @Test func whatWasSeenTakesInEverySample() throws {
    let legal = try SmallModel.residual().legalized(for: .int8)
    let held = try ModelCalibration(legal, method: .auto).calibration.split(30).held.flatMap { $0 }
    let ranges = try found(outlier: #require(held.first)).ranges
    let entry = try #require(ranges.entries.first { $0.tensor == "x" })
    #expect(entry.greatest > 500 && entry.least < -500)
    // What judges ranges does not make them.
    #expect(entry.upper <= 1 && entry.lower >= -1)
    #expect(ranges.sampleCount == 30)
  }

  @Test func countsAreOfAllSamples() throws {
    let graph = try SmallModel.residual()
    let samples = SmallModel.samples(graph, count: 30) { _, _ in 0.5 }
    let messages = try ModelCalibration(graph.legalized(for: .int8), method: .auto)
      .run(samples, threads: 1).doctor.findings.map(\.message)
    #expect(messages.contains { $0.contains("is 0.5 everywhere in all 30 samples") })
    #expect(messages.contains { $0.hasPrefix("29 samples are there more than once") })
  }
}
