import Graph

// What translations ask of a node's operands.
extension Importing {
  /// Operand `index`, which must be there.
  mutating func tensor(_ node: Node, _ index: Int) throws(Diagnostic) -> TensorID {
    guard let id = try optionalTensor(node, index) else {
      throw node.problem("lacks its input number \(index + 1)")
    }
    return id
  }

  mutating func optionalTensor(_ node: Node, _ index: Int) throws(Diagnostic) -> TensorID? {
    guard let value = node.input(index) else { return nil }
    return try tensor(value, node)
  }

  mutating func tensor(_ value: ImportedValue, _ node: Node) throws(Diagnostic) -> TensorID {
    switch value {
    case .tensor(let id): return id
    case .symbolic(let symbolic):
      if let value = symbolic.constant { return constant(value) }
      throw node.unsupported(
        "computes with the batch size in a way that only the run can know", hint: Self.fixBatchHint)
    }
  }

  static var fixBatchHint: String {
    "fix the batch, for example with --input-shape NAME=1,… or --dim NAME=1"
  }

  mutating func tensors(_ node: Node) throws(Diagnostic) -> [TensorID] {
    var result: [TensorID] = []
    for index in node.inputs.indices { result.append(try tensor(node, index)) }
    return result
  }

  /// The numbers of an operand that decides shapes; nil when the operand is absent.
  func scalars(_ node: Node, _ index: Int, _ what: String) throws(Diagnostic) -> [Scalar]? {
    switch node.input(index) {
    case nil: return nil
    case .symbolic(let value): return value.elements
    case .tensor(let id):
      guard let constant = graph[id].constant else { throw unbound(node, id, what) }
      guard constant.elementCount <= ImportLimits.shapeElements else {
        throw node.problem("has \(constant.elementCount) numbers as \(what)")
      }
      return SymbolicValue(constant.realized()).elements
    }
  }

  /// The same for whole numbers that the batch does not enter.
  func integers(_ node: Node, _ index: Int, _ what: String) throws(Diagnostic) -> [Int]? {
    guard let scalars = try scalars(node, index, what) else { return nil }
    let result = scalars.compactMap(\.integer)
    guard result.count == scalars.count else {
      throw node.unsupported("has \(what) that depend on the batch size", hint: Self.fixBatchHint)
    }
    return result
  }

  func integer(_ node: Node, _ index: Int, _ what: String) throws(Diagnostic) -> Int? {
    guard let values = try integers(node, index, what) else { return nil }
    guard values.count == 1 else {
      throw node.problem("has \(values.count) numbers as \(what); expected one")
    }
    return values[0]
  }

  func floats(_ node: Node, _ index: Int, _ what: String) throws(Diagnostic) -> [Float]? {
    try scalars(node, index, what)?.map { Float($0.constantPart) }
  }

  /// The value of a constant operand with one element.
  func constantFloat(_ id: TensorID) -> Float? {
    guard let constant = graph[id].constant, constant.type == .float32, constant.elementCount == 1 else {
      return nil
    }
    return constant.realized().floats[0]
  }

  private func unbound(_ node: Node, _ id: TensorID, _ what: String) -> Diagnostic {
    if let port = graph.inputs.first(where: { $0.tensor == id }) {
      return node.problem(
        "takes its \(what) from input '\(port.name)', whose value is not known",
        hint: "give it with --bind \(port.name)=FILE.npy")
    }
    return node.unsupported(
      "takes its \(what) from '\(graph[id].name)', which is only known when the model runs",
      hint: "export the model with fixed shapes (python -m onnxsim, or dynamic_axes=None)")
  }

  /// The number of elements along an axis, which must not be the batch.
  func size(_ id: TensorID, _ axis: Int, _ node: Node) throws(Diagnostic) -> Int {
    guard let size = graph[id].shape[axis].fixedValue else {
      throw node.unsupported(
        "needs a fixed extent along axis \(axis) of \(graph[id].shape)", hint: Self.fixBatchHint)
    }
    return size
  }

  /// Checks a rank.
  func requireRank(_ id: TensorID, _ ranks: ClosedRange<Int>, _ node: Node) throws(Diagnostic) {
    guard ranks.contains(rank(id)) else {
      let expected = ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound) to \(ranks.upperBound)"
      throw node.problem("has an operand of shape \(shape(id)); expected rank \(expected)")
    }
  }

  /// The operand in another element type; itself when nothing changes.
  mutating func cast(_ id: TensorID, to type: ElementType) throws(Diagnostic) -> TensorID {
    element(id) == type ? id : try emit(.cast(type), id)
  }

  mutating func reshape(_ id: TensorID, to target: Shape) throws(Diagnostic) -> TensorID {
    shape(id) == target ? id : try emit(.reshape(target), id)
  }

  mutating func transpose(_ id: TensorID, _ permutation: [Int]) throws(Diagnostic) -> TensorID {
    if permutation == Array(permutation.indices) { return id }
    // A fill of one number needs no moving.
    if let fill = fills[id], case let target = shape(id) {
      return try emit(.broadcast(target.permuted(permutation)), fill)
    }
    return try emit(.transpose(permutation), id)
  }
}
