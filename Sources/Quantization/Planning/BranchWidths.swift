import Graph
import Lowering

/// Branches that are joined although their ranges differ so much that the small ones would be lost: boxes beside scores.
struct BranchWidths {
  let legal: Legalization
  let groups: TensorGroups
  let observations: Observations

  /// A branch with fewer steps than this from one end of its own range to the other is lost.
  static let leastSteps = 16.0

  struct Loss {
    var branch: TensorID
    var joint: Int
    /// Steps that are left to the branch.
    var steps: Double
  }

  func losses() -> [Loss] {
    var result: [Loss] = []
    for (index, node) in legal.graph.operators.enumerated() {
      guard case .concat = node.operation, let output = node.outputs[0], let group = groups[output],
        groups.fixed[group] == nil
      else { continue }
      let widths = node.inputs.map { $0.map(width) ?? 0 }
      guard let greatest = widths.max(), greatest > 0 else { continue }
      for (operand, width) in widths.enumerated() where width > 0 {
        let steps = 255 * width / greatest
        if steps < Self.leastSteps {
          result.append(Loss(branch: node.inputs[operand]!, joint: index, steps: steps))
        }
      }
    }
    return result
  }

  /// The width of what one branch holds, from what was seen of it or of what it was copied from.
  private func width(_ tensor: TensorID) -> Double {
    if let group = groups[tensor], case .fixed(let numbers, _)? = groups.fixed[group] {
      return numbers.range.width
    }
    var tensor = tensor
    while observations[tensor] == nil {
      guard let maker = legal.graph.operators.first(where: { $0.outputs.contains(tensor) }),
        let input = maker.inputs.first ?? nil, legal.graph[input].constant == nil
      else { return 0 }
      tensor = input
    }
    return RealRange(observations[tensor]!.shown).width
  }

  /// Whole steps are enough where there are several.
  private static func tenths(_ steps: Double) -> String {
    steps >= 2 ? "\(Int(steps.rounded()))" : "\((steps * 10).rounded() / 10)"
  }

  /// The model with an output for each branch where an output would lose one, and what the user should know.
  func resolved() -> (legal: Legalization, notes: [String]) {
    let losses = losses()
    guard !losses.isEmpty else { return (legal, []) }
    let joints = Set(losses.compactMap { legal.graph.operators[$0.joint].outputs[0] })
    var result = legal
    var split: Set<TensorID> = []
    // From the last port on, since a split adds ports behind it.
    for joined in legal.graph.joinedOutputs.reversed() {
      let tensor = legal.graph.outputs[joined.port].tensor
      guard joints.contains(tensor) else { continue }
      result.splitOutput(joined)
      split.insert(tensor)
    }
    var notes: [String] = []
    for loss in losses {
      let node = legal.graph.operators[loss.joint]
      guard let output = node.outputs[0], !split.contains(output) else { continue }
      notes.append(
        "'\(node.sourceName)' joins '\(legal.graph[loss.branch].name)' with branches of a much wider range: on the device "
          + "only \(Self.tenths(loss.steps)) of 255 steps are left to this branch; scale the branches alike before "
          + "joining them")
    }
    return (result, notes)
  }
}

extension RangeTable {
  /// The model for which these ranges were chosen: where an output that joins branches has no range of its own, it is an
  /// output for each branch.
  ///
  ///     let legal = found.ranges.suited(legal)
  public func suited(_ legal: Legalization) -> Legalization {
    var result = legal
    let names = TensorNames(legal.graph)
    let known = Set(entries.flatMap { [$0.tensor] + $0.sharing })
    let groups = TensorGroups(legal.graph)
    for joined in legal.graph.joinedOutputs.reversed() {
      let tensor = legal.graph.outputs[joined.port].tensor
      guard let group = groups[tensor], groups.fixed[group] == nil, !known.contains(names[tensor]),
        joined.branches.contains(where: { known.contains(names[$0]) })
      else { continue }
      result.splitOutput(joined)
    }
    return result
  }
}
