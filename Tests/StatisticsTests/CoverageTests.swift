import Statistics
import Storage
import Testing

/// Intervals that say 95 % hold the truth in 93 to 97 % of simulated experiments.
@Suite struct CoverageTests {
  private static let experiments = 1_500
  private let nominal = 0.93...0.97

  private func coverage(seed: Int, _ holds: (inout SeededGenerator) -> Bool) -> Double {
    var generator = SeededGenerator(seed: seed)
    var count = 0
    for _ in 0..<Self.experiments where holds(&generator) { count += 1 }
    return Double(count) / Double(Self.experiments)
  }

  @Test(arguments: [0.1, 0.5, 0.87])
  func ofShares(truth: Double) {
    let found = coverage(seed: 1) { generator in
      let correct = (0..<200).count { _ in generator.unit() < truth }
      return Confidence.usual.share(correct, of: 200).contains(truth)
    }
    #expect(nominal.contains(found))
  }

  /// Models that are right together more often than by chance, as two forms of one network are.
  @Test(arguments: [(0.8, 0.06, 0.03), (0.5, 0.1, 0.1), (0.3, 0.05, 0.2)])
  func ofPairedDifferences(both: Double, broken: Double, mended: Double) {
    let found = coverage(seed: 2) { generator in
      var outcomes = PairedOutcomes()
      for _ in 0..<300 {
        let place = generator.unit()
        outcomes.add(
          before: place < both + broken,
          after: place < both || (both + broken..<both + broken + mended) ~= place)
      }
      return Confidence.usual.difference(outcomes).contains(mended - broken)
    }
    #expect(nominal.contains(found))
  }

  @Test func ofUnpairedDifferences() {
    let found = coverage(seed: 3) { generator in
      let one = (0..<150).count { _ in generator.unit() < 0.85 }
      let two = (0..<250).count { _ in generator.unit() < 0.8 }
      let interval = Confidence.usual.difference(Share(one, of: 150), less: Share(two, of: 250))
      return interval.contains(0.85 - 0.8)
    }
    #expect(nominal.contains(found))
  }

  @Test func ofMeans() {
    let found = coverage(seed: 4) { generator in
      var mean = RunningMean()
      for _ in 0..<100 { mean.add(generator.unit()) }
      return (mean.mean - 0.5).magnitude <= mean.halfWidth(.usual)
    }
    #expect(nominal.contains(found))
  }

  @Test func ofTheBootstrap() {
    let found = coverage(seed: 5) { generator in
      let numbers = (0..<80).map { _ in Float(generator.unit() * generator.unit()) }
      var bootstrap = PairedBootstrap(samples: numbers.count)
      bootstrap.draws = 300
      return bootstrap.run { $0.mean(of: numbers) }.interval.contains(0.25)
    }
    #expect(nominal.contains(found))
  }

  /// Of two equally good models few are called different: no more than the level allows.
  @Test func mcNemarRarelyErrs() {
    let wrong = coverage(seed: 6) { generator in
      let broken = (0..<60).count { _ in generator.unit() < 0.5 }
      return Significance.mcNemar(broken: broken, mended: 60 - broken).isSignificant(at: 0.95)
    }
    #expect(wrong > 0.01 && wrong <= 0.05)
  }
}

extension SeededGenerator {
  /// A number from 0 to 1.
  fileprivate mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
