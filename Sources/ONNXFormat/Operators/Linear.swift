import Graph

extension OperatorRegistry {
  /// Products of matrices.
  static let linear: [OperatorEntry] = [
    OperatorEntry("MatMul", inputs: 2) { importing, node throws(Diagnostic) in
      let left = try importing.tensor(node, 0)
      let right = try importing.tensor(node, 1)
      return try importing.multiply(left, right, node)
    },
    OperatorEntry("Gemm", since: 7, inputs: 3, gemm),
    OperatorEntry("Einsum", since: 12, inputs: .max) { importing, node throws(Diagnostic) in
      let operands = try importing.tensors(node)
      let equation = try EinsumEquation(
        try node.string("equation", default: ""), ranks: operands.map { importing.rank($0) }, node)
      return try importing.contract(equation, operands, node)
    },
  ]

  private static func gemm(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    var left = try importing.tensor(node, 0)
    let right = try importing.tensor(node, 1)
    try importing.requireRank(left, 2...2, node)
    try importing.requireRank(right, 2...2, node)
    let alpha = try node.float("alpha", default: 1)
    let transposesRight = try node.flag("transB")
    if try node.flag("transA") { left = try importing.transpose(left, [1, 0]) }
    guard let constant = importing.constant(right), constant.type == .float32,
      importing.element(left) == .float32
    else {
      return try gemmOfValues(&importing, node, left, right)
    }
    var weights = transposesRight ? constant : constant.permuted([1, 0])
    if alpha != 1 {
      weights = weights.scaled(axis: 0, factors: [Float](repeating: alpha, count: weights.sizes[0]))
    }
    try importing.checkFinite(right, node, "weights")
    let id = importing.addView(weights, of: right)
    let bias = try denseBias(&importing, node, outputs: weights.sizes[0])
    if let bias { return try importing.emit(.dense(clamp: nil), left, id, bias) }
    let product = try importing.emit(.dense(clamp: nil), left, id)
    return try addScaled(&importing, node, product)
  }

  /// C as a dense operator's bias: constant and one number per output, or one for all.
  private static func denseBias(
    _ importing: inout Importing, _ node: Node, outputs: Int
  ) throws(Diagnostic) -> TensorID? {
    guard let addend = try importing.optionalTensor(node, 2), let constant = importing.constant(addend),
      constant.type == .float32
    else { return nil }
    let beta = try node.float("beta", default: 1)
    let sizes = constant.sizes
    guard sizes.count <= 2, sizes.dropLast().allSatisfy({ $0 == 1 }), sizes.last == outputs else {
      return nil
    }
    var bias = constant.reshaped([outputs])
    if beta != 1 { bias = bias.scaled(axis: 0, factors: [Float](repeating: beta, count: outputs)) }
    return importing.addView(bias, of: addend)
  }

  private static func addScaled(
    _ importing: inout Importing, _ node: Node, _ product: TensorID
  ) throws(Diagnostic) -> TensorID {
    guard var addend = try importing.optionalTensor(node, 2) else { return product }
    let beta = try node.float("beta", default: 1)
    if beta == 0 { return product }
    if beta != 1 {
      addend = try importing.binary(.multiply, addend, importing.factor(beta, importing.element(addend)))
    }
    return try importing.binary(.add, product, addend)
  }

  private static func gemmOfValues(
    _ importing: inout Importing, _ node: Node, _ left: TensorID, _ right: TensorID
  ) throws(Diagnostic) -> TensorID {
    let alpha = try node.float("alpha", default: 1)
    var product = try importing.emit(
      .matmul(transposesLeft: false, transposesRight: try node.flag("transB")), left, right)
    if alpha != 1 {
      product = try importing.binary(.multiply, product, importing.factor(alpha, importing.element(product)))
    }
    return try addScaled(&importing, node, product)
  }
}

extension Importing {
  /// A factor for tensors of a type; integers take its whole part, as ONNX Runtime does.
  mutating func factor(_ value: Float, _ type: ElementType) -> TensorID {
    type == .float32 ? scalar(value) : scalar(Int(exactly: value.rounded(.towardZero)) ?? 0, type)
  }

  /// A matrix product: dense when the right operand is a known matrix.
  mutating func multiply(_ left: TensorID, _ right: TensorID, _ node: Node) throws(Diagnostic) -> TensorID {
    guard let constant = constant(right), constant.sizes.count == 2, constant.type == .float32,
      element(left) == .float32, rank(left) >= 2, constant.elementCount > 0
    else {
      for operand in [left, right] where constant(operand) != nil {
        try checkFinite(operand, node, "weights")
      }
      return try emit(.matmul(transposesLeft: false, transposesRight: false), left, right)
    }
    try checkFinite(right, node, "weights")
    return try emit(.dense(clamp: nil), left, addView(constant.permuted([1, 0]), of: right))
  }

  /// The same elements in another arrangement, as a tensor that knows its origin.
  mutating func addView(_ view: Constant, of id: TensorID) -> TensorID {
    if view.steps.count == graph[id].constant?.steps.count { return id }
    let copy = graph.addConstant(view, name: graph[id].name)
    graph[copy].origin = graph[id].origin
    // Permuting (and scaling) keeps the axes' meaning; what is reshaped is the constant's own history.
    graph[copy].origin.permutation = Self.permutation(view.steps)
    return copy
  }

  /// Where each axis stands in the source; nil when axes were merged or split.
  private static func permutation(_ steps: [Constant.Step]) -> [Int]? {
    var result: [Int]?
    for step in steps {
      switch step {
      case .permute(let permutation):
        result = result.map { known in permutation.map { known[$0] } } ?? permutation
      case .scale: continue
      default: return nil
      }
    }
    return result
  }
}
