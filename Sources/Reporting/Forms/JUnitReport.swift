/// A report's gates as JUnit's XML, which Jenkins, GitLab and others show as tests: a test case for every gate and for the
/// device, with a failure where it does not hold; warnings stand in `system-out`.
///
///     let xml = JUnitReport(report).text()
public struct JUnitReport: Sendable {
  public let report: Report

  public init(_ report: Report) { self.report = report }

  private struct Case {
    var name: String
    /// What failed, in one line, and everything that is known of it; nil where it holds.
    var failure: (message: String, type: String)?
    var output: String?
  }

  public func text() -> String {
    let cases = cases
    let failures = cases.count { $0.failure != nil }
    let time = NumberFormat.fixed(report.run.seconds.isFinite ? max(0, report.run.seconds) : 0, digits: 3)
    let counts = "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\""
    var lines = [
      #"<?xml version="1.0" encoding="UTF-8"?>"#,
      "<testsuites name=\"edgeopt\" \(counts) time=\"\(time)\">",
      "  <testsuite name=\"\(attribute(report.name))\" \(counts) skipped=\"0\" time=\"\(time)\">",
    ]
    let properties = properties
    lines += ["    <properties>"]
    lines += properties.map {
      "      <property name=\"\(attribute($0.name))\" value=\"\(attribute($0.value))\"/>"
    }
    lines += ["    </properties>"]
    for entry in cases { lines += self.lines(of: entry) }
    let warnings = report.warnings.map { "warning: \($0.message)" + ($0.hint.map { "\n  \($0)" } ?? "") }
    let sentences = (report.quality?.sentences ?? []) + warnings
    if !sentences.isEmpty {
      lines.append("    <system-out>\(content(sentences.joined(separator: "\n")))</system-out>")
    }
    lines += ["  </testsuite>", "</testsuites>"]
    return lines.map { $0 + "\n" }.joined()
  }

  private func lines(of entry: Case) -> [String] {
    let head =
      "    <testcase classname=\"edgeopt.\(attribute(report.verb))\" name=\"\(attribute(entry.name))\" time=\"0\""
    guard entry.failure != nil || entry.output != nil else { return [head + "/>"] }
    var lines = [head + ">"]
    if let failure = entry.failure {
      lines.append(
        "      <failure message=\"\(attribute(failure.message))\" type=\"\(failure.type)\">"
          + "\(content(failure.message))</failure>")
    }
    if let output = entry.output { lines.append("      <system-out>\(content(output))</system-out>") }
    return lines + ["    </testcase>"]
  }

  private var cases: [Case] {
    var cases = report.gates.map { gate in
      Case(
        name: "\(gate.gate) \(gate.limit)".trimmingTrailingSpace(),
        failure: gate.passes ? nil : (gate.sentence, gate.outcome.rawValue),
        output: gate.passes ? gate.remark : nil)
    }
    if let target = report.target, !report.gates.contains(where: { $0.gate == "fits-target" }) {
      for (name, budget) in [("flash", target.flash), ("SRAM", target.memory)] {
        let missing = NumberFormat.exactBytes(max(0, -budget.left))
        cases.append(
          Case(
            name: "fits the \(name) of \(target.name)",
            failure: budget.fits ? nil : ("the \(name) of \(target.title) is \(missing) too small", "fails")))
      }
    }
    // A suite without a case counts as broken in some systems.
    if cases.isEmpty { cases.append(Case(name: report.verb)) }
    return cases
  }

  private var properties: [(name: String, value: String)] {
    var result = [("tool", "\(report.tool.name) \(report.tool.version)"), ("verb", report.verb)]
    for row in ReportComparison(report).rows {
      if !row.before.isEmpty { result.append(("\(row.title), before", row.before)) }
      if !row.after.isEmpty { result.append((row.title, row.after)) }
    }
    return result
  }

  private func attribute(_ text: String) -> String {
    content(String(text.map { $0.isNewline ? " " : $0 }))
  }

  /// XML has no way at all to write most control characters: they are spelled out.
  private func content(_ text: String) -> String {
    text.printable(keepsLines: true).unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{FFFE}", "\u{FFFF}": result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Report.GateResult {
  /// "max-drop: 1.20 points found, the limit is 0.50 points (0.70 points too much); …"
  public var sentence: String {
    var text = found.isEmpty ? "\(gate): not measured" : "\(gate): found \(found)"
    if !limit.isEmpty { text += ", the limit is \(limit)" }
    if !margin.isEmpty, outcome != .unknown { text += " (\(margin))" }
    if let remark { text += "; \(remark)" }
    return text
  }
}
