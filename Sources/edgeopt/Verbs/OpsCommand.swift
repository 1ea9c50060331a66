import JSONText
import Arguments
import Graph
import Micro
import ONNXFormat
import Reporting
import Runtime
import TFLiteFormat

struct OpsCommand: Command {
  static let declaration = CommandDeclaration(
    name: "ops",
    summary: "Lists the operators that are taken, or the device's; with a model, what of it is not, and why.",
    examples: [
      .init("edgeopt ops", "The table of operators and their opsets."),
      .init("edgeopt ops --device", "What TensorFlow Lite Micro has: types and limits of each operator."),
      .init("edgeopt ops model.onnx", "Whether this model can be taken."),
      .init("edgeopt ops model.tflite", "Whether TensorFlow Lite Micro runs this file as it says."),
    ])

  @Argument(
    "A model to check, a .onnx or .tflite file.", value: "MODEL", completion: .file(["onnx", "tflite"]))
  var model: String?
  @Flag("List the operators of TensorFlow Lite Micro instead of ONNX's.") var device = false
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    if let model {
      guard !device else { throw UsageError("--device lists operators; leave it away to check '\(model)'") }
      return try ModelFormat(path: model) == .tflite ? checkDevice(model) : check(model)
    }
    if device { return try common.print(deviceTable, json: deviceDocument, to: output) }
    let operators = ONNXImporter.supportedOperators
    try common.print(table(operators), json: document(operators), to: output)
  }

  private func table(_ operators: [ONNXImporter.SupportedOperator]) -> String {
    var table = Table([.text("operator"), .text("domain"), .text("opsets"), .text("must be known")])
    for known in operators {
      let domain = known.domain.isEmpty ? "ai.onnx" : known.domain
      table.add(known.name, domain, "\(known.opsets.lowerBound) to \(known.opsets.upperBound)", note(known))
    }
    return table.text() + """
      \(NumberFormat.count(operators.count, of: "operator"))

      Inputs that must be known decide shapes, axes or amounts: they are constants, or computed from shapes, or given
      with --bind ('run' has them).

      """
  }

  /// "input 2", counted from 1 as documentation does.
  private func note(_ known: ONNXImporter.SupportedOperator) -> String {
    guard !known.knownInputs.isEmpty else { return "" }
    let numbers = known.knownInputs.map { String($0 + 1) }.joined(separator: ", ")
    return known.knownInputs.count == 1 ? "input \(numbers)" : "inputs \(numbers)"
  }

  private func document(_ operators: [ONNXImporter.SupportedOperator]) -> JSON {
    .array(
      operators.map { known in
        .object([
          "name": .string(known.name), "domain": .string(known.domain.isEmpty ? "ai.onnx" : known.domain),
          "opsets": .integers([known.opsets.lowerBound, known.opsets.upperBound]),
          "known_inputs": .integers(known.knownInputs),
        ])
      })
  }

  /// Reads the model; what cannot be taken is in the error, all of it at once.
  private func check(_ model: String) throws {
    let loader = try ModelLoader(path: model, modelOptions)
    do throws(Diagnostic) {
      let count = try loader.read().operators.count
      try common.print(
        "\(model): every operator is taken\n", json: verdict(model, operators: count, problems: []),
        to: output)
    } catch {
      if common.json, error.kind == .unsupported {
        try common.print("", json: verdict(model, operators: nil, problems: problems(in: error)), to: output)
      }
      throw error
    }
  }

  /// The lines of a list, or the one sentence.
  private func problems(in error: Diagnostic) -> [String] {
    let lines = error.message.split(separator: "\n")
    let items = lines.filter { $0.hasPrefix("  ") }.map { String($0.drop { $0 == " " }) }
    return items.isEmpty ? [error.message] : items
  }

  private func verdict(_ model: String, operators: Int?, problems: [String]) -> JSON {
    .object([
      "model": .string(model), "supported": .bool(problems.isEmpty),
      "operators": .optional(operators, JSON.integer),
      "problems": .strings(problems),
    ])
  }
}
