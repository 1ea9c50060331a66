/// Computes operators on known values. An import folds constants through it without knowing any executor.
public protocol ConstantEvaluator {
  /// The results of `operation` on `inputs`; `resultTypes` are what shape inference says (batch-free).
  func evaluate(
    _ operation: Operation, inputs: [TensorValue?], resultTypes: [TensorType]
  ) throws(Diagnostic) -> [TensorValue]
}
