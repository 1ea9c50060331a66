import Firmware
import Foundation
import Graph
import Micro
import Storage
import Testing

@Suite("Firmware files", .enabled(if: Compiler.path != nil, "g++ is not installed")) struct FirmwareTests {
  /// Two operators: a sum, then its rectification; names that C++ could not take as they are.
  private static func model() -> MicroModel {
    var model = MicroModel()
    let grid = Quantization(scales: [0.1], zeroPoints: [-3])
    let left = model.main.add(MicroTensor("3rd/image:0", .int8, [1, 2, 3], quantization: grid))
    let right = model.main.add(MicroTensor("3rd image 0", .int16, [1, 2, 3], quantization: grid))
    let sum = model.main.add(MicroTensor("sum \"\\??=", .int8, [1, 2, 3], quantization: grid))
    let result = model.main.add(MicroTensor("class", .int8, [1, 2, 3], quantization: grid))
    model.main.inputs = [left, right]
    model.main.outputs = [result]
    model.main.operators = [
      MicroOperator(.add, inputs: [left, right], outputs: [sum]),
      MicroOperator(.relu, inputs: [sum], outputs: [result]),
    ]
    return model
  }

  private static let sum = View<UInt8>([1, 2, 3, 250, 5, 6])
  private static let result = View<UInt8>([1, 2, 3, 0, 5, 6])

  private static func files() throws -> FirmwareFiles {
    let vector = TestVector(
      inputs: [View([9, 8, 7, 6, 5, 4]), View((0..<12).map { UInt8($0) })], outputs: [result],
      layers: [
        LayerChecksum(operatorIndex: 0, tensor: 2, bytes: sum),
        LayerChecksum(operatorIndex: 1, tensor: 3, bytes: result),
      ])
    return try FirmwareFiles(
      model(), bytes: View((0..<100).map { UInt8($0) }), name: "7 models\\",
      labels: ["cat", "d\"o\\g??/", "Kühe"],
      preparation: [InputPreparation(denominator: 255, mean: [0.5, 0.25, 0], deviation: [0.5])],
      vectors: [vector, vector])
  }

  /// Plays both invocations; in the second, an operator may write something else.
  private static func script(wrong operatorIndex: Int? = nil, hasProfiler: Bool = true) -> String {
    func write(_ invocation: Int, _ index: Int, _ bytes: View<UInt8>) -> String {
      var values = bytes.array
      if invocation == 1, index == operatorIndex { values[2] ^= 1 }
      return "{\(invocation), \(index), \(index + 2), {\(values.map(String.init).joined(separator: ", "))}}"
    }
    let writes = (0..<2).flatMap { [write($0, 0, sum), write($0, 1, result)] }.joined(separator: ", ")
    return """
      stub::Script& stub::TheScript() {
        static stub::Script script = {{6, 12, 6, 6}, {0, 1}, {3}, 2, {\(writes)}, 0, \(hasProfiler)};
        return script;
      }
      """
  }

  private static let includes = """
    #include "model_7_models_model.h"
    #include "model_7_models_model.h"
    #include "model_7_models_io.h"
    #include "model_7_models_io.h"
    #include "model_7_models_operators.h"
    #include "model_7_models_operators.h"
    #include "model_7_models_self_test.h"
    #include "model_7_models_self_test.h"
    #include "model_7_models_test_vectors.h"
    #include "tensorflow/lite/micro/micro_interpreter.h"
    #include <cstdio>
    namespace m = model_7_models;

    """

  private func output(_ body: String, script: String = Self.script()) throws -> String {
    let compiler = try Compiler(try Self.files().files)
    defer { compiler.remove() }
    let problem = try compiler.compile(Self.includes + script + "\nint main() {\n\(body)\nreturn 0;\n}\n")
    #expect(problem.isEmpty, "\(problem)")
    return try compiler.execute()
  }

  @Test("The array, the resolver and the sizes are as they should be")
  func array() throws {
    let text = try output(
      """
      m::OpResolver resolver;
      const bool is_added = m::AddOperators(resolver) == kTfLiteOk;
      std::printf("%d %u %u ", is_added, resolver.count(), resolver.kRoom);
      std::printf("%zu %d %d ", model_7_models_model_len, model_7_models_model[99],
                  static_cast<int>(reinterpret_cast<std::uintptr_t>(model_7_models_model) % 16));
      std::printf("%zu", m::kArenaBytes);
      """)
    let arena = try ArenaPrediction(Self.model(), platform: .host64).minimum
    #expect(text == "1 2 2 100 99 0 \(arena)")
  }

  @Test("Conversions round half away from zero, saturate, and go back")
  func conversions() throws {
    let text = try output(
      """
      for (float value : {0.0f, 0.05f, -0.05f, 0.149f, 1e9f, -1e9f, NAN}) {
        std::printf("%d ", m::input::Quantize(value));
      }
      std::printf("%.2f %d %d ", static_cast<double>(m::output::Dequantize(7)), m::input::kZeroPoint,
                  m::input_3rd_image_0_1::Quantize(5000.0f));
      std::printf("%d %d", m::input::Prepare(255.0f, 0), m::input::Prepare(51.0f, 2));
      """)
    #expect(text == "-3 -2 -4 -2 127 -128 -128 1.00 -3 32767 7 1")
  }

  @Test("Labels survive, whatever is in them")
  func labels() throws {
    let text = try output(
      """
      const float scores[] = {0.5f, 2.0f, 2.0f};
      std::printf("%s|%s|%s %d", m::kLabels[0], m::kLabels[1], m::kLabels[2], m::Largest(scores, m::kLabelCount));
      """)
    #expect(text == "cat|d\"o\\g??/|Kühe 1")
  }

  private static let selfTest = """
    alignas(16) static std::uint8_t arena[m::kArenaBytes];
    const m::SelfTestResult result = m::SelfTest(arena, sizeof(arena));
    std::printf("%d %d %d %d %d %d %d", result.IsGood(), result.vectors, result.wrong_vectors, result.layers,
                result.first_wrong_vector, result.first_wrong_operator, result.first_wrong_output);
    """

  @Test("A device that computes the same is good")
  func good() throws {
    let text = try output(Self.selfTest)
    #expect(text == "self test: 2 of 2 vectors good, 4 layers compared\n1 2 0 4 -1 -1 -1")
  }

  @Test("The first wrong layer is named", arguments: [0, 1])
  func wrongLayer(index: Int) throws {
    let text = try output(Self.selfTest, script: Self.script(wrong: index))
    let name = index == 0 ? "ADD sum \"\\??=" : "RELU class"
    #expect(text.contains("vector 1: operator \(index) (\(name)) is the first with other results"))
    #expect(text.hasSuffix("0 2 1 4 1 \(index) \(index == 1 ? 0 : -1)"))
  }

  @Test("Without a profiler the outputs are compared alone")
  func withoutProfiler() throws {
    let text = try output(Self.selfTest, script: Self.script(wrong: 1, hasProfiler: false))
    #expect(text.contains("vector 1: output 0 differs") && text.hasSuffix("0 2 1 0 1 -1 0"))
  }

  @Test("The resolver's names are those that TFLM has")
  func resolverNames() throws {
    var calls: [String] = []
    for code in BuiltinOperator.allCases {
      var model = MicroModel()
      model.main.operators = [MicroOperator(code, inputs: [], outputs: [])]
      guard let files = try? FirmwareFiles(model, bytes: View([0]), name: "m", arenaByteCount: 16),
        let header = files.files.first(where: { $0.name == "m_operators.h" })
      else { continue }
      let text = String(decoding: header.bytes, as: UTF8.self)
      calls += text.split(separator: "\n").filter { $0.contains("resolver.Add") }.map(String.init)
    }
    #expect(calls.count == 100)
    let compiler = try Compiler([])
    defer { compiler.remove() }
    let problem = try compiler.compile(
      """
      #include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
      int main() {
        tflite::MicroMutableOpResolver<200> resolver;
        \(calls.joined(separator: "\n  "))
        return 0;
      }
      """)
    #expect(problem.isEmpty, "\(problem)")
  }

  @Test("The contract says what goes in and comes out")
  func contract() throws {
    let file = try #require(try Self.files().files.first { $0.name == "model.io.json" })
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(file.bytes)) as? [String: Any])
    let input = try #require((document["inputs"] as? [[String: Any]])?.first)
    #expect(input["scale"] as? Double == 0.1 && input["zero_point"] as? Int == -3)
    #expect(input["shape"] as? [Int] == [1, 2, 3] && input["type"] as? String == "int8")
    #expect((input["preprocessing"] as? [String: Any])?["std"] as? [Double] == [0.5])
    #expect(document["labels"] as? [String] == ["cat", "d\"o\\g??/", "Kühe"])
    #expect((document["operators"] as? [[String: Any]])?.map { $0["name"] as? String } == ["ADD", "RELU"])
  }

  @Test("The checksum is that of zip files")
  func checksum() {
    #expect(Checksum.crc32(View(Array("123456789".utf8))) == 0xCBF4_3926)
    #expect(Checksum.crc32(View([UInt8]())) == 0)
  }

  @Test("What does not fit is refused")
  func refusals() {
    func attempt(
      _ preparation: [InputPreparation] = [], _ vectors: [TestVector] = [], code: BuiltinOperator = .add
    )
      throws
    {
      var model = Self.model()
      model.main.operators[0].code = code
      _ = try FirmwareFiles(model, bytes: View([0]), name: "m", preparation: preparation, vectors: vectors)
    }
    #expect(throws: Never.self) { try attempt() }
    #expect(throws: Diagnostic.self) { try attempt(code: .topkV2) }
    #expect(throws: Diagnostic.self) { try attempt([InputPreparation(input: 2)]) }
    #expect(throws: Diagnostic.self) { try attempt([InputPreparation(mean: [1, 2])]) }
    #expect(throws: Diagnostic.self) { try attempt([InputPreparation(deviation: [0])]) }
    #expect(throws: Diagnostic.self) { try attempt([], [TestVector(inputs: [], outputs: [])]) }
    let inputs = [View<UInt8>(count: 6), View<UInt8>(count: 12)]
    #expect(throws: Diagnostic.self) {
      try attempt([], [TestVector(inputs: inputs, outputs: [View(count: 5)])])
    }
    let layer = LayerChecksum(operatorIndex: 0, tensor: 3, crc32: 0)
    #expect(throws: Diagnostic.self) {
      try attempt([], [TestVector(inputs: inputs, outputs: [View(count: 6)], layers: [layer])])
    }
  }
}
