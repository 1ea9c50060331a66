import Graph

extension Pass {
  /// Everything that makes the graph smaller without knowing layouts or targets.
  public static let simplify = Pass(
    name: "simplify", summary: "removes no-ops, folds constants into weights, fuses activations"
  ) { graph throws(Diagnostic) in
    var summary = graph.mergeDuplicates()
    summary.add(try graph.apply(Rule.recognition))
    summary.add(graph.mergeDuplicates())
    summary.add(try graph.apply(Rule.folding))
    return summary
  }

  /// Tidies up after passes that insert reshapes and transposes.
  public static let cleanup = Pass(name: "cleanup", summary: "merges what the layout left over") {
    graph throws(Diagnostic) in
    var summary = try graph.apply(Rule.tidying)
    summary.add(graph.mergeDuplicates())
    return summary
  }
}

extension Rule {
  /// No operator is lost or moved by these: they only remove what does nothing.
  static let tidying: [Rule] = [
    identities, constantViews, reshapes, transposes, splitAndConcat,
  ]
  /// What several operators mean together; runs before anything is fused, so that patterns are whole.
  static let recognition: [Rule] =
    tidying + [
      impliedBroadcasts, transposedOperands, neutralElements, normalizations, activations, clipChains,
      products,
    ]
  static let folding: [Rule] =
    tidying + [
      normalizationScales, affineChains, scalesIntoWeights, shiftsIntoBias, scalesIntoNextWeights,
      shiftsIntoNextBias, neutralElements, clipChains, padsIntoWindows, clampsBeforePools, clamps,
    ]
}

extension PassSummary {
  mutating func add(_ other: PassSummary) {
    for (what, times) in other.counts { count(what, times) }
  }
}
