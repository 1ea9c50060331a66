import Foundation
import Testing

/// A recipe to begin with, from a model and what lies beside it.
@Suite struct RecipeInitTests {
  private func place(_ files: [String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in files {
      try FileManager.default.copyItem(atPath: "\(ProgramRun.digits)/\(name)", toPath: folder.path(name))
    }
    return folder
  }

  private func text(_ folder: TemporaryFolder, _ name: String = "recipe.yaml") throws -> String {
    try String(contentsOfFile: folder.path(name), encoding: .utf8)
  }

  @Test func itRunsAsItIsWhereDataWereFound() throws {
    let folder = try place(["digits_cnn.onnx", "calib_x.npy", "calib_y.npy", "test_x.npy", "test_y.npy"])
    let recipe = folder.path("recipe.yaml")
    let made = try ProgramRun("optimize", "--init", folder.path("digits_cnn.onnx"), "-o", recipe)
    #expect(made.status == 0 && made.output.contains("data were found"))
    let text = try text(folder)
    // The scale is found by trying: pixels are 0 to 16.
    #expect(text.contains("\n  scale: 1/16\n") && text.contains("labels: test_y.npy"))
    #expect(text.contains("\nname: digits_cnn\nmodel: digits_cnn.onnx\n"))
    #expect(text.contains("calibration: calib_x.npy") && text.contains("max-drop: 1"))
    let run = try ProgramRun("optimize", recipe, "--quiet")
    #expect(run.status == 0, "\(run.error)")
    #expect(FileManager.default.fileExists(atPath: folder.path("out/digits_cnn/report.html")))
  }

  @Test func withoutLabelsItGuessesFromTheValues() throws {
    let folder = try place(["digits_cnn.onnx", "test_x.npy"])
    let made = try ProgramRun(
      "optimize", "--init", folder.path("digits_cnn.onnx"), "-o", folder.path("recipe.yaml"))
    #expect(made.status == 0, "\(made.error)")
    let text = try text(folder)
    #expect(
      text.contains("Stored values are 0 to 16, and whole: a guess") && text.contains("\n  scale: 1/16\n"))
    #expect(text.contains("They are test samples, as no others were found") && text.contains("min-sqnr"))
    #expect(try ProgramRun("optimize", folder.path("recipe.yaml"), "--quiet").status == 0)
  }

  @Test func withoutDataItSaysWhatIsMissing() throws {
    let folder = try place(["digits_cnn.onnx", "test_y.npy"])
    let made = try ProgramRun(
      "optimize", "--init", folder.path("digits_cnn.onnx"), "-o", folder.path("recipe.yaml"))
    #expect(made.status == 0 && made.output.contains("fill in the paths"))
    let check = try ProgramRun("recipe", "check", folder.path("recipe.yaml"))
    #expect(check.status == 65 && check.error.contains("'PATH' does not exist"))
    #expect(check.error.contains("the recipe has a problem"), "\(check.error)")
  }

  @Test func pathsAreRelativeToTheRecipe() throws {
    let folder = try place(["digits_cnn.onnx", "calib_x.npy"])
    try FileManager.default.createDirectory(
      atPath: folder.path("my recipes/deep"), withIntermediateDirectories: true)
    let recipe = folder.path("my recipes/deep/recipe.yaml")
    #expect(try ProgramRun("optimize", "--init", folder.path("digits_cnn.onnx"), "-o", recipe).status == 0)
    #expect(try text(folder, "my recipes/deep/recipe.yaml").contains("model: ../../digits_cnn.onnx"))
    #expect(try ProgramRun("recipe", "check", recipe).status == 0)
    // On standard output it is for the current folder, and nothing else is printed.
    let printed = try ProgramRun("optimize", "--init", folder.path("digits_cnn.onnx"))
    #expect(printed.status == 0 && printed.output.hasPrefix("# What to do to digits_cnn."))
  }

  @Test func namesThatRecipesCannotHaveAreAdapted() throws {
    let folder = try place(["calib_x.npy"])
    for (file, line) in [("my model (2).onnx", "name: my-model--2-\n"), ("é.onnx", nil)] {
      try FileManager.default.copyItem(
        atPath: ProgramRun.model, toPath: folder.path(file))
      let recipe = folder.path("\(file).yaml")
      #expect(try ProgramRun("optimize", "--init", folder.path(file), "-o", recipe).status == 0)
      let text = try text(folder, "\(file).yaml")
      if let line { #expect(text.contains(line), "\(text)") } else { #expect(!text.contains("name:")) }
      #expect(try ProgramRun("recipe", "check", recipe).status == 0)
    }
  }

  @Test func whatCannotBeStartedWithIsRefused() throws {
    let folder = try place(["digits_cnn.onnx", "calib_x.npy"])
    let recipe = folder.path("recipe.yaml")
    #expect(try ProgramRun("optimize", "--init", folder.path("nowhere.onnx"), "-o", recipe).status == 66)
    #expect(try ProgramRun("optimize", "--init", folder.path("calib_x.npy"), "-o", recipe).status == 65)
    #expect(try ProgramRun("optimize", "--init", "model.tflite").status == 64)
    #expect(try ProgramRun("optimize", "--init", folder.path("digits_cnn.onnx"), "--dry-run").status == 64)
    #expect(try ProgramRun("optimize", "a.yaml", "--init", folder.path("digits_cnn.onnx")).status == 64)
    _ = try folder.write(Array("mine".utf8), to: "recipe.yaml")
    #expect(try ProgramRun("optimize", "--init", folder.path("digits_cnn.onnx"), "-o", recipe).status == 74)
    #expect(try text(folder) == "mine")
  }
}
