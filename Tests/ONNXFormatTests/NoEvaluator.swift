import Graph

/// Knows no operator, so that only shape arithmetic and views are folded.
struct NoEvaluator: ConstantEvaluator {
  func evaluate(
    _ operation: Operation, inputs: [TensorValue?], resultTypes: [TensorType]
  ) throws(Diagnostic) -> [TensorValue] {
    throw Diagnostic(.unsupported, "nothing is evaluated here")
  }
}
