import JSONText
import Graph

/// What is in a model, for people and for scripts.
///
///     print(ModelSummary(graph).text(width: 80))
public struct ModelSummary: Sendable {
  public let graph: Graph
  public let cost: ModelCost
  /// The buffer that the executor plans for all activations; nil when it was not planned.
  public let plannedActivationBytes: Int?

  public init(_ graph: Graph, plannedActivationBytes: Int? = nil) {
    self.graph = graph
    self.plannedActivationBytes = plannedActivationBytes
    cost = ModelCost(graph)
  }

  // MARK: Text

  public func text(width: Int = 80, listsTransposes: Bool = false) -> String {
    [header, ports, layers(width: width), totals, notes(width, listsTransposes)].filter { !$0.isEmpty }
      .joined(separator: "\n")
  }

  private var header: String {
    let source = graph.source
    var facts: [String] = []
    if !source.format.isEmpty {
      facts.append(source.opset > 0 ? "\(source.format), opset \(source.opset)" : source.format)
    }
    if !source.producer.isEmpty { facts.append("made by \(source.producer)") }
    if source.byteCount > 0 { facts.append(NumberFormat.bytes(source.byteCount)) }
    let name = source.path.isEmpty ? graph.name : source.path
    return facts.isEmpty ? "\(name)\n" : "\(name): \(facts.joined(separator: ", "))\n"
  }

  private var ports: String {
    let all = graph.inputs.map { ("input", $0) } + graph.outputs.map { ("output", $0) }
    let remarks = all.map { kind, port in
      kind == "input" && graph[port.tensor].constant != nil ? "bound to a value" : layoutNote(port)
    }
    let hasRemarks = remarks.contains { !$0.isEmpty }
    let columns: [Table.Column] = [.text(""), .text("name", isElastic: true), .text("type"), .text("shape")]
    var table = Table(columns + (hasRemarks ? [.text("layout")] : []))
    for ((kind, port), remark) in zip(all, remarks) {
      let cells = [kind, port.name, port.declaredType.rawValue, port.declaredShape.dimensions]
      table.add(cells + (hasRemarks ? [remark] : []))
    }
    return table.text()
  }

  /// How the tensor inside differs from what the file declares.
  private func layoutNote(_ port: Port) -> String {
    guard port.permutation != nil else { return "" }
    return "\(graph[port.tensor].shape.dimensions) inside"
  }

  private func layers(width: Int) -> String {
    var table = Table([
      .text("layer", isElastic: true), .text("operator"), .text("output"),
      .number("params"),
      .number("MACs"), .number("act. bytes"),
    ])
    for layer in cost.layers {
      table.add(
        layer.name, layer.operatorName, layer.outputShape.dimensions, zeroless(layer.parameters),
        zeroless(layer.macs), NumberFormat.count(layer.activationBytes))
    }
    table.addRule()
    table.add(
      "total", NumberFormat.count(graph.operators.count, of: "operator"), "",
      NumberFormat.count(cost.parameters),
      NumberFormat.count(cost.macs), NumberFormat.count(cost.activationBytes))
    return table.text(width: width)
  }

  /// Empty cells keep the telling numbers apart.
  private func zeroless(_ value: Int) -> String { value == 0 ? "" : NumberFormat.count(value) }

  private var activations: String {
    let alive = "\(NumberFormat.bytes(cost.peakActivationBytes)) alive at most at one time"
    return plannedActivationBytes.map { "\(NumberFormat.bytes($0)) planned, \(alive)" } ?? alive
  }

  private var totals: String {
    let rows = [
      ("weights as float32", NumberFormat.bytes(cost.floatWeightBytes)),
      ("weights as int8", "\(NumberFormat.bytes(cost.int8WeightBytes)), biases in 32 bits"),
      ("activations as float32", activations),
    ]
    let widest = rows.map(\.0.count).max() ?? 0
    return rows.map { "\($0.0)\(String(repeating: " ", count: widest - $0.0.count))  \($0.1)\n" }.joined()
  }

  private func notes(_ width: Int, _ listsTransposes: Bool) -> String {
    graph.notes.foldingTransposes(listsAll: listsTransposes)
      .map { "note: \($0)".wrapped(to: width, hanging: 2) }.joined()
  }

  // MARK: JSON

  public var json: JSON {
    let source = graph.source
    return .object([
      "model": .string(source.path), "format": .string(source.format), "producer": .string(source.producer),
      "opset": .integer(source.opset), "ir_version": .integer(source.irVersion),
      "file_bytes": .integer(source.byteCount), "name": .string(graph.name),
      "inputs": .array(graph.inputs.map(json)), "outputs": .array(graph.outputs.map(json)),
      "operators": .integer(graph.operators.count), "parameters": .integer(cost.parameters),
      "macs": .integer(cost.macs), "float_weight_bytes": .integer(cost.floatWeightBytes),
      "int8_weight_bytes": .integer(cost.int8WeightBytes), "activation_bytes": .integer(cost.activationBytes),
      "peak_activation_bytes": .integer(cost.peakActivationBytes),
      "planned_activation_bytes": .optional(plannedActivationBytes, JSON.integer),
      "operator_counts": counts, "layers": .array(cost.layers.map(json)), "notes": .strings(graph.notes),
    ])
  }

  private var counts: JSON {
    let counts = Dictionary(grouping: graph.operators, by: \.operation.name).mapValues(\.count)
    return .members(
      counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
        JSON.Member(name: $0.key, value: .integer($0.value))
      })
  }

  private func json(_ port: Port) -> JSON {
    .object([
      "name": .string(port.name), "type": .string(port.declaredType.rawValue),
      "shape": json(port.declaredShape),
      "inner_shape": json(graph[port.tensor].shape),
      "permutation": .optional(port.permutation, JSON.integers),
    ])
  }

  /// Open extents are the text that tables show: "N".
  private func json(_ shape: Shape) -> JSON {
    .array(shape.extents.map { $0.fixedValue.map(JSON.integer) ?? .string($0.description) })
  }

  private func json(_ layer: LayerCost) -> JSON {
    .object([
      "name": .string(layer.name), "operator": .string(layer.operatorName),
      "output_shape": json(layer.outputShape),
      "parameters": .integer(layer.parameters), "macs": .integer(layer.macs),
      "activation_bytes": .integer(layer.activationBytes),
    ])
  }
}
