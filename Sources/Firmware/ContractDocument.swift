import JSONText
import Graph
import Micro

/// `model.io.json`: what goes in, what comes out, and what the device must have.
enum ContractDocument {
  static func file(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let text = document(subject).text()
    return FirmwareFiles.File(name: "model.io.json", bytes: Array(text.utf8))
  }

  static func document(_ subject: FirmwareSubject) -> JSON {
    .object([
      "name": .string(subject.name), "identifier": .string(subject.identifier),
      "file_bytes": .integer(subject.bytes.count),
      "file_crc32": .string(hexadecimal(Checksum.crc32(subject.bytes))),
      "inputs": .array(
        subject.inputs.enumerated().map { index, port in
          input(port, subject.preparation.first { $0.input == index })
        }),
      "outputs": .array(subject.outputs.map { .members(members($0)) }),
      "labels": .strings(subject.labels),
      "arena": arena(subject),
      "operators": .array(operators(subject)),
    ])
  }

  private static func members(_ port: FirmwarePort) -> [JSON.Member] {
    let grid = port.quantization.flatMap { $0.scales.count == 1 ? $0 : nil }
    return [
      JSON.Member(name: "name", value: .string(port.name)),
      JSON.Member(name: "c_name", value: .string(port.identifier)),
      JSON.Member(name: "type", value: .string("\(port.type)")),
      JSON.Member(name: "shape", value: .integers(port.shape)),
      JSON.Member(name: "bytes", value: .integer(port.byteCount)),
      // The shortest decimal that is this float32, not its expansion to 64 bits.
      JSON.Member(name: "scale", value: .optional(grid) { .number(Double("\($0.scales[0])") ?? 0) }),
      JSON.Member(name: "zero_point", value: .optional(grid) { .integer($0.zeroPoints[0]) }),
    ]
  }

  private static func input(_ port: FirmwarePort, _ preparation: InputPreparation?) -> JSON {
    let layout = preparation?.layout ?? (port.shape.count == 4 ? "NHWC" : nil)
    return .members(
      members(port) + [
        JSON.Member(name: "layout", value: .optional(layout, JSON.string)),
        JSON.Member(name: "preprocessing", value: .optional(preparation, document)),
      ])
  }

  private static func document(_ preparation: InputPreparation) -> JSON {
    func numbers(_ values: [Float]) -> JSON { .array(values.map { .number(Double("\($0)") ?? 0) }) }
    return .object([
      "formula": "(x * scale - mean) / std",
      "scale": .number(Double(preparation.numerator) / Double(preparation.denominator)),
      "mean": numbers(preparation.mean), "std": numbers(preparation.deviation),
      "color": .optional(preparation.color, JSON.string), "size": .optional(preparation.size, JSON.string),
    ])
  }

  private static func arena(_ subject: FirmwareSubject) -> JSON {
    .object([
      "kernels": "TFLM reference", "alignment": 16, "cortex_m": .integer(subject.arena(.cortexM)),
      "cortex_m_wide_enums": .integer(subject.arena(.cortexMWideEnums)),
      "host64": .integer(subject.arena(.host64)),
    ])
  }

  /// Each kind with how often the model has it.
  private static func operators(_ subject: FirmwareSubject) -> [JSON] {
    var counts: [String: Int] = [:]
    for node in subject.model.subgraphs.flatMap(\.operators) {
      counts[node.code == .custom ? node.customName : node.code.name, default: 0] += 1
    }
    return counts.sorted { $0.key < $1.key }.map {
      .object(["name": .string($0.key), "count": .integer($0.value)])
    }
  }

  static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
