import Arguments
import Graph
import ONNXFormat
import Reporting
import Runtime

struct OpsCommand: Command {
  static let declaration = CommandDeclaration(
    name: "ops",
    summary: "Lists the ONNX operators that are taken; with a model, what of it is not, and why.",
    examples: [
      .init("edgeopt ops", "The table of operators and their opsets."),
      .init("edgeopt ops model.onnx", "Whether this model can be taken."),
    ])

  @Argument("A model to check, a .onnx file.", value: "MODEL", completion: .file(["onnx"])) var model: String?
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    if let model { return try check(model) }
    let operators = ONNXImporter.supportedOperators
    try common.print(table(operators), json: document(operators), to: output)
  }

  private func table(_ operators: [ONNXImporter.SupportedOperator]) -> String {
    var table = Table([.text("operator"), .text("domain"), .text("opsets")])
    for known in operators {
      let domain = known.domain.isEmpty ? "ai.onnx" : known.domain
      table.add(known.name, domain, "\(known.opsets.lowerBound) to \(known.opsets.upperBound)")
    }
    return table.text() + "\(NumberFormat.count(operators.count)) operators\n"
  }

  private func document(_ operators: [ONNXImporter.SupportedOperator]) -> JSON {
    .array(
      operators.map { known in
        .object([
          "name": .string(known.name), "domain": .string(known.domain.isEmpty ? "ai.onnx" : known.domain),
          "opsets": .integers([known.opsets.lowerBound, known.opsets.upperBound]),
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
        try common.print(
          "",
          json: verdict(
            model, operators: nil, problems: error.message.split(separator: "\n").map(String.init)),
          to: output)
      }
      throw error
    }
  }

  private func verdict(_ model: String, operators: Int?, problems: [String]) -> JSON {
    .object([
      "model": .string(model), "supported": .bool(problems.isEmpty),
      "operators": .optional(operators, JSON.integer),
      "problems": .strings(problems),
    ])
  }
}
