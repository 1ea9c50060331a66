import Graph

extension Program {
  /// Bytes of the buffer that a session for `batch` samples would share among all activations. Weights are not touched.
  ///
  ///     let bytes = try Program.plannedActivationByteCount(of: graph)
  public static func plannedActivationByteCount(of graph: Graph, batch: Int = 1) throws(Diagnostic) -> Int {
    let program = try Program(planning: graph)
    let sizes = program.graph.tensors.map { $0.shape.resolved(batch: batch) }
    return try ActivationLayout(program, sizes: sizes).placement.byteCount
  }

  /// The steps without packed weights: enough to plan memory, not to run.
  private init(planning source: Graph) throws(Diagnostic) {
    var expanded = try source.expandingComposites { !$0.hasKernel }
    try expanded.makeChannelsLast()
    graph = expanded
    constants = [TensorValue?](repeating: nil, count: expanded.tensors.count)
    steps = expanded.operators.map { ProgramStep($0) }.fusingAddends(in: expanded)
  }
}
