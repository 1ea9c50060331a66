import Graph
import Testing

@testable import Reporting

/// Absolute limits of quality, and those of single classes.
@Suite struct GateQualityTests {
  @Test func theLeastAccuracy() throws {
    let report = gateReport(after: 0.98)
    #expect(try report.judged("min-metric", "98%").outcome == .holds)
    #expect(try report.judged("min-metric", "0.98").outcome == .holds)
    let fails = try report.judged("min-metric", "98.5%")
    #expect(fails.outcome == .fails && fails.margin == "0.50 points missing" && fails.found == "98.00 %")
    #expect(fails.remark?.contains("inside the 95 % interval") == true)
    let close = try gateReport(after: 0.979_999, samples: 1_000_000).judged("min-metric", "98%")
    #expect(close.outcome == .fails && close.found == "97.9999 %" && close.margin == "0.0001 points missing")
  }

  @Test func aShareIsWrittenAsOne() throws {
    let error = #expect(throws: Diagnostic.self) { try gateReport().judged("min-metric", "85") }
    #expect(error?.kind == .usage && error?.hint == "write 85%")
    #expect(throws: Diagnostic.self) { try gateReport(metric: "mse").judged("min-metric", "85%") }
  }

  @Test func errorsHaveAGreatestValue() throws {
    let report = gateReport(metric: "mse", before: 0.1, after: 0.2)
    #expect(try report.judged("min-metric", "0.2").outcome == .holds)
    #expect(try report.judged("min-metric", "0.19").outcome == .fails)
  }

  @Test func agreementAndNoise() throws {
    var report = gateReport()
    report.quality?.agreement = Report.Share(value: 0.989, low: 0.98, high: 0.995, count: 989)
    report.quality?.outputSqnr = 29.996
    let agreement = try report.judged("min-agreement", "99%")
    #expect(agreement.outcome == .fails && agreement.margin == "0.10 points missing")
    #expect(agreement.remark == "989 of 1,000 samples")
    let noise = try report.judged("min-sqnr", "30")
    // "30.00 dB" would not look like less than 30 dB.
    #expect(noise.outcome == .fails && noise.found == "29.996 dB")
    #expect(try report.judged("min-sqnr", "29.9dB").outcome == .holds)
    report.quality?.outputSqnr = .nan
    #expect(try report.judged("min-sqnr", "1").outcome == .unknown)
    report.quality?.outputSqnr = -.infinity
    #expect(try report.judged("min-sqnr", "1").outcome == .fails)
  }

  @Test func theWorstClassDecides() throws {
    var report = gateReport()
    report.quality?.classes = [
      .init(index: 0, name: "cat", samples: 50, correctBefore: 50, correctAfter: 49, broken: 1, mended: 0),
      .init(index: 1, name: "dog", samples: 40, correctBefore: 38, correctAfter: 34, broken: 5, mended: 1),
      .init(index: 2, name: "none", samples: 0, correctBefore: 0, correctAfter: 0),
    ]
    let result = try report.judged("max-class-drop", "5")
    #expect(result.outcome == .fails && result.found == "10.00 points ('dog')")
    #expect(result.margin == "5.00 points too much")
    // Twice the two-sided p of 5 to 1 (0.21875), for two classes.
    #expect(result.remark?.contains("inside the noise of 40 samples") == true)
    #expect(result.remark?.contains("p = 0.438") == true, "\(result.remark ?? "")")
    #expect(try report.judged("max-class-drop", "5", significant: true).outcome == .withinNoise)
    #expect(try report.judged("max-class-drop", "10").outcome == .holds)
  }

  /// A few samples more or less make the largest change, and a class of many may lose for good at the same time.
  @Test func aSmallClassHidesNoLargeOne() throws {
    var report = gateReport()
    report.quality?.classes = [
      .init(index: 0, name: "rare", samples: 4, correctBefore: 4, correctAfter: 2, broken: 2, mended: 0),
      .init(
        index: 1, name: "common", samples: 500, correctBefore: 490, correctAfter: 440, broken: 55, mended: 5),
    ]
    let result = try report.judged("max-class-drop", "5", significant: true)
    #expect(result.outcome == .fails && result.found == "10.00 points ('common')")
    #expect(result.remark?.contains("is more than chance explains") == true, "\(result)")
    #expect(try report.judged("max-class-drop", "5").found == "50.00 points ('rare')")
    #expect(try report.judged("max-class-drop", "20", significant: true).outcome == .withinNoise)
    // What was not tested may not be put down to chance.
    report.quality?.classes[1].broken = nil
    #expect(try report.judged("max-class-drop", "5", significant: true).outcome == .fails)
  }

  @Test func onePointIsOne() throws {
    #expect(try gateReport().judged("max-drop", "1").limit == "1 point")
    #expect(try gateReport().judged("max-drop", "0.5").limit == "0.5 points")
    #expect(try gateReport().judged("max-class-drop", "1").limit == "1 point")
    #expect(try DropLimit("1 point").text == "1 point" && DropLimit("2pp").text == "2 points")
  }

  @Test func whatWasComparedAndIsNoNumberIsSaid() throws {
    var report = gateReport()
    report.quality?.outputSqnrSamples = 50
    let result = try report.judged("min-sqnr", "1")
    #expect(result.outcome == .unknown && result.remark?.contains("not finite") == true)
  }
}
