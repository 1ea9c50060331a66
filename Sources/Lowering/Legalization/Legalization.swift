import Graph

/// What a `.tflite` file is written for.
public enum LoweringTarget: String, Sendable, Hashable, CaseIterable {
  /// Integers only, as far as the model allows.
  case int8
  case float32
}

/// A graph that holds only operators which TensorFlow Lite Micro can express, and what was done to get there.
///
/// The graph is still float and still runs. It keeps the tensor IDs of the graph that it was made from, as far as
/// both have the tensors.
///
///     let legal = try graph.legalized(for: .int8)
///     let program = try Program(legal.graph, fusesSteps: false)
public struct Legalization: Sendable {
  public var graph: Graph
  /// Tensors that need int16 inside an int8 model: the insides of normalizations and recurrences.
  ///
  /// An operator computes in int16 when its results are wide: other operands are requantized for it. All others compute in
  /// int8, and wide operands are requantized for them.
  public var wide: Set<TensorID> = []
  /// In the order of the graph.
  public var rewrites: [Rewrite] = []
  /// The same network with every LSTM unrolled, so that its cell state is there to be looked at. Tensors of ``graph``
  /// keep their IDs; equal to ``graph`` where there is no LSTM.
  public var observation: Graph
  /// For each LSTM (its place in ``graph``) the tensors of ``observation`` that are its cell state after each step.
  public var cellStates: [Int: [TensorID]] = [:]

  /// One thing that was done.
  public struct Rewrite: Sendable, Hashable {
    /// "1-D windows as 2-D ones".
    public var what: String
    /// The source's nodes.
    public var nodes: [String]
    public var accuracy: Accuracy
    /// Whether it gave the model other outputs.
    public var changesOutputs: Bool

    public init(
      _ what: String, nodes: [String], accuracy: Accuracy = .exact, changesOutputs: Bool = false
    ) {
      self.what = what
      self.changesOutputs = changesOutputs
      self.nodes = nodes
      self.accuracy = accuracy
    }
  }

  /// How a rewrite's real-valued result compares with the original's.
  public enum Accuracy: Sendable, Hashable {
    /// The same real number; floats may round in another order.
    case exact
    /// Off by at most this part of the result's size, beyond rounding.
    case within(Float)
  }
}

extension Graph {
  /// The same network in operators that TensorFlow Lite Micro has.
  ///
  /// Expects a graph after `Pipeline.forExecution()`. What cannot be expressed is reported all at once. Without an
  /// evaluator, resizes that need an interpolation matrix stay as they are.
  public func legalized(
    for target: LoweringTarget, evaluator: (any ConstantEvaluator)? = nil
  ) throws(Diagnostic) -> Legalization {
    var legalizer = Legalizer(self, target: target, evaluator: evaluator)
    return try legalizer.run()
  }
}
