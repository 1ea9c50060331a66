import Foundation
import Testing

/// A run that is killed leaves nothing half done: the next one goes on and makes the same bytes.
@Suite struct RecipeResumeTests {
  /// A recipe, where a run of it is killed, and the steps that are surely there afterwards.
  struct Boundary {
    var text = RecipeWorkplace.text
    var sign: String
    var there: [String]
    /// Behind the last file a run may end before anybody can kill it.
    var isLast = false
  }

  private static let converting = RecipeWorkplace.text.replacing(
    "  - calibrate:", with: "  - convert\n  - calibrate:")
  private static let exporting = """
    model: digits/digits_cnn.onnx
    data: {scale: 1/16, evaluation: {path: digits/test_x.npy, labels: digits/test_y.npy}}
    stages: [convert]
    outputs: {model: out/digits.tflite, report: out/report.json, c: out/firmware}

    """

  static let boundaries: [Boundary] = [
    Boundary(sign: ".edgeopt/digits/stages", there: []),
    Boundary(sign: "calibrate-*", there: ["calibrate"]),
    Boundary(sign: "quantize-*", there: ["calibrate", "quantize"]),
    Boundary(sign: "compare-*", there: ["calibrate", "quantize", "compare"]),
    Boundary(sign: "out/digits.tflite", there: ["calibrate", "quantize", "compare"]),
    Boundary(sign: "out/report.json", there: ["calibrate", "quantize", "compare"], isLast: true),
    Boundary(text: converting, sign: "convert-*", there: ["convert"]),
    Boundary(text: converting, sign: "calibrate-*", there: ["convert", "calibrate"]),
    Boundary(text: converting, sign: "quantize-*", there: ["convert", "calibrate", "quantize"]),
    Boundary(
      text: converting, sign: "out/firmware", there: ["convert", "calibrate", "quantize", "compare"]),
    Boundary(text: exporting, sign: "convert-*", there: ["convert"]),
    Boundary(text: exporting, sign: "export-*", there: ["convert", "export"]),
  ]

  @Test(arguments: boundaries.indices) func aKilledRunGoesOn(index: Int) throws {
    let boundary = Self.boundaries[index]
    let reference = try RecipeWorkplace(boundary.text)
    let all = try reference.steps()
    let place = try Self.killed(at: boundary)
    // What a killed run has finished is kept; more than that may be there when it was quick.
    let steps = try place.steps()
    #expect(steps.map { $0.hasPrefix("-") ? String($0.dropFirst()) : $0 } == all)
    for step in boundary.there { #expect(steps.contains("-\(step)"), "\(boundary.sign): \(steps)") }
    #expect(try place.outputs() == reference.outputs())
    #expect(try place.steadyReport() == reference.steadyReport())
    let left = try FileManager.default.subpathsOfDirectory(atPath: place.folder.url.path)
    #expect(left.filter { $0.hasSuffix(".part") } == [])
  }

  /// A place where a run was ended the hard way as soon as the sign was there.
  private static func killed(at boundary: Boundary) throws -> RecipeWorkplace {
    // Where a run is faster than whoever looks on, the next one is looked at more often.
    for slice in slices {
      let place = try RecipeWorkplace(boundary.text)
      let process = try start(place)
      let came = watch(process, slice: slice) { isThere(boundary.sign, place) }
      #expect(came || !process.isRunning, "the run never came to \(boundary.sign)")
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      #expect(isThere(boundary.sign, place), "the run ended without \(boundary.sign)")
      if boundary.isLast
        || process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
      {
        return place
      }
    }
    Issue.record("the run could not be killed at \(boundary.sign): it was always over before")
    return try RecipeWorkplace(boundary.text)
  }

  /// How long a run goes on between two looks at it, in microseconds, one attempt after the other.
  private static let slices: [UInt32] = [1000, 300, 100, 30, 10, 10, 10, 10]

  private static func start(_ place: RecipeWorkplace) throws -> Process {
    let process = Process()
    process.executableURL = ProgramRun.binary
    process.arguments = ["optimize", place.recipe, "--quiet"]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Lets the run go on in slices and looks at it while it is stopped; true leaves it stopped, where the sign is there.
  private static func watch(_ process: Process, slice: UInt32, _ isThere: () -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: 120)
    while process.isRunning, Date() < deadline {
      kill(process.processIdentifier, SIGSTOP)
      if isThere() { return true }
      kill(process.processIdentifier, SIGCONT)
      usleep(slice)
    }
    return false
  }

  private static func isThere(_ sign: String, _ place: RecipeWorkplace) -> Bool {
    guard sign.hasSuffix("*") else { return FileManager.default.fileExists(atPath: place.folder.path(sign)) }
    return place.kept.contains { $0.hasPrefix(sign.dropLast()) && !$0.hasSuffix(".part") }
  }

  @Test func interruptionLeavesNoTemporaryFolder() throws {
    for slice in Self.slices {
      let place = try RecipeWorkplace()
      let process = try Self.start(place)
      let came = Self.watch(process, slice: slice) { place.kept.contains { $0.hasSuffix(".part") } }
      #expect(came || !process.isRunning, "the run never began a step")
      process.interrupt()
      kill(process.processIdentifier, SIGCONT)
      process.waitUntilExit()
      // It was over before: the next one is looked at more often.
      if process.terminationReason == .exit, process.terminationStatus == 0 { continue }
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      #expect(place.kept.filter { $0.hasSuffix(".part") } == [])
      #expect(try place.steps().count == 3)
      return
    }
    Issue.record("the run could not be interrupted: it was always over before")
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

  @Test func runsThatReplaceEverythingDoNotDisturbOneAnother() throws {
    let reference = try RecipeWorkplace()
    _ = try reference.steps()
    let place = try RecipeWorkplace()
    _ = try place.steps()
    let processes = try (0..<3).map { _ in
      let process = Process()
      process.executableURL = ProgramRun.binary
      process.arguments = ["optimize", place.recipe, "--quiet", "--fresh"]
      try process.run()
      return process
    }
    for process in processes {
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    #expect(try place.outputs() == reference.outputs())
    #expect(place.kept.filter { $0.hasSuffix(".part") } == [])
    #expect(try place.steps() == ["-calibrate", "-quantize", "-compare"])
  }
}
