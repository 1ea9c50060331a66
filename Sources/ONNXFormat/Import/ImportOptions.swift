import Graph

/// What the caller knows of a model before reading it.
///
///     var options = ImportOptions()
///     options.inputShapes["image"] = [1, 3, 96, 96]
///     options.dimensions["sequence"] = 128
public struct ImportOptions: Sendable {
  /// What becomes of an input's first dimension.
  public enum Batch: Sendable, Hashable {
    /// A dynamic first dimension is the batch; a fixed one stays.
    case asDeclared
    /// A fixed first dimension of 1 is the batch, too. The graph must then be proven independent along it.
    case symbolic
  }

  /// Shapes of inputs by name (`--input-shape`).
  public var inputShapes: [String: [Int]] = [:]
  /// Sizes of named dimensions (`--dim`).
  public var dimensions: [String: Int] = [:]
  /// Values of inputs by name (`--bind`, or what `run` was given). Only inputs that decide shapes are bound to
  /// them; a bound input stays among the graph's inputs, as a constant tensor.
  public var bindings: [String: TensorValue] = [:]
  public var batch: Batch = .asDeclared

  public init() {}
}
