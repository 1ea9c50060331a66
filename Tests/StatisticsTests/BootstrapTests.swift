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
  }

  @Test func anInfiniteDifferenceStaysWhereItIs() {
    let found = PairedBootstrap(samples: 30).run { _ in .infinity }
    #expect(found.interval.low == .infinity && found.significance.isSignificant(at: 0.95))
  }
}
