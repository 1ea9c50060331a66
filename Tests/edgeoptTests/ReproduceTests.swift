import Foundation
import Testing

/// `reproduce`: the same bytes from what a file says of itself, wherever its sources are now.
@Suite struct ReproduceTests {
  /// A folder with the model under another name, and a `.tflite` that was made elsewhere.
  private struct Work {
    let folder: TemporaryFolder
    let model: String
    let result: String

    init() throws {
      folder = try TemporaryFolder()
      model = folder.path("net.onnx")
      result = folder.path("out.tflite")
      try FileManager.default.copyItem(atPath: ProgramRun.model, toPath: model)
      try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
    }

    /// Copies something of `Calibration/` into the folder.
    func copy(_ name: String, as target: String) throws -> String {
      let path = folder.path(target)
      try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true
      )
      try FileManager.default.copyItem(
        atPath: ProgramRun.root.appending(path: "Calibration/\(name)").path, toPath: path)
      return path
    }

    func move(_ path: String, to name: String) throws {
      let target = folder.path(name)
      try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: target).deletingLastPathComponent().path,
        withIntermediateDirectories: true)
      try FileManager.default.moveItem(atPath: path, toPath: target)
    }

    func run(_ words: String...) throws {
      let run = try ProgramRun(words)
      #expect(run.status == 0, "\(run.error)")
    }

    /// Where nothing of the work is, so that only `--search` finds it.
    func reproduce(_ words: String...) throws -> ProgramRun {
      try ProgramRun(
        ["reproduce", result, "--search", folder.url.path] + words, in: folder.url.appending(path: "empty"))
    }

    func expectTheSame(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
      let run = try reproduce()
      #expect(run.status == 0, "\(run.error)\(run.output)", sourceLocation: sourceLocation)
      let size = try #require(try FileManager.default.attributesOfItem(atPath: result)[.size] as? Int)
      #expect(
        run.output.hasPrefix("the same \(grouped(size)) bytes, SHA-256 "), sourceLocation: sourceLocation)
    }

    private func grouped(_ value: Int) -> String {
      value < 1000 ? "\(value)" : "\(value / 1000),\(String(1000 + value % 1000).dropFirst())"
    }
  }

  @Test func sourcesAreFoundUnderOtherNames() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    try work.run("quantize", work.model, "--calib", samples, "--scale", "1/16", "-o", work.result, "-q")
    try work.move(work.model, to: "a/b/renamed.onnx")
    try work.move(samples, to: "c/other.npy")
    try work.expectTheSame()
    let json = try work.reproduce("--json", "--threads", "1").json()
    #expect(json["is_same"] as? Bool == true && json["difference"] is NSNull)
    let paths = (json["sources"] as? [[String: Any]])?.compactMap { $0["path"] as? String } ?? []
    #expect(paths.map { $0.split(separator: "/").last } == ["renamed.onnx", "other.npy"])
  }

  /// What says how samples are prepared is remembered, so the file that said it may be gone.
  @Test(arguments: ["arrays", "pictures"]) func foldersWithSettings(form: String) throws {
    let work = try Work()
    let samples = try work.copy("forms/\(form)", as: "samples")
    try work.run("quantize", work.model, "--calib", samples, "-o", work.result, "-q")
    try FileManager.default.removeItem(atPath: samples + "/data.yaml")
    try? FileManager.default.removeItem(atPath: samples + "/labels.csv")
    try work.move(samples, to: "deep/er/moved")
    try work.expectTheSame()
  }

  @Test(arguments: ["digits.npz", "digits.csv", "onnx"]) func otherForms(form: String) throws {
    let work = try Work()
    let samples = try work.copy("forms/\(form)", as: form)
    var words = ["quantize", work.model, "--calib", samples, "-o", work.result, "-q"]
    if form != "onnx" { words += ["--scale", "1/16"] }
    if form == "digits.csv" { words += ["--label-column", "label"] }
    #expect(try ProgramRun(words).status == 0)
    try work.expectTheSame()
  }

  @Test func optionsThatDecideTheBytes() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    try work.run(
      "quantize", work.model, "--calib", samples, "--scale", "1/16", "--mean", "-0.5", "--samples", "40",
      "--seed",
      "7", "--skip", "3", "--memory-plan", "best", "--calib-method", "percentile", "--percentile", "99.9",
      "--no-per-channel", "--no-bias-correction", "--output-type", "float32", "--keep-io-layout",
      "--input-shape",
      "image=1,1,8,8", "-o", work.result, "-q")
    try work.expectTheSame()
  }

  @Test func threadsAndPathsDecideNothing() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    let moved = try work.copy("digits/calib_x.npy", as: "far/away.npy")
    let other = work.folder.path("other.tflite")
    try work.run("quantize", work.model, "--calib", samples, "--scale", "1/16", "-o", work.result, "-q")
    try work.run(
      "quantize", ProgramRun.model, "--calib", moved, "--scale", "1/16", "-o", other, "-q", "--threads", "1",
      "--target", "m4", "--data", "\(ProgramRun.digits)/test_x.npy", "--labels",
      "\(ProgramRun.digits)/test_y.npy")
    #expect(FileManager.default.contentsEqual(atPath: work.result, andPath: other))
  }

  /// What stood between stages may be gone: it is made again.
  @Test(arguments: [false, true]) func aChainOfStages(keepsBetween: Bool) throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    let (simple, ranges) = (work.folder.path("simple.onnx"), work.folder.path("ranges.json"))
    try work.run("convert", work.model, "-o", simple, "-q")
    try work.run("calibrate", simple, "--calib", samples, "--scale", "1/16", "-o", ranges, "-q")
    try work.run("quantize", simple, "--ranges", ranges, "-o", work.result, "-q")
    if !keepsBetween {
      for path in [simple, ranges] { try FileManager.default.removeItem(atPath: path) }
    }
    try work.expectTheSame()
    let model = try #require(try work.reproduce("--json").json()["sources"] as? [[String: Any]])
    #expect(model.contains { $0["made_by"] != nil })
    // Ranges that were changed by hand cannot be made again, and everything is said that is missing.
    guard keepsBetween else { return }
    for path in [samples, simple, ranges] { try FileManager.default.removeItem(atPath: path) }
    let run = try work.reproduce()
    #expect(
      run.status == 66 && run.error.contains("1 thing is missing") && run.error.contains("calibration data"))
  }

  /// The run folder of a recipe is hidden: what its stages handed on is made again.
  @Test func theResultOfARecipe() throws {
    let work = try Work()
    _ = try work.copy("digits/calib_x.npy", as: "x.npy")
    let recipe = """
      model: net.onnx
      data:
        calibration: x.npy
        scale: 1/16
      stages:
        - convert
        - calibrate
        - quantize:
            memory-plan: best
      outputs:
        model: out.tflite
      """
    let path = try work.folder.write(Array(recipe.utf8), to: "recipe.yaml")
    try work.run("optimize", path, "-q")
    try work.expectTheSame()
    let sources = try #require(try work.reproduce("--json").json()["sources"] as? [[String: Any]])
    #expect(sources.contains { ($0["made_by"] as? [String: Any])?["verb"] as? String == "calibrate" })
    #expect(sources.filter { $0["path"] is NSNull }.count == 3)
  }

  @Test func rangesByHand() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    let ranges = work.folder.path("ranges.json")
    try work.run("calibrate", work.model, "--calib", samples, "--scale", "1/16", "-o", ranges, "-q")
    let text = try String(contentsOfFile: ranges, encoding: .utf8)
    let edited = text.replacing("\"upper\": ", with: "\"upper\": 1", maxReplacements: 1)
    try edited.write(toFile: ranges, atomically: true, encoding: .utf8)
    try work.run("quantize", work.model, "--ranges", ranges, "-o", work.result, "-q")
    try work.expectTheSame()
    try FileManager.default.removeItem(atPath: ranges)
    let run = try work.reproduce()
    #expect(run.status == 1 && run.output.contains("'calibrate'"))
  }

  @Test func aPlanMadeLater() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    let first = work.folder.path("first.tflite")
    try work.run("quantize", work.model, "--calib", samples, "--scale", "1/16", "-o", first, "-q")
    try work.run("convert", first, "-o", work.result, "--memory-plan", "best", "-q")
    try FileManager.default.removeItem(atPath: first)
    try work.expectTheSame()
  }

  @Test func aFloatModel() throws {
    let work = try Work()
    try work.run("convert", work.model, "-o", work.result, "-q")
    try work.expectTheSame()
  }

  @Test func whatIsMissingIsListed() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    try work.run("quantize", work.model, "--calib", samples, "--scale", "1/16", "-o", work.result, "-q")
    // A byte more or less, a byte of another value.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: samples))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: samples))
    try FileManager.default.removeItem(atPath: work.model)
    let run = try work.reproduce()
    #expect(run.status == 66)
    #expect(run.error.contains("2 things are missing") && run.error.contains("  model: a file of "))
    #expect(run.error.contains("  calibration data: a file of 12,928 bytes, SHA-256 "))
    let named = try work.reproduce("--calib", samples)
    #expect(named.status == 65 && named.error.contains("is not what was read then"))
    #expect(try work.reproduce("--model", ProgramRun.model).error.contains("1 thing is missing"))
    let back = try work.reproduce("--model", ProgramRun.model, "--calib", "\(ProgramRun.digits)/calib_x.npy")
    #expect(back.status == 0)
  }

  @Test func twoEqualCandidatesAreOne() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    _ = try work.copy("digits/calib_x.npy", as: "again/x.npy")
    _ = try work.copy("digits/digits_cnn.onnx", as: "again/m.onnx")
    // The same length, other content.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: samples))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: work.folder.path("again/a.npy")))
    try work.run("quantize", work.model, "--calib", samples, "--scale", "1/16", "-o", work.result, "-q")
    try work.expectTheSame()
  }

  @Test func whatDiffersIsSaid() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    try work.run("quantize", work.model, "--calib", samples, "--scale", "1/16", "-o", work.result, "-q")
    let original = try Data(contentsOf: URL(fileURLWithPath: work.result))
    // A weight: the first filter's bytes are somewhere in the file; the last change of any constant is found.
    let made = work.folder.path("made.tflite")
    var changed = original
    let note = try #require(
      changed.range(of: Data("\"bias".utf8)) ?? changed.range(of: Data("edgeopt 0".utf8)))
    changed[note.upperBound - 1] = 0x31
    try changed.write(to: URL(fileURLWithPath: work.result))
    let run = try work.reproduce("-o", made)
    #expect(run.status == 1 && run.output.hasPrefix("not the same: the description"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: made)) == original)
    #expect(try work.reproduce("--json").json()["is_same"] as? Bool == false)
  }

  @Test func anotherVersionIsTried() throws {
    let work = try Work()
    let samples = try work.copy("digits/calib_x.npy", as: "x.npy")
    try work.run("quantize", work.model, "--calib", samples, "--scale", "1/16", "-o", work.result, "-q")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: work.result))
    for text in ["\"version\":\"0.1.0\"", "edgeopt 0.1.0"] {
      let place = try #require(bytes.range(of: Data(text.utf8)))
      bytes.replaceSubrange(place, with: Data(text.replacing("0.1.0", with: "0.0.9").utf8))
    }
    try bytes.write(to: URL(fileURLWithPath: work.result))
    let run = try work.reproduce()
    #expect(run.status == 0 && run.error.contains("edgeopt 0.0.9 made it"))
  }

  @Test func filesOfOthersAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("not a model".utf8), to: "x.tflite")
    #expect(try ProgramRun("reproduce", path).status == 65)
    #expect(try ProgramRun("reproduce", folder.path("absent.tflite")).status == 66)
    #expect(try ProgramRun("reproduce", ProgramRun.model).status == 64)
    // The origin is removed from a file of our own.
    let work = try Work()
    try work.run("convert", work.model, "-o", work.result, "-q")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: work.result))
    let place = try #require(bytes.range(of: Data("\"tool\":\"edgeopt\"".utf8)))
    bytes.replaceSubrange(place, with: Data("\"tool\":\"edgeop_\"".utf8))
    try bytes.write(to: URL(fileURLWithPath: work.result))
    let run = try work.reproduce()
    #expect(run.status == 65 && run.error.contains("was made by 'edgeopt 0.1.0'"))
    #expect(try work.reproduce("--search", folder.path("absent")).status == 65)
  }
}
