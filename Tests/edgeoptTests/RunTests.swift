import Foundation
import Testing

@Suite struct RunTests {
  @Test func outputsAreWrittenUnderTheirNames() throws {
    let folder = try TemporaryFolder()
    let input = try folder.writeArray("x.npy", sizes: [2, 1, 8, 8])
    let run = try ProgramRun(
      "run", ProgramRun.model, "--input", "image=\(input)", "--output-dir", folder.path("out"))
    #expect(run.status == 0 && run.error.isEmpty)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("out/logits.npy")))
    #expect(bytes.count == 128 + 2 * 10 * 4)
    #expect(String(decoding: bytes[10..<128], as: UTF8.self).contains("'shape': (2, 10)"))
  }

  @Test(arguments: ["1", "2", "7"]) func bytesDoNotDependOnThreadsOrInstructions(threads: String) throws {
    let folder = try TemporaryFolder()
    let input = try folder.writeArray("x.npy", sizes: [3, 1, 8, 8])
    var seen = Set<Data>()
    for set in ["ref", ""] {
      let out = folder.path("out-\(set)")
      let run = try ProgramRun(
        "run", ProgramRun.model, "--input", input, "--output-dir", out, "--threads", threads,
        environment: ["EDGEOPT_ISA": set])
      #expect(run.status == 0, "\(run.error)")
      seen.insert(try Data(contentsOf: URL(fileURLWithPath: "\(out)/logits.npy")))
    }
    #expect(seen.count == 1)
  }

  @Test func layersAreDumpedUnderTheirONNXNames() throws {
    let folder = try TemporaryFolder()
    let input = try folder.writeArray("x.npy", sizes: [1, 1, 8, 8])
    let run = try ProgramRun(
      "run", ProgramRun.model, "--input", input, "--output-dir", folder.path("out"), "--dump-layers",
      folder.path("layers"))
    #expect(run.status == 0, "\(run.error)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("layers"))
    for name in ["image.npy", "logits.npy", "_features_features.1_Relu_output_0.npy"] {
      #expect(names.contains(name))
    }
    let relu = try Data(
      contentsOf: URL(fileURLWithPath: folder.path("layers/_features_features.1_Relu_output_0.npy")))
    #expect(String(decoding: relu[10..<128], as: UTF8.self).contains("'shape': (1, 16, 8, 8)"))
  }

  @Test func wrongInputsAreExplained() throws {
    let folder = try TemporaryFolder()
    let good = try folder.writeArray("good.npy", sizes: [1, 1, 8, 8])
    let double = try folder.writeArray("double.npy", sizes: [1, 1, 8, 8], type: "<f8", width: 8)
    let flat = try folder.writeArray("flat.npy", sizes: [1, 64])
    let out = folder.path("out")
    let cases: [(arguments: [String], code: Int32, words: String)] = [
      ([], 64, "no value is given for input 'image' (float32[batch, 1, 8, 8])"),
      (["--input", "picture=\(good)"], 64, "no input 'picture'"),
      (["--input", good, "--input", "image=\(good)"], 64, "given twice"),
      (["--input", folder.path("none.npy")], 66, "none.npy"),
      (["--input", double], 65, "holds float64"),
      (["--input", flat], 65, "holds float32[1, 64]"),
      (["--input", ProgramRun.model], 65, "digits_cnn.onnx"),
    ]
    for (arguments, code, words) in cases {
      let run = try ProgramRun(["run", ProgramRun.model, "--output-dir", out] + arguments)
      #expect(run.status == code && run.error.contains(words), "\(arguments): \(run.error)")
    }
    #expect(!folder.names.contains("out"))
  }

  @Test func outputsAreNotOverwrittenUnlessForced() throws {
    let folder = try TemporaryFolder()
    let input = try folder.writeArray("x.npy", sizes: [1, 1, 8, 8])
    let arguments = ["run", ProgramRun.model, "--input", input, "--output-dir", folder.path("out"), "--json"]
    #expect(try ProgramRun(arguments).json()["outputs"] != nil)
    #expect(try ProgramRun(arguments).status == 74)
    #expect(try ProgramRun(arguments + ["--force"]).status == 0)
  }
}
