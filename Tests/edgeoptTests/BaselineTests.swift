import Foundation
import Testing

/// `baseline` and `check --baseline`, as a team uses them.
@Suite struct BaselineTests {
  private func update(_ folder: TemporaryFolder, _ more: String...) throws -> ProgramRun {
    try ProgramRun(
      ["baseline", "update", "--report", try CheckTests.report.get(), "-o", folder.path("lock.json")]
        + more)
  }

  private func check(_ folder: TemporaryFolder, _ more: String...) throws -> ProgramRun {
    try ProgramRun(
      ["check", "--report", try CheckTests.report.get(), "--baseline", folder.path("lock.json")] + more)
  }

  @Test func theSameReportKeepsItsBaseline() throws {
    let folder = try TemporaryFolder()
    let made = try update(folder)
    #expect(
      made.status == 0 && made.output.contains("digits_cnn") && made.output.contains("98."), "\(made.error)")
    let run = try check(
      folder, "--max-drop", "0", "--max-size", "0%", "--max-arena", "+0", "--max-flash", "0%")
    #expect(run.status == 0, "\(run.output)\(run.error)")
    // The report itself is a baseline, too.
    let path = try CheckTests.report.get()
    #expect(try ProgramRun("check", "--report", path, "--baseline", path, "--max-size", "0%").status == 0)
  }

  @Test func theFileIsTheSameBytesEveryTime() throws {
    let folder = try TemporaryFolder()
    #expect(try update(folder).status == 0)
    let first = try Data(contentsOf: URL(fileURLWithPath: folder.path("lock.json")))
    let again = try update(folder)
    #expect(again.status == 0 && again.output.contains("same"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("lock.json"))) == first)
    let text = String(decoding: first, as: UTF8.self)
    #expect(!text.contains(folder.url.path))
    // A bit for each of 597 samples, to compare them one by one.
    #expect(text.contains(/"right": "[0-9a-f]{150}"/))
    #expect(folder.names == ["lock.json"])
  }

  @Test func growthFails() throws {
    let folder = try TemporaryFolder()
    #expect(try update(folder).status == 0)
    let text = try String(contentsOfFile: folder.path("lock.json"), encoding: .utf8)
    let place = try #require(text.range(of: #""file_bytes": \d+"#, options: .regularExpression))
    _ = try folder.write(
      text.replacingCharacters(in: place, with: #""file_bytes": 20000"#).utf8, to: "lock.json")
    let run = try check(folder, "--max-size", "+2%")
    #expect(run.status == 1 && run.output.contains("20,400 B (+2%)"))
    #expect(run.output.contains("20,000 B in the baseline"))
  }

  @Test func anotherSourceIsSaid() throws {
    let folder = try TemporaryFolder()
    #expect(try update(folder).status == 0)
    let text = try String(contentsOfFile: folder.path("lock.json"), encoding: .utf8)
    let place = try #require(text.range(of: #""source_sha256": "[0-9a-f]{64}""#, options: .regularExpression))
    let other = text.replacingCharacters(
      in: place, with: #""source_sha256": "\#(String(repeating: "a", count: 64))""#)
    _ = try folder.write(other.utf8, to: "lock.json")
    let run = try update(folder)
    #expect(run.status == 0 && run.error.contains("another source (SHA-256 aaaaaaaaaaaa…)"), "\(run.error)")
    #expect(run.error.contains("--name"))
    #expect(try String(contentsOfFile: folder.path("lock.json"), encoding: .utf8) == text)
  }

  @Test func severalModelsStandByName() throws {
    let folder = try TemporaryFolder()
    #expect(try update(folder, "--name", "zebra").status == 0)
    #expect(try update(folder, "--name", "ant").status == 0)
    let other = try check(folder, "--max-size", "0%")
    #expect(other.status == 65 && other.error.contains("no model 'digits_cnn', it has 'ant', 'zebra'"))
    #expect(try check(folder, "--max-size", "0%", "--name", "ant").status == 0)
    let shown = try ProgramRun("baseline", "show", folder.path("lock.json"))
    #expect(shown.status == 0 && shown.output.contains("ant") && shown.output.contains("zebra"))
    #expect(try ProgramRun("baseline", "remove", folder.path("lock.json"), "--name", "ant").status == 0)
    #expect(try ProgramRun("baseline", "remove", folder.path("lock.json"), "--name", "ant").status == 65)
    #expect(try !ProgramRun("baseline", "show", folder.path("lock.json")).output.contains("ant"))
  }

  @Test func whatIsNoLockFileStays() throws {
    let folder = try TemporaryFolder()
    for text in ["precious", "{}", "[]"] {
      let path = try folder.write(text.utf8, to: "lock.json")
      #expect(try update(folder).status == 65)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
    let report = try CheckTests.report.get()
    let onto = try ProgramRun("baseline", "update", "--report", report, "-o", report)
    #expect(onto.status == 65 && onto.error.contains("is a report, expected a lock file"))
  }

  @Test func wrongUseIsRefused() throws {
    let folder = try TemporaryFolder()
    for arguments in [
      ["baseline"], ["baseline", "update"], ["baseline", "updaet"], ["baseline", "remove"],
      ["baseline", "show", "--report", "x.json"],
      ["baseline", "update", "a", "-o", "b", "--report", "x.json"],
    ] {
      let run = try ProgramRun(arguments)
      #expect(run.status == 64 && run.error.hasPrefix("error: "), "\(arguments): \(run.error)")
    }
    #expect(try ProgramRun("baseline", "show", folder.path("none.json")).status == 66)
    #expect(try ProgramRun("baseline", "update", "--report", folder.path("none.json")).status == 66)
  }
}
