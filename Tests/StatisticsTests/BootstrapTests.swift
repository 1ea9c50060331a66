import Statistics
import Testing

@Suite struct BootstrapTests {
  @Test func equalModelsDoNotDiffer() {
    let found = PairedBootstrap(samples: 50).run { $0.mean(of: Array(repeating: 0, count: 50)) }
    #expect(found.interval == Interval(0, 0) && found.significance.pValue == 1)
    #expect(found.significance.test == "paired bootstrap")
  }

  @Test func theSameSeedGivesTheSameResult() {
    let numbers = (0..<200).map { Float(($0 * 37) % 101) - 45 }
    var bootstrap = PairedBootstrap(samples: 200)
    let first = bootstrap.run { $0.mean(of: numbers) }
    #expect(bootstrap.run { $0.mean(of: numbers) } == first)
    bootstrap.seed = 1
    #expect(bootstrap.run { $0.mean(of: numbers) } != first)
  }

  /// The deviation of a mean of n numbers is theirs over √n.
  @Test func theIntervalIsAsWideAsTheory() {
    let numbers = (0..<400).map { Float(($0 * 37) % 101) }
    var mean = RunningMean()
    numbers.forEach { mean.add(Double($0)) }
    let found = PairedBootstrap(samples: 400).run { $0.mean(of: numbers) }
    let half = (found.interval.high - found.interval.low) / 2
    #expect((half / mean.halfWidth(.usual) - 1).magnitude < 0.07)
    #expect(((found.interval.high + found.interval.low) / 2 - mean.mean).magnitude < 0.2 * half)
  }

  @Test func pValueAndIntervalAgree() {
    for shift in stride(from: Float(-12), through: 12, by: 0.5) {
      let numbers = (0..<60).map { Float(($0 * 37) % 61) - 30 + shift }
      let found = PairedBootstrap(samples: 60).run { $0.mean(of: numbers) }
      #expect(found.significance.isSignificant(at: 0.95) == !found.interval.contains(0), "\(shift)")
    }
  }

  /// At every count of draws on the other side, those at the border among them.
  @Test(arguments: [
    (500, 0.95), (2_000, 0.95), (2_000, 0.99), (1_999, 0.9), (2_001, 0.95), (4_000, 0.999), (300, 0.5),
  ])
  func theyAgreeAtTheBorder(draws: Int, level: Double) {
    var bootstrap = PairedBootstrap(samples: 2)
    bootstrap.draws = draws
    bootstrap.confidence = Confidence(level)
    let border = Int((1 - level) / 2 * Double(draws))
    var outcomes = Set<Bool>()
    for count in max(0, border - 4)...border + 4 {
      for sign in [-1.0, 1] {
        var drawn = 0
        let found = bootstrap.run { _ in
          drawn += 1
          return drawn <= count ? -sign : sign
        }
        let isSignificant = found.significance.isSignificant(at: level)
        #expect(isSignificant == !found.interval.contains(0), "\(count): \(found)")
        outcomes.insert(isSignificant)
      }
    }
    #expect(outcomes.count == 2)
  }

  @Test func tooFewDrawsForALevelLeaveItOpen() {
    var bootstrap = PairedBootstrap(samples: 20)
    bootstrap.draws = 500
    bootstrap.confidence = Confidence(0.999)
    let found = bootstrap.run { _ in 1 }
    #expect(found.significance.least == 2.0 / 501 && found.significance.pValue == 2.0 / 501)
    #expect(!found.significance.isKnown(at: 0.999) && found.significance.isKnown(at: 0.99))
    #expect(found.interval == Interval(-.infinity, .infinity))
  }

  @Test func aDrawHasAsManySamplesAsThereAre() {
    for count in [1, 2, 7, 64] {
      let ones = Array(repeating: Float(1), count: count)
      _ = PairedBootstrap(samples: count).run { draw in
        #expect(draw.sum(of: ones) == Double(count))
        return 0
      }
    }
  }

  @Test func nothingIsKnownFromOneSample() {
    let found = PairedBootstrap(samples: 1).run { $0.mean(of: [3]) }
    #expect(found.interval == Interval(-.infinity, .infinity))
    #expect(found.significance.pValue == 1 && !found.significance.isKnown(at: 0.95))
  }

  @Test func anInfiniteDifferenceStaysWhereItIs() {
    let found = PairedBootstrap(samples: 30).run { _ in .infinity }
    #expect(found.interval.low == .infinity && found.significance.isSignificant(at: 0.95))
  }
}
