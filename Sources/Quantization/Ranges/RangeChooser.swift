import Graph
import Lowering
import Runtime
import TensorMath

/// Chooses a range for every group of tensors that share their numbers, from what calibration saw.
///
///     let chooser = RangeChooser(graph, method: .percentile(99.99))
///     let table = chooser.choose(observations)
public struct RangeChooser: Sendable {
  let groups: TensorGroups
  let names: TensorNames
  public let method: CalibrationMethod

  public init(_ graph: Graph, method: CalibrationMethod) {
    self.init(TensorGroups(graph), method: method)
  }

  init(_ groups: TensorGroups, method: CalibrationMethod) {
    self.groups = groups
    names = TensorNames(groups.graph)
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

  /// As ``choose(_:)``, with the method `auto`: every range that a method suggests is judged on samples that were held
  /// back, and the one with the least error behind the operators that read the tensor is taken.
  func search(
    _ observations: Observations, _ program: Program, _ samples: CalibrationSamples,
    _ held: [Range<Int>], threads: Int
  ) throws(Diagnostic) -> RangeTable {
    var seen: [Int: Observation] = [:]
    var candidates: [Int: [RangeSearch.Candidate]] = [:]
    for group in groups.all where groups.fixed[group] == nil {
      guard let found = observation(of: group, observations) else { continue }
      seen[group] = found
      candidates[group] = self.candidates(for: found)
    }
    let search = RangeSearch(
      groups: groups, program: program, candidates: candidates.filter { $0.value.count > 1 })
    let errors = try search.errors(samples, held, threads: threads)
    var table = RangeTable(sampleCount: observations.sampleCount)
    for group in groups.all {
      guard let found = seen[group], let choices = candidates[group] else { continue }
      var best = 0
      var reason = ""
      if let judged = errors[group] {
        // Of nearly equal ones the widest: it cuts least from samples that were not seen.
        let least = judged.min() ?? 0
        for place in judged.indices where judged[place] <= least * Self.nearlyEqual {
          if judged[best] > least * Self.nearlyEqual || choices[place].range.width > choices[best].range.width
          {
            best = place
          }
        }
        reason = Self.reason(choices, judged, best)
      }
      table.entries.append(entry(group, found, choices[best].range, choices[best].choice, reason: reason))
    }
    return table
  }

  /// Errors within a tenth of one another, which the choice of the samples moves anyway.
  private static let nearlyEqual = 1.1

  private static func reason(_ choices: [RangeSearch.Candidate], _ errors: [Double], _ best: Int) -> String {
    func decibels(_ error: Double) -> String {
      guard error > 0 else { return "exact" }
      let tenths = (-100 * NaturalLogarithm.of(error) / NaturalLogarithm.of(10)).rounded()
      return "\(tenths / 10) dB"
    }
    if best == 0 { return "\(decibels(errors[0])) at the next layer's output" }
    return "\(decibels(errors[best])) at the next layer's output; minmax \(decibels(errors[0]))"
  }

  /// What the methods suggest; the whole range first.
  func candidates(for seen: Observation) -> [RangeSearch.Candidate] {
    let whole = RealRange(seen.shown)
    var found: [(RangeChoice, RealRange)] = [(.minmax, whole)]
    if let histogram = seen.histogram, whole.width > 0 {
      let suggested = RangeCandidates(histogram, extremes: seen.shown)
      for share in [99.999, 99.99, 99.9] { found.append((.percentile(share), suggested.percentile(share))) }
      found.append((.mse, suggested.leastSquares()))
      found.append((.entropy, suggested.leastDivergence()))
    }
    var result: [RangeSearch.Candidate] = []
    for (choice, range) in found {
      let candidate = RangeSearch.Candidate(choice: choice, numbers: .int8(covering: range), range: range)
      // Ranges that nearly agree need only one judgment.
      let isNew = result.allSatisfy { abs($0.range.width - range.width) > 0.01 * whole.width }
      if isNew, range.width > 0 || result.isEmpty { result.append(candidate) }
    }
    return result
  }

  func entry(
    _ group: Int, _ seen: Observation, _ range: RealRange, _ choice: RangeChoice, reason: String = ""
  ) -> RangeTable.Entry {
    let names = groups.members(of: group).map { self.names[$0] }
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
      let extremes = Extremes(of: value.floats)
      result?.extremes.formUnion(extremes)
      result?.shown.formUnion(extremes)
    }
    return result
  }

  func range(for seen: Observation) -> (RealRange, RangeChoice) {
    let whole = RealRange(seen.shown)
    guard let histogram = seen.histogram else { return (whole, .minmax) }
    let candidates = RangeCandidates(histogram, extremes: seen.shown)
    switch method {
    case .minmax, .auto: return (whole, .minmax)
    case .percentile(let share): return (candidates.percentile(share), .percentile(share))
    case .entropy: return (candidates.leastDivergence(), .entropy)
    case .mse: return (candidates.leastSquares(), .mse)
    }
  }
}
