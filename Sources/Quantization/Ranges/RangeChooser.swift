import Graph
import Lowering
import TensorMath

/// Chooses a range for every group of tensors that share their numbers, from what calibration saw.
///
///     let chooser = RangeChooser(graph, method: .percentile(99.99))
///     let table = chooser.choose(observations)
public struct RangeChooser: Sendable {
  let groups: TensorGroups
  public let method: CalibrationMethod

  public init(_ graph: Graph, method: CalibrationMethod) {
    self.init(TensorGroups(graph), method: method)
  }

  init(_ groups: TensorGroups, method: CalibrationMethod) {
    self.groups = groups
    self.method = method
  }

  /// The tensors whose ranges have to be seen: one or more for each group whose numbers are free.
  public var tensorsToObserve: [TensorID] {
    groups.all.filter { groups.fixed[$0] == nil }.flatMap { groups.sources(of: $0) }
  }

  public func choose(_ observations: Observations) -> RangeTable {
    var table = RangeTable(sampleCount: observations.sampleCount)
    for group in groups.all where groups.fixed[group] == nil {
      guard let seen = observation(of: group, observations) else { continue }
      let (range, choice) = range(for: seen)
      table.entries.append(entry(group, seen, range, choice))
    }
    return table
  }

  func entry(
    _ group: Int, _ seen: Observation, _ range: RealRange, _ choice: RangeChoice, reason: String = ""
  ) -> RangeTable.Entry {
    let names = groups.members(of: group).map { groups.graph[$0].name }
    return RangeTable.Entry(
      tensor: names[0], sharing: Array(names.dropFirst()), least: seen.extremes.least,
      greatest: seen.extremes.greatest, lower: Float(range.lower), upper: Float(range.upper), choice: choice,
      reason: reason)
  }

  /// What was seen of all tensors of a group together, constants that share its numbers included.
  func observation(of group: Int, _ observations: Observations) -> Observation? {
    var result: Observation?
    for tensor in groups.sources(of: group) {
      guard let seen = observations[tensor] else { continue }
      if result == nil { result = seen } else { result!.merge(seen) }
    }
    for constant in groups.constants[group] ?? [] {
      guard let value = groups.graph[constant].constant?.realized() else { continue }
      result?.extremes.formUnion(Extremes(of: value.floats))
    }
    return result
  }

  func range(for seen: Observation) -> (RealRange, RangeChoice) {
    let whole = RealRange(seen.extremes)
    guard let histogram = seen.histogram else { return (whole, .minmax) }
    let candidates = RangeCandidates(histogram, extremes: seen.extremes)
    switch method {
    case .minmax, .auto: return (whole, .minmax)
    case .percentile(let share): return (candidates.percentile(share), .percentile(share))
    case .entropy: return (candidates.leastDivergence(), .entropy)
    case .mse: return (candidates.leastSquares(), .mse)
    }
  }
}
