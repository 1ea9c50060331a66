import Testing

@testable import Reporting

/// What is limited but was not measured, or is no number, fails and says how to measure it.
@Suite struct GateMissingTests {
  static let cases: [(gate: String, limit: String, hint: String)] = [
    ("max-drop", "0.5", "--data and --labels"), ("min-metric", "85%", "--data and --labels"),
    ("max-class-drop", "5", "class labels"), ("min-agreement", "99%", "--data"),
    ("min-sqnr", "30", "calibration samples"), ("max-arena", "64k", "'quantize'"),
    ("max-latency", "10ms", "--target"), ("fits-target", "true", "--target"),
  ]

  @Test(arguments: cases) func whatWasNotMeasuredFails(gate: String, limit: String, hint: String) throws {
    let result = try gateReport(metric: nil, arena: nil).judged(gate, limit)
    #expect(result.outcome == .unknown && !result.passes && result.gate == gate)
    #expect(result.remark?.contains(hint) == true, "\(result)")
  }

  @Test func aReportWithoutAModelHasNoSize() throws {
    var report = gateReport()
    (report.before, report.after) = (nil, nil)
    for (gate, limit) in [("max-size", "1k"), ("max-flash", "1k"), ("max-macs", "1k")] {
      #expect(try report.judged(gate, limit).outcome == .unknown)
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1.5, -0.5])
  func accuracyThatIsNoneFails(value: Double) throws {
    for report in [gateReport(after: value), gateReport(before: value)] {
      // As it is, and as a file has it.
      let read = try report.json.decoded(as: Report.self, called: "r.json")
      for report in [report, read] {
        #expect(try report.judged("max-drop", "50").outcome == .unknown)
      }
    }
    #expect(try gateReport(after: value).judged("min-metric", "1%").outcome == .unknown)
  }

  @Test func errorsThatAreNoNumbersFail() throws {
    for value in [Double.nan, .infinity] {
      let report = gateReport(metric: "mse", before: 0.1, after: value)
      #expect(try !report.judged("max-drop", "99%").passes)
      #expect(try !report.judged("min-metric", "1").passes)
    }
  }

  @Test func oneModelAloneHasNoDrop() throws {
    var report = gateReport()
    report.quality?.after = nil
    let result = try report.judged("max-drop", "0.5")
    #expect(result.outcome == .unknown && result.remark?.contains("--baseline") == true)
    #expect(try report.judged("min-metric", "98%").outcome == .holds)
  }

  @Test func growthNeedsSomethingToGrowFrom() throws {
    var report = gateReport()
    report.before = nil
    let result = try report.judged("max-size", "+2%")
    #expect(result.outcome == .unknown && result.remark?.contains("--baseline") == true)
    // The float model has no arena.
    #expect(try gateReport().judged("max-arena", "+2%").outcome == .unknown)
  }
}
