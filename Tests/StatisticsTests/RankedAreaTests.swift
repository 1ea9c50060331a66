import Statistics
import Testing

/// The numbers of DeLong's test were computed apart, with NumPy, from the definition over all pairs.
@Suite struct RankedAreaTests {
  private let isPositive = (0..<40).map { $0 * 7 % 3 == 0 }
  private var before: [Float] { (0..<40).map { Float($0 * 37 % 41 + (isPositive[$0] ? 12 : 0)) } }
  private var after: [Float] { (0..<40).map { Float($0 * 23 % 29 + (isPositive[$0] ? 14 : 0)) } }

  @Test func tiesCountHalf() throws {
    let area = try #require(
      RankedArea([0.1, 0.4, 0.4, 0.8, 0.35], isPositive: [false, false, true, true, true]))
    #expect(area.value == 4.5 / 6 && area.positives == 3 && area.negatives == 2)
    #expect(area.placements == [1, 0.5, 0.75, 1, 0.5])
  }

  @Test func scoresThatAreNoNumbersAreTheLeast() throws {
    let area = try #require(
      RankedArea([.nan, 0.5, .nan, 1, -.infinity], isPositive: [true, false, false, true, true]))
    let same = try #require(RankedArea([-2, 0.5, -2, 1, -2], isPositive: [true, false, false, true, true]))
    #expect(area.value == same.value && area.placements == same.placements)
  }

  @Test func oneKindAloneHasNoCurve() {
    #expect(RankedArea([1, 2], isPositive: [true, true]) == nil)
    #expect(RankedArea([1, 2], isPositive: [false, false]) == nil)
    #expect(RankedArea([], isPositive: []) == nil)
  }

  @Test func differencesAreDeLongs() throws {
    let one = try #require(RankedArea(before, isPositive: isPositive))
    let two = try #require(RankedArea(after, isPositive: isPositive))
    #expect((one.value - 0.7019230769230769).magnitude < 1e-12)
    #expect((two.value - 0.8406593406593407).magnitude < 1e-12)
    var difference = AreaDifference(samples: 40)
    difference.add(before: one, after: two, isPositive: isPositive)
    #expect((difference.value - 0.1387362637362638).magnitude < 1e-12)
    let error = (difference.interval(.usual).high - difference.value) / Confidence.usual.deviations
    #expect((error - 0.10101220831889315).magnitude < 1e-12)
    #expect((difference.significance.pValue - 0.16960927710775076).magnitude < 1e-12)
    #expect(difference.significance.test == "DeLong")
  }

  @Test func equalScoresDoNotDiffer() throws {
    let area = try #require(RankedArea(before, isPositive: isPositive))
    var difference = AreaDifference(samples: 40)
    difference.add(before: area, after: area, isPositive: isPositive)
    #expect(difference.value == 0 && difference.significance.pValue == 1)
    #expect(difference.interval(.usual) == Interval(0, 0))
  }

  @Test func withoutClassesNothingIsKnown() {
    let difference = AreaDifference(samples: 3)
    #expect(difference.interval(.usual) == Interval(-1, 1) && difference.significance.pValue == 1)
  }
}
