extension Graph {
  /// Checks what every room relies on: each tensor is made once and before its use, types are what inference says,
  /// constants have their tensor's type and sizes, and everything still knows where it came from.
  ///
  /// Passes are verified after each step in debug builds and tests; a failure names the tensor or operator.
  public func verify() throws(Diagnostic) {
    var defined = Set<TensorID>()
    for port in inputs { try define(port.tensor, in: &defined, by: "input '\(port.name)'") }
    for (index, node) in operators.enumerated() {
      let place = "operator \(index) (\(node.operation.name), '\(node.sourceName)')"
      guard !node.sources.isEmpty else { throw broken("\(place) has lost its source") }
      for case let input? in node.inputs {
        try check(input)
        guard defined.contains(input) || self[input].constant != nil else {
          throw broken("\(place) reads '\(self[input].name)' before it is made")
        }
      }
      try verifyTypes(of: node, place: place)
      for case let output? in node.outputs { try define(output, in: &defined, by: place) }
    }
    for port in outputs {
      try check(port.tensor)
      guard defined.contains(port.tensor) || self[port.tensor].constant != nil else {
        throw broken("output '\(port.name)' is never made")
      }
      try verifyPort(port)
    }
    for port in inputs { try verifyPort(port) }
    for tensor in tensors { try verifyConstant(tensor) }
  }

  private func broken(_ text: String) -> Diagnostic {
    Diagnostic(
      .failed, "the graph is inconsistent: \(text)", hint: "this is a fault of edgeopt; please report it")
  }

  private func check(_ id: TensorID) throws(Diagnostic) {
    guard tensors.indices.contains(id.index) else { throw broken("tensor \(id) does not exist") }
  }

  private func define(_ id: TensorID, in defined: inout Set<TensorID>, by place: String) throws(Diagnostic) {
    try check(id)
    guard defined.insert(id).inserted else { throw broken("\(place) makes '\(self[id].name)' again") }
  }

  private func verifyTypes(of node: Operator, place: String) throws(Diagnostic) {
    let types = try node.operation.resultTypes(
      of: node.inputs.map { $0.map { self[$0].type } }, resultCount: node.outputs.count, at: node.sourceName)
    for case (let output?, let type) in zip(node.outputs, types) {
      try check(output)
      guard self[output].type == type else {
        throw broken("\(place) makes \(type), its tensor '\(self[output].name)' says \(self[output].type)")
      }
      guard self[output].constant == nil else { throw broken("\(place) makes a constant") }
    }
  }

  private func verifyPort(_ port: Port) throws(Diagnostic) {
    let shape = self[port.tensor].shape
    let expected = port.permutation.map { port.declaredShape.permuted($0) } ?? port.declaredShape
    guard expected == shape else {
      throw broken("port '\(port.name)' declares \(expected), its tensor is \(shape)")
    }
  }

  private func verifyConstant(_ tensor: Tensor) throws(Diagnostic) {
    if let permutation = tensor.origin.permutation, permutation.count != tensor.shape.rank {
      throw broken("'\(tensor.name)' has rank \(tensor.shape.rank), its origin \(permutation.count)")
    }
    guard let constant = tensor.constant else { return }
    guard constant.type == tensor.element, Shape(constant.sizes) == tensor.shape else {
      throw broken("'\(tensor.name)' is \(tensor.type), its value \(constant.type)\(constant.sizes)")
    }
  }
}
