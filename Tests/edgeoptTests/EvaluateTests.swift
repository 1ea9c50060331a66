import Foundation
import Testing

@Suite struct EvaluateTests {
  private static let data = [
    "--data", "\(ProgramRun.digits)/test_x.npy", "--labels", "\(ProgramRun.digits)/test_y.npy", "--scale",
    "1/16",
  ]

  @Test func accuracyComesWithItsInterval() throws {
    let run = try ProgramRun(["evaluate", ProgramRun.model] + Self.data)
    #expect(run.status == 0 && run.error.isEmpty)
    #expect(run.output.contains("(591 of 597), 95 % interval 97.82 % to 99.54 %"))
    #expect(run.output.contains("samples/s"))
  }

  @Test func theResultDoesNotDependOnThreads() throws {
    let values = try ["1", "5"].map {
      try ProgramRun(["evaluate", ProgramRun.model, "--json", "--threads", $0] + Self.data).measured()[
        "value"]
        as? Double
    }
    #expect(values[0] == 591.0 / 597 && values[0] == values[1])
  }

  @Test func subsetsAreSeeded() throws {
    func value(_ seed: String) throws -> String {
      try ProgramRun(["evaluate", ProgramRun.model, "--samples", "50", "--seed", seed, "--json"] + Self.data)
        .output
        .split(separator: "\n").filter { $0.contains("\"value\"") || $0.contains("\"samples\"") }.joined()
    }
    #expect(try value("1") == value("1"))
    #expect(try value("1").contains("\"samples\": 50"))
  }

  @Test func withoutLabelsOnlyTheSpeedIsMeasured() throws {
    let run = try ProgramRun(
      "evaluate", ProgramRun.model, "--data", "\(ProgramRun.digits)/test_x.npy", "--scale", "1/16")
    #expect(run.status == 0 && run.error.contains("no labels were given"))
    #expect(!run.output.contains("top1"))
  }

  @Test func wrongLabelsAreExplained() throws {
    let folder = try TemporaryFolder()
    let few = try folder.writeArray("few.npy", sizes: [5], type: "<i4")
    let run = try ProgramRun(
      "evaluate", ProgramRun.model, "--data", "\(ProgramRun.digits)/test_x.npy", "--labels", few, "--scale",
      "1/16")
    #expect(run.status == 65 && run.error.contains("597 samples and 5 labels"))
  }

  @Test func anInterruptedRunLeavesWith130AndNoFiles() throws {
    let folder = try TemporaryFolder()
    let data = try folder.writeArray("x.npy", sizes: [400_000, 8, 8], type: "|u1", width: 1)
    let process = Process()
    process.executableURL = ProgramRun.binary
    process.arguments = ["evaluate", ProgramRun.model, "--data", data, "-o", folder.path("result.txt")]
    process.standardError = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: 0.3)
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(folder.names == ["x.npy"])
  }
}
