import Foundation
import Testing

/// A recipe in a folder of its own, with the digits data beside it.
final class RecipeWorkplace {
  let folder: TemporaryFolder

  /// Three steps, each done in a moment: calibrate, quantize, and the comparison.
  static let text = """
    variables:
      samples: 50
    model: digits/digits_cnn.onnx
    data:
      calibration: {path: digits/calib_x.npy, samples: "${samples}"}
      evaluation: {path: digits/test_x.npy, labels: digits/test_y.npy, samples: 200}
      scale: 1/16
    stages:
      - calibrate: {calib-method: minmax}
      - quantize: {per-channel: true}
    outputs:
      model: out/digits.tflite
      report: [out/report.json, out/report.md]
      c: out/firmware
    gates:
      max-drop: 2

    """

  init(_ text: String = RecipeWorkplace.text) throws {
    folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: ProgramRun.digits, toPath: folder.path("digits"))
    try write(text)
  }

  var recipe: String { folder.path("digits.yaml") }
  var stages: String { folder.path(".edgeopt/digits/stages") }

  func write(_ text: String) throws { _ = try folder.write(Array(text.utf8), to: "digits.yaml") }

  func replace(_ old: String, with new: String) throws {
    let text = try String(contentsOfFile: recipe, encoding: .utf8)
    #expect(text.contains(old))
    try write(text.replacing(old, with: new))
  }

  func run(_ more: String...) throws -> ProgramRun { try ProgramRun(["optimize", recipe] + more) }

  /// Runs it, and says which steps were computed: "calibrate" is computed, "-calibrate" is from an earlier run.
  func steps(_ more: String...) throws -> [String] {
    let run = try ProgramRun(["optimize", recipe, "--quiet"] + more)
    #expect(run.status == 0, "\(run.error)")
    let steps = (try report()["run"] as? [String: Any])?["steps"] as? [[String: Any]] ?? []
    return steps.map { step in
      let name = step["name"] as? String ?? ""
      return step["is_cached"] as? Bool == true ? "-\(name)" : name
    }
  }

  func report() throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("out/report.json")))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  /// The report without what may differ from run to run.
  func steadyReport() throws -> NSDictionary {
    var report = try report()
    #expect(report.removeValue(forKey: "run") != nil)
    return report as NSDictionary
  }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) }

  /// Everything that the recipe wrote, but for the reports.
  func outputs() throws -> [String: Data] {
    var result: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path("out"))
    where !name.hasPrefix("report.") {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: folder.path("out/\(name)"), isDirectory: &isFolder)
      if !isFolder.boolValue { result[name] = try bytes("out/\(name)") }
    }
    return result
  }

  /// Names of complete steps in the run folder.
  var kept: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: stages)) ?? []).sorted()
  }
}
