import Graph
import Micro

/// Shapes, scales and zero points of inputs and outputs, with conversions, and the labels.
enum PortsHeader {
  static func file(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    let file = "\(name)_io.h"
    let guardName = SourceText.guardName(file)
    var text = SourceText(
      """
      // Inputs and outputs of '\(CName.comment(subject.name))'. Written by edgeopt.
      #ifndef \(guardName)
      #define \(guardName)

      #include <cmath>
      #include <cstddef>
      #include <cstdint>

      namespace \(name) {

      inline constexpr int kInputCount = \(subject.inputs.count);
      inline constexpr int kOutputCount = \(subject.outputs.count);

      """)
    for (index, port) in subject.inputs.enumerated() {
      add(port, index, "input", subject.preparation.first { $0.input == index }, to: &text)
    }
    for (index, port) in subject.outputs.enumerated() { add(port, index, "output", nil, to: &text) }
    if let port = subject.inputs.first { text.add("namespace input = \(port.identifier);") }
    if let port = subject.outputs.first { text.add("namespace output = \(port.identifier);") }
    addLabels(subject.labels, to: &text)
    text.add(
      """

      }  // namespace \(name)

      #endif  // \(guardName)
      """)
    return text.file(file)
  }

  private static func add(
    _ port: FirmwarePort, _ index: Int, _ kind: String, _ preparation: InputPreparation?,
    to text: inout SourceText
  ) {
    let extents = port.shape.isEmpty ? "1" : port.shape.map(String.init).joined(separator: ", ")
    text.add(
      """
      // MicroInterpreter::\(kind)(\(index)): '\(CName.comment(port.name))', \(port.cType) [\(extents)]
      namespace \(port.identifier) {
      using Element = \(port.cType);
      inline constexpr int kIndex = \(index);
      inline constexpr int kRank = \(port.shape.count);
      inline constexpr int kShape[] = {\(extents)};
      inline constexpr std::size_t kElementCount = \(port.elementCount);
      inline constexpr std::size_t kByteCount = \(port.byteCount);
      """)
    if let grid = port.quantization, let range = port.type.quantizedRange, grid.scales.count == 1 {
      text.add(conversions(grid, range))
    }
    if let preparation, !preparation.isIdentity { text.add(prepare(preparation, port)) }
    text.add("}  // namespace \(port.identifier)\n")
  }

  private static func conversions(_ grid: Quantization, _ range: (low: Int, high: Int)) -> String {
    """
    // value = scale * (element - zero point)
    inline constexpr float kScale = \(CName.literal(grid.scales[0]));
    inline constexpr int kZeroPoint = \(grid.zeroPoints[0]);
    // To the nearest element, halves away from zero; what is out of range becomes the end of it.
    inline Element Quantize(float value) {
      const float element = std::round(value / kScale) + static_cast<float>(kZeroPoint);
      if (!(element > \(CName.literal(Float(range.low))))) return static_cast<Element>(\(range.low));
      if (element > \(CName.literal(Float(range.high)))) return static_cast<Element>(\(range.high));
      return static_cast<Element>(element);
    }
    inline float Dequantize(Element element) {
      return kScale * static_cast<float>(static_cast<int>(element) - kZeroPoint);
    }
    """
  }

  /// From a raw value to what the model takes.
  private static func prepare(_ preparation: InputPreparation, _ port: FirmwarePort) -> String {
    let channels = max(preparation.mean.count, preparation.deviation.count)
    var lines = ["// From a raw value (a pixel, a sample) to an element of this input."]
    func table(_ name: String, _ values: [Float]) -> String {
      if values.count <= 1 { return CName.literal(values.first ?? 0) }
      let elements = values.map { CName.literal($0) }.joined(separator: ", ")
      lines.append("inline constexpr float \(name)[] = {\(elements)};")
      return "\(name)[channel]"
    }
    var value = "raw"
    if preparation.numerator != 1 { value = "\(value) * \(CName.literal(preparation.numerator))" }
    if preparation.denominator != 1 { value = "\(value) / \(CName.literal(preparation.denominator))" }
    if !preparation.mean.isEmpty { value = "\(value) - \(table("kMean", preparation.mean))" }
    if !preparation.deviation.isEmpty { value = "(\(value)) / \(table("kDeviation", preparation.deviation))" }
    let parameters = channels > 1 ? "float raw, std::size_t channel" : "float raw"
    let isQuantized = port.quantization?.scales.count == 1 && port.type.quantizedRange != nil
    let result = isQuantized ? "Quantize(\(value))" : "static_cast<Element>(\(value))"
    lines.append("inline Element Prepare(\(parameters)) { return \(result); }")
    return lines.joined(separator: "\n")
  }

  private static func addLabels(_ labels: [String], to text: inout SourceText) {
    guard !labels.isEmpty else { return }
    text.add(
      "\ninline constexpr int kLabelCount = \(labels.count);\ninline constexpr const char* kLabels[] = {")
    for label in labels { text.add("    \(CName.literal(label)),") }
    text.add(
      """
      };
      // The place of the largest element, the first of equals: an index into kLabels for a classifier's output.
      template <typename Element>
      inline int Largest(const Element* elements, int count) {
        int best = 0;
        for (int index = 1; index < count; ++index) {
          if (elements[index] > elements[best]) best = index;
        }
        return best;
      }
      """)
  }
}
