import Foundation
import Testing

/// `check` as a CI job runs it: exit codes, tables and messages, on the digits model.
@Suite struct CheckTests {
  /// A report of `quantize`, made once; it lies beside the binary.
  static let report = Result { () throws -> String in
    let folder = ProgramRun.binary.deletingLastPathComponent().appending(path: "check-tests")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appending(path: "report.json").path
    let digits = ProgramRun.digits
    let run = try ProgramRun(
      "quantize", ProgramRun.model, "--calib", "\(digits)/calib_x.npy", "--scale", "1/16", "--data",
      "\(digits)/test_x.npy", "--labels", "\(digits)/test_y.npy", "-o",
      folder.appending(path: "digits.tflite").path, "--report", path, "--quiet", "--force")
    try #require(run.status == 0, "\(run.error)")
    return path
  }

  private func check(_ arguments: String...) throws -> ProgramRun {
    try ProgramRun(["check", "--report", try Self.report.get()] + arguments)
  }

  /// What is printed, in one line.
  private func sentences(_ run: ProgramRun) -> String {
    run.output.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
  }

  /// The report with another text in place of one that it holds.
  private func changed(_ folder: TemporaryFolder, _ changes: [(String, String)]) throws -> String {
    var text = try String(contentsOfFile: Self.report.get(), encoding: .utf8)
    for (pattern, replacement) in changes {
      let place = try #require(text.range(of: pattern, options: .regularExpression), "\(pattern)")
      text.replaceSubrange(place, with: replacement)
    }
    return try folder.write(text.utf8, to: "changed.json")
  }

  @Test func gatesThatHoldLeaveWith0() throws {
    let run = try check(
      "--max-drop", "1", "--min-metric", "95%", "--max-class-drop", "10", "--min-agreement", "95%",
      "--min-sqnr",
      "20", "--max-size", "64k", "--max-flash", "+0%", "--max-arena", "16k", "--max-macs", "1M")
    #expect(run.status == 0 && run.error.isEmpty, "\(run.output)\(run.error)")
    #expect(run.output.contains("all 9 gates hold"))
    #expect(run.output.contains(" to spare "))
  }

  @Test(arguments: [
    ["--max-size", "20k"], ["--max-flash", "20k"], ["--max-arena", "4k"], ["--max-macs", "1k"],
    ["--min-metric", "99.9%"], ["--min-sqnr", "90"], ["--max-size", "-90%"],
  ])
  func eachKindThatFailsLeavesWith1(limit: [String]) throws {
    let run = try check(limit[0], limit[1])
    let gate = limit[0].dropFirst(2)
    #expect(run.status == 1 && run.error == "error: digits_cnn: the gate fails\n")
    let row = run.output.split(separator: "\n").first { $0.hasPrefix(gate) }
    #expect(row?.hasSuffix("FAILS") == true, "\(run.output)")
    #expect(row?.contains("too much") == true || row?.contains("missing") == true)
  }

  @Test(arguments: [["--max-latency", "1ms"], ["--fits-target"]])
  func whatWasNotMeasuredLeavesWith1(limit: [String]) throws {
    let run = try ProgramRun(["check", "--report", try Self.report.get()] + limit)
    #expect(run.status == 1 && run.output.contains("UNKNOWN") && run.output.contains("--target NAME"))
  }

