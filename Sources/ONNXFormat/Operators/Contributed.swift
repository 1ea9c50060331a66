import Graph

extension OperatorRegistry {
  /// What ONNX Runtime's optimizer writes in place of standard operators (domain com.microsoft).
  static let contributed: [OperatorEntry] = [
    OperatorEntry("Gelu", domain: microsoft, inputs: 1) { importing, node throws(Diagnostic) in
      try importing.unary(.gelu(tanhApproximation: false), importing.tensor(node, 0))
    },
    OperatorEntry("BiasGelu", domain: microsoft, inputs: 2) { importing, node throws(Diagnostic) in
      let sum = try importing.binary(.add, importing.tensor(node, 0), importing.tensor(node, 1))
      return try importing.unary(.gelu(tanhApproximation: false), sum)
    },
    OperatorEntry("FastGelu", domain: microsoft, inputs: 2) { importing, node throws(Diagnostic) in
      var data = try importing.tensor(node, 0)
      if let bias = try importing.optionalTensor(node, 1) { data = try importing.binary(.add, data, bias) }
      return try importing.unary(.gelu(tanhApproximation: true), data)
    },
    OperatorEntry("QuickGelu", domain: microsoft, inputs: 1) { importing, node throws(Diagnostic) in
      let alpha = try node.float("alpha", default: 1.702)
      return try importing.unary(.swish(alpha: alpha), importing.tensor(node, 0))
    },
    OperatorEntry("FusedMatMul", domain: microsoft, inputs: 2, fusedProduct),
    OperatorEntry("FusedConv", domain: microsoft, inputs: 4) { importing, node throws(Diagnostic) in
      var result = try convolution(&importing, node)
      if let addend = try importing.optionalTensor(node, 3) {
        result = try importing.binary(.add, result, addend)
      }
      return try fusedActivation(&importing, node, result)
    },
    OperatorEntry(many: "SkipLayerNormalization", domain: microsoft, inputs: 5, skipLayerNormalization),
  ]

  private static let microsoft = "com.microsoft"

  private static func fusedProduct(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID
  {
    guard try !node.flag("transBatchA"), try !node.flag("transBatchB") else {
      throw node.unsupported("transposes batch axes")
    }
    let operation = Operation.matmul(
      transposesLeft: try node.flag("transA"), transposesRight: try node.flag("transB"))
    let product = try importing.emit(operation, importing.tensor(node, 0), importing.tensor(node, 1))
    let alpha = try node.float("alpha", default: 1)
    return alpha == 1 ? product : try importing.binary(.multiply, product, importing.scalar(alpha))
  }

  private static func fusedActivation(
    _ importing: inout Importing, _ node: Node, _ data: TensorID
  ) throws(Diagnostic) -> TensorID {
    let parameters = try node.floats("activation_params") ?? []
    func parameter(_ index: Int, _ value: Float) -> Float {
      parameters.indices.contains(index) ? parameters[index] : value
    }
    switch try node.string("activation", default: "") {
    case "": return data
    case "Relu": return try importing.unary(.relu, data)
    case "Sigmoid": return try importing.unary(.sigmoid, data)
    case "Tanh": return try importing.unary(.tanh, data)
    case "LeakyRelu": return try importing.unary(.leakyRelu(alpha: parameter(0, 0.01)), data)
    case "Clip": return try importing.clip(data, parameter(0, -.infinity), parameter(1, .infinity))
    case "HardSigmoid":
      return try importing.unary(.hardSigmoid(alpha: parameter(0, 0.2), beta: parameter(1, 0.5)), data)
    case let other: throw node.unsupported("has the activation '\(other)'")
    }
  }

  /// Inputs: data, what skips the layer, scale, bias?, addend?.
  private static func skipLayerNormalization(
    _ importing: inout Importing, _ node: Node
  ) throws(Diagnostic) -> [ImportedValue?] {
    var sum = try importing.binary(.add, importing.tensor(node, 0), importing.tensor(node, 1))
    if let addend = try importing.optionalTensor(node, 4) { sum = try importing.binary(.add, sum, addend) }
    let rank = importing.rank(sum)
    guard rank > 0 else { throw node.problem("normalizes a scalar") }
    let composite = Composite.layerNormalization(
      axis: rank - 1, epsilon: try node.float("epsilon", default: 1e-12))
    let inputs = [sum, try importing.tensor(node, 2), try importing.optionalTensor(node, 3)]
    let result = try importing.emit(.composite(composite), inputs, wanted: [true])[0]!
    // Mean and deviation are for training only.
    return [.tensor(result), nil, nil, .tensor(sum)]
  }
}
