import Graph
import Testing

@testable import Reporting

/// A report on a terminal.
@Suite struct TerminalReportTests {
  @Test(arguments: [80, 100]) func linesFitTheScreen(width: Int) {
    let report = SampleReport.full
    for line in TerminalReport(report, width: width).text().split(separator: "\n") {
      #expect(line.count <= width, "\(line)")
    }
  }

  @Test func itSaysEverything() {
    let text = TerminalReport(SampleReport.full).text()
    for part in [
      "float32", "compressed", "weights and constants", "graph", "parameters", "MACs", "operators",
      "arena, Cortex-M", "29,984 B", "top1", "-0.34 points", "95 % interval", "agreement", "98.66 %",
      "34.0 dB",
      "that is inside the noise of 597 samples", "p = 0.688)", "alive at ADD 'block2/add'",
      "TOO LARGE",
      "-5,408 B", "about 21 ms", "FAILS", "UNKNOWN", "holds (noise)", "2 of 4 gates fail", "-4.88 points",
      "block1/depthwise", "31.0 %", "calibrated on 500 samples of 2,400", "rewritten: HardSwish",
      "note: the batch dimension", "warning: operator", "  try '--calib-method minmax'",
      "out/keywords.tflite: the int8 model, 27.3 kB", "measured in the arithmetic of TensorFlow",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(!TerminalReport(SampleReport.full, showsWarnings: false).text().contains("warning:"))
  }

  @Test func oneModelHasOneColumn() {
    let text = TerminalReport(SampleReport.minimal).text()
    #expect(
      text.hasPrefix("                       float32\n") && text.contains("file                     412 B\n"))
    #expect(!text.contains("change"))
  }

  @Test func modelsOfOneTypeAreBeforeAndAfter() {
    var report = SampleReport.full
    report.before?.precision = "int8"
    let head = TerminalReport(report).text().split(separator: "\n")[0]
    #expect(head.contains("before") && head.contains("after"))
  }

  @Test func controlCharactersAreWrittenOut() {
    var report = SampleReport.full
    report.notes = ["\u{1B}[2J"]
    report.gates[0].found = "\u{1B}[2J"
    report.outputs[0].path = "\u{1B}[2J"
    report.tool.version = "\u{1B}[2J"
    report.quality?.metric = "\u{1B}[2J"
    #expect(!TerminalReport(report).text().contains("\u{1B}"))
    #expect(!MarkdownReport(report).text().contains("\u{1B}"))
    #expect(!JUnitReport(report).text().contains("\u{1B}"))
  }

  @Test(arguments: [
    ("a.json", ReportForm.json), ("a.HTML", .html), ("b.htm", .html), ("x/y.z.md", .markdown),
    ("a.markdown", .markdown), ("a.xml", .junit), ("a.txt", .text),
  ])
  func theEndingChoosesTheForm(path: String, form: ReportForm) throws {
    #expect(try ReportForm(path: path) == form)
  }

  @Test(arguments: ["report", "json", "a.pdf", "a.", "", "a.json/b", ".md/"])
  func otherEndingsAreRefused(path: String) {
    let error = #expect(throws: Diagnostic.self) { try ReportForm(path: path) }
    #expect(error?.kind == .usage && error?.hint?.contains(".html") == true)
  }

  @Test func theNoiseIsSaidInWords() {
    var quality = SampleReport.full.quality!
    quality.difference?.isSignificant = true
    quality.difference?.pValue = 0.00001
    #expect(quality.sentences[0].contains("more than chance explains (McNemar, exact: p < 0.001)"))
    quality.difference = .init(
      value: 0, low: 0, high: 0, pValue: 1, test: "McNemar, exact", isSignificant: false, broken: 0, mended: 0
    )
    #expect(quality.sentences[0] == "top1 stays the same: no sample of 597 changes sides")
    quality.difference?.broken = 2
    quality.difference?.mended = 2
    #expect(quality.sentences[0].contains("of 597 samples 2 were lost, 2 gained; that is inside the noise"))
    quality.difference?.leastPValue = 0.06
    #expect(quality.sentences[0].hasSuffix("2 gained; whether that is chance is not known"))
    quality.after?.notFinite = 3
    #expect(quality.sentences.contains("3 samples gave NaN or infinity after; they count as wrong"))
  }

  @Test(arguments: [
    (100, 100, "same"), (100, 50, "-50.0 %"), (0, 5, ""), (16_186, 16_188, "+0.01 %"),
    (1_000_000, 1_000_001, "+0.01 %"), (3, 4, "+33.3 %"),
  ])
  func growthIsInPercent(before: Int, after: Int, text: String) {
    #expect(NumberFormat.growth(from: before, to: after) == text)
  }

  @Test(arguments: [(0.95, "95 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"), (0.975, "97.5 %")])
  func confidenceIsInPercent(level: Double, text: String) {
    #expect(NumberFormat.confidence(level) == text)
  }
}
