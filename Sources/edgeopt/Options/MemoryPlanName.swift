import Arguments
import Graph
import Micro

/// `--memory-plan`
enum MemoryPlanName: String, CaseIterable, ArgumentValue {
  case greedy, best

  /// The model with this plan, and what to say about it. A file of others keeps the plan that it has.
  func applied(to model: MicroModel) throws(Diagnostic) -> (model: MicroModel, notes: [String]) {
    guard self == .best else { return (model, []) }
    let (better, summary) = try model.optimizingMemory(.cortexM)
    return (better, [summary.text])
  }
}
