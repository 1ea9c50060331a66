import JSONText
import Testing

@testable import Reporting

/// What code hosts read: nothing in a report becomes a command, and the same problem keeps its fingerprint.
@Suite struct GateAnnotationTests {
  private func report(_ remark: String? = nil, name: String = "tiny", warnings: Int = 0) -> Report {
    var report = gateReport(name: name)
    report.gates = [
      .init(
        gate: "max-size", limit: "1 B", found: "2 B", outcome: .fails, margin: "1 B too much", remark: remark),
      .init(gate: "max-drop", limit: "1 point", found: "2", outcome: .withinNoise, margin: "1"),
      .init(gate: "max-macs", limit: "1", found: "1", outcome: .holds, margin: "0"),
    ]
    report.warnings = (0..<warnings).map { .init("warning \($0)") }
    return report
  }

  private func place(_ path: String = "r.yaml") -> GateAnnotations.Place {
    .init(path: path, lines: ["max-size": 12])
  }

  @Test func eachKindOfOutcomeHasItsCommand() {
    let lines = GateAnnotations(report(), place: place()).workflowCommands.split(separator: "\n")
    #expect(
      lines == [
        "::error file=r.yaml,line=12,title=edgeopt%3A max-size::max-size: found 2 B, the limit is 1 B (1 B too much)",
        "::warning file=r.yaml,title=edgeopt%3A max-drop::max-drop: found 2, the limit is 1 point (1)",
        "::notice file=r.yaml,title=edgeopt::tiny: 1 of 3 gates fails",
      ])
  }

  @Test func nothingInAReportIsACommand() {
    let hostile = "50 %\r\n::set-output name=x::y\n::error::z"
    let text = GateAnnotations(
      report(hostile, name: "a\n::stop-commands::b"), place: place("./a,b:c\n%.yaml")
    ).workflowCommands
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3)
    for line in lines { #expect(line.hasPrefix("::") && line.contains("file=a%2Cb%3Ac%0A%25.yaml,")) }
    #expect(text.contains("50 %25%0D%0A::set-output name=x::y%0A::error::z"))
    #expect(text.contains("a%0A::stop-commands::b"))
  }

  @Test func manyWarningsAreCounted() {
    let lines = GateAnnotations(report(warnings: 30), place: place()).workflowCommands.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("::warning") } == 10)
    #expect(lines.contains { $0.hasSuffix("::and 22 more warnings") })
  }

  @Test func manyErrorsAreCounted() {
    var many = report()
    many.gates = (0..<14).map {
      .init(gate: "max-\($0)", limit: "1", found: "2", outcome: .fails, margin: "1 too much")
    }
    let lines = GateAnnotations(many, place: place()).workflowCommands.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("::error") } == 10)
    #expect(lines.contains { $0.hasSuffix("::and 5 more gates that fail") })
  }

  @Test func equalWarningsAreTold() throws {
    var twice = report(warnings: 1)
    twice.warnings.append(twice.warnings[0])
    let entries = try #require(GateAnnotations(twice, place: place()).codeQuality.elements)
    #expect(entries.count == 4 && Set(entries.map { $0["fingerprint"]?.string }).count == 4)
    // The first is what it was alone.
    let alone = GateAnnotations(report(warnings: 1), place: place()).codeQuality.elements
    #expect(alone?[2]["fingerprint"] == entries[2]["fingerprint"])
  }

  @Test func codeQualityHasWhatGitLabWants() throws {
    let entries = try #require(
      GateAnnotations(report(warnings: 1), place: place("./a/r.yaml")).codeQuality.elements)
    #expect(
      entries.map { $0["check_name"]?.string } == ["edgeopt/max-size", "edgeopt/max-drop", "edgeopt/warning"])
    #expect(entries.map { $0["severity"]?.string } == ["major", "minor", "info"])
    #expect(entries[0]["location"]?["path"]?.string == "a/r.yaml")
    #expect(entries.map { $0["location"]?["lines"]?["begin"]?.integer } == [12, 1, 1])
    #expect(Set(entries.map { $0["fingerprint"]?.string }).count == 3)
    // Other numbers are the same problem, another model is another.
    let again = GateAnnotations(report("measured anew"), place: place("a/r.yaml")).codeQuality.elements?[0]
    #expect(again?["fingerprint"] == entries[0]["fingerprint"])
    let other = GateAnnotations(report(name: "other"), place: place("a/r.yaml")).codeQuality.elements?[0]
    #expect(other?["fingerprint"] != entries[0]["fingerprint"])
    var fine = report()
    fine.gates = [fine.gates[2]]
    #expect(GateAnnotations(fine, place: place()).codeQuality == .array([]))
  }
}
