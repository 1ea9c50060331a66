import Foundation
import Testing

/// Help texts and what is generated beside them, compared with what is checked in.
///
/// `EDGEOPT_UPDATE_SNAPSHOTS=1 swift test --filter HelpTests` writes them anew.
@Suite struct HelpTests {
  static let verbs = [
    "inspect", "run", "evaluate", "compare", "quantize", "calibrate", "convert", "export", "reproduce",
    "check",
    "baseline", "report", "optimize", "recipe", "ops", "targets", "completions", "man",
    "help",
  ]

  private func compare(_ text: String, with name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
      path: "Snapshots/\(name).txt")
    if ProcessInfo.processInfo.environment["EDGEOPT_UPDATE_SNAPSHOTS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "\(name) differs from its snapshot")
  }

  @Test func theProgramsHelpIsAsExpected() throws {
    let run = try ProgramRun("help")
    #expect(run.status == 0 && run.error.isEmpty)
    try compare(run.output, with: "help")
    #expect(try ProgramRun("--help").output == run.output)
    #expect(try ProgramRun().output == run.output)
  }

  @Test(arguments: verbs) func everyVerbsHelpIsAsExpected(verb: String) throws {
    let run = try ProgramRun(verb, "--help")
    #expect(run.status == 0 && run.error.isEmpty)
    try compare(run.output, with: "help-\(verb)")
    #expect(try ProgramRun("help", verb).output == run.output)
    #expect(try ProgramRun("help").output.contains("\n  \(verb) "))
  }

  @Test func helpFollowsTheTerminalsWidth() throws {
    for line in try ProgramRun("evaluate", "-h", environment: ["COLUMNS": "60"]).output.split(separator: "\n")
    where !line.hasPrefix("  edgeopt ") {
      #expect(line.count <= 60, "\(line)")
    }
  }

  @Test func theManualPageNamesEveryVerb() throws {
    let page = try ProgramRun("man").output
    for verb in Self.verbs { #expect(page.contains(".SS \(verb)\n")) }
  }

  @Test func completionsAreValidBash() throws {
    let script = try ProgramRun("completions", "bash").output
    let folder = try TemporaryFolder()
    let path = try folder.write(
      Array(
        (script + "\nCOMP_WORDS=(edgeopt insp); COMP_CWORD=1; _edgeopt_complete; echo ${COMPREPLY[0]}\n"
          + "COMP_WORDS=(edgeopt inspect --gr); COMP_CWORD=2; _edgeopt_complete; echo ${COMPREPLY[0]}\n"
          + "COMP_WORDS=(edgeopt evaluate --metric psn); COMP_CWORD=3; _edgeopt_complete; echo ${COMPREPLY[0]}\n")
          .utf8),
      to: "script.sh")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    process.waitUntilExit()
    let words = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(words == "inspect\n--graph\npsnr\n")
  }

  @Test func verbsToComeAreNotAdvertised() throws {
    let help = try ProgramRun("help").output
    for verb in ["prune", "distill", "factorize", "finetune", "explain"] {
      #expect(!help.contains("\n  \(verb) "))
      let run = try ProgramRun(verb, "model.onnx")
      #expect(run.status == 64 && run.error.contains("'\(verb)' is not available in version"))
    }
  }

  @Test func theVersionNamesTheInstructionSetWhenAsked() throws {
    #expect(try ProgramRun("--version").output.hasPrefix("edgeopt "))
    let verbose = try ProgramRun("--version", "--verbose", environment: ["EDGEOPT_ISA": "ref"])
    #expect(verbose.output.contains("instruction set: ref\n"))
    let wrong = try ProgramRun("--version", "--verbose", environment: ["EDGEOPT_ISA": "mmx"])
    #expect(wrong.status == 64 && wrong.error.contains("mmx"))
  }
}
