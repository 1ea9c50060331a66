import JSONText
import Graph
import Micro

/// What is in a `.tflite` file, for people and for scripts.
///
///     print(try DeviceSummary(model, path: "model.tflite", byteCount: bytes.count).text(width: 80))
public struct DeviceSummary: Sendable {
  public let model: MicroModel
  public let path: String
  public let byteCount: Int
  public let cost: DeviceCost
  public let arena: ArenaReport
  /// What TFLM would not run as the model says.
  public let problems: [MicroProblem]

  public init(_ model: MicroModel, path: String, byteCount: Int) {
    self.model = model
    self.path = path
    self.byteCount = byteCount
    cost = DeviceCost(model)
    var arena = ArenaReport(model)
    arena.path = path
    self.arena = arena
    problems = model.tflmProblems()
  }

  // MARK: Text

  public func text(width: Int = 80) -> String {
    [header, ports(width: width), layers(width: width), totals, readiness, arena.text(width: width)]
      .filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var header: String {
    var facts = ["tflite"]
    if !model.description.isEmpty { facts.append(model.description) }
    return "\(path): \((facts + [NumberFormat.bytes(byteCount)]).joined(separator: ", "))\n"
  }

  private func ports(width: Int) -> String {
    var table = Table([
      .text(""), .text("name", isElastic: true), .text("type"), .text("shape"), .number("scale"),
      .number("zero point"),
    ])
    for (kind, indices) in [("input", model.main.inputs), ("output", model.main.outputs)] {
      for index in indices {
        let tensor = model.main.tensors[index]
        let grid = tensor.quantization
        table.add(
          kind, tensor.name, "\(tensor.type)", tensor.shape.dimensions,
          grid.map { "\($0.scales[0])" } ?? "", grid.map { "\($0.zeroPoints[0])" } ?? "")
      }
    }
    return table.text(width: width)
  }

  private func layers(width: Int) -> String {
    var table = Table([
      .number("#"), .text("result", isElastic: true), .text("operator"), .text("type"), .text("shape"),
      .number("params"), .number("MACs"), .number("act. bytes"),
    ])
    func count(_ value: Int) -> String { value == 0 ? "" : NumberFormat.count(value) }
    for (index, layer) in cost.layers.enumerated() {
      table.add(
        String(index), layer.name, layer.operatorName, "\(layer.outputType)", layer.outputShape.dimensions,
        count(layer.parameters), count(layer.macs), NumberFormat.count(layer.activationBytes))
    }
    table.addRule()
    table.add(
      "", "total", NumberFormat.count(cost.layers.count, of: "operator"), "", "",
      NumberFormat.count(cost.parameters), NumberFormat.count(cost.macs),
      NumberFormat.count(cost.activationBytes))
    return table.text(width: width)
  }

  private var totals: String {
    "constants  \(NumberFormat.bytes(cost.constantBytes)) of \(NumberFormat.bytes(byteCount)) in flash\n"
  }

  private var readiness: String {
    if problems.isEmpty { return "TFLM has every operator as it is used here.\n" }
    let count = NumberFormat.count(problems.count, of: "problem")
    return "\(count) with TFLM:\n" + problems.map { "  \($0)\n" }.joined()
  }

  // MARK: JSON

  public var json: JSON {
    .object([
      "model": .string(path), "format": "tflite", "file_bytes": .integer(byteCount),
      "description": .string(model.description), "inputs": .array(model.main.inputs.map(port)),
      "outputs": .array(model.main.outputs.map(port)), "operators": .integer(cost.layers.count),
      "parameters": .integer(cost.parameters), "macs": .integer(cost.macs),
      "constant_bytes": .integer(cost.constantBytes), "activation_bytes": .integer(cost.activationBytes),
      "operator_counts": counts, "layers": .array(cost.layers.map(json)), "arena": arena.json,
      "metadata": .strings(model.metadata.map(\.name)),
      "problems": .array(problems.map(\.json)),
    ])
  }

  private func port(_ index: Int) -> JSON { model.main.tensors[index].json }

  private var counts: JSON {
    let counts = Dictionary(grouping: cost.layers, by: \.operatorName).mapValues(\.count)
    return .members(
      counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
        JSON.Member(name: $0.key, value: .integer($0.value))
      })
  }

  private func json(_ layer: DeviceCost.Layer) -> JSON {
    .object([
      "name": .string(layer.name), "operator": .string(layer.operatorName),
      "output_type": .string("\(layer.outputType)"), "output_shape": .integers(layer.outputShape),
      "parameters": .integer(layer.parameters), "macs": .integer(layer.macs),
      "activation_bytes": .integer(layer.activationBytes),
    ])
  }
}

extension MicroProblem {
  public var json: JSON {
    .object([
      "consequence": .string(consequence.rawValue), "place": .string(place), "message": .string(message),
      "advice": .string(advice), "subgraph": .integer(subgraph),
      "operator": .optional(operatorIndex, JSON.integer), "nodes": .strings(sources),
    ])
  }
}

extension MicroTensor {
  /// Name, type, shape and grid, as documents show a port.
  public var json: JSON {
    .object([
      "name": .string(name), "type": .string("\(type)"), "shape": .integers(shape),
      "scale": .optional(quantization) { .number(Double($0.scales[0])) },
      "zero_point": .optional(quantization) { .integer($0.zeroPoints[0]) },
    ])
  }
}

extension [Int] {
  /// "1×32×32×3"
  var dimensions: String { isEmpty ? "scalar" : map(String.init).joined(separator: "×") }
}
