import Foundation
import Testing

/// Everything that can be wrong with a recipe, compared with what is checked in beside it.
///
/// `EDGEOPT_UPDATE_SNAPSHOTS=1 swift test --filter RecipeErrorTests` writes the texts anew.
@Suite struct RecipeErrorTests {
  private static let folder = ProgramRun.root.appending(path: "Tests/edgeoptTests/BrokenRecipes")

  static let names: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

  @Test(arguments: names) func theProblemsAreAsExpected(name: String) throws {
    let path = Self.folder.appending(path: "\(name).yaml").path
    let run = try ProgramRun("recipe", "check", path)
    #expect(run.status == 65 && run.output.isEmpty)
    let text = run.error.replacing(Self.folder.path + "/", with: "")
    let file = Self.folder.appending(path: "\(name).txt")
    if ProcessInfo.processInfo.environment["EDGEOPT_UPDATE_SNAPSHOTS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try text == String(contentsOf: file, encoding: .utf8))
    // Running it says the same, and does nothing.
    let optimized = try ProgramRun("optimize", path)
    #expect(optimized.status == 65 && optimized.error == run.error)
  }

  @Test func everyKindIsThere() { #expect(Self.names.count > 50) }

  @Test func wrongOverridesAreWrongUsage() throws {
    let recipe = ProgramRun.root.appending(path: "Recipes/int8.yaml").path
    for (override, message) in [
      ("data.calibration.sampels=3", "unknown key 'sampels'; did you mean 'samples'?"),
      ("datta=3", "the recipe has no variable and no key 'datta'; did you mean 'data'?"),
      ("stages.prune.sparsity=1", "the recipe has no stage 'prune'"),
      ("stages.quantize.output=a", "'output' is not given in a stage; it belongs under 'outputs.model'"),
      ("data.evaluation.metric=topp1", "did you mean 'top1'?"),
      ("gates.max-size=large", "'max-size' is 'large'"),
    ] {
      let run = try ProgramRun("optimize", recipe, "--set", override)
      #expect(run.status == 64 && run.error.contains("--set \(override): "), "\(run.error)")
      #expect(run.error.contains(message), "\(run.error)")
    }
    #expect(try ProgramRun("optimize", recipe, "--set", "novalue").status == 64)
  }

  @Test func recipesThatAreNotThere() throws {
    let missing = try ProgramRun("optimize", "nowhere.yaml")
    #expect(missing.status == 66 && missing.error.contains("--init"))
    #expect(try ProgramRun("optimize", ProgramRun.digits).status == 65)
    #expect(try ProgramRun("optimize").status == 64)
  }
}
