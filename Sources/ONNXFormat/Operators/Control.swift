import Graph

extension OperatorRegistry {
  static let control: [OperatorEntry] = [
    OperatorEntry(many: "If", inputs: 1, shapeOperands: [0]) { importing, node throws(Diagnostic) in
      guard let condition = try importing.integers(node, 0, "condition"), condition.count == 1 else {
        throw node.problem("needs a condition of one truth value")
      }
      return try importing.branch(node.graph(condition[0] != 0 ? "then_branch" : "else_branch"), of: node)
    },
    OperatorEntry(many: "Dropout", inputs: 3, shapeOperands: [2]) { importing, node throws(Diagnostic) in
      if try importing.integer(node, 2, "training mode") ?? 0 != 0 {
        throw node.unsupported("is in training mode", hint: "export the model for inference (model.eval())")
      }
      let data = try importing.tensor(node, 0)
      guard node.wants(1) else { return [.tensor(data)] }
      let kept = importing.constant(TensorValue(integers: [1], type: .bool, sizes: []))
      return [.tensor(data), .tensor(try importing.fill(kept, importing.shape(data)))]
    },
  ]
}
