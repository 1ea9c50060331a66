import Foundation
import Testing

/// What a recipe writes, and what it leaves alone.
@Suite struct RecipeOutputTests {
  @Test func foreignFilesAreNotReplaced() throws {
    let place = try RecipeWorkplace()
    try FileManager.default.createDirectory(
      atPath: place.folder.path("out"), withIntermediateDirectories: true)
    _ = try place.folder.write(Array("mine".utf8), to: "out/report.md")
    let run = try place.run()
    #expect(run.status == 74 && run.error.contains("'out/report.md' exists") && run.error.contains("--force"))
    // Found out before any work.
    #expect(place.kept.isEmpty)
    #expect(try place.bytes("out/report.md") == Data("mine".utf8))
    #expect(try place.run("--force", "--quiet").status == 0)
    #expect(try place.bytes("out/report.md") != Data("mine".utf8))
  }

  @Test func whatLooksLikeItsOwnWorkIsNotReplaced() throws {
    let place = try RecipeWorkplace()
    try FileManager.default.createDirectory(
      atPath: place.folder.path("out"), withIntermediateDirectories: true)
    // Made of the same model, and a report of the same name, but by other commands.
    let model = place.folder.path("out/digits.tflite")
    let made = try ProgramRun(
      "quantize", place.folder.path("digits/digits_cnn.onnx"), "--calib",
      place.folder.path("digits/calib_x.npy"),
      "--scale", "1/16", "--samples", "20", "-o", model)
    #expect(made.status == 0, "\(made.error)")
    let bytes = try place.bytes("out/digits.tflite")
    for word in ["--quiet", "--dry-run"] {
      let run = try place.run(word)
      #expect(
        run.status == 74 && run.error.contains("'out/digits.tflite' exists, and no run"), "\(run.error)")
    }
    #expect(try place.bytes("out/digits.tflite") == bytes)
    #expect(try place.run("--force", "--quiet").status == 0)
    #expect(try place.bytes("out/digits.tflite") != bytes)
  }

  @Test func noInputIsOverwritten() throws {
    for output in ["digits/labels.txt", "digits/ranges.json"] {
      let place = try RecipeWorkplace()
      try place.replace("labels: digits/test_y.npy", with: "labels: digits/labels.txt")
      try place.replace("- calibrate: {calib-method: minmax}\n  ", with: "")
      try place.replace("{per-channel: true}", with: "{ranges: digits/ranges.json}")
      for name in ["digits/labels.txt", "digits/ranges.json"] {
        _ = try place.folder.write(Array("mine".utf8), to: name)
      }
      try place.replace("[out/report.json, out/report.md]", with: output)
      let run = try place.run("--force")
      #expect(
        run.status == 74 && run.error.contains("the output '\(output)' would overwrite an input"),
        "\(run.error)")
      #expect(try place.bytes(output) == Data("mine".utf8))
    }
  }

  @Test func aDryRunLooksAtTheOutputsAndListsTheExport() throws {
    let place = try RecipeWorkplace(
      """
      model: digits/digits_cnn.onnx
      data: {scale: 1/16, evaluation: {path: digits/test_x.npy, labels: digits/test_y.npy, samples: 100}}
      stages: [convert]
      outputs: {model: out/digits.tflite, report: out/report.json, c: out/firmware}
      """)
    func previewed() throws -> [String] {
      let run = try place.run("--dry-run", "--json")
      #expect(run.status == 0, "\(run.error)")
      let steps = try run.json()["steps"] as? [[String: Any]] ?? []
      return steps.map { ($0["is_cached"] as? Bool == true ? "-" : "") + ($0["step"] as? String ?? "") }
    }
    #expect(try previewed() == ["convert", "export", "compare"])
    #expect(!FileManager.default.fileExists(atPath: place.folder.path("out")))
    #expect(try place.steps() == ["convert", "export", "compare"])
    #expect(try previewed() == ["-convert", "-export", "-compare"])
    _ = try place.folder.write(Array("a file".utf8), to: "way")
    let run = try place.run("--dry-run", "--set", "outputs.model=way/deep/digits.tflite")
    #expect(run.status == 74 && run.error.contains("'way' is a file, expected a folder"), "\(run.error)")
  }

  @Test func itsOwnFilesAreReplacedUntilSomebodyChangesThem() throws {
    let place = try RecipeWorkplace()
    _ = try place.steps()
    _ = try place.steps("--set", "samples=30")
    _ = try place.folder.write(Array("edited".utf8), to: "out/report.md")
    #expect(try place.run().status == 74)
    #expect(try place.bytes("out/report.md") == Data("edited".utf8))
  }

  @Test func aMissedGateLeavesModelAndReport() throws {
    let place = try RecipeWorkplace()
    let run = try place.run("--set", "gates.max-size=1k", "--set", "gates.min-metric=50%")
    #expect(run.status == 1, "\(run.error)")
    #expect(
      run.output.contains("max-size") && run.output.contains("FAILS") && run.error.contains("1 of 3 gates"))
    #expect(try place.outputs()["digits.tflite"] != nil)
    let gates = try #require(try place.report()["gates"] as? [[String: Any]])
    #expect(gates.compactMap { $0["outcome"] as? String }.sorted() == ["fails", "holds", "holds"])
    // The report that it left is judged alike by 'check'.
    #expect(try ProgramRun("check", "--report", place.folder.path("out/report.json")).status == 1)
    #expect(
      try ProgramRun("check", "--report", place.folder.path("out/report.json"), "--max-size", "64k").status
        == 0)
  }

  @Test func aGateThatCannotBeJudgedLeavesThemToo() throws {
    let place = try RecipeWorkplace()
    let run = try place.run("--set", "gates.max-drop=1dB")
    #expect(run.status == 65 && run.error.contains("digits.yaml: gates: max-drop 1dB is not a drop of top1"))
    #expect(try place.outputs()["digits.tflite"] != nil)
    #expect((try place.report()["gates"] as? [Any])?.isEmpty == true)
  }

  @Test func theReportTellsTheWholeStory() throws {
    let place = try RecipeWorkplace()
    _ = try place.steps("--set", "target=stm32f746")
    let report = try place.report()
    #expect(report["verb"] as? String == "optimize" && report["name"] as? String == "digits")
    #expect((report["before"] as? [String: Any])?["path"] as? String == "digits/digits_cnn.onnx")
    #expect((report["after"] as? [String: Any])?["path"] as? String == "out/digits.tflite")
    let stages = try #require(report["stages"] as? [[String: Any]])
    #expect(stages.map { $0["name"] as? String } == ["calibrate", "quantize"])
    #expect(stages.allSatisfy { ($0["sha256"] as? String)?.count == 64 })
    #expect((report["quality"] as? [String: Any])?["samples"] as? Int == 200)
    #expect((report["target"] as? [String: Any])?["name"] as? String == "stm32f746")
    #expect(((report["calibration"] as? [String: Any])?["paths"] as? [String]) == ["digits/calib_x.npy"])
    let outputs = try #require(report["outputs"] as? [[String: Any]])
    #expect(
      outputs.map { $0["path"] as? String } == [
        "out/digits.tflite", "out/firmware", "out/report.json", "out/report.md",
      ])
  }

  @Test func conversionMayComeFirstOrStandAlone() throws {
    let place = try RecipeWorkplace(
      """
      model: digits/digits_cnn.onnx
      data: {scale: 1/16, evaluation: {path: digits/test_x.npy, labels: digits/test_y.npy, samples: 100}}
      stages: [convert]
      outputs: {model: out/digits.tflite, report: out/report.json, c: out/firmware}
      gates: {max-drop: 0, min-agreement: 100%}
      """)
    #expect(try place.steps() == ["convert", "export", "compare"])
    #expect(try place.outputs().keys.contains("firmware/digits_model.cc"))
    try place.write(
      """
      model: digits/digits_cnn.onnx
      data: {scale: 1/16, calibration: digits/calib_x.npy}
      stages: [convert, quantize: {calib-method: minmax}]
      outputs: {model: out/digits.tflite, report: out/report.json, qdq: out/digits_qdq.onnx}
      """)
    #expect(try place.steps() == ["convert", "quantize"])
    #expect((try place.report()["qdq"] as? [String: Any])?["path"] as? String == "out/digits_qdq.onnx")
    #expect(try place.outputs()["digits_qdq.onnx"] != nil)
  }

  @Test func whatFailsInAStageIsSaidWithItsPlace() throws {
    let place = try RecipeWorkplace()
    try Data("no model".utf8).write(to: URL(fileURLWithPath: place.folder.path("digits/digits_cnn.onnx")))
    let broken = try place.run()
    #expect(broken.status == 65 && broken.error.contains("digits_cnn.onnx"))
    let other = try RecipeWorkplace()
    try other.replace("samples: 50", with: "samples: 0")
    let none = try other.run()
    #expect(
      none.status == 65 && none.error.contains("digits.yaml:9:5: calibrate: --samples is 0"), "\(none.error)")
    // The recipe's path is the one that the user typed.
    #expect(none.error.contains("\(other.recipe):9:5: "), "\(none.error)")
    #expect(other.kept.filter { $0.hasSuffix(".part") } == [])
  }
}
