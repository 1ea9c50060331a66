import Foundation
import Testing

@testable import edgeopt

/// What decides whether a kept result is still the right one, beside the recipe's text.
@Suite struct RecipeKeyTests {
  /// Of two builds of the same version one may compute otherwise.
  @Test func anotherBuildOfTheProgramTakesNothing() throws {
    let place = try RecipeWorkplace()
    #expect(try place.steps() == ["calibrate", "quantize", "compare"])
    #expect(try place.steps() == ["-calibrate", "-quantize", "-compare"])
    let other = place.folder.url.appending(path: "edgeopt")
    try FileManager.default.copyItem(at: ProgramRun.binary, to: other)
    let file = try FileHandle(forWritingTo: other)
    try file.seekToEnd()
    try file.write(contentsOf: Data([0]))
    try file.close()
    let process = Process()
    process.executableURL = other
    process.arguments = ["optimize", place.recipe, "--quiet"]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let steps = (try place.report()["run"] as? [String: Any])?["steps"] as? [[String: Any]]
    #expect(steps?.map { $0["is_cached"] as? Bool ?? false } == [false, false, false])
    // The first one's results are still there.
    #expect(try place.steps() == ["-calibrate", "-quantize", "-compare"])
  }

  @Test func namesOfInputsMayHoldEqualSigns() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1], to: "f.npy")
    for name in ["x", "a=b", "a=b=c"] {
      #expect(RecipePlan.files(of: ["--bind=\(name)=\(path)"]) == [path])
      #expect(RecipePlan.files(of: ["--calib=\(name)=\(path)"]) == [path])
    }
    let odd = try folder.write([1], to: "k=v.npy")
    for word in ["--calib=\(odd)", "--data=x=\(odd)", "--labels=\(odd)"] {
      #expect(RecipePlan.files(of: [word]) == [odd])
    }
    #expect(RecipePlan.files(of: ["--bind=\(odd)", "--samples=\(path)", "--", path]) == [])
    // The settings beside samples count as well.
    let settings = try folder.write([], to: "data.yaml")
    #expect(RecipePlan.files(of: ["--calib=a=b=\(path)"]) == [path, settings])
  }
}
