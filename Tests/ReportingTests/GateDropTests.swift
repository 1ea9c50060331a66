import Graph
import Testing

@testable import Reporting

/// How `max-drop` reads each metric, and what it says of chance.
@Suite struct GateDropTests {
  @Test func sharesAreInPoints() throws {
    let report = gateReport(before: 0.99, after: 0.98, pValue: 0.001)
    let fails = try report.judged("max-drop", "0.5")
    #expect(fails.outcome == .fails && fails.found == "1.00 points" && fails.margin == "0.50 points too much")
    #expect(fails.limit == "0.5 points")
    #expect(fails.remark?.contains("99.00 % before, 98.00 % now") == true)
    #expect(try report.judged("max-drop", "1.5").margin == "0.50 points to spare")
  }

  /// A test of few draws cannot see what is as rare as the gate asks: that is not noise.
  @Test func whatTheTestCannotTellFails() throws {
    var report = gateReport(metric: "mse", before: 0.1, after: 0.2, pValue: 2.0 / 501)
    report.quality?.difference?.leastPValue = 2.0 / 501
    let result = try report.judged("max-drop", "2%", significant: true, confidence: "0.999")
    #expect(result.outcome == .fails, "\(result)")
    #expect(
      result.remark?.contains("is not known at 99.9 % confidence: measure with --confidence 0.999") == true,
      "\(result)")
    // Where it can tell, it decides.
    #expect(
      try report.judged("max-drop", "2%", significant: true).remark?.contains("more than chance") == true)
    report.quality?.difference?.leastPValue = 0.0001
    #expect(
      try report.judged("max-drop", "2%", significant: true, confidence: "0.999").outcome == .withinNoise)
  }

  @Test func theLimitItselfHolds() throws {
    // 0.99 - 0.985 is a little more than 0.005 in binary.
    #expect(0.99 - 0.985 > 0.005)
    #expect(try gateReport(before: 0.99, after: 0.985).judged("max-drop", "0.5").outcome == .holds)
    #expect(try gateReport(before: 0.99, after: 0.99).judged("max-drop", "0").outcome == .holds)
    #expect(try gateReport(before: 0.99, after: 0.989).judged("max-drop", "0").outcome == .fails)
  }

  @Test func whatFailsByLessThanTheUsualDigitsShowsMore() throws {
    let report = gateReport(before: 0.99, after: 0.984_999, samples: 1_000_000)
    let result = try report.judged("max-drop", "0.5")
    #expect(result.outcome == .fails)
    #expect(result.found == "0.5001 points" && result.margin == "0.0001 points too much")
  }

  @Test func gainsHold() throws {
    let result = try gateReport(before: 0.98, after: 0.99).judged("max-drop", "0")
    #expect(result.outcome == .holds && result.found == "gain of 1.00 points")
    #expect(try gateReport(before: 0.98, after: 0.98).judged("max-drop", "0").found == "no drop")
  }

  @Test(arguments: ["mse", "mae"]) func errorsGetWorseWhenTheyGrow(metric: String) throws {
    let grown = gateReport(metric: metric, before: 0.100, after: 0.103)
    #expect(try grown.judged("max-drop", "2%").outcome == .fails)
    #expect(try grown.judged("max-drop", "2%").found == "3.00 %")
    #expect(try grown.judged("max-drop", "3%").outcome == .holds)
    #expect(
      try gateReport(metric: metric, before: 0.103, after: 0.1).judged("max-drop", "0%").outcome == .holds)
    // Nothing is a share of zero.
    #expect(try gateReport(metric: metric, before: 0, after: 0.1).judged("max-drop", "99%").outcome == .fails)
    #expect(try gateReport(metric: metric, before: 0, after: 0).judged("max-drop", "0%").outcome == .holds)
    #expect(throws: Diagnostic.self) { try grown.judged("max-drop", "2") }
  }

  @Test(arguments: ["psnr", "sqnr"]) func decibelsAreDecibels(metric: String) throws {
    let report = gateReport(metric: metric, before: 40, after: 38.5)
    #expect(try report.judged("max-drop", "1").margin == "0.50 dB too much")
    #expect(try report.judged("max-drop", "1.5dB").outcome == .holds)
    #expect(throws: Diagnostic.self) { try report.judged("max-drop", "2%") }
  }

  @Test func percentOfAShareIsRefused() throws {
    let error = #expect(throws: Diagnostic.self) { try gateReport().judged("max-drop", "2%") }
    #expect(error?.kind == .usage && error?.hint?.contains("percentage points") == true)
    let unknown = #expect(throws: Diagnostic.self) {
      try gateReport(metric: "bleu").judged("max-drop", "2")
    }
    #expect(unknown?.message.contains("'bleu' is not known") == true)
  }

  @Test func chanceIsNamedAndMayExcuse() throws {
    let noisy = gateReport(before: 0.99, after: 0.98, pValue: 0.5)
    let strict = try noisy.judged("max-drop", "0.5")
    #expect(strict.outcome == .fails)
    #expect(
      strict.remark?.contains(
        "the drop of 1.00 points is inside the noise of 1,000 samples (McNemar, exact: p = 0.500)") == true)
    let lenient = try noisy.judged("max-drop", "0.5", significant: true)
    #expect(lenient.outcome == .withinNoise && lenient.passes)
    let real = try gateReport(before: 0.99, after: 0.98, pValue: 0.0001)
      .judged("max-drop", "0.5", significant: true)
    #expect(real.outcome == .fails && real.remark?.contains("more than chance explains") == true)
  }

  @Test func theConfidenceDecides() throws {
    let report = gateReport(before: 0.99, after: 0.98, pValue: 0.03)
    var limits = GateLimits()
    limits.maxDrop = try DropLimit("0.5")
    limits.significant = true
    #expect(try limits.judge(report)[0].outcome == .fails)
    limits.confidence = try ConfidenceLevel("99%")
    let result = try limits.judge(report)[0]
    #expect(result.outcome == .withinNoise && result.remark?.contains("at 99 % confidence") == true)
  }

  @Test func withoutATestNothingIsExcused() throws {
    let result = try gateReport(before: 0.99, after: 0.9).judged("max-drop", "1", significant: true)
    #expect(result.outcome == .fails && result.remark?.contains("not known") == true)
  }
}
