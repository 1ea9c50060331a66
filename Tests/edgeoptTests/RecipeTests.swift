import Foundation
import Testing

/// The recipes that the repository holds, run as they are.
@Suite struct RecipeTests {
  static let names = ["int8", "int8-detector", "mcu-256k", "mlperf-tiny-closed"]

  /// The recipes, where their outputs disturb nobody.
  private func copies() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let root = ProgramRun.root
    try FileManager.default.copyItem(
      atPath: root.appending(path: "Recipes").path, toPath: folder.path("Recipes"))
    for name in ["out", ".edgeopt"] {
      try? FileManager.default.removeItem(atPath: folder.path("Recipes/\(name)"))
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("Calibration"), withDestinationPath: root.appending(path: "Calibration").path)
    return folder
  }

  @Test func everyRecipeIsTested() throws {
    let found = try FileManager.default.contentsOfDirectory(
      atPath: ProgramRun.root.appending(path: "Recipes").path)
    #expect(found.filter { $0.hasSuffix(".yaml") }.sorted() == Self.names.map { "\($0).yaml" }.sorted())
  }

  @Test(arguments: names) func itRunsAsItIs(name: String) throws {
    let folder = try copies()
    let recipe = folder.path("Recipes/\(name).yaml")
    let run = try ProgramRun("optimize", recipe, "--json")
    #expect(run.status == 0, "\(run.error)")
    let report = try run.json()
    #expect(report["verb"] as? String == "optimize" && report["name"] as? String == name)
    for output in try #require(report["outputs"] as? [[String: Any]]) {
      let path = try #require(output["path"] as? String)
      #expect(FileManager.default.fileExists(atPath: folder.path("Recipes/\(path)")), "\(path)")
    }
    if name == "int8-detector" {
      // Boxes and scores must not share a scale.
      let outputs = (report["after"] as? [String: Any])?["outputs"] as? [[String: Any]]
      #expect(outputs?.count == 3)
    }
    let gates = try #require(report["gates"] as? [[String: Any]])
    #expect(!gates.isEmpty && gates.allSatisfy { $0["outcome"] as? String == "holds" })
    let again = try ProgramRun("optimize", recipe, "--json").json()
    let steps = (again["run"] as? [String: Any])?["steps"] as? [[String: Any]] ?? []
    #expect(!steps.isEmpty && steps.allSatisfy { $0["is_cached"] as? Bool == true })
  }

  @Test func theSmallDeviceCanBeTooSmall() throws {
    let folder = try copies()
    let run = try ProgramRun(
      "optimize", folder.path("Recipes/mcu-256k.yaml"), "--set", "memory=4k", "--set",
      "stages.quantize.calib-method=minmax")
    #expect(
      run.status == 1 && run.output.contains("fits-target") && run.output.contains("FAILS"), "\(run.error)")
  }

  @Test func theSchemaInTheRepositoryIsTheProgramsOwn() throws {
    let file = ProgramRun.root.appending(path: "Recipes/recipe.schema.json")
    #expect(
      try ProgramRun("recipe", "schema").output == String(contentsOf: file, encoding: .utf8),
      "edgeopt recipe schema -o Recipes/recipe.schema.json --force")
  }

  @Test func aRecipeCanBeShownAndChecked() throws {
    let recipe = ProgramRun.root.appending(path: "Recipes/int8.yaml").path
    let shown = try ProgramRun(
      "recipe", "show", recipe, "--set", "stages.quantize.percentile=99.9",
      "--set", "stages.quantize.calib-method=percentile")
    #expect(shown.status == 0 && shown.output.contains("--calib-method=percentile --percentile=99.9"))
    #expect(try ProgramRun("recipe", "check", recipe).output.contains("in order, quantize"))
    #expect(try ProgramRun("recipe", "schema", recipe).status == 64)
    #expect(try ProgramRun("recipe", "check").status == 64)
    #expect(try ProgramRun("recipe", "chek", recipe).error.contains("did you mean 'check'?"))
  }

  /// The benchmark's own models and data, where they are at hand.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["EDGEOPT_SHARED"] != nil))
  func theClosedDivisionHoldsItsQualityTarget() throws {
    let corpus = try #require(ProcessInfo.processInfo.environment["EDGEOPT_SHARED"]) + "/corpus"
    let folder = try copies()
    let run = try ProgramRun(
      [
        "optimize", folder.path("Recipes/mlperf-tiny-closed.yaml"), "--json", "--set",
        "model=\(corpus)/models/mlperf_kws_dscnn.onnx", "--set", "calibration=\(corpus)/data/kws_calib_x.npy",
        "--set", "test=\(corpus)/data/kws_test_x.npy", "--set", "labels=\(corpus)/data/kws_test_y.npy",
        "--set", "scale=1", "--set", "quality=90%",
      ])
    #expect(run.status == 0, "\(run.error)")
  }
}
