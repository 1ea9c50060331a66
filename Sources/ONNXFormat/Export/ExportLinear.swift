import Graph

extension Exporting {
  mutating func matmul(_ node: Operator, transposesLeft: Bool, transposesRight: Bool) -> String {
    let left = operand(node.inputs[0]!, isTransposed: transposesLeft)
    let right = operand(node.inputs[1]!, isTransposed: transposesRight)
    return self.node("MatMul", [left, right])
  }

  /// A factor with its last two axes exchanged when asked; a constant is stored so.
  private mutating func operand(_ id: TensorID, isTransposed: Bool) -> String {
    let rank = type(id).shape.rank
    guard isTransposed, rank >= 2 else { return name(of: id) }
    var permutation = Array(0..<rank)
    permutation.swapAt(rank - 1, rank - 2)
    return permuted(id, permutation)
  }

  /// A tensor with its axes permuted: a constant in the file, an operator for what is computed.
  mutating func permuted(_ id: TensorID, _ permutation: [Int]) -> String {
    if permutation == Array(permutation.indices) { return name(of: id) }
    if let constant = graph[id].constant { return add(constant.permuted(permutation), named: graph[id].name) }
    // What an import has turned is turned back by taking what it was made from.
    if let producer = graph.operators.first(where: { $0.outputs.contains(id) }),
      case .transpose(let earlier) = producer.operation,
      permutation.map({ earlier[$0] }) == Array(permutation.indices)
    {
      return name(of: producer.inputs[0]!)
    }
    return transpose(name(of: id), permutation)
  }

  mutating func dense(_ node: Operator) -> String {
    let (data, weights) = (node.inputs[0]!, node.inputs[1]!)
    let bias = name(ofOptional: node.inputs.count > 2 ? node.inputs[2] : nil)
    if type(data).shape.rank == 2 {
      // As the source had it, if it is a constant that was turned.
      if let constant = graph[weights].constant,
        constant.permuted([1, 0]).simplified.steps.count < constant.simplified.steps.count
      {
        return self.node("Gemm", [name(of: data), permuted(weights, [1, 0]), bias])
      }
      return self.node("Gemm", [name(of: data), name(of: weights), bias], ["transB": .int(1)])
    }
    let product = self.node("MatMul", [name(of: data), permuted(weights, [1, 0])])
    return bias.isEmpty ? product : self.node("Add", [product, bias])
  }
}
