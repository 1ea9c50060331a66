import Graph

extension Pass {
  /// Puts all window operators into one layout and gives every tensor the order of axes that costs the fewest
  /// transposes in all. What transposes remain is listed in the graph's notes, each with its reason.
  ///
  /// With `keepsPortLayout` inputs and outputs stay as the source declares them; without, images may turn
  /// (``Port/permutation``).
  public static func layout(_ target: DataLayout, keepsPortLayout: Bool) -> Pass {
    Pass(name: "layout", summary: "makes images \(target.rawValue) with the fewest transposes") {
      graph throws(Diagnostic) in try graph.assignLayout(to: target, keepsPortLayout: keepsPortLayout)
    }
  }
}

extension Graph {
  /// See ``Pass/layout(_:keepsPortLayout:)``.
  public mutating func assignLayout(to target: DataLayout, keepsPortLayout: Bool) throws(Diagnostic)
    -> PassSummary
  {
    let needsWork = operators.contains { node in
      if case .transpose = node.operation { return true }
      return node.operation.layout.map { $0 != target } ?? false
    }
    guard needsWork else { return PassSummary() }
    // A transpose of a constant is no value that could be moved.
    _ = try apply([Rule.constantViews])
    let problem = LayoutProblem(self, target: target, keepsPortLayout: keepsPortLayout)
    var materialization = LayoutMaterialization(problem, problem.solve())
    self = try materialization.run()
    removeUnused()
    compact()
    return materialization.summary
  }
}
