import Foundation
import Testing

/// `quantize` and the verbs that take what it makes, on the digits model.
@Suite struct QuantizeTests {
  private static let calibration = ["--calib", "\(ProgramRun.digits)/calib_x.npy", "--scale", "1/16"]
  private static let test = [
    "--data", "\(ProgramRun.digits)/test_x.npy", "--labels", "\(ProgramRun.digits)/test_y.npy",
  ]

  /// A quantized digits model, made in a moment.
  private func quantized(in folder: TemporaryFolder, _ more: String...) throws -> String {
    let path = folder.path("digits.tflite")
    let run = try ProgramRun(
      ["quantize", ProgramRun.model, "-o", path, "--calib-method", "minmax", "--quiet"] + Self.calibration
        + more)
    #expect(run.status == 0, "\(run.error)")
    return path
  }

  @Test func theReportHoldsBothAccuracies() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.tflite")
    let run = try ProgramRun(
      ["quantize", ProgramRun.model, "--int8", "-o", path, "--report", folder.path("report.json"), "--json"]
        + Self.calibration + Self.test)
    #expect(run.status == 0 && run.error.isEmpty)
    let document = try run.json()
    let quality = try #require(document["quality"] as? [String: Any])
    let (before, after) = (quality["before"] as? [String: Any], quality["after"] as? [String: Any])
    #expect(before?["correct"] as? Int == 591)
    // Half a percent of 597 images.
    #expect(try #require(after?["correct"] as? Int) >= 588)
    #expect(try #require(quality["output_sqnr"] as? Double) > 20)
    #expect(try String(contentsOfFile: folder.path("report.json"), encoding: .utf8) == run.output)
    // What was measured is what the file alone gives.
    let evaluated = try ProgramRun(["evaluate", path, "--scale", "1/16", "--json"] + Self.test).measured()
    #expect(evaluated["correct"] as? Int == after?["correct"] as? Int)
  }

  @Test func theSameWorkGivesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let first = try Data(contentsOf: URL(fileURLWithPath: quantized(in: folder)))
    let again = try Data(contentsOf: URL(fileURLWithPath: quantized(in: folder, "--force", "--threads", "3")))
    #expect(first == again)
    #expect(folder.names == ["digits.tflite"])
  }

  @Test func rangesFromAFileGiveTheSameNetwork() throws {
    let folder = try TemporaryFolder()
    let ranges = folder.path("ranges.json")
    let made = try ProgramRun(
      ["calibrate", ProgramRun.model, "--calib-method", "minmax", "-o", ranges, "--quiet"] + Self.calibration)
    #expect(made.status == 0, "\(made.error)")
    let path = folder.path("ranged.tflite")
    let run = try ProgramRun("quantize", ProgramRun.model, "--ranges", ranges, "-o", path, "--json")
    #expect(run.status == 0, "\(run.error)")
    func result(_ model: String) throws -> Int? {
      try ProgramRun(["evaluate", model, "--scale", "1/16", "--json"] + Self.test).measured()["correct"]
        as? Int
    }
    #expect(try result(path) == result(quantized(in: folder)))
  }

  @Test func correctionsFromAFileAreLeftOutWhenAsked() throws {
    let folder = try TemporaryFolder()
    let ranges = folder.path("ranges.json")
    let made = try ProgramRun(["calibrate", ProgramRun.model, "-o", ranges, "--quiet"] + Self.calibration)
    #expect(made.status == 0, "\(made.error)")
    func corrected(_ more: String...) throws -> Int? {
      let command = ["quantize", ProgramRun.model, "--ranges", ranges, "-o", folder.path("out.tflite")]
      let document = try ProgramRun(command + ["--force", "--json"] + more).json()
      return ((document["calibration"] as? [String: Any])?["corrected_biases"] as? [String])?.count
    }
    #expect(try #require(try corrected()) > 0)
    #expect(try corrected("--no-bias-correction") == 0)
  }

  @Test func theQDQModelIsTheSameNetwork() throws {
    let folder = try TemporaryFolder()
    let (qdq, again) = (folder.path("digits.onnx"), folder.path("again.tflite"))
    let path = try quantized(in: folder, "--qdq", qdq)
    // Its scales are its own, so that no samples are needed.
    let taken = try ProgramRun("quantize", qdq, "-o", again, "--json")
    #expect(taken.status == 0, "\(taken.error)")
    func result(_ model: String) throws -> Int {
      let run = try ProgramRun(["evaluate", model, "--scale", "1/16", "--json"] + Self.test)
      return try #require(run.measured()["correct"] as? Int)
    }
    // Float arithmetic between the roundings is steps apart from the device: of 597 images, 2 may change sides.
    #expect(abs(try result(qdq) - result(path)) <= 2)
    #expect(abs(try result(again) - result(path)) <= 2)
    // Neither is written where one may not be replaced.
    let other = folder.path("other.tflite")
    let refused = try ProgramRun(
      ["quantize", ProgramRun.model, "-o", other, "--qdq", qdq] + Self.calibration)
    #expect(refused.status == 74 && refused.error.contains("--force"))
    #expect(folder.names == ["again.tflite", "digits.onnx", "digits.tflite"])
    let misnamed = try ProgramRun(
      ["quantize", ProgramRun.model, "-o", other, "--qdq", folder.path("digits.tflite")] + Self.calibration)
    #expect(misnamed.status == 64)
  }

  @Test func samplesAreRoundedAtTheBorder() throws {
    let folder = try TemporaryFolder()
    let model = try quantized(in: folder)
    let inspected = try ProgramRun("inspect", model, "--json").json()
    let port = try #require((inspected["inputs"] as? [[String: Any]])?.first)
    let scale = Float(try #require(port["scale"] as? Double))
    let zeroPoint = Float(try #require(port["zero_point"] as? Int))
    // Halves of a step, and beyond both ends of the type.
    let reals = (-8..<56).map { (Float(5 * $0) + 0.5) * scale }
    #expect(reals.count { ($0 / scale).truncatingRemainder(dividingBy: 1).magnitude == 0.5 } > 32)
    let input = try folder.writeArray("ties.npy", sizes: [1, 8, 8, 1])
    var file = try Data(contentsOf: URL(fileURLWithPath: input)).dropLast(4 * reals.count)
    for real in reals { withUnsafeBytes(of: real.bitPattern.littleEndian) { file.append(contentsOf: $0) } }
    try file.write(to: URL(fileURLWithPath: input))
    let run = try ProgramRun(
      "run", model, "--input", input, "--output-dir", folder.path("out"), "--dump-layers",
      folder.path("layers"),
      "--json")
    #expect(run.status == 0, "\(run.error)")
    let outputs = try #require(try run.json()["outputs"] as? [[String: Any]])
    #expect(outputs[0]["type"] as? String == "int8" && outputs[0]["shape"] as? [Int] == [1, 10])
    let image = try Data(contentsOf: URL(fileURLWithPath: folder.path("layers/image.npy"))).suffix(
      reals.count)
    let wanted = reals.map { real in
      Int8(min(max((real / scale).rounded(.toNearestOrAwayFromZero) + zeroPoint, -128), 127))
    }
    #expect(image.map { Int8(bitPattern: $0) } == wanted)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("layers")).count > 3)
  }

  @Test func floatPortsTakeAndGiveFloats() throws {
    let folder = try TemporaryFolder()
    let model = try quantized(in: folder, "--input-type", "float32", "--output-type", "float32")
    let document = try ProgramRun("inspect", model, "--json").json()
    let ports = ["inputs", "outputs"].map { (document[$0] as? [[String: Any]])?[0]["type"] as? String }
    #expect(ports == ["float32", "float32"])
  }

  @Test func theArenaIsStated() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun("inspect", try quantized(in: folder))
    #expect(run.output.contains("Cortex-M") && run.output.contains("alive at one time"))
  }

  @Test func sourcesForTheFirmware() throws {
    let folder = try TemporaryFolder()
    let target = folder.path("firmware")
    let run = try ProgramRun("export", try quantized(in: folder), "--c", target, "--json")
    #expect(run.status == 0, "\(run.error)")
    let files = try #require(try run.json()["files"] as? [String])
    #expect(files.contains("model.io.json") || files.contains { $0.hasSuffix(".json") })
    #expect(try FileManager.default.contentsOfDirectory(atPath: target).sorted() == files.sorted())
    #expect(try ProgramRun("export", try quantized(in: folder, "--force"), "--c", target).status == 74)
  }

  @Test func nothingIsWrittenWhereItWouldBeWrong() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("precious".utf8), to: "old.tflite")
    let run = try ProgramRun(["quantize", ProgramRun.model, "-o", path] + Self.calibration)
    #expect(run.status == 74 && run.error.contains("--force"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    #expect(try ProgramRun("quantize", ProgramRun.model, "-o", folder.path("new.tflite")).status == 64)
    let int4 = try ProgramRun(
      ["quantize", ProgramRun.model, "--int4", "-o", folder.path("new.tflite")] + Self.calibration)
    #expect(int4.status == 64 && int4.error.contains("--int4"))
    #expect(folder.names == ["old.tflite"])
  }

  @Test func classFoldersNameTheLabels() throws {
    let folder = try TemporaryFolder()
    for name in ["cat", "dog"] {
      try FileManager.default.createDirectory(
        atPath: folder.path("data/\(name)"), withIntermediateDirectories: true)
      _ = try folder.writeArray("data/\(name)/0.npy", sizes: [8, 8])
    }
    let run = try ProgramRun(
      "export", try quantized(in: folder), "--c", folder.path("c"), "--data", folder.path("data"))
    #expect(run.status == 0, "\(run.error)")
    let contract = try String(contentsOfFile: folder.path("c/model.io.json"), encoding: .utf8)
    #expect(contract.contains("\"cat\"") && contract.contains("\"dog\""))
  }

  /// Ranges that were changed by hand are read with care, and nothing beside them is ignored.
  @Test func rangesThatAreNoneAreNamed() throws {
    let folder = try TemporaryFolder()
    let ranges = folder.path("ranges.json")
    #expect(try ProgramRun(["calibrate", ProgramRun.model, "-o", ranges] + Self.calibration).status == 0)
    func quantize(_ path: String, _ more: String...) throws -> ProgramRun {
      try ProgramRun(["quantize", ProgramRun.model, "--ranges", path, "-o", folder.path("o.tflite")] + more)
    }
    let written = try String(contentsOfFile: ranges, encoding: .utf8)
    let place = try #require(written.range(of: #""lower": [-0-9.e]+"#, options: .regularExpression))
    let raised = try quantize(
      folder.write(written.replacingCharacters(in: place, with: #""lower": 100"#).utf8, to: "raised.json"))
    #expect(raised.status == 65 && raised.error.contains(#"the range of 'image': "lower" is 100"#))
    let strange = try quantize(
      folder.write(written.replacing(#""tensor": "image""#, with: #""tensor": "imagine""#).utf8, to: "s.json")
    )
    #expect(strange.status == 65 && strange.error.contains("'imagine', which is no tensor of the model"))
    for flag in [["--calib-method", "mse"], ["--samples", "5"], ["--skip", "1"]] {
      let run = try quantize(ranges, flag[0], flag[1])
      #expect(run.status == 64 && run.error.contains(flag[0]), "\(run.error)")
    }
    let twice = try quantize(ranges, "--report", folder.path("./o.tflite"))
    #expect(twice.status == 64 && twice.error.contains("--output and --report name the same file"))
    #expect(try quantize(ranges).status == 0)
  }

  /// One sample of enormous numbers, which is not among those that outputs are compared on.
  private func spoiledCalibration(in folder: TemporaryFolder) throws -> String {
    var values = (0..<200 * 64).map { Float($0 * 31 % 17) / 16 }
    for index in 64..<128 { values[index] *= 1e8 }
    return try folder.writeArray("spoiled.npy", sizes: [200, 8, 8], values: values)
  }

  @Test func aModelThatItsDataDestroyedIsNotPassedOverInSilence() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun(
      "quantize", ProgramRun.model, "--calib", try spoiledCalibration(in: folder), "--calib-method", "minmax",
      "-o", folder.path("out.tflite"), "--report", folder.path("report.json"), "--quiet")
    #expect(run.status == 0 && run.output.isEmpty)
    #expect(run.error.contains("warning: the int8 outputs have little in common with the float model's"))
    #expect(run.error.contains("spoiled.npy[1]' stretches"))
    let report = try Data(contentsOf: URL(fileURLWithPath: folder.path("report.json")))
    let document = try #require(try JSONSerialization.jsonObject(with: report) as? [String: Any])
    let warnings = try #require(document["warnings"] as? [[String: Any]]).compactMap {
      $0["message"] as? String
    }
    #expect(warnings.contains { $0.contains("spoiled.npy[1]") })
    #expect(warnings.contains { $0.contains("little in common") })
  }

  @Test func calibrateSaysWhatItFound() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun(
      "calibrate", ProgramRun.model, "--calib", try spoiledCalibration(in: folder), "--calib-method",
      "minmax",
      "--json")
    #expect(run.status == 0 && run.error.contains("spoiled.npy[1]"))
    let findings = try #require(try run.json()["findings"] as? [[String: Any]])
    #expect(findings.contains { ($0["message"] as? String)?.contains("spoiled.npy[1]") == true })
  }

  @Test(arguments: ["evaluate", "evaluate float", "quantize", "export"])
  func dataThatAreNotFiniteAreRefused(verb: String) throws {
    let folder = try TemporaryFolder()
    var values = [Float](repeating: 0.5, count: 4 * 64)
    values[2 * 64 + 5] = .nan
    let data = try folder.writeArray("x.npy", sizes: [4, 8, 8], values: values)
    let arguments: [String] =
      switch verb {
      case "evaluate": ["evaluate", try quantized(in: folder)]
      case "evaluate float": ["evaluate", ProgramRun.model]
      case "quantize":
        [
          "quantize", ProgramRun.model, "-o", folder.path("out.tflite"), "--calib-method", "minmax",
          "--labels",
        ]
          + [try folder.writeArray("y.npy", sizes: [4, 10])] + Self.calibration
      default: ["export", try quantized(in: folder), "--c", folder.path("firmware")]
      }
    let run = try ProgramRun(arguments + ["--data", data])
    #expect(run.status == 65 && run.error.contains("x.npy[2]' holds NaN or infinity"), "\(run.error)")
  }
}
