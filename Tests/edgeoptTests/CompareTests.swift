import Foundation
import Testing

@Suite struct CompareTests {
  private static let labels = ["--labels", "\(ProgramRun.digits)/test_y.npy"]
  private static let data = ["--data", "\(ProgramRun.digits)/test_x.npy", "--scale", "1/16"]

  /// The digits network with coarse weights, so that it errs otherwise than the float one.
  private func quantized(in folder: TemporaryFolder, _ arguments: String...) throws -> String {
    let path = folder.path("digits_int8.tflite")
    let run = try ProgramRun(
      [
        "quantize", ProgramRun.model, "-o", path, "--calib", "\(ProgramRun.digits)/calib_x.npy", "--scale",
        "1/16",
        "--quiet",
      ] + arguments)
    #expect(run.status == 0, "\(run.error)")
    return path
  }

  private func compare(_ before: String, _ after: String, _ arguments: [String]) throws -> [String: Any] {
    let run = try ProgramRun(["compare", before, after, "--json"] + arguments)
    #expect(run.status == 0, "\(run.error)")
    return try run.json()
  }

  private func quality(_ before: String, _ after: String, _ arguments: [String]) throws -> [String: Any] {
    try #require(try compare(before, after, arguments)["quality"] as? [String: Any])
  }

