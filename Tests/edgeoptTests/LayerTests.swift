import Foundation
import Testing

/// What reports tell of single layers.
@Suite struct LayerTests {
  private static let calibration = ["--calib", "\(ProgramRun.digits)/calib_x.npy", "--scale", "1/16"]
  private static let data = ["--data", "\(ProgramRun.digits)/test_x.npy", "--scale", "1/16"]

  private func quantized(in folder: TemporaryFolder) throws -> String {
    let path = folder.path("digits.tflite")
    let run = try ProgramRun(
      ["quantize", ProgramRun.model, "-o", path, "--calib-method", "minmax", "--quiet"] + Self.calibration)
    #expect(run.status == 0, "\(run.error)")
    return path
  }

  private func layers(_ before: String, _ after: String) throws -> [[String: Any]] {
    let run = try ProgramRun(["compare", before, after, "--json"] + Self.data)
    #expect(run.status == 0, "\(run.error)")
    return try #require(try run.json()["layers"] as? [[String: Any]])
  }

  @Test func twoFilesAreComparedByTheNamesOfTensors() throws {
    let folder = try TemporaryFolder()
    let layers = try layers(ProgramRun.model, quantized(in: folder))
    #expect(layers.count == 12)
    let ratios = layers.compactMap { $0["sqnr"] as? Double }
    #expect(ratios.count >= 11 && ratios.allSatisfy { $0 > 20 && $0 < 60 })
    #expect(layers.allSatisfy { ($0["cosine"] as? Double ?? 1) > 0.99 })
    #expect(layers.filter { $0["weights"] != nil }.count >= 7)
  }

  @Test func aFileAndItselfAreTheSame() throws {
    let folder = try TemporaryFolder()
    let path = try quantized(in: folder)
    for layer in try layers(path, path) {
      // Without any error the ratio is infinite, which JSON has no number for.
      #expect(layer["sqnr"] is NSNull)
      #expect(abs(try #require(layer["cosine"] as? Double) - 1) < 1e-12)
    }
  }

  @Test func theReportOfAPlanTellsWhatItDidToALayer() throws {
    let folder = try TemporaryFolder()
    let report = folder.path("report.json")
    let run = try ProgramRun(
      [
        "quantize", ProgramRun.model, "-o", folder.path("out.tflite"), "--memory-plan", "best", "--report",
        report,
      ]
        + Self.calibration)
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("layers with the largest error"))
    let data = try Data(contentsOf: URL(fileURLWithPath: report))
    let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let layers = try #require(document["layers"] as? [[String: Any]])
    // Whatever order the operators have been given since.
    let first = try #require(
      layers.first { ($0["nodes"] as? [String])?.first?.contains("features.0.0") == true })
    #expect(first["operator"] as? String == "CONV_2D" && first["bytes_before"] as? Int == 640)
    let range = try #require(first["range"] as? [String: Any])
    #expect(
      (range["choice"] as? String)?.isEmpty == false && (range["reason"] as? String)?.contains("dB") == true)
    let shares = layers.compactMap { $0["error_share"] as? Double }
    #expect(shares.count == layers.count && abs(shares.reduce(0, +) - 1) < 1e-9)
    let changes = try #require(document["changes"] as? [[String: Any]])
    #expect(changes.contains { $0["kind"] as? String == "memory" })
  }

  /// Without samples there is nothing to compare on, and nothing is made up.
  @Test func rangesFromAFileTellOfNoErrors() throws {
    let folder = try TemporaryFolder()
    let ranges = folder.path("ranges.json")
    let made = try ProgramRun(
      ["calibrate", ProgramRun.model, "--calib-method", "minmax", "-o", ranges, "--quiet"] + Self.calibration)
    #expect(made.status == 0, "\(made.error)")
    let run = try ProgramRun(
      "quantize", ProgramRun.model, "--ranges", ranges, "-o", folder.path("out.tflite"), "--json")
    let layers = try #require(try run.json()["layers"] as? [[String: Any]])
    #expect(layers.count == 12)
    #expect(layers.allSatisfy { $0["sqnr"] == nil && $0["error_share"] == nil && $0["activations"] == nil })
    #expect(layers.contains { ($0["range"] as? [String: Any])?["choice"] as? String == "given" })
  }
}
