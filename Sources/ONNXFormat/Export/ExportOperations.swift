import Graph

extension Exporting {
  /// The names of the results of an operator, one for each output; those of unwanted ones are empty.
  mutating func results(of node: Operator) throws(Diagnostic) -> [String] {
    switch node.operation {
    case .unary(let kind): return [try unary(kind, node)]
    case .binary(let kind, let clamp):
      let element = type(node.inputs[0]!).element
      return [clamped(binary(kind, name(of: node.inputs[0]!), name(of: node.inputs[1]!), element), clamp)]
    case .compare(let kind): return [self.node(kind.onnxName, operands(node))]
    case .select: return [self.node("Where", operands(node))]
    case .cast(let element):
      return [self.node("Cast", operands(node), ["to": .int(DataTypes.number(of: SourceType(element)))])]
    case .reshape, .transpose, .broadcast, .tile, .concat, .split, .slice, .pad:
      return try movement(node)
    case .gather, .gatherElements, .gatherND, .scatterElements, .scatterND, .oneHot, .triangle,
      .reverseSequence:
      return [indexed(node)]
    case .reduce, .argExtreme, .topK, .cumulative, .softmax: return alongAxes(node)
    case .matmul(let left, let right): return [matmul(node, transposesLeft: left, transposesRight: right)]
    case .dense(let clamp): return [clamped(dense(node), clamp)]
    case .convolution(let convolution):
      return [clamped(self.convolution(convolution, node), convolution.clamp)]
    case .transposedConvolution(let convolution):
      return [clamped(transposedConvolution(convolution, node), convolution.clamp)]
    case .pool(let pool): return self.pool(pool, node)
    case .resize(let resize): return [try self.resize(resize, node)]
    case .recurrent(let recurrent): return try self.recurrent(recurrent, node)
    case .quantizeLinear(let axis, let blockSize, let element):
      return [quantize(node, axis: axis, blockSize: blockSize, element)]
    case .dequantizeLinear(let axis, let blockSize):
      return [dequantize(node, axis: axis, blockSize: blockSize)]
    case .composite(let composite): return self.composite(composite, node)
    }
  }

  mutating func operands(_ node: Operator) -> [String] {
    var names: [String] = []
    for input in node.inputs { names.append(name(ofOptional: input)) }
    return names
  }

  /// The result with a fused clamp as an operator of its own.
  mutating func clamped(_ result: String, _ clamp: FusedClamp?) -> String {
    guard let clamp else { return result }
    if clamp == .relu { return node("Relu", [result]) }
    return clip(result, clamp.minimum, clamp.maximum, .float32)
  }

  mutating func clip(_ data: String, _ minimum: Float, _ maximum: Float, _ element: ElementType) -> String {
    let low = minimum == -.infinity ? "" : scalar(minimum, element, "minimum")
    let high = maximum == .infinity ? "" : scalar(maximum, element, "maximum")
    return node("Clip", [data, low, high])
  }

  mutating func quantize(_ node: Operator, axis: Int?, blockSize: Int, _ element: ElementType) -> String {
    var inputs = operands(node)
    if inputs.count < 3 || inputs[2].isEmpty, element != .uint8 {
      // The type of the zero point says that of the result.
      let sizes = type(node.inputs[1]!).shape.perSample
      inputs = Array(inputs.prefix(2)) + [constant(TensorValue(type: element, sizes: sizes), "zero_point")]
    }
    return self.node("QuantizeLinear", inputs, quantization(axis, blockSize, element))
  }

  mutating func dequantize(_ node: Operator, axis: Int?, blockSize: Int) -> String {
    self.node(
      "DequantizeLinear", operands(node), quantization(axis, blockSize, type(node.inputs[0]!).element))
  }

  private mutating func quantization(_ axis: Int?, _ blockSize: Int, _ element: ElementType)
    -> [String: ExportedNode.Attribute]
  {
    var attributes: [String: ExportedNode.Attribute] = [:]
    if let axis { attributes["axis"] = .int(axis) }
    if blockSize > 0 { attributes["block_size"] = .int(blockSize) }
    if blockSize > 0 || ![.int8, .uint8, .int32].contains(element) { require(opset: 21) }
    return attributes
  }
}
