import Graph

/// How large a model may be. Real models for small devices stay far below.
enum ImportLimits {
  /// Nodes of one graph, and nodes after functions are inlined.
  static let nodes = 100_000
  /// Functions that call functions.
  static let callDepth = 32
  static let rank = 8
  /// Results of constant folding above this stay operators, unless they are no larger than their operands.
  static let foldedBytes = 4 << 20
  /// What all folding together may cost: bytes of results, and multiplications.
  static let foldedBytesInAll = 256 << 20
  static let foldedProducts = 1 << 31
  /// Elements of shape arithmetic that are followed one by one.
  static let shapeElements = 4096

  static var tooManyNodes: Diagnostic {
    Diagnostic(
      .badData, "the model has more than \(nodes) nodes, which is the limit",
      hint: "simplify it first, or export it with fewer unrolled steps")
  }
}
