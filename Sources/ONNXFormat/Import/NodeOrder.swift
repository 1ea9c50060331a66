import Graph

/// Puts nodes in an order in which they can run, and drops those that nobody needs.
struct NodeOrder {
  /// Names that exist before the first node.
  let isKnown: (String) -> Bool

  func sorted(_ nodes: [NodeRecord]) throws(Diagnostic) -> [NodeRecord] {
    var makers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        if let other = makers.updateValue(index, forKey: output) {
          throw Diagnostic(
            .badData,
            "'\(nodes[other].title)' and '\(node.title)' both make '\(output)'",
            hint: "every value of an ONNX graph has one maker; the exporter is at fault")
        }
        if isKnown(output) {
          throw Diagnostic(
            .badData, "'\(node.title)' makes '\(output)', which is already an input or a constant",
            hint: "every value of an ONNX graph has one maker; the exporter is at fault")
        }
      }
    }
    // For each node, how many of its operands are still to be made, and who waits for it.
    var missing = [Int](repeating: 0, count: nodes.count)
    var waiting = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for name in Self.names(readBy: node) {
        if let maker = makers[name] {
          missing[index] += 1
          waiting[maker].append(index)
        } else if !isKnown(name) {
          throw Diagnostic(
            .badData, "'\(node.title)' (\(node.operatorName)) reads '\(name)', which nothing makes",
            hint: "the model is incomplete; export it again")
        }
      }
    }
    return try order(nodes, missing, waiting)
  }

  /// Keeps the file's order wherever it can.
  private func order(
    _ nodes: [NodeRecord], _ missing: [Int], _ waiting: [[Int]]
  ) throws(Diagnostic) -> [NodeRecord] {
    // Files are nearly always in order already; sorting starts only where one is not.
    var missing = missing
    var ready: [Int] = []
    var isDone = [Bool](repeating: false, count: nodes.count)
    var result: [NodeRecord] = []
    result.reserveCapacity(nodes.count)
    for start in nodes.indices where missing[start] == 0 && !isDone[start] {
      ready.append(start)
      while let index = ready.popLast() {
        isDone[index] = true
        result.append(nodes[index])
        for other in waiting[index] {
          missing[other] -= 1
          // Later nodes wait for the outer loop, which keeps the file's order.
          if missing[other] == 0 && other < start { ready.append(other) }
        }
      }
    }
    guard result.count == nodes.count else {
      let stuck = nodes.indices.filter { !isDone[$0] }.prefix(3).map { "'\(nodes[$0].title)'" }
      throw Diagnostic(
        .badData, "the graph has a cycle: \(stuck.joined(separator: ", ")) wait for each other's results",
        hint: "an ONNX graph must not have cycles; export the model again")
    }
    return result
  }

  /// The nodes whose results reach `outputs`; `nodes` are in order.
  static func needed(_ nodes: [NodeRecord], for outputs: [String]) -> [NodeRecord] {
    var wanted = Set(outputs)
    var kept: [NodeRecord] = []
    for node in nodes.reversed() where node.outputs.contains(where: { !$0.isEmpty && wanted.contains($0) }) {
      wanted.formUnion(names(readBy: node))
      kept.append(node)
    }
    return kept.reversed()
  }

  /// Every name that a node reads: its operands, and what the graphs inside it take from outside.
  static func names(readBy node: NodeRecord) -> Set<String> {
    var names = Set(node.inputs)
    names.remove("")
    for attribute in node.attributes {
      if case .graph(let graph) = attribute.value { names.formUnion(freeNames(of: graph)) }
    }
    return names
  }

  private static func freeNames(of graph: GraphRecord) -> Set<String> {
    var own = Set(graph.inputs.map(\.name))
    own.formUnion(graph.initializers.map(\.name))
    var read = Set(graph.outputs.map(\.name))
    for node in graph.nodes {
      own.formUnion(node.outputs)
      read.formUnion(names(readBy: node))
    }
    return read.subtracting(own).subtracting([""])
  }
}
