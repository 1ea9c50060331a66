import Statistics
import Testing

/// Wilson's intervals are SciPy's `binomtest(k, n).proportion_ci(level, method='wilson')`.
@Suite struct ProportionTests {
  @Test(arguments: [
    (81, 263, 0.95, 0.2552885198782742, 0.36620957698280004), (0, 10, 0.95, 0.0, 0.27753279986288926),
    (10, 10, 0.95, 0.7224672001371109, 1.0), (8_722, 10_000, 0.95, 0.8655130987932522, 0.8786010528196162),
    (8_722, 10_000, 0.99, 0.8633526794984463, 0.8805537462799664),
    (1, 3, 0.9, 0.07826572633372841, 0.7464661317187758),
    (499, 500, 0.999, 0.9750455516036222, 0.9998431055085563),
  ])
  func shares(correct: Int, total: Int, level: Double, low: Double, high: Double) {
    let found = Confidence(level).share(correct, of: total)
    #expect((found.low - low).magnitude < 1e-13 && (found.high - high).magnitude < 1e-13)
  }

  @Test func nothingIsKnownOfNothing() {
    #expect(Confidence.usual.share(0, of: 0) == Interval(0, 1))
    #expect(Confidence.usual.difference(PairedOutcomes()) == Interval(-1, 1))
    #expect(Confidence.usual.area(0.7, positives: 0, negatives: 5) == Interval(0, 1))
  }

  /// The first is the example of Newcombe's paper of 1998 (0.0569 to 0.3404).
  @Test(arguments: [
    (36, 12, 2, 0, 0.95, 0.05692958400323875, 0.3404276029749408),
    (20, 12, 2, 16, 0.95, 0.05615642484174829, 0.32920699540014053),
    (54, 0, 0, 0, 0.95, -0.06641358809089648, 0.06641358809089648),
    (8_600, 90, 122, 1_188, 0.95, -0.0060796247793658215, -0.0003329050213230719),
    (8_600, 90, 122, 1_188, 0.99, -0.006999911711284048, 0.0005783634419303406),
    (4, 1, 4, 2, 0.95, -0.5713934448682645, 0.12251758483468772),
  ])
  func pairedDifferences(
    both: Int, mended: Int, broken: Int, neither: Int, level: Double, low: Double, high: Double
  ) {
    let outcomes = PairedOutcomes(both: both, broken: broken, mended: mended, neither: neither)
    let found = Confidence(level).difference(outcomes)
    #expect((found.low - low).magnitude < 1e-12 && (found.high - high).magnitude < 1e-12)
    // Swapped models mirror the interval.
    let swapped = Confidence(level).difference(
      PairedOutcomes(both: both, broken: mended, mended: broken, neither: neither))
    #expect((swapped.low + high).magnitude < 1e-12 && (swapped.high + low).magnitude < 1e-12)
  }

  /// 56 of 70 against 48 of 80 is the example of Newcombe's other paper of 1998 (0.0524 to 0.3339).
  @Test func unpairedDifferences() {
    let found = Confidence.usual.difference(Share(56, of: 70), less: Share(48, of: 80))
    #expect((found.low - 0.052431472402364815).magnitude < 1e-12)
    #expect((found.high - 0.3338726540369059).magnitude < 1e-12)
    let extreme = Confidence.usual.difference(Share(10, of: 10), less: Share(0, of: 10))
    #expect((extreme.low - 0.6075093504305242).magnitude < 1e-12 && extreme.high == 1)
  }

  /// The standard error that the formula of Hanley and McNeil gives, computed apart.
  @Test func areas() {
    let interval = Confidence.usual.area(0.893, positives: 51, negatives: 58)
    let error = (interval.high - 0.893) / Confidence.usual.deviations
    #expect((error - 0.03251158176764658).magnitude < 1e-12)
    #expect(Confidence(0.99).area(0.893, positives: 51, negatives: 58).low < interval.low)
  }
}
