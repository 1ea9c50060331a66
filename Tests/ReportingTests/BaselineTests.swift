import Foundation
import Graph
import JSONText
import Testing

@testable import Reporting

/// The lock file, and gates that compare with it.
@Suite struct BaselineTests {
  private func entry(_ report: Report) throws -> BaselineEntry { try #require(BaselineEntry(report)) }

  private func file(_ text: String, name: String = "lock.json") throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "baseline-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appending(path: name).path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test func relativeLimitsCountFromTheBaseline() throws {
    let baseline = try entry(gateReport(fileBytes: 50_000, arena: 8_000))
    // The model before has 100,000 bytes: without the baseline this would hold.
    let size = try gateReport(fileBytes: 51_001).judged("max-size", "+2%", baseline: baseline)
    #expect(size.outcome == .fails && size.remark == "50,000 B in the baseline, 51,001 B now: +2.0 %")
    #expect(try gateReport(arena: 8_160).judged("max-arena", "+2%", baseline: baseline).outcome == .holds)
    #expect(try gateReport(arena: 8_161).judged("max-arena", "+2%", baseline: baseline).outcome == .fails)
  }

  @Test func theDropIsThatOfTheModelsAfter() throws {
    let baseline = try entry(gateReport(before: 0.5, after: 0.99))
    let report = gateReport(before: 0.995, after: 0.98)
    let result = try report.judged("max-drop", "0.5", baseline: baseline)
    #expect(result.outcome == .fails && result.found == "1.00 points")
    #expect(result.remark?.contains("99.00 % in the baseline (1,000 samples), 98.00 % now") == true)
    // z = 1.839 for 990 and 980 of 1,000: p = 0.0659 (scipy: 2 * norm.sf).
    #expect(result.remark?.contains("(two proportions: p = 0.066)") == true, "\(result.remark ?? "")")
    #expect(result.remark?.contains("without pairing") == true)
    #expect(
      try report.judged("max-drop", "0.5", baseline: baseline, significant: true).outcome == .withinNoise)
  }

  private func measured(_ wrong: Set<Int>, of labels: [Int]) -> Report {
    var report = gateReport(
      before: 1, after: 1 - Double(wrong.count) / Double(labels.count), samples: labels.count)
    var tally = Report.OutcomeTally()
    for (index, label) in labels.enumerated() {
      tally.add(label: label, sample: UInt64(index), isRight: !wrong.contains(index))
    }
    report.quality?.outcomes = tally.outcomes
    return report
  }

  @Test func theSameSamplesAreComparedOneByOne() throws {
    let labels = (0..<201).map { $0 % 10 }
    let baseline = try entry(measured([3, 200], of: labels))
    // Nine lost, one won: p = 0.021484375 (scipy: binomtest(1, 10).pvalue).
    let now = measured(Set(stride(from: 5, to: 95, by: 10)).union([3]), of: labels)
    let result = try now.judged("max-drop", "1", baseline: baseline, significant: true)
    #expect(result.outcome == .fails && result.found == "3.98 points")
    #expect(result.remark?.contains("(McNemar, exact: p = 0.021)") == true, "\(result.remark ?? "")")
    #expect(result.remark?.contains("pairing") == false)
    // The document keeps them.
    let read = try now.json.decoded(as: Report.self, called: "r.json")
    #expect(
      try read.judged("max-drop", "1", baseline: baseline) == now.judged("max-drop", "1", baseline: baseline))
  }

  @Test(arguments: ["samples", "count", "digits", "length", "none"])
  func otherSamplesAreNotComparedOneByOne(change: String) throws {
    let labels = (0..<200).map { $0 % 10 }
    var baseline = try entry(measured([3], of: labels))
    switch change {
    case "samples": baseline.quality?.outcomes?.samplesSha256 = SampleReport.digest("00")
    case "count": baseline.quality?.samples = 199
    case "digits": baseline.quality?.outcomes?.right = String(repeating: "x", count: 50)
    case "length": baseline.quality?.outcomes?.right.removeLast()
    default: baseline.quality?.outcomes = nil
    }
    let result = try measured([1, 2, 3, 4, 5], of: labels).judged("max-drop", "1", baseline: baseline)
    #expect(
      result.remark?.contains("two proportions") == true && result.remark?.contains("without pairing") == true
    )
  }

  /// Balanced, sorted sets have the same labels in the same order.
  @Test func theSameLabelsAreNotTheSameSamples() {
    func digest(_ label: Int, _ sample: UInt64) -> String? {
      var tally = Report.OutcomeTally()
      tally.add(label: label, sample: sample, isRight: true)
      return tally.outcomes?.samplesSha256
    }
    #expect(digest(1, 7) == digest(1, 7) && digest(1, 7) != digest(1, 8) && digest(1, 7) != digest(2, 7))
  }

  @Test func outcomesAreBits() {
    var tally = Report.OutcomeTally()
    #expect(tally.outcomes == nil)
    for isRight in [true, false, false, true, true] { tally.add(label: 1, sample: 0, isRight: isRight) }
    #expect(tally.outcomes?.right == "98")
    for _ in 0..<100_000 { tally.add(label: 1, sample: 0, isRight: true) }
    #expect(tally.outcomes == nil)
  }

  @Test func aSingleMeasuredModelComparesToo() throws {
    var report = gateReport(before: 0.98)
    report.after = nil
    report.quality?.after = nil
    let baseline = try entry(gateReport(after: 0.99))
    #expect(try report.judged("max-drop", "0.5", baseline: baseline).outcome == .fails)
  }

  @Test func anotherMetricIsNoBaseline() throws {
    let baseline = try entry(gateReport(metric: "mse", before: 0.1, after: 0.1))
    let error = #expect(throws: Diagnostic.self) {
      try gateReport().judged("max-drop", "1", baseline: baseline)
    }
    #expect(error?.kind == .badData && error?.message.contains("measured in mse") == true)
    let unmeasured = try entry(gateReport(metric: nil))
    #expect(try gateReport().judged("max-drop", "1", baseline: unmeasured).outcome == .unknown)
  }

  @Test func flashOfAnotherTargetIsNotCompared() throws {
    var report = gateReport(fileBytes: 1_000)
    report.target = SampleReport.full.target
    report.target?.flash.used = 9_000
    var baseline = try entry(report)
    #expect(try report.judged("max-flash", "0%", baseline: baseline).found == "9,000 B")
    baseline.target?.name = "another"
    #expect(try report.judged("max-flash", "0%", baseline: baseline).found == "1,000 B")
  }

  @Test func theFileHoldsModelsByName() throws {
    var baseline = BaselineFile(empty: "lock.json")
    for name in ["b", "a", "c"] { baseline.set(try entry(gateReport(name: name))) }
    baseline.set(try entry(gateReport(fileBytes: 7, name: "b")))
    #expect(baseline.models.map(\.name) == ["a", "b", "c"])
    let text = baseline.json.text()
    let read = try BaselineFile(path: try file(text))
    #expect(read.models == baseline.models && read.json.text() == text && read.isLockFile)
    #expect(try read.entry(named: "b").fileBytes == 7)
    let error = #expect(throws: Diagnostic.self) { try read.entry(named: "d") }
    #expect(error?.kind == .badData && error?.message.contains("no model 'd', it has 'a', 'b', 'c'") == true)
    // What differs from run to run is not in it.
    #expect(!text.contains("seconds") && !text.contains("tiny.int8"))
  }

  @Test func aReportIsABaselineOfOneModel() throws {
    let read = try BaselineFile(path: try file(gateReport().json.text()))
    #expect(!read.isLockFile && read.models.map(\.name) == ["tiny"])
  }

  @Test(arguments: [
    ("", "ends too early"), ("{}", "neither a baseline nor a report"), ("[1]", "neither a baseline"),
    (#"{"kind": "edgeopt baseline", "format": 9, "models": []}"#, "format 9"),
    (#"{"kind": "edgeopt baseline", "models": []}"#, "no format"),
    (#"{"kind": "edgeopt baseline", "format": 1, "models": [{"name": "x"}]}"#, "models.0.made_by"),
    (#"{"kind": "edgeopt baseline", "format": 1, "models": [}"#, "line 1"),
  ])
  func brokenFilesAreNamed(text: String, problem: String) throws {
    let path = try file(text)
    let error = #expect(throws: Diagnostic.self) { try BaselineFile(path: path) }
    #expect(error?.kind == .badData && "\(error!)".contains(problem), "\(error!)")
  }

  @Test func aMergeThatKeptBothIsNamed() throws {
    var baseline = BaselineFile(empty: "x")
    baseline.set(try entry(gateReport()))
    guard case .members(let members) = baseline.json, let models = baseline.json["models"]?.elements else {
      throw CancellationError()
    }
    let doubled = members.map {
      $0.name == "models" ? JSON.Member(name: "models", value: .array(models + models)) : $0
    }
    let path = try file(JSON.members(doubled).text())
    let error = #expect(throws: Diagnostic.self) { try BaselineFile(path: path) }
    #expect(error?.message.contains("holds 'tiny' twice") == true)
  }
}
