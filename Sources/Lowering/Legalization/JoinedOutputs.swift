import Graph

/// A graph output that several branches are joined into: boxes beside scores.
public struct JoinedOutput: Sendable, Hashable {
  /// The place among the graph's outputs.
  public var port: Int
  /// The tensors that are joined, in order.
  public var branches: [TensorID]
  /// The axis of the output along which they lie side by side.
  public var axis: Int
}

extension Graph {
  /// The outputs that are concatenations of what the graph computes.
  ///
  /// On the device a concatenation has one scale for all of its parts; where their ranges differ much, the small ones
  /// are lost (see ``Legalization/splitOutput(_:)``).
  public var joinedOutputs: [JoinedOutput] {
    outputs.enumerated().compactMap { index, port in
      guard case (let node, let axis)? = joint(of: port.tensor) else { return nil }
      let branches = node.inputs.compactMap { $0 }
      guard branches.count > 1, branches.allSatisfy({ self[$0].constant == nil }) else { return nil }
      return JoinedOutput(port: index, branches: branches, axis: axis)
    }
  }

  private func joint(of tensor: TensorID) -> (Operator, axis: Int)? {
    guard self[tensor].element.isFloat,
      let node = operators.first(where: { $0.outputs.contains(tensor) }),
      case .concat(let axis) = node.operation
    else { return nil }
    return (node, axis)
  }

  /// Gives each branch an output of its own. Tensors keep their IDs; returns the place of the operator that went, if
  /// nobody else reads its result.
  fileprivate mutating func splitOutput(_ joined: JoinedOutput) -> Int? {
    let old = outputs[joined.port]
    var start = 0
    let ports = joined.branches.enumerated().map { index, branch in
      var port = old
      port.tensor = branch
      port.name = "\(old.name)_\(index)"
      port.declaredShape = declared(self[branch].shape, like: old)
      return port
    }
    let parts = joined.branches.enumerated().map { index, branch in
      let count = self[branch].shape[joined.axis].perSample
      defer { start += count }
      return "'\(old.name)_\(index)' is \(start) to \(start + count - 1)"
    }
    outputs.replaceSubrange(joined.port...joined.port, with: ports)
    let axis = old.permutation.map { $0[joined.axis] } ?? joined.axis
    notes.append(
      "the output '\(old.name)' is \(ports.count) outputs on the device, one for each branch that it joins: their ranges "
        + "differ so much that one scale would lose the small ones; along axis \(axis) "
        + parts.joined(separator: ", "))
    let isRead =
      isOutput(old.tensor) || operators.contains { $0.inputs.contains(old.tensor) }
    guard !isRead, let place = operators.firstIndex(where: { $0.outputs.contains(old.tensor) }) else {
      return nil
    }
    operators.remove(at: place)
    return place
  }

  /// The shape that the outside sees.
  private func declared(_ shape: Shape, like port: Port) -> Shape {
    guard let permutation = port.permutation else { return shape }
    var result = shape
    for (axis, outside) in permutation.enumerated() { result[outside] = shape[axis] }
    return result
  }
}

extension Legalization {
  /// Turns a joined output into one output for each branch, named NAME_0, NAME_1 and so on.
  ///
  ///     for joined in legal.graph.joinedOutputs.reversed() where rangesDiffer(joined.branches) {
  ///       legal.splitOutput(joined)
  ///     }
  public mutating func splitOutput(_ joined: JoinedOutput) {
    let name = graph.outputs[joined.port].name
    let nodes =
      graph.operators.first { $0.outputs.contains(graph.outputs[joined.port].tensor) }?.sources ?? [name]
    _ = observation.splitOutput(joined)
    if let gone = graph.splitOutput(joined) {
      cellStates = Dictionary(
        uniqueKeysWithValues: cellStates.map { ($0.key > gone ? $0.key - 1 : $0.key, $0.value) })
    }
    rewrites.append(
      Rewrite("an output of several branches as one output each", nodes: nodes, changesOutputs: true))
  }
}
