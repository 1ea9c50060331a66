import Foundation
import Testing

/// Each form of data in `Calibration/forms`, as its README shows it: the same digits give the same ranges.
@Suite struct DataFormTests {
  static let forms = ProgramRun.root.appending(path: "Calibration/forms").path

  private func ranges(_ words: String..., model: String = ProgramRun.model) throws -> [String: Any] {
    let run = try ProgramRun(["calibrate", model, "--json", "-q"] + words)
    #expect(run.status == 0, "\(run.error)")
    return try run.json()
  }

  private func ends(_ document: [String: Any]) throws -> [String] {
    let entries = try #require(document["ranges"] as? [[String: Any]])
    #expect(!entries.isEmpty)
    return entries.map { "\($0["tensor"]!) \($0["lower"]!) \($0["upper"]!)" }
  }

  /// Sixteenths are exact in every form, so the samples are the same to the bit.
  @Test(
    arguments: [
      ["digits.npz", "--scale", "1/16"], ["arrays"], ["pictures"], ["labeled-pictures"],
      ["digits.csv", "--label-column", "label", "--scale", "1/16"], ["onnx"],
    ])
  func theSameDigitsGiveTheSameRanges(words: [String]) throws {
    let path = "\(Self.forms)/\(words[0])"
    // Class folders bring the samples into another order, in which sums of errors round otherwise.
    let isOrdered = words[0] != "pictures"
    let method = ["--calib-method", isOrdered ? "auto" : "minmax"]
    func calibrated(_ words: [String]) throws -> [String: Any] {
      let run = try ProgramRun(["calibrate", ProgramRun.model, "--json", "-q", "--calib"] + words + method)
      #expect(run.status == 0, "\(run.error)")
      return try run.json()
    }
    let found = try calibrated([path] + words.dropFirst())
    let wanted = try calibrated(["\(Self.forms)/digits.npy", "--scale", "1/16"])
    #expect(found["samples"] as? Int == 12)
    let digests = [found, wanted].map { $0["calibration_sha256"] as? String }
    #expect((digests[0] == digests[1]) == isOrdered)
    #expect(try ends(found) == ends(wanted))
  }

  @Test func soundsAndTheirClasses() throws {
    let run = try ProgramRun(
      "evaluate", "\(Self.forms)/tones.onnx", "--data", "\(Self.forms)/sounds", "--json")
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("top1"))
    let found = try ranges("--calib", "\(Self.forms)/sounds", model: "\(Self.forms)/tones.onnx")
    #expect(found["samples"] as? Int == 2)
    let folder = try TemporaryFolder()
    let made = try ProgramRun(
      "quantize", "\(Self.forms)/tones.onnx", "--calib", "\(Self.forms)/sounds", "-o",
      folder.path("t.tflite"), "-q")
    #expect(made.status == 0, "\(made.error)")
  }

  @Test func severalInputs() throws {
    let folder = "\(Self.forms)/two-inputs"
    let found = try ranges(
      "--calib", "left=\(folder)/left.npy", "--calib", "right=\(folder)/right.npy",
      model: "\(folder)/model.onnx")
    #expect(found["samples"] as? Int == 12)
    let lonely = try ProgramRun("calibrate", "\(folder)/model.onnx", "--calib", "left=\(folder)/left.npy")
    #expect(lonely.status == 64 && lonely.error.contains("right"))
    let temporary = try TemporaryFolder()
    let made = temporary.path("two.tflite")
    let run = try ProgramRun(
      "quantize", "\(folder)/model.onnx", "--calib", "right=\(folder)/right.npy", "--calib",
      "left=\(folder)/left.npy", "-o", made, "-q")
    #expect(run.status == 0, "\(run.error)")
    let again = try ProgramRun(["reproduce", made, "--search", folder], in: temporary.url)
    #expect(again.status == 0 && again.output.hasPrefix("the same "), "\(again.error)\(again.output)")
  }

  /// What `data.yaml` says, a flag may say otherwise.
  @Test func flagsWinOverTheFile() throws {
    let plain = try ranges("--calib", "\(Self.forms)/arrays")
    let other = try ranges("--calib", "\(Self.forms)/arrays", "--scale", "1/8")
    #expect(plain["calibration_sha256"] as? String != other["calibration_sha256"] as? String)
  }

  /// The README shows each of the examples.
  @Test func theExamplesAreDocumented() throws {
    let text = try String(
      contentsOf: ProgramRun.root.appending(path: "Calibration/README.md"), encoding: .utf8)
    for name in try FileManager.default.contentsOfDirectory(atPath: Self.forms) where !name.hasPrefix(".") {
      #expect(text.contains("forms/\(name)"), "\(name)")
    }
  }
}
