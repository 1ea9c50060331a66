import Graph

extension Legalization {
  /// Unrolls every LSTM in ``observation``.
  mutating func observeCellStates() throws(Diagnostic) {
    let isLSTM = graph.operators.contains {
      if case .recurrent = $0.operation { true } else { false }
    }
    guard isLSTM else { return }
    var writer = Legalizer(graph, target: .float32)
    writer.rewritesParts = false
    for (index, node) in graph.operators.enumerated() {
      guard case .recurrent(let layer) = node.operation, let data = node.inputs[0] else {
        writer.keep(node)
        continue
      }
      var node = node
      while node.outputs.count < 3 { node.outputs.append(nil) }
      let unrolling = try RecurrentUnrolling(layer, node, in: &writer)
      let results = try unrolling.unroll(data, in: &writer)
      try writer.writeResults(results, unrolling)
      cellStates[index] = results.cells
    }
    observation = writer.graph
  }
}
