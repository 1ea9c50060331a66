import Statistics
import Testing

/// Known numbers are SciPy's: `binomtest(b, b + c)`, `chi2.sf` and `norm.sf`.
@Suite struct SignificanceTests {
  @Test(arguments: [
    (0, 0, 1.0), (0, 1, 1.0), (5, 0, 0.0625), (3, 9, 0.14599609375), (31, 12, 0.005401572654591291),
    (12, 31, 0.005401572654591291), (50, 50, 1.0), (120, 90, 0.045114087864840696), (499, 500, 1.0),
    (560, 430, 4.0365304219335986e-05),
  ])
  func mcNemarExact(broken: Int, mended: Int, known: Double) {
    let found = Significance.mcNemar(broken: broken, mended: mended)
    #expect(found.test == "McNemar, exact")
    #expect((found.pValue - known).magnitude < 1e-12 * known)
  }

  @Test(arguments: [
    (560, 440, 0.000167813064146546), (500, 600, 0.0028361326556546836), (2_000, 2_000, 1.0),
    (2_000, 2_001, 1.0), (1_500, 1_300, 0.00016940703897291303),
  ])
  func mcNemarOfManySamples(broken: Int, mended: Int, known: Double) {
    let found = Significance.mcNemar(broken: broken, mended: mended)
    #expect(found.test == "McNemar, chi-squared")
    #expect((found.pValue - known).magnitude < 1e-12 * known)
  }

  @Test(arguments: [
    (8_722, 10_000, 8_650, 10_000, 0.13181363581184927), (90, 100, 80, 120, 3.9198603664954395e-05),
    (450, 500, 430, 500, 0.051625033394238316), (10, 10, 10, 10, 1.0), (0, 0, 3, 4, 1.0),
  ])
  func twoProportions(one: Int, of first: Int, two: Int, of second: Int, known: Double) {
    let found = Significance.twoProportions(Share(one, of: first), Share(two, of: second))
    #expect((found.pValue - known).magnitude < 1e-11 * known)
    #expect(Significance.twoProportions(Share(two, of: second), Share(one, of: first)) == found)
  }

  @Test func twoEstimates() {
    // Standard errors of 0.3 and 0.4 make one of 0.5; the difference of 1 is two of them.
    let half = Confidence.usual.deviations
    let found = Significance.twoEstimates(
      2, Interval(2 - 0.3 * half, 2 + 0.3 * half), 3, Interval(3 - 0.4 * half, 3 + 0.4 * half),
      confidence: .usual)
    #expect((found.pValue - 2 * 0.022750131948179195).magnitude < 1e-12)
    let unknown = Significance.twoEstimates(
      2, Interval(2, 2), 3, Interval(-.infinity, .infinity), confidence: .usual)
    #expect(unknown.pValue == 1)
    let exact = Significance.twoEstimates(2, Interval(2, 2), 3, Interval(3, 3), confidence: .usual)
    #expect(exact.pValue == 0)
  }

  @Test func significanceIsBelowTheRest() {
    #expect(Significance(pValue: 0.04, test: "").isSignificant(at: 0.95))
    #expect(!Significance(pValue: 0.04, test: "").isSignificant(at: 0.99))
  }
}
