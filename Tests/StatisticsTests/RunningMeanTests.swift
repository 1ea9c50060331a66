import Statistics
import Testing

@Suite struct RunningMeanTests {
  @Test func meanAndItsError() {
    var mean = RunningMean()
    for number in [2.0, 4, 4, 4, 5, 5, 7, 9] { mean.add(number) }
    #expect(mean.mean == 5)
    // The squares of the differences sum up to 32.
    let error = (32.0 / 7 / 8).squareRoot()
    #expect((mean.halfWidth(.usual) - Confidence.usual.deviations * error).magnitude < 1e-12)
  }

  @Test func nothingIsKnownFromOneNumber() {
    var mean = RunningMean()
    mean.add(3)
    #expect(mean.mean == 3 && mean.halfWidth(.usual) == .infinity)
  }

  @Test func infiniteNumbersMakeAnInfiniteMean() {
    var mean = RunningMean()
    for number in [1, .infinity, 2, .infinity, 3] { mean.add(number) }
    #expect(mean.mean == .infinity && mean.halfWidth(.usual) == .infinity)
    mean.add(-.infinity)
    #expect(mean.mean.isNaN)
  }

  @Test func ratiosOfSums() {
    var ratio = RunningRatio()
    for (top, bottom) in [(1.0, 2.0), (3, 4), (5, 10)] { ratio.add(top, over: bottom) }
    #expect(ratio.ratio == 9.0 / 16)
    // Residuals of each sample: −0.125, 0.75, −0.625.
    let residuals = 0.125 * 0.125 + 0.75 * 0.75 + 0.625 * 0.625
    #expect((ratio.relativeError - (residuals * 3 / 2).squareRoot() / 9).magnitude < 1e-12)
    var exact = RunningRatio()
    exact.add(1, over: 0)
    #expect(exact.ratio == .infinity && exact.relativeError == .infinity)
  }
}
