import Micro
import Storage

/// Samples with what the device must compute from them.
enum VectorSource {
  static func header(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    let file = "\(name)_test_vectors.h"
    let guardName = SourceText.guardName(file)
    return SourceText(
      """
      // Samples for '\(CName.comment(subject.name))' with the results of TFLM's reference kernels. Written by edgeopt.
      #ifndef \(guardName)
      #define \(guardName)

      #include <cstddef>
      #include <cstdint>

      namespace \(name) {

      // What an operator must have written into a tensor.
      struct LayerChecksum {
        std::int16_t operator_index;
        std::int32_t tensor;
        std::uint32_t byte_count;
        std::uint32_t crc32;
      };

      struct TestVector {
        const unsigned char* const* inputs;
        const unsigned char* const* outputs;
        const LayerChecksum* layers;
        int layer_count;
      };

      inline constexpr int kTestVectorCount = \(subject.vectors.count);
      extern const TestVector kTestVectors[];

      // "CONV_2D conv1", by operator.
      inline constexpr int kOperatorCount = \(subject.model.main.operators.count);
      extern const char* const kOperatorNames[];

      }  // namespace \(name)

      #endif  // \(guardName)
      """
    ).file(file)
  }

  static func source(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    var text = SourceText(
      """
      // Written by edgeopt.
      #include "\(name)_test_vectors.h"

      namespace \(name) {
      namespace {

      """)
    for (number, vector) in subject.vectors.enumerated() { add(vector, number, subject, to: &text) }
    text.add("}  // namespace\n\nconst TestVector kTestVectors[] = {")
    for (number, vector) in subject.vectors.enumerated() {
      let layers = vector.layers.isEmpty ? "nullptr" : "kLayers\(number)"
      text.add("    {kInputs\(number), kOutputs\(number), \(layers), \(vector.layers.count)},")
    }
    text.add("};\n\nconst char* const kOperatorNames[] = {")
    for node in subject.model.main.operators {
      text.add("    \(CName.literal(title(of: node, subject.model))),")
    }
    // An array of nothing is no array.
    if subject.model.main.operators.isEmpty { text.add("    nullptr,") }
    text.add("};\n\n}  // namespace \(name)")
    return text.file("\(name)_test_vectors.cc")
  }

  private static func title(of node: MicroOperator, _ model: MicroModel) -> String {
    let kind = node.code == .custom ? node.customName : node.code.name
    return ([kind] + (node.outputs.first.map { [model.main.tensors[$0].name] } ?? [])).joined(separator: " ")
  }

  private static func add(
    _ vector: TestVector, _ number: Int, _ subject: FirmwareSubject, to text: inout SourceText
  ) {
    for (kind, values) in [("Input", vector.inputs), ("Output", vector.outputs)] {
      for (port, value) in values.enumerated() {
        text.add("alignas(16) const unsigned char k\(kind)\(number)_\(port)[] = {")
        text.add(elements: value.count == 0 ? [0] : value.array)
        text.add("};")
      }
      let names = values.indices.map { "k\(kind)\(number)_\($0)" }.joined(separator: ", ")
      text.add("const unsigned char* const k\(kind)s\(number)[] = {\(names.isEmpty ? "nullptr" : names)};\n")
    }
    guard !vector.layers.isEmpty else { return }
    text.add("const LayerChecksum kLayers\(number)[] = {")
    for layer in vector.layers {
      let bytes = subject.model.main.tensors[layer.tensor].byteCount ?? 0
      text.add(
        "    {\(layer.operatorIndex), \(layer.tensor), \(bytes), 0x\(ContractDocument.hexadecimal(layer.crc32))u},"
      )
    }
    text.add("};\n")
  }
}
