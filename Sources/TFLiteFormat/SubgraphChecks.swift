import Micro

/// Whether the operators of a subgraph can run one after another. Needs indices that are in range.
struct SubgraphChecks {
  private let model: MicroModel
  private let index: Int
  private var subgraph: MicroSubgraph { model.subgraphs[index] }

  init(_ model: MicroModel, _ index: Int) {
    self.model = model
    self.index = index
  }

  func run(_ faults: inout FaultList) {
    var maker = [String?](repeating: nil, count: subgraph.tensors.count)
    for (position, tensor) in subgraph.tensors.enumerated() {
      // An empty tensor without data is an operand that was left out.
      if tensor.isConstant || tensor.isVariable || tensor.elementCount == 0 { maker[position] = "" }
    }
    for input in subgraph.inputs where maker.indices.contains(input) {
      maker[input] = maker[input] ?? "the caller"
    }
    for (position, op) in subgraph.operators.enumerated() {
      let title = "subgraph \(index), operator \(position) (\(op.title))"
      // Custom operators are handed empty tensors as room to work in.
      for input in op.inputs.compactMap(\.self)
      where op.code != .custom && maker.indices.contains(input) && maker[input] == nil {
        faults.add(.badData, "\(title) reads '\(subgraph.tensors[input].name)' before anything makes it")
      }
      for output in op.outputs where maker.indices.contains(output) {
        let tensor = subgraph.tensors[output]
        if tensor.isConstant {
          faults.add(.badData, "\(title) writes to the constant '\(tensor.name)'")
        } else if let other = maker[output], !other.isEmpty {
          faults.add(.badData, "\(title) makes '\(tensor.name)', which \(other) makes too")
        }
        maker[output] = maker[output] ?? op.title
      }
    }
    for output in subgraph.outputs where maker.indices.contains(output) && maker[output] == nil {
      faults.add(.badData, "subgraph \(index): nothing makes its output '\(subgraph.tensors[output].name)'")
    }
    if reaches(index) { faults.add(.badData, "subgraph \(index) calls itself") }
  }

  /// Whether control flow leads from this subgraph to the given one.
  private func reaches(_ target: Int) -> Bool {
    var visited = Set<Int>()
    var pending = [index]
    while let next = pending.popLast() {
      for op in model.subgraphs[next].operators {
        for called in op.calledSubgraphs where model.subgraphs.indices.contains(called) {
          if called == target { return true }
          if visited.insert(called).inserted { pending.append(called) }
        }
      }
    }
    return false
  }
}
