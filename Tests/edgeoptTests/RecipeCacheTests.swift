import Foundation
import Testing

/// What earlier runs made is taken as long as nothing that decides it has changed, and never otherwise.
@Suite struct RecipeCacheTests {
  private static let cached = ["-calibrate", "-quantize", "-compare"]
  private static let all = ["calibrate", "quantize", "compare"]

  @Test func aSecondRunComputesNothing() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == Self.all)
    let (outputs, report) = (try place.outputs(), try place.steadyReport())
    #expect(try place.steps() == Self.cached)
    #expect(try place.outputs() == outputs)
    #expect(try place.steadyReport() == report)
    #expect(try place.steps("--fresh") == Self.all)
    #expect(try place.outputs() == outputs)
    #expect(try place.steadyReport() == report)
  }

  @Test func anEditBeginsAtTheFirstStageThatItChanges() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == Self.all)
    try place.replace("per-channel: true", with: "per-channel: false")
    #expect(try place.steps() == ["-calibrate", "quantize", "compare"])
    try place.replace("samples: 50", with: "samples: 60")
    #expect(try place.steps() == Self.all)
    try place.replace("max-drop: 2", with: "max-drop: 3")
    #expect(try place.steps() == Self.cached)
    try place.replace("samples: 200", with: "samples: 100")
    #expect(try place.steps() == ["-calibrate", "-quantize", "compare"])
    // And back: nothing is forgotten.
    try place.write(RecipeWorkplace.text)
    #expect(try place.steps() == Self.cached)
  }

  @Test func wayOfWritingAndThreadsDecideNothing() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == Self.all)
    let outputs = try place.outputs()
    try place.replace("{per-channel: true}", with: "\n      # every channel\n      per-channel: yes")
    #expect(try place.steps("--threads", "3") == Self.cached)
    #expect(try place.steps("--threads", "1", "--fresh") == Self.all)
    #expect(try place.outputs() == outputs)
  }

  @Test func overridesCountAsEdits() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == Self.all)
    #expect(try place.steps("--set", "samples=40") == Self.all)
    #expect(
      try place.steps("--set", "stages.quantize.memory-plan=best") == ["-calibrate", "quantize", "compare"])
    #expect(try place.steps() == Self.cached)
  }

  @Test func changedDataAreNoticed() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == Self.all)
    var samples = try place.bytes("digits/calib_x.npy")
    for index in 128..<samples.count { samples[index] ^= 1 }
    try samples.write(to: URL(fileURLWithPath: place.folder.path("digits/calib_x.npy")))
    #expect(try place.steps() == Self.all)
    // Settings beside the data are part of them.
    _ = try place.folder.write(Array("skip: 1\n".utf8), to: "digits/data.yaml")
    #expect(try place.steps() == Self.all)
  }

  @Test func aDamagedResultIsMadeAgain() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == Self.all)
    let outputs = try place.outputs()
    let quantized = try #require(place.kept.first { $0.hasPrefix("quantize-") })
    let model = place.folder.path(".edgeopt/digits/stages/\(quantized)/digits.tflite")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: model))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: model))
    #expect(try place.steps() == ["-calibrate", "quantize", "-compare"])
    #expect(try place.outputs() == outputs)
    try FileManager.default.removeItem(atPath: place.folder.path(".edgeopt"))
    // What the run folder remembered of its own files is gone as well.
    let refused = try place.run()
    #expect(
      refused.status == 74 && refused.error.contains("'out/digits.tflite' exists, and no run of this recipe"))
    #expect(refused.error.contains("--force") && refused.error.contains(".edgeopt/digits"))
    #expect(try place.steps("--force") == Self.all)
    #expect(try place.outputs() == outputs)
  }

  @Test func aResultThatComesOutTheSameChangesNothingBehindIt() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == Self.all)
    // Settings beside the data are read, and say nothing where the recipe says something else: the same ranges.
    _ = try place.folder.write(Array("scale: 1/32\n".utf8), to: "digits/data.yaml")
    #expect(try place.steps() == ["calibrate", "-quantize", "compare"])
  }

  @Test func theRunFolderMayBeElsewhere() throws {
    let place = try RecipeWorkplace()
    let other = try TemporaryFolder()
    #expect(try place.steps("--run-folder", other.path("runs")) == Self.all)
    #expect(!FileManager.default.fileExists(atPath: place.folder.path(".edgeopt")))
    #expect(try place.steps("--run-folder", other.path("runs")) == Self.cached)
    #expect(try String(contentsOfFile: other.path("runs/.gitignore"), encoding: .utf8) == "*\n")
  }

  @Test func aDryRunSaysWhatIsThereAndDoesNothing() throws {
    let place = try RecipeWorkplace()
    let before = try place.run("--dry-run")
    #expect(before.status == 0 && before.output.contains("rough guesses from multiply-accumulates"))
    #expect(!FileManager.default.fileExists(atPath: place.folder.path(".edgeopt")))
    #expect(!FileManager.default.fileExists(atPath: place.folder.path("out")))
    #expect(try place.steps() == Self.all)
    #expect(try place.run("--dry-run").output.contains("nothing would be computed anew"))
    let edited = try place.run("--dry-run", "--set", "stages.quantize.per-channel=false", "--json")
    let steps = try #require(try edited.json()["steps"] as? [[String: Any]])
    #expect(steps.map { $0["is_cached"] as? Bool } == [true, false, false])
    #expect(
      try place.run("--dry-run", "--set", "samples=10").output.contains("from earlier runs of this recipe"))
  }

  @Test func twoReportsDifferInTheRunOnly() throws {
    let (one, two) = (try RecipeWorkplace(), try RecipeWorkplace())
    _ = try one.steps("--threads", "1")
    _ = try two.steps("--threads", "2")
    #expect(try one.steadyReport() == two.steadyReport())
    #expect(try one.outputs() == two.outputs())
    #expect(try one.outputs().count > 5)
  }
}
