import Foundation
import Testing

/// Wrong usage, wrong files, wrong data: one clear message on standard error, nothing on standard output.
@Suite struct ExitCodeTests {
  private func expectFailure(
    _ arguments: String..., code: Int32, saying words: String..., environment: [String: String] = [:]
  ) throws {
    let run = try ProgramRun(arguments, environment: environment)
    #expect(run.status == code, "\(arguments): \(run.error)")
    #expect(run.output.isEmpty)
    #expect(run.error.hasPrefix("error: "))
    for word in words { #expect(run.error.contains(word), "\(arguments): \(run.error)") }
  }

  @Test func wrongUsageExitsWith64() throws {
    try expectFailure("inspct", code: 64, saying: "did you mean 'inspect'?")
    try expectFailure("inspect", code: 64, saying: "MODEL is missing", "usage: edgeopt inspect MODEL")
    try expectFailure("inspect", "m.onnx", "--jsn", code: 64, saying: "did you mean '--json'?")
    try expectFailure("inspect", "m.onnx", "--threads", "0", code: 64, saying: "a number from 1 to 1024")
    try expectFailure("inspect", "m.onnx", "-q", "-v", code: 64, saying: "cannot be used together")
    try expectFailure("inspect", "m.onnx", "--input-shape", "x=a,b", code: 64, saying: "sizes between commas")
    try expectFailure(
      "inspect", ProgramRun.model, "--dump-graph", "after:lunch", code: 64, saying: "after:simplify")
    try expectFailure("evaluate", ProgramRun.model, code: 64, saying: "--data PATH is missing")
    try expectFailure(
      "evaluate", ProgramRun.model, "--data", "x", "--metric", "tpo1", code: 64, saying: "'top1'")
    try expectFailure(
      "quantize", "m.tflite", "--calib", "x", code: 64, saying: "quantize takes an .onnx model")
    try expectFailure("calibrate", "m.tflite", "--calib", "x", code: 64, saying: "calibrate takes an .onnx")
    try expectFailure(
      "export", "m.tflite", "--c", "d", "--labels", "y", code: 64, saying: "--labels needs --data")
    try expectFailure("--quiet", "inspect", "m.onnx", code: 64, saying: "options come after the verb")
    try expectFailure(
      "inspect", ProgramRun.model, code: 64, saying: "EDGEOPT_ISA", environment: ["EDGEOPT_ISA": "avx9"])
  }

  @Test func missingFilesExitWith66() throws {
    try expectFailure("inspect", "no-such-model.onnx", code: 66, saying: "no-such-model.onnx")
    try expectFailure(
      "run", "no-such-model.onnx", "--output-dir", "out", code: 66, saying: "no-such-model.onnx")
    try expectFailure(
      "evaluate", ProgramRun.model, "--data", "no-such-data", code: 66, saying: "no-such-data")
  }

  @Test func wrongContentExitsWith65() throws {
    let folder = try TemporaryFolder()
    try expectFailure("inspect", folder.url.path, code: 65, saying: "director")
    try expectFailure("inspect", try folder.write([], to: "empty.onnx"), code: 65)
    try expectFailure("inspect", try folder.write(Array("hello".utf8), to: "text.onnx"), code: 65)
    let whole = try Data(contentsOf: URL(fileURLWithPath: ProgramRun.model))
    try expectFailure("inspect", try folder.write(whole.prefix(whole.count / 2), to: "half.onnx"), code: 65)
  }

  @Test func filesUnderTheWrongNameExitWith65() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("\u{1C}\0\0\0TFL3".utf8), to: "model.onnx")
    try expectFailure("inspect", path, code: 65, saying: "it is a .tflite file")
    let empty = try folder.write([], to: "x.npy")
    try expectFailure("evaluate", ProgramRun.model, "--data", empty, code: 65, saying: "it is empty")
  }

  @Test func damagedDeviceModelsExitWith65() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("\u{1C}\0\0\0TFL3".utf8), to: "model.tflite")
    try expectFailure("inspect", path, code: 65, saying: ".tflite")
    try expectFailure("run", path, "--output-dir", folder.path("out"), code: 65, saying: ".tflite")
    #expect(folder.names == ["model.tflite"])
  }

  @Test func outputsThatExistExitWith74() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("precious".utf8), to: "graph.svg")
    try expectFailure("inspect", ProgramRun.model, "--graph", path, code: 74, saying: "--force")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    #expect(try ProgramRun("inspect", ProgramRun.model, "--graph", path, "--force").status == 0)
    #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("<svg"))
    try expectFailure(
      "inspect", ProgramRun.model, "-o", folder.path("no/such/folder"), code: 74, saying: "does not exist")
    try expectFailure("inspect", ProgramRun.model, "-o", folder.url.path, code: 74, saying: "is a folder")
    #expect(folder.names == ["graph.svg"])
  }
}
