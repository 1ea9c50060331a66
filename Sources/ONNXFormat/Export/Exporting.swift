import Graph
import Storage

/// The state of one export: nodes and constants so far, and the names that are taken.
struct Exporting {
  let graph: Graph
  /// Writes real constants that are known as integers so, each with the operator that dequantizes it.
  let keepsIntegers: Bool
  private(set) var nodes: [ExportedNode] = []
  private(set) var constants: [ExportedConstant] = []
  /// The lowest opset that knows all operators so far.
  private(set) var opset = 18
  private var taken: Set<String> = []
  /// The names of the graph's tensors in the file, constants aside.
  private var names: [TensorID: String] = [:]
  private var constantNames: [ConstantKey: String] = [:]
  private var batchName: String?
  /// The operator at hand, for the names of nodes.
  private var source = ""

  /// What makes two constants the same: equal small ones, and large ones made in the same way from the same bytes.
  private struct ConstantKey: Hashable {
    enum Source: Hashable {
      case content([UInt8])
      case place(ObjectIdentifier, byteOffset: Int)
    }
    let type: SourceType
    let sizes: [Int]
    let steps: [Constant.Step]
    let source: Source

    init(_ constant: Constant) {
      type = constant.source.type
      sizes = constant.sizes
      steps = constant.steps
      let bytes = constant.source.bytes
      source =
        bytes.count <= 64
        ? .content(bytes.array) : .place(ObjectIdentifier(bytes.storage), byteOffset: bytes.byteOffset)
    }
  }

  init(_ graph: Graph, keepsIntegers: Bool = false) {
    self.graph = graph
    self.keepsIntegers = keepsIntegers
  }

  mutating func translate() throws(Diagnostic) {
    for port in graph.inputs + graph.outputs { taken.insert(port.name) }
    for port in graph.inputs { addInput(port) }
    nameOutputs()
    for node in graph.operators { try translate(node) }
    for port in graph.outputs { addOutput(port) }
  }

  mutating func require(opset: Int) { self.opset = max(self.opset, opset) }

  // MARK: Names

  /// `name`, or it with a number where it is taken.
  private mutating func unique(_ name: String) -> String {
    let base = name.isEmpty ? "value" : name
    if taken.insert(base).inserted { return base }
    var number = 1
    while !taken.insert("\(base)_\(number)").inserted { number += 1 }
    return "\(base)_\(number)"
  }

  /// Tensors that are outputs as they are take the output's name.
  private mutating func nameOutputs() {
    var constantIDs = Set<TensorID>()
    for (index, tensor) in graph.tensors.enumerated() where tensor.constant != nil {
      constantIDs.insert(TensorID(index))
    }
    for port in graph.outputs where port.isDirect(graph) && names[port.tensor] == nil {
      if !constantIDs.contains(port.tensor) { names[port.tensor] = port.name }
    }
  }

  // MARK: Ports

  private mutating func addInput(_ port: Port) {
    source = port.name
    if graph[port.tensor].constant != nil { return }
    var name = port.name
    if port.declaredType != SourceType(graph[port.tensor].element) {
      name = node("Cast", [name], ["to": .int(DataTypes.number(of: SourceType(graph[port.tensor].element)))])
    }
    if let permutation = port.permutation { name = node("Transpose", [name], ["perm": .ints(permutation)]) }
    names[port.tensor] = name
  }

  private mutating func addOutput(_ port: Port) {
    if names[port.tensor] == port.name, port.isDirect(graph), !graph.isInput(port.tensor) { return }
    source = port.name
    var name = self.name(of: port.tensor)
    if let permutation = port.permutation {
      name = node("Transpose", [name], ["perm": .ints(permutation.inverted)])
    }
    if port.declaredType != SourceType(graph[port.tensor].element) {
      name = node("Cast", [name], ["to": .int(DataTypes.number(of: port.declaredType))])
    }
    let last = nodes.count - 1
    if last >= 0, nodes[last].outputs == [name], name != port.name, !port.isDirect(graph) {
      nodes[last].outputs = [port.name]
    } else {
      append("Identity", [name], [port.name])
    }
  }

