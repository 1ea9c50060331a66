import Foundation
import Testing

@Suite struct ConvertTests {
  @Test func theSimplerModelIsAsGood() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("simple.onnx")
    let run = try ProgramRun("convert", ProgramRun.model, "-o", path)
    #expect(run.status == 0 && run.error.isEmpty)
    #expect(folder.names == ["simple.onnx"])
    let evaluated = try ProgramRun(
      "evaluate", path, "--data", "\(ProgramRun.digits)/test_x.npy", "--labels",
      "\(ProgramRun.digits)/test_y.npy",
      "--scale", "1/16", "--json")
    #expect(try evaluated.measured()["correct"] as? Int == 591)
  }

  @Test func theDeviceFormTellsWhatBecameOfTheBatch() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("model.tflite")
    let run = try ProgramRun("convert", ProgramRun.model, "-o", path, "--json")
    #expect(run.status == 0 && run.error.isEmpty)
    let document = try run.json()
    let after = try #require(document["after"] as? [String: Any])
    #expect(after["operators"] as? Int == 12 && document["verb"] as? String == "convert")
    #expect(document["notes"] as? [String] == ["the dynamic batch of 'image' is 1 on the device"])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(
      String(decoding: bytes[4..<8], as: UTF8.self) == "TFL3" && after["file_bytes"] as? Int == bytes.count)
  }

  @Test func deviceModelsAreWrittenAnew() throws {
    let folder = try TemporaryFolder()
    let vector = ProgramRun.root.appending(path: "Tests/MicroRuntimeTests/Vectors/concat_int8.tflite").path
    let path = folder.path("again.tflite")
    let run = try ProgramRun("convert", vector, "-o", path)
    #expect(run.status == 0 && run.error.isEmpty && run.output.contains("1 operator"))
    let twice = try ProgramRun("convert", path, "-o", folder.path("twice.tflite"))
    #expect(twice.status == 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: path))
        == Data(contentsOf: URL(fileURLWithPath: folder.path("twice.tflite"))))
    #expect(try ProgramRun("convert", vector, "-o", folder.path("model.onnx")).status == 64)
    #expect(try ProgramRun("convert", vector, "-o", folder.path("new.tflite"), "--dim", "n=1").status == 64)
    let damaged = try folder.write(
      Array(try Data(contentsOf: URL(fileURLWithPath: path))[..<100]), to: "cut.tflite")
    let refused = try ProgramRun("convert", damaged, "-o", folder.path("new.tflite"))
    #expect(refused.status == 65 && refused.error.contains("damaged"))
  }

  @Test func nothingIsWrittenWhereItWouldBeWrong() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("precious".utf8), to: "old.onnx")
    #expect(try ProgramRun("convert", ProgramRun.model, "-o", path).status == 74)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    let layout = try ProgramRun(
      "convert", ProgramRun.model, "-o", folder.path("new.onnx"), "--keep-io-layout")
    #expect(layout.status == 64 && layout.error.contains("--keep-io-layout is for .tflite files"))
    #expect(try ProgramRun("convert", "none.onnx", "-o", folder.path("new.onnx")).status == 66)
    #expect(try ProgramRun("convert", ProgramRun.model).status == 64)
    #expect(folder.names == ["old.onnx"])
    #expect(try ProgramRun("convert", ProgramRun.model, "-o", path, "--force").status == 0)
  }
}

@Suite struct OpsTests {
  @Test func theTableAndTheDocumentNameTheSameOperators() throws {
    let table = try ProgramRun("ops")
    #expect(table.status == 0)
    for name in ["Conv", "LSTM", "Resize", "Einsum"] { #expect(table.output.contains("\n\(name) ")) }
    let document = try ProgramRun("ops", "--json").output
    let list = try #require(try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [[String: Any]])
    #expect(table.output.contains("\n\(list.count) operators\n"))
  }

  @Test func theDevicesOperatorsAreListed() throws {
    let table = try ProgramRun("ops", "--device")
    #expect(table.status == 0 && table.output.contains("\nCONV_2D (3)\n  float32; int8, int8, int32 → int8;"))
    #expect(table.output.hasSuffix("\n100 operators\n"))
    let document = try ProgramRun("ops", "--device", "--json").output
    let list = try #require(try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [[String: Any]])
    #expect(list.count == 100)
    #expect(try ProgramRun("ops", "--device", ProgramRun.model).status == 64)
  }

  @Test func aDeviceModelIsChecked() throws {
    let vectors = ProgramRun.root.appending(path: "Tests/MicroRuntimeTests/Vectors")
    let path = vectors.appending(path: "dw_16x8.tflite").path
    #expect(try ProgramRun("ops", path).output.contains("TFLM has every operator as it is used here"))
    #expect(try ProgramRun("ops", path, "--json").json()["supported"] as? Bool == true)
    // The same file with another scale of its result.
    var bytes = Array(try Data(contentsOf: vectors.appending(path: "softmax_int8_0.tflite")))
    let scale = withUnsafeBytes(of: Float(1) / 256) { Array($0) }
    let place = try #require(bytes.indices.dropLast(4).first { Array(bytes[$0..<$0 + 4]) == scale })
    bytes.replaceSubrange(place..<place + 4, with: withUnsafeBytes(of: Float(1) / 255) { Array($0) })
    let folder = try TemporaryFolder()
    let bad = try ProgramRun("ops", try folder.write(bytes, to: "bad.tflite"))
    #expect(bad.status == 69 && bad.error.contains("SOFTMAX") && bad.error.contains("scale"))
  }

  @Test func aModelIsChecked() throws {
    #expect(try ProgramRun("ops", ProgramRun.model).output.contains("every operator is taken"))
    #expect(try ProgramRun("ops", ProgramRun.model, "--json").json()["supported"] as? Bool == true)
  }
}
