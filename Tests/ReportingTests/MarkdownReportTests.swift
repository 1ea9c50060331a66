import Testing

@testable import Reporting

/// Markdown for pull requests: the verdict first, nothing that a name in a model can break, never too long.
@Suite struct MarkdownReportTests {
  @Test func theVerdictComesFirst() {
    let lines = MarkdownReport(SampleReport.full).text().split(separator: "\n")
    #expect(lines[0] == "### ❌ keywords: 2 of 4 gates fail")
    #expect(lines[1].hasPrefix("file 74.1 kB → **27.3 kB**"))
    #expect(lines[1].contains("top1 95.64 % → **95.31 %**"))
    var passing = SampleReport.full
    passing.gates = [passing.gates[0]]
    #expect(MarkdownReport(passing).text().hasPrefix("### ✅ keywords: the gate holds"))
    #expect(MarkdownReport(SampleReport.minimal).text().hasPrefix("### tiny: evaluate"))
  }

  @Test func theGateThatFailsComesFirst() {
    let lines = MarkdownReport(SampleReport.full).text().split(separator: "\n")
    let rows = lines.filter { $0.hasPrefix("| ❌") || $0.hasPrefix("| ✅") || $0.hasPrefix("| ❓") }
    #expect(rows.first?.contains("max-arena") == true)
  }

  static let texts: [(String, String)] = [
    ("a|b", #"a\|b"#), ("`x`", #"\`x\`"#), ("<script>", "&lt;script&gt;"), ("a&b", "a&amp;b"),
    ("@octocat", "@&#8203;octocat"), ("fixes #12", "fixes #&#8203;12"), ("# title", ##"\# title"##),
    ("- item", #"\- item"#), ("[a](b)", #"\[a\](b)"#), ("_x_ *y* ~z~", #"\_x\_ \*y\* \~z\~"#),
    ("\\", "\\\\"), ("a\nb", "a b"), ("a\r\nb", "a b"), ("$x$", "<span>$</span>x<span>$</span>"),
    ("\u{1B}[31m", #"\\u{1B}\[31m"#),
  ]

  @Test(arguments: texts)
  func textMeansItself(text: String, escaped: String) {
    #expect(MarkdownText.escaped(text) == escaped)
  }

  /// Every row of a table has as many cells as its head, whatever the names are.
  @Test func namesDoNotBreakTables() {
    var report = SampleReport.full
    let hostile = "a|b`c\n| d <img src=x> @all </details>"
    report.name = hostile
    report.gates[0].found = hostile
    report.quality?.classes[0].name = hostile
    for index in report.layers.indices { report.layers[index].name = hostile }
    let lines = MarkdownReport(report).text().split(separator: "\n", omittingEmptySubsequences: false)
    var columns: Int?
    for line in lines {
      guard line.hasPrefix("|") else {
        columns = nil
        continue
      }
      let bars = line.replacing(#"\|"#, with: "").count { $0 == "|" }
      if let columns { #expect(bars == columns, "\(line)") }
      columns = bars
    }
    let text = lines.joined(separator: "\n")
    #expect(!text.contains("<img") && !text.contains("@all"))
    #expect(text.components(of: "<details>") == text.components(of: "</details>"))
  }

  @Test func eachReportHasItsMark() {
    func mark(_ name: String) -> Substring? {
      var report = SampleReport.minimal
      report.name = name
      return MarkdownReport(report).text().split(separator: "\n").last
    }
    let names = ["kws-s", "kwss", "猫", "犬", "", "--", String(repeating: "n", count: 101), "kws s"]
    #expect(Set(names.map(mark)).count == names.count)
    #expect(mark("kws-s") == mark("kws-s") && mark("kws-s")?.hasPrefix("<!-- edgeopt kwss ") == true)
    for name in names { #expect(mark(name)?.wholeMatch(of: /<!-- edgeopt [a-zA-Z0-9_. ]+ -->/) != nil) }
  }

  @Test func aSummaryIsCutAtItsOwnLimit() {
    var report = SampleReport.full
    report.notes = (0..<20_000).map { "note \($0): " + String(repeating: "x", count: 50) }
    let text = MarkdownReport(report, limit: MarkdownReport.summaryLimit).text()
    #expect(text.contains("this summary may have 500,000 characters at most"))
  }

  @Test func hugeReportsAreCut() {
    var report = SampleReport.full
    report.notes = (0..<5_000).map { "note \($0): " + String(repeating: "ä", count: 50) }
    let bars = String(repeating: "|", count: 40)
    report.warnings = (0..<3_000).map { Report.Warning("warning \($0) @someone \(bars)") }
    report.gates += (0..<50).map {
      .init(
        gate: "max-\($0)", limit: String(repeating: "x", count: 5_000), found: "", outcome: .holds,
        margin: "")
    }
    report.name = String(repeating: "n", count: 100_000)
    for limit in [65_536, 10_000] {
      let text = MarkdownReport(report, limit: limit).text()
      #expect(text.utf8.count <= limit && text.utf8.count > limit / 2)
      #expect(text.contains("this comment may have \(NumberFormat.count(limit)) characters at most"))
      #expect(text.contains("<!-- edgeopt "))
      #expect(text.components(of: "<details>") == text.components(of: "</details>"))
    }
    #expect(!MarkdownReport(SampleReport.full).text().contains("cut off"))
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