  @Test func floatAgainstInt8() throws {
    let folder = try TemporaryFolder()
    let path = try quantized(in: folder)
    let report = try compare(ProgramRun.model, path, Self.data + Self.labels)
    #expect(
      report["verb"] as? String == "compare" && report["name"] as? String == "digits_cnn and digits_int8")
    let (before, after) = (report["before"] as? [String: Any], report["after"] as? [String: Any])
    #expect(before?["format"] as? String == "onnx" && after?["format"] as? String == "tflite")
    let quality = try #require(report["quality"] as? [String: Any])
    #expect(quality["samples"] as? Int == 597 && quality["metric"] as? String == "top1")
    for (model, key) in [(ProgramRun.model, "before"), (path, "after")] {
      let alone = try ProgramRun(["evaluate", model, "--json"] + Self.data + Self.labels).measured()
      #expect((quality[key] as? [String: Any])?["correct"] as? Int == alone["correct"] as? Int)
    }
    let classes = try #require(quality["classes"] as? [[String: Any]])
    #expect(classes.count == 10)
    #expect(classes.reduce(0) { $0 + ($1["samples"] as? Int ?? 0) } == 597)
    let right = classes.reduce(0) { $0 + ($1["correct_before"] as? Int ?? 0) }
    #expect(right == (quality["before"] as? [String: Any])?["correct"] as? Int)
    let confusion = try #require((quality["confusion"] as? [String: Any])?["after"] as? [[Int]])
    #expect(confusion.joined().reduce(0, +) == 597)
    #expect(try #require(quality["output_sqnr"] as? Double) > 20)
    // Tensors keep their names, so that most layers find theirs.
    let layers = try #require(report["layers"] as? [[String: Any]])
    #expect(layers.count { $0["sqnr"] as? Double ?? 0 > 20 } > layers.count / 2)
  }

  @Test func identicalModelsDoNotDiffer() throws {
    let quality = try quality(ProgramRun.model, ProgramRun.model, Self.data + Self.labels)
    let difference = try #require(quality["difference"] as? [String: Any])
    #expect(difference["value"] as? Double == 0 && difference["p_value"] as? Double == 1)
    #expect(difference["is_significant"] as? Bool == false)
    #expect(difference["broken"] as? Int == 0 && difference["mended"] as? Int == 0)
    let agreement = try #require(quality["agreement"] as? [String: Any])
    #expect(agreement["value"] as? Double == 1 && agreement["count"] as? Int == 597)
    // Infinite, for which JSON has no number.
    #expect(quality["output_sqnr"] is NSNull)
  }

  /// The other order is the mirror image.
  @Test func swappedModelsMirrorTheResult() throws {
    let folder = try TemporaryFolder()
    let path = try quantized(in: folder, "--calib-method", "percentile", "--percentile", "90")
    let one = try quality(ProgramRun.model, path, Self.data + Self.labels)
    let two = try quality(path, ProgramRun.model, Self.data + Self.labels)
    func difference(_ quality: [String: Any]) throws -> [String: Any] {
      try #require(quality["difference"] as? [String: Any])
    }
    let (forth, back) = (try difference(one), try difference(two))
    #expect(forth["broken"] as? Int != 0)
    #expect(forth["broken"] as? Int == back["mended"] as? Int)
    #expect(forth["mended"] as? Int == back["broken"] as? Int)
    #expect(forth["p_value"] as? Double == back["p_value"] as? Double)
    func number(_ difference: [String: Any], _ key: String) -> Double { difference[key] as? Double ?? .nan }
    #expect(abs(number(forth, "value") + number(back, "value")) < 1e-12)
    #expect(abs(number(forth, "low") + number(back, "high")) < 1e-12)
    #expect(
      (one["agreement"] as? [String: Any])?["count"] as? Int
        == (two["agreement"] as? [String: Any])?["count"] as? Int)
  }

  @Test func withoutLabelsOutputsAreCompared() throws {
    let folder = try TemporaryFolder()
    let report = try compare(ProgramRun.model, try quantized(in: folder), Self.data)
    let quality = try #require(report["quality"] as? [String: Any])
    #expect(quality["metric"] == nil && quality["difference"] == nil && quality["before"] == nil)
    // Logits are not known to choose a class.
    #expect(quality["agreement"] == nil)
    #expect(try #require(quality["output_sqnr"] as? Double) > 20)
    #expect((report["notes"] as? [String])?.contains { $0.contains("no labels were given") } == true)
  }

  @Test func withoutDataOnlySizesAreCompared() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun("compare", ProgramRun.model, try quantized(in: folder))
    #expect(run.status == 0 && run.output.contains("no samples were given"))
    let report = try compare(ProgramRun.model, folder.path("digits_int8.tflite"), [])
    #expect(report["quality"] == nil)
    #expect(try #require(report["layers"] as? [[String: Any]]).count > 5)
  }

  @Test func theResultDoesNotDependOnThreads() throws {
    let folder = try TemporaryFolder()
    let path = try quantized(in: folder)
    let results = try ["1", "3"].map { threads in
      var report = try compare(
        ProgramRun.model, path, Self.data + Self.labels + ["--threads", threads])
      report["run"] = nil
      return try JSONSerialization.data(withJSONObject: report, options: .sortedKeys)
    }
    #expect(results[0] == results[1])
  }

  @Test func anIntervalIsAsSureAsAskedFor() throws {
    func width(_ confidence: String) throws -> Double {
      let quality = try quality(
        ProgramRun.model, ProgramRun.model, Self.data + Self.labels + ["--confidence", confidence])
      let before = try #require(quality["before"] as? [String: Any])
      return (before["high"] as? Double ?? 0) - (before["low"] as? Double ?? 0)
    }
    #expect(try width("99%") > width("0.9"))
  }

  @Test func reportsAreWrittenByTheirEnding() throws {
    let folder = try TemporaryFolder()
    let (json, text) = (folder.path("r.json"), folder.path("r.md"))
    let run = try ProgramRun(
      ["compare", ProgramRun.model, ProgramRun.model, "--report", json, "--report", text] + Self.data
        + Self.labels)
    #expect(run.status == 0, "\(run.error)")
    #expect(folder.names == ["r.json", "r.md"])
    #expect(try String(contentsOfFile: text, encoding: .utf8).contains("top1"))
    let again = try ProgramRun("compare", ProgramRun.model, ProgramRun.model, "--report", json)
    #expect(again.status == 74 && again.error.contains("exists"))
  }

  @Test func flagsThatSayNothingAreRefused() throws {
    let run = try ProgramRun("compare", ProgramRun.model, ProgramRun.model, "--metric", "top5")
    #expect(run.status == 64 && run.error.contains("--metric needs --data"))
    let labels = try ProgramRun(["compare", ProgramRun.model, ProgramRun.model] + Self.labels)
    #expect(labels.status == 64 && labels.error.contains("--labels needs --data"))
    for (flag, value) in [("--scale", "1/16"), ("--mean", "0.5"), ("--crop", "8"), ("--seed", "3")] {
      let idle = try ProgramRun("compare", ProgramRun.model, ProgramRun.model, flag, value)
      #expect(idle.status == 64 && idle.error.contains("\(flag) needs --data"), "\(idle.error)")
    }
    let sure = try ProgramRun(
      ["compare", ProgramRun.model, ProgramRun.model, "--confidence", "2"] + Self.data)
    #expect(sure.status == 64 && sure.error.contains("a confidence from 0.5 to 0.9999"))
  }
}
