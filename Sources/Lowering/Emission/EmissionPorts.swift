import Graph
import Micro

extension Emission {
  /// The graph's inputs in the type that the user wants, brought to the numbers of the plan.
  mutating func addInputs() {
    for port in graph.inputs {
      let inside = numbers(of: port.tensor)
      let outside = portNumbers(inside, settings.inputType)
      if inside.type == .int32, graph[port.tensor].element != .int32 {
        notes.append("the input '\(port.name)' is int32 on the device, not \(graph[port.tensor].element)")
      }
      let value = fresh(shape(of: port.tensor), outside)
      device.tensors[value.tensor].name = unique(port.name)
      device.inputs.append(value.tensor)
      values[port.tensor] = value
    }
    // After all inputs have their places, so that conversions do not come between them.
    for port in graph.inputs {
      let inside = numbers(of: port.tensor)
      guard let value = values[port.tensor], value.numbers != inside else { continue }
      values[port.tensor] = converted(port: value, to: inside)
    }
  }

  /// The graph's outputs in the type that the user wants.
  mutating func addOutputs() {
    for port in graph.outputs {
      guard var value = outputValue(port.tensor) else { continue }
      let outside = portNumbers(value.numbers, settings.outputType)
      if value.numbers.type == .int32, graph[port.tensor].element != .int32 {
        notes.append("the output '\(port.name)' is int32 on the device, not \(graph[port.tensor].element)")
      }
      if value.numbers != outside { value = converted(port: value, to: outside) }
      // The reshape that an output needs belongs to the last operator.
      value = materialized(value)
      if device.tensors[value.tensor].name.isEmpty || !device.inputs.contains(value.tensor) {
        if !device.outputs.contains(value.tensor) { rename(value.tensor, port.name) }
      }
      device.outputs.append(value.tensor)
    }
  }

  private mutating func outputValue(_ id: TensorID) -> Value? {
    if let value = values[id] { return value }
    guard let constant = graph[id].constant else { return nil }
    if constant.type.isFloat { return rounded(constant, id, numbers(of: id)) }
    return try? plain(constant, id)
  }

  /// What the outside sees of a tensor with these numbers.
  private func portNumbers(_ inside: Numbers, _ wanted: ElementType) -> Numbers {
    guard inside.isQuantized else { return inside }
    switch (inside.type, wanted) {
    case (_, .float32): return .float32
    case (.int8, .int16): return inside.widened
    case (.int16, .int8): return inside.narrowed
    case (.int8, .uint8):
      return Numbers(type: .uint8, scale: inside.scale, zeroPoint: inside.zeroPoint + 128)
    default: return inside
    }
  }

  /// A conversion that is no graph operator's: its sources are empty.
  private mutating func converted(port value: Value, to numbers: Numbers) -> Value {
    let result = fresh(value.shape, numbers)
    let source = materialized(value)
    let dequantizes = numbers.type == .float32
    device.operators.append(
      MicroOperator(
        dequantizes ? .dequantize : .quantize, inputs: [source.tensor], outputs: [result.tensor],
        options: .empty(union: dequantizes ? 38 : 89)))
    return result
  }
}

/// Names.
extension Emission {
  /// The name, or one like it when it is taken. The empty name stays empty until the end.
  mutating func unique(_ name: String) -> String {
    if name.isEmpty || takenNames.insert(name).inserted { return name }
    var number = 1
    while !takenNames.insert("\(name)_\(number)").inserted { number += 1 }
    return "\(name)_\(number)"
  }

  private mutating func rename(_ tensor: Int, _ name: String) {
    takenNames.remove(device.tensors[tensor].name)
    device.tensors[tensor].name = unique(name)
  }

  /// Tensors get the names of the source; those in between get the name of what they lead to.
  mutating func nameTensors() {
    for node in graph.operators {
      for case let id? in node.outputs {
        guard let value = values[id], device.tensors[value.tensor].name.isEmpty else { continue }
        let name = graph[id].origin.name.isEmpty ? graph[id].name : graph[id].origin.name
        device.tensors[value.tensor].name = unique(name)
      }
    }
    for (range, node) in zip(operatorRanges, graph.operators) {
      for index in range { nameTensors(of: device.operators[index], in: node) }
    }
    for added in device.operators { nameTensors(of: added, in: nil) }
  }

  private mutating func nameTensors(of added: MicroOperator, in node: Operator?) {
    let result = node?.outputs.compactMap { $0 }.first.map { graph[$0] }
    let base =
      result.map { $0.origin.name.isEmpty ? $0.name : $0.origin.name }
      ?? added.inputs.compactMap { $0 }.first.map { device.tensors[$0].name } ?? ""
    for tensor in added.outputs + added.inputs.compactMap({ $0 }) where device.tensors[tensor].name.isEmpty {
      let suffix = device.tensors[tensor].data == nil ? added.code.name.lowercased() : "constant"
      device.tensors[tensor].name = unique("\(base)/\(suffix)")
    }
  }
}

extension MicroSubgraph {
  /// Forgets tensors that nothing refers to: each would take its place on the device. Says where the others are now.
  mutating func dropUnusedTensors() -> [Int: Int] {
    var used = Set(inputs + outputs)
    for node in operators { used.formUnion(node.inputs.compactMap { $0 } + node.outputs) }
    var map: [Int: Int] = [:]
    var kept: [MicroTensor] = []
    for (index, tensor) in tensors.enumerated() where used.contains(index) {
      map[index] = kept.count
      kept.append(tensor)
    }
    tensors = kept
    inputs = inputs.map { map[$0]! }
    outputs = outputs.map { map[$0]! }
    for index in operators.indices {
      operators[index].inputs = operators[index].inputs.map { $0.map { map[$0]! } }
      operators[index].outputs = operators[index].outputs.map { map[$0]! }
    }
    return map
  }
}
