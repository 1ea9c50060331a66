import Graph

extension OperatorRegistry {
  /// Operators on integers that stand for real numbers: the operands are dequantized, the standard operator computes, and
  /// its result is quantized.
  static let integerOperators: [OperatorEntry] = [
    OperatorEntry("QLinearConv", since: 10, inputs: 9) { importing, node throws(Diagnostic) in
      var bias: ImportedValue?
      if let integers = try importing.optionalTensor(node, 8) {
        bias = .tensor(try importing.dequantizedBias(integers, scales: (1, 4), node))
      }
      let x = try importing.dequantized(node, 0), w = try importing.dequantized(node, 3, axis: 0)
      let y = try importing.standard("Conv", node, [x, w, bias])
      return try importing.quantized(y, node, scale: 6, zeroPoint: 7)
    },
    OperatorEntry("QLinearMatMul", since: 10, inputs: 8) { importing, node throws(Diagnostic) in
      let a = try importing.dequantized(node, 0)
      let b = try importing.dequantized(node, 3, axis: importing.rank(try importing.tensor(node, 3)) - 1)
      let y = try importing.standard("MatMul", node, [a, b])
      return try importing.quantized(y, node, scale: 6, zeroPoint: 7)
    },
    OperatorEntry("QGemm", domain: microsoft, inputs: 9) { importing, node throws(Diagnostic) in
      var bias: ImportedValue?
      if let integers = try importing.optionalTensor(node, 6) {
        bias = .tensor(try importing.dequantizedBias(integers, scales: (1, 4), node))
      }
      let axis = try node.flag("transB") ? 0 : 1
      let a = try importing.dequantized(node, 0), b = try importing.dequantized(node, 3, axis: axis)
      let y = try importing.standard("Gemm", node, [a, b, bias])
      return node.hasInput(7) ? try importing.quantized(y, node, scale: 7, zeroPoint: 8) : y
    },
    pair("QLinearAdd", "Add"), pair("QLinearMul", "Mul"),
    single("QLinearAveragePool", "AveragePool"), single("QLinearGlobalAveragePool", "GlobalAveragePool"),
    single("QLinearSigmoid", "Sigmoid"), single("QLinearLeakyRelu", "LeakyRelu"),
    single("QLinearSoftmax", "Softmax"),
    OperatorEntry("QLinearConcat", domain: microsoft, inputs: .max) { importing, node throws(Diagnostic) in
      var parts: [ImportedValue?] = []
      for index in stride(from: 2, to: node.inputs.count, by: 3) {
        parts.append(try importing.dequantized(node, index))
      }
      let y = try importing.standard("Concat", node, parts)
      return try importing.quantized(y, node, scale: 0, zeroPoint: 1)
    },
  ]

  private static let microsoft = "com.microsoft"

  /// Inputs: a, its scale and zero point, b, its scale and zero point, the result's scale and zero point.
  private static func pair(_ name: String, _ standard: String) -> OperatorEntry {
    OperatorEntry(name, domain: microsoft, inputs: 8) { importing, node throws(Diagnostic) in
      let a = try importing.dequantized(node, 0), b = try importing.dequantized(node, 3)
      let y = try importing.standard(standard, node, [a, b])
      return try importing.quantized(y, node, scale: 6, zeroPoint: 7)
    }
  }

  /// Inputs: x, its scale and zero point, the result's scale and zero point.
  private static func single(_ name: String, _ standard: String) -> OperatorEntry {
    OperatorEntry(name, domain: microsoft, inputs: 5) { importing, node throws(Diagnostic) in
      guard try !node.flag("channels_last") else { throw node.unsupported("has its channels last") }
      let y = try importing.standard(standard, node, [try importing.dequantized(node, 0)])
      return try importing.quantized(y, node, scale: 3, zeroPoint: 4)
    }
  }
}

extension Importing {
  /// Operand `index` as real numbers; its scale and zero point follow it. `axis` is the one of several scales.
  fileprivate mutating func dequantized(
    _ node: Node, _ index: Int, axis: Int = 0
  ) throws(Diagnostic) -> ImportedValue {
    let data = try tensor(node, index)
    let grid = try numbers(node, scale: index + 1, zeroPoint: index + 2)
    let result = try emit(
      .dequantizeLinear(axis: grid.isOne ? nil : axis, blockSize: 0), data, grid.scale, grid.zeroPoint)
    return .tensor(result)
  }

  /// int32 steps of the product of two scales.
  fileprivate mutating func dequantizedBias(
    _ integers: TensorID, scales: (Int, Int), _ node: Node
  ) throws(Diagnostic) -> TensorID {
    let real = try cast(integers, to: .float32)
    let first = try numbers(node, scale: scales.0, zeroPoint: nil).scale
    let second = try numbers(node, scale: scales.1, zeroPoint: nil).scale
    return try binary(.multiply, real, binary(.multiply, first, second))
  }

  fileprivate mutating func quantized(
    _ real: TensorID, _ node: Node, scale: Int, zeroPoint: Int
  ) throws(Diagnostic) -> TensorID {
    let grid = try numbers(node, scale: scale, zeroPoint: zeroPoint)
    let type = grid.zeroPoint.map { element($0) } ?? .uint8
    return try emit(.quantizeLinear(axis: nil, blockSize: 0, type), real, grid.scale, grid.zeroPoint)
  }

  private mutating func numbers(
    _ node: Node, scale: Int, zeroPoint: Int?
  ) throws(Diagnostic) -> (scale: TensorID, zeroPoint: TensorID?, isOne: Bool) {
    var scales = try tensor(node, scale)
    var zeros = try zeroPoint.map { index throws(Diagnostic) in try optionalTensor(node, index) } ?? nil
    guard element(scales) == .float32 else { throw node.problem("has a scale of type \(element(scales))") }
    let isOne = shape(scales).elementCountPerSample == 1
    if isOne {
      scales = try asScalar(scales)
      if let known = zeros { zeros = try asScalar(known) }
    }
    return (scales, zeros, isOne)
  }

  /// The result of a standard operator with this node's attributes.
  fileprivate mutating func standard(
    _ name: String, _ node: Node, _ inputs: [ImportedValue?]
  ) throws(Diagnostic) -> TensorID {
    guard let entry = OperatorRegistry.entry(domain: "", name: name) else {
      throw node.unsupported("has no standard form")
    }
    let results = try entry.translate(&self, node.standing(for: inputs, opset: opsets[""] ?? node.opset))
    guard case .tensor(let id)? = results.first ?? nil else { throw node.problem("makes no tensor") }
    return id
  }
}
