import Foundation
import Testing

/// A run that is killed leaves nothing half done: the next one goes on and makes the same bytes.
@Suite struct RecipeResumeTests {
  /// Where a run is killed, and the steps that are surely there afterwards.
  static let boundaries: [(sign: String, there: [String])] = [
    (".edgeopt/digits/stages", []),
    ("calibrate-*", ["calibrate"]),
    ("quantize-*", ["calibrate", "quantize"]),
    ("compare-*", ["calibrate", "quantize", "compare"]),
    ("out/digits.tflite", ["calibrate", "quantize", "compare"]),
    ("out/report.json", ["calibrate", "quantize", "compare"]),
  ]

  @Test(arguments: boundaries.indices) func aKilledRunGoesOn(index: Int) throws {
    let (sign, there) = Self.boundaries[index]
    let reference = try RecipeWorkplace()
    _ = try reference.steps()
    let place = try RecipeWorkplace()
    try Self.kill(place, at: sign)
    // What a killed run has finished is kept; more than that may be there when it was quick.
    let steps = try place.steps()
    for step in there { #expect(steps.contains("-\(step)"), "\(sign): \(steps)") }
    #expect(try place.outputs() == reference.outputs())
    #expect(try place.steadyReport() == reference.steadyReport())
    let left = try FileManager.default.subpathsOfDirectory(atPath: place.folder.url.path)
    #expect(left.filter { $0.hasSuffix(".part") } == [])
  }

  /// Starts a run, and ends it the hard way as soon as the sign is there.
  private static func kill(_ place: RecipeWorkplace, at sign: String) throws {
    let process = Process()
    process.executableURL = ProgramRun.binary
    process.arguments = ["optimize", place.recipe, "--quiet"]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 120)
    while process.isRunning, Date() < deadline, !isThere(sign, place) { usleep(500) }
    #expect(isThere(sign, place), "the run never came to \(sign)")
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  private static func isThere(_ sign: String, _ place: RecipeWorkplace) -> Bool {
    guard sign.hasSuffix("*") else { return FileManager.default.fileExists(atPath: place.folder.path(sign)) }
    return place.kept.contains { $0.hasPrefix(sign.dropLast()) && !$0.hasSuffix(".part") }
  }

  @Test func interruptionLeavesNoTemporaryFolder() throws {
    let place = try RecipeWorkplace()
    let process = Process()
    process.executableURL = ProgramRun.binary
    process.arguments = ["optimize", place.recipe, "--quiet"]
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning, !place.kept.contains(where: { $0.hasSuffix(".part") }) { usleep(200) }
    process.interrupt()
    process.waitUntilExit()
    #expect(place.kept.filter { $0.hasSuffix(".part") } == [])
    #expect(try place.steps().count == 3)
  }

  @Test func runsAtTheSameTimeDoNotDisturbOneAnother() throws {
    let reference = try RecipeWorkplace()
    _ = try reference.steps()
    let place = try RecipeWorkplace()
    let processes = try (0..<3).map { _ in
      let process = Process()
      process.executableURL = ProgramRun.binary
      process.arguments = ["optimize", place.recipe, "--quiet"]
      try process.run()
      return process
    }
    for process in processes {
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    #expect(try place.outputs() == reference.outputs())
    #expect(try place.steps() == ["-calibrate", "-quantize", "-compare"])
    #expect(try place.steadyReport() == reference.steadyReport())
  }
}