  // MARK: Operators

  private mutating func translate(_ node: Operator) throws(Diagnostic) {
    source = node.sourceName.isEmpty ? node.operation.name.replacing(" ", with: "_") : node.sourceName
    let start = nodes.count
    let results = try results(of: node)
    for (result, output) in zip(results, node.outputs) {
      guard let output else { continue }
      let wanted = names[output] ?? unique(graph[output].name)
      names[output] = wanted
      rename(result, to: wanted, from: start)
    }
  }

  /// Gives a result of the nodes from `start` on its final name.
  private mutating func rename(_ result: String, to wanted: String, from start: Int) {
    let isMade = nodes[start...].contains { $0.outputs.contains(result) }
    guard isMade else {
      append("Identity", [result], [wanted])
      return
    }
    for index in start..<nodes.count {
      for position in nodes[index].inputs.indices where nodes[index].inputs[position] == result {
        nodes[index].inputs[position] = wanted
      }
      for position in nodes[index].outputs.indices where nodes[index].outputs[position] == result {
        nodes[index].outputs[position] = wanted
      }
    }
    taken.remove(result)
  }

  /// A node whose outputs are named already.
  private mutating func append(
    _ operation: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [String: ExportedNode.Attribute] = [:]
  ) {
    nodes.append(
      ExportedNode(
        operation: operation, name: nodeName(operation), inputs: inputs, outputs: outputs,
        attributes: attributes))
  }

  private var nodeNames: Set<String> = []
  private mutating func nodeName(_ operation: String) -> String {
    if nodeNames.insert(source).inserted { return source }
    var name = "\(source)/\(operation)"
    var number = 1
    while !nodeNames.insert(name).inserted {
      name = "\(source)/\(operation)_\(number)"
      number += 1
    }
    return name
  }

  /// Adds a node with one result and returns the result's name, which may change when the operator is complete.
  mutating func node(
    _ operation: String, _ inputs: [String], _ attributes: [String: ExportedNode.Attribute] = [:]
  ) -> String {
    nodes(operation, inputs, attributes, wanted: [true])[0]
  }

  /// Adds a node with several results; those not wanted have empty names.
  mutating func nodes(
    _ operation: String, _ inputs: [String], _ attributes: [String: ExportedNode.Attribute] = [:],
    wanted: [Bool]
  ) -> [String] {
    var outputs: [String] = []
    for isWanted in wanted { outputs.append(isWanted ? unique("\(source)/\(operation)_output") : "") }
    append(operation, inputs, outputs, attributes)
    return outputs
  }

  // MARK: Operands

  func type(_ id: TensorID) -> TensorType { graph[id].type }

  /// The name of a tensor; constants are added when they are first asked for.
  mutating func name(of id: TensorID) -> String {
    if let name = names[id] { return name }
    let tensor = graph[id]
    guard let constant = tensor.constant else {
      // A tensor that no operator has made is a fault that verification reports.
      names[id] = unique(tensor.name)
      return names[id]!
    }
    return add(constant, named: tensor.name)
  }

  /// The name of an operand that may be absent.
  mutating func name(ofOptional id: TensorID?) -> String { id.map { name(of: $0) } ?? "" }

  mutating func add(_ constant: Constant, named name: String) -> String {
    let key = ConstantKey(constant.simplified)
    if let known = constantNames[key] { return known }
    if keepsIntegers, constant.type.isFloat, let (value, quantization) = constant.integers,
      [.int8, .uint8, .int16, .uint16, .int32].contains(value.type)
    {
      let dequantized = dequantized(value, quantization, named: name)
      constantNames[key] = dequantized
      return dequantized
    }
    let unique = unique(name.isEmpty ? "\(self.source)/constant" : name)
    constants.append(ExportedConstant(name: unique, constant))
    constantNames[key] = unique
    return unique
  }

