import JSONText
import Graph
import Micro
import Reporting
import TFLiteFormat

extension OpsCommand {
  /// A paragraph for each operator: its types, and what else it asks for.
  var deviceTable: String {
    let kernels = MicroKernel.all
    let paragraphs = kernels.map { kernel in
      let types = kernel.types.map(\.description).joined(separator: "; ")
      return "\(kernel.name) (\(kernel.code.rawValue))\n  \(types)\n"
        + kernel.limits.map { "  - \($0)\n" }.joined()
    }
    return paragraphs.joined(separator: "\n") + "\n\(NumberFormat.count(kernels.count, of: "operator"))\n"
  }

  var deviceDocument: JSON {
    .array(
      MicroKernel.all.map { kernel in
        .object([
          "code": .integer(Int(kernel.code.rawValue)), "name": .string(kernel.name),
          "types": .strings(kernel.types.map(\.description)), "limits": .strings(kernel.limits),
          "least_operands": .integer(kernel.operandCount.lowerBound),
          "most_operands": kernel.takesAnyNumber ? .null : .integer(kernel.operandCount.upperBound),
        ])
      })
  }

  /// Whether TFLM runs a file as it says; everything that is against it is in the error.
  func checkDevice(_ path: String) throws {
    let model = try TFLiteReader(path: path).model()
    let problems = model.tflmProblems()
    let count = model.subgraphs.reduce(0) { $0 + $1.operators.count }
    if problems.isEmpty || common.json {
      let document = JSON.object([
        "model": .string(path), "supported": .bool(problems.isEmpty), "operators": .integer(count),
        "problems": .array(problems.map(\.json)),
      ])
      try common.print(
        problems.isEmpty ? "\(path): TFLM has every operator as it is used here\n" : "", json: document,
        to: output)
    }
    guard !problems.isEmpty else { return }
    let lines = problems.map { "\n  \($0)" }.joined()
    throw Diagnostic(
      .unsupported, "'\(path)' has \(NumberFormat.count(problems.count, of: "problem")) with TFLM:\(lines)")
  }
}
