import Foundation
import Micro
import Storage

/// Small files of single operators that stand in the repository, and larger ones where they are at hand.
enum SampleFiles {
  static let vectors = files(
    in: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("MicroRuntimeTests/Vectors").path)

  /// Whole networks as other tools wrote them; none without `EDGEOPT_SHARED`.
  static let networks =
    ProcessInfo.processInfo.environment["EDGEOPT_SHARED"].map { files(in: $0 + "/corpus/reference_tflite") }
    ?? []

  private static func files(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".tflite") }.sorted().map { "\(folder)/\($0)" }
  }
}

extension MicroModel {
  /// Everything that a file keeps, as text that can be compared. What the writer adds, renumbers or raises
  /// (versions of operators) is left out.
  var content: String {
    var lines = ["description \(description)"]
    for entry in metadata where !["min_runtime_version", "COMPRESSION_METADATA"].contains(entry.name) {
      lines.append("metadata \(entry.name) \(entry.bytes.array)")
    }
    for subgraph in subgraphs {
      lines.append("subgraph \(subgraph.name) \(subgraph.inputs) \(subgraph.outputs)")
      lines += subgraph.tensors.map(\.content)
      lines += subgraph.operators.map(\.content)
    }
    return lines.joined(separator: "\n")
  }
}

extension MicroTensor {
  fileprivate var content: String {
    let numbers =
      quantization.map { "\($0.scales.map(\.bitPattern)) \($0.zeroPoints) \($0.axis ?? 0)" } ?? "none"
    let stored = data.map { "\($0.array)" } ?? "none"
    let values = compression.map { "\($0.bitWidth) \($0.values.array)" } ?? "none"
    return "tensor \(name) \(type) \(shape) \(numbers) \(isVariable) \(stored) \(values)"
  }
}

extension MicroOperator {
  fileprivate var content: String {
    let custom = customOptions.map { "\($0.array)" } ?? "none"
    return "\(code) \(customName) \(inputs) \(outputs) \(intermediates) \(options) \(custom)"
  }
}