  /// Integers in the file, and the real numbers that they stand for.
  private mutating func dequantized(
    _ value: TensorValue, _ quantization: Quantization, named name: String
  ) -> String {
    let operation = source
    source = name.isEmpty ? "\(source)/constant" : name
    defer { source = operation }
    let sizes = quantization.axis == nil ? [] : [quantization.scales.count]
    var operands = [
      add(Constant(value), named: "\(source)/quantized"),
      constant(TensorValue(floats: quantization.scales, sizes: sizes), "scale"),
    ]
    // 32-bit integers have no zero point.
    if value.type != .int32 {
      let zeros = TensorValue(integers: quantization.zeroPoints, type: value.type, sizes: sizes)
      operands.append(constant(zeros, "zero_point"))
    }
    if value.type == .int16 || value.type == .uint16 { require(opset: 21) }
    return node("DequantizeLinear", operands, quantization.axis.map { ["axis": .int($0)] } ?? [:])
  }

  /// A small constant that the operator at hand needs.
  mutating func constant(_ value: TensorValue, _ purpose: String) -> String {
    add(Constant(value), named: "\(source)/\(purpose)")
  }

  mutating func integers(_ values: [Int], _ purpose: String) -> String {
    constant(TensorValue(int64s: values, sizes: [values.count]), purpose)
  }

  /// A scalar of the given type.
  mutating func scalar(_ value: Float, _ element: ElementType, _ purpose: String) -> String {
    let scalar =
      element.isFloat
      ? TensorValue(floats: [value], sizes: [])
      : TensorValue(integers: [Int(clamping: value, to: element)], type: element, sizes: [])
    return constant(scalar, purpose)
  }

  // MARK: Extents that follow the batch

  /// A vector of extents: a constant, or computed where the batch enters.
  mutating func extents(_ extents: [Extent], _ purpose: String) throws(Diagnostic) -> String {
    guard extents.contains(where: \.isBatch) else { return integers(extents.map(\.perSample), purpose) }
    var parts: [String] = []
    var run: [Int] = []
    for extent in extents {
      if let size = extent.fixedValue {
        run.append(size)
        continue
      }
      if !run.isEmpty { parts.append(integers(run, purpose)) }
      run = []
      let batch = try batchSize()
      parts.append(
        extent.perSample == 1 ? batch : node("Mul", [batch, integers([extent.perSample], purpose)]))
    }
    if !run.isEmpty { parts.append(integers(run, purpose)) }
    return parts.count == 1 ? parts[0] : node("Concat", parts, ["axis": .int(0)])
  }

  /// The batch size as a vector of one element, read off an input.
  private mutating func batchSize() throws(Diagnostic) -> String {
    if let batchName { return batchName }
    for port in graph.inputs {
      guard let axis = port.declaredShape.extents.firstIndex(of: .batch(1)) else { continue }
      let name = unique("batch_size")
      append("Shape", [port.name], [name], ["start": .int(axis), "end": .int(axis + 1)])
      batchName = name
      return name
    }
    throw problem(
      "has a shape that follows the batch, which no input has by itself", hint: "fix the batch with --dim")
  }

  /// Something that ONNX cannot say.
  func problem(_ text: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.unsupported, "'\(source)' \(text)", hint: hint)
  }
}

extension Port {
  /// Whether the tensor is what the outside sees.
  fileprivate func isDirect(_ graph: Graph) -> Bool {
    permutation == nil && declaredType == SourceType(graph[tensor].element)
  }
}

extension [Int] {
  /// The permutation that undoes this one.
  var inverted: [Int] {
    var result = self
    for (position, axis) in enumerated() { result[axis] = position }
    return result
  }
}

extension Int {
  /// The nearest integer that fits the type.
  init(clamping value: Float, to element: ElementType) {
    let range = element.integerRange ?? (Int.min...Int.max)
    if value <= Float(range.lowerBound) {
      self = range.lowerBound
    } else if value >= Float(range.upperBound) {
      self = range.upperBound
    } else {
      self = Int(value)
    }
  }
}