  @Test func aDropFailsAndMayBeNoise() throws {
    let folder = try TemporaryFolder()
    // 591 of 597 before, 587 after: five lost, one won.
    let path = try changed(
      folder,
      [
        (#""after": \{\s*"value": 0[.0-9]*"#, #""after": { "value": 0.9832495812395309"#),
        (#""p_value": [.0-9]+"#, #""p_value": 0.21875"#),
      ])
    let strict = try ProgramRun("check", "--report", path, "--max-drop", "0.5")
    #expect(strict.status == 1, "\(strict.output)")
    #expect(strict.output.contains("0.67 points") && strict.output.contains("0.17 points too much"))
    #expect(sentences(strict).contains("inside the noise of 597 samples (McNemar, exact: p = 0.219)"))
    let lenient = try ProgramRun("check", "--report", path, "--max-drop", "0.5", "--significant")
    #expect(lenient.status == 0 && lenient.output.contains("holds (noise)"))
    let sure = try ProgramRun(
      "check", "--report", path, "--max-drop", "0.5", "--significant", "--confidence", "0.75")
    #expect(sure.status == 1 && sentences(sure).contains("more than chance explains at 75 % confidence"))
  }

  @Test func warningsMayFail() throws {
    let folder = try TemporaryFolder()
    let path = try changed(folder, [(#""warnings": \[[^\]]*\]"#, #""warnings": [{"message": "a thing"}]"#)])
    let run = try ProgramRun("check", "--report", path, "--no-warnings")
    #expect(run.status == 1 && run.output.contains("no-warnings: a thing"))
  }

  @Test func wrongUseLeavesWith64() throws {
    let nothing = try check()
    #expect(nothing.status == 64 && nothing.error.contains("no limits were given"))
    let percent = try check("--max-drop", "2%")
    #expect(percent.status == 64 && percent.error.contains("percentage points: write 2"), "\(percent.error)")
    let word = try check("--max-size", "big")
    #expect(word.status == 64 && word.error.contains("64k"))
    let near = try check("--max-dorp", "1")
    #expect(near.status == 64 && near.error.contains("did you mean '--max-drop'?"))
    #expect(try ProgramRun("check", "--max-drop", "1").status == 64)
    #expect(try check("--name", "x", "--max-drop", "1").error.contains("--name needs --baseline"))
    #expect(try check("--json", "--format", "junit", "--max-drop", "1").status == 64)
    for run in [nothing, percent, word] { #expect(run.output.isEmpty) }
  }

  @Test func brokenFilesLeaveWith65And66() throws {
    let folder = try TemporaryFolder()
    let missing = try ProgramRun("check", "--report", folder.path("none.json"), "--max-size", "1k")
    #expect(missing.status == 66 && missing.error.contains("none.json"))
    for text in ["", "{", "[]", "{\"tool\": {\"name\": \"edgeopt\"}, \"format\": 99}", "\u{1C}TFL3"] {
      let path = try folder.write(text.utf8, to: "broken.json")
      let run = try ProgramRun("check", "--report", path, "--max-size", "1k")
      #expect(run.status == 65 && run.error.contains("broken.json"), "\(text): \(run.error)")
      let baseline = try check("--baseline", path, "--max-size", "1k")
      #expect(baseline.status == 65 && baseline.error.contains("broken.json"), "\(text): \(baseline.error)")
    }
    #expect(try check("--baseline", folder.path("none.json"), "--max-size", "1k").status == 66)
    #expect(try check("--recipe", folder.path("none.yaml"), "--max-size", "1k").status == 66)
  }

  @Test func theFormsAreWritten() throws {
    let folder = try TemporaryFolder()
    let limits = ["--max-arena", "4k", "--max-size", "64k"]
    func form(_ name: String) throws -> ProgramRun {
      try ProgramRun(["check", "--report", try Self.report.get(), "--format", name] + limits)
    }
    #expect(try form("github").output.split(separator: "\n").allSatisfy { $0.hasPrefix("::") })
    #expect(try form("markdown").output.hasPrefix("### ❌ digits\\_cnn: 1 of 2 gates fails\n"))
    #expect(try form("junit").output.contains("<failure message=\"max-arena: found"))
    let json = try form("json").json()
    #expect(json["passes"] as? Bool == false && (json["gates"] as? [Any])?.count == 2)
    let entries =
      try JSONSerialization.jsonObject(with: Data(try form("gitlab").output.utf8)) as? [[String: Any]]
    #expect(entries?.count == 1 && entries?[0]["check_name"] as? String == "edgeopt/max-arena")
    // Files are written although a gate fails.
    let summary = try folder.write("before\n".utf8, to: "summary.md")
    let run = try ProgramRun(
      ["check", "--report", try Self.report.get(), "-o", folder.path("out.txt"), "--summary", summary]
        + limits
        + ["--write", folder.path("judged.json"), "--write", folder.path("judged.html")])
    #expect(run.status == 1 && run.output.isEmpty)
    #expect(folder.names == ["judged.html", "judged.json", "out.txt", "summary.md"])
    #expect(try String(contentsOfFile: summary, encoding: .utf8).hasPrefix("before\n### ❌ digits"))
    // What was judged is judged again by its own limits.
    let again = try ProgramRun("check", "--report", folder.path("judged.json"))
    #expect(again.status == 1 && again.output.contains("max-arena"))
    #expect(try ProgramRun(["check", "--report", summary, "-o", summary] + limits).status == 74)
  }

  @Test func nothingIsWrittenUnasked() throws {
    let folder = try TemporaryFolder()
    let summary = try folder.write([], to: "summary.md")
    let run = try ProgramRun(
      ["check", "--report", try Self.report.get(), "--max-size", "64k", "--format", "github"],
      environment: ["GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": summary, "GITHUB_ACTIONS": "true"])
    #expect(run.status == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: summary)).isEmpty)
  }

  @Test func tablesFitTheScreen() throws {
    let run = try ProgramRun(
      [
        "check", "--report", try Self.report.get(), "--max-drop", "1", "--max-flash", "+2%",
        "--max-latency", "1ms",
      ],
      environment: ["COLUMNS": "80"])
    for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }
}
