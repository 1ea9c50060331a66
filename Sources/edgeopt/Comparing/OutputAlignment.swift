import Graph

extension EvaluatedModel {
  /// The same model with its outputs in the order and the layout of another's, as far as they have the same numbers: by
  /// their names where it knows those, else by their places. Outputs that have no counterpart are left out; there must be
  /// one for the other's measured output.
  func aligned(to other: EvaluatedModel) throws(Diagnostic) -> EvaluatedModel {
    let names = (0..<outputCount).map(outputName)
    let wanted = (0..<other.outputCount).map(other.outputName)
    var views: [OutputView] = []
    var measured: Int?
    if wanted.allSatisfy(names.contains) || outputCount == other.outputCount {
      let isNamed = wanted.allSatisfy(names.contains)
      let places = wanted.indices.map { isNamed ? names.firstIndex(of: wanted[$0])! : $0 }
      if fits(places[other.output], other.sizes(of: other.output)) {
        views = places.indices.map { view(of: places[$0], as: other.sizes(of: $0)) }
        measured = other.output
      }
    }
    if measured == nil {
      // The only one that has as many numbers.
      let sizes = other.sizes(of: other.output)
      let fitting = (0..<outputCount).filter { fits($0, sizes) }
      guard let place = fitting.first(where: { names[$0] == wanted[other.output] }) ?? fitting.first,
        fitting.count == 1 || names[place] == wanted[other.output]
      else { throw mismatch(with: other) }
      views = [view(of: place, as: sizes)]
      measured = 0
    }
    return seen(views, measuring: measured!)
  }

  private func fits(_ output: Int, _ sizes: [Int]) -> Bool {
    Shape.elementCount(self.sizes(of: output)) == Shape.elementCount(sizes)
  }

  private func view(of output: Int, as wanted: [Int]) -> OutputView {
    OutputView(index: output, permutation: Self.permutation(from: sizes(of: output), to: wanted))
  }

  /// Channels moved from last to first or from first to last; nil where the order of the elements agrees, or is unknown.
  static func permutation(from own: [Int], to wanted: [Int]) -> [Int]? {
    guard own.filter({ $0 != 1 }) != wanted.filter({ $0 != 1 }), own.count == wanted.count, own.count >= 3
    else { return nil }
    let rank = own.count
    let candidates = [[0, rank - 1] + Array(1..<rank - 1), [0] + Array(2..<rank) + [1]]
    return candidates.first { $0.map { own[$0] } == wanted }
  }

  private func mismatch(with other: EvaluatedModel) -> Diagnostic {
    let wanted = "'\(other.outputName(other.output))' \(other.sizes(of: other.output))"
    let found = (0..<outputCount).map { "'\(outputName($0))' \(sizes(of: $0))" }.joined(separator: ", ")
    return Diagnostic(
      .badData,
      "the outputs do not match: the model before gives \(wanted), the model after \(found)",
      hint: "compare models that give the same numbers; --metric-output NAME chooses an output")
  }
}
