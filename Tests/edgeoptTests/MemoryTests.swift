import Foundation
import Testing

@Suite struct MemoryTests {
  private static let vector =
    ProgramRun.root.appending(path: "Tests/MicroRuntimeTests/Vectors/concat_int8.tflite").path

  private func head(_ path: String) throws -> Int {
    let arena = try ProgramRun("inspect", path, "--json").json()["arena"] as? [String: Any]
    return try #require((arena?["cortex_m"] as? [String: Any])?["head"] as? Int)
  }

  @Test func aBetterPlanTakesNoMore() throws {
    let folder = try TemporaryFolder()
    let (plain, planned) = (folder.path("plain.tflite"), folder.path("planned.tflite"))
    #expect(try ProgramRun("convert", ProgramRun.model, "-o", plain).status == 0)
    let run = try ProgramRun("convert", ProgramRun.model, "-o", planned, "--memory-plan", "best")
    #expect(run.status == 0 && run.output.contains("memory plan"))
    #expect(try head(planned) <= head(plain))
    let again = try ProgramRun("convert", planned, "-o", folder.path("again.tflite"), "--memory-plan", "best")
    #expect(again.status == 0)
    #expect(try head(folder.path("again.tflite")) == head(planned))
  }

  @Test func theMemoryIsDrawn() throws {
    let folder = try TemporaryFolder()
    let picture = folder.path("arena.svg")
    let run = try ProgramRun("inspect", Self.vector, "--arena", picture)
    #expect(run.status == 0 && run.output.contains("Cortex-M") && run.output.contains("alive"))
    let svg = try String(contentsOfFile: picture, encoding: .utf8)
    #expect(svg.hasPrefix("<svg") && svg.contains("CONCATENATION"))
    #expect(try ProgramRun("inspect", Self.vector, "--arena", picture).status == 74)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(try ProgramRun("inspect", ProgramRun.model, "--arena", folder.path("a.svg")).status == 64)
    let run = try ProgramRun(
      "convert", ProgramRun.model, "-o", folder.path("a.onnx"), "--memory-plan", "best")
    #expect(run.status == 64 && run.error.contains("--memory-plan"))
    #expect(
      try ProgramRun("convert", ProgramRun.model, "-o", folder.path("a.tflite"), "--memory-plan", "bst")
        .status == 64)
    #expect(folder.names.isEmpty)
  }
}
