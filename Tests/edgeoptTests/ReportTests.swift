import Foundation
import Testing

/// `report`: a report again, in another form.
@Suite struct ReportTests {
  private func report(_ arguments: String..., environment: [String: String] = [:]) throws -> ProgramRun {
    try ProgramRun(["report", try CheckTests.report.get()] + arguments, environment: environment)
  }

  @Test func theTerminalShowsIt() throws {
    let run = try report(environment: ["COLUMNS": "80"])
    #expect(run.status == 0 && run.error.isEmpty)
    for part in ["float32", "int8", "top1", "98.99 %", "arena, Cortex-M", "calibrated on 200 samples"] {
      #expect(run.output.contains(part), "\(part)")
    }
    // A path stays whole, however deep the folder of the tests lies.
    for line in run.output.split(separator: "\n") where !line.hasSuffix("digits.tflite:") {
      #expect(line.count <= 80, "\(line)")
    }
  }

  @Test(arguments: [
    ("r.html", "<!DOCTYPE html>"), ("r.md", "### digits"), ("r.xml", "<?xml"), ("r.txt", "  "),
    ("r.json", "{"),
  ])
  func theEndingChoosesTheForm(name: String, start: String) throws {
    let folder = try TemporaryFolder()
    #expect(try report("-o", folder.path(name)).status == 0)
    let text = try String(contentsOfFile: folder.path(name), encoding: .utf8)
    #expect(text.lowercased().hasPrefix(start.lowercased()), "\(text.prefix(40))")
    #expect(try report("-o", folder.path(name)).status == 74)
    #expect(try report("-o", folder.path(name), "--force").status == 0)
    #expect(try String(contentsOfFile: folder.path(name), encoding: .utf8) == text)
  }

  @Test func jsonSurvives() throws {
    #expect(
      try report("--json").output == String(contentsOfFile: CheckTests.report.get(), encoding: .utf8))
  }

  @Test func valuesAreLines() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("first=1\n".utf8, to: "values.env")
    let run = try report("--values", path)
    #expect(run.status == 0 && run.output.isEmpty)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines[0] == "first=1" && lines.contains("metric=top1") && lines.contains("gates=0"))
    #expect(
      lines.contains { $0.hasPrefix("arena_bytes=") } && lines.contains { $0.hasPrefix("metric_value=0.98") })
    for line in lines { #expect(line.contains(/^[a-z0-9_]+=/), "\(line)") }
  }

  @Test func otherFilesAndFormsAreRefused() throws {
    let folder = try TemporaryFolder()
    let form = try report("-o", folder.path("r.pdf"))
    #expect(form.status == 64 && form.error.contains(".html"))
    #expect(try ProgramRun("report", folder.path("none.json")).status == 66)
    #expect(try ProgramRun("report", ProgramRun.model).status == 65)
    let path = try CheckTests.report.get()
    #expect(try report("-o", path, "--force").status == 74)
    #expect(folder.names.isEmpty)
  }
}
