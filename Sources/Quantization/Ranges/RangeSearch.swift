import Graph
import Lowering
import Runtime
import Storage
import TensorMath

/// Judges candidates for the ranges of tensors by the error that each causes in the results of the operators that read the
/// tensor, on samples that were held back.
struct RangeSearch {
  struct Candidate: Hashable {
    var choice: RangeChoice
    var numbers: QuantizationPlan.Activation
    var range: RealRange
  }

  let groups: TensorGroups
  let program: Program
  /// By group, first choice first.
  let candidates: [Int: [Candidate]]

  /// The relative squared error of each candidate, summed over the operators that read the group.
  func errors(
    _ samples: CalibrationSamples, _ ranges: [Range<Int>], threads: Int
  ) throws(Diagnostic) -> [Int: [Double]] {
    let readings = try self.readings()
    let walk = LayerWalk(groups.graph, program, wanted: Set(readings.keys))
    let states = try walk.states(samples, ranges, threads: threads, Tally()) {
      (tally, call) throws(Diagnostic) in
      for reading in readings[call.index] ?? [] { try judge(reading, call, &tally) }
    }
    var result: [Int: [Double]] = [:]
    for key in Set(states.flatMap(\.judgments.keys)).sorted() {
      let relative = Self.distances(states.compactMap { $0.judgments[key] }).map(\.relative)
      let known = result[key.group] ?? [Double](repeating: 0, count: relative.count)
      result[key.group] = zip(known, relative).map { $0 + $1 }
    }
    return result
  }

  /// One operator's reading of a group.
  private struct Reading: Sendable {
    var group: Int
    var operands: [Int]
    var layer: LayerProgram
  }

  private struct Key: Hashable, Comparable {
    var group: Int
    var index: Int
    static func < (left: Key, right: Key) -> Bool { (left.group, left.index) < (right.group, right.index) }
  }

  /// What one group of samples says of one operator.
  private struct Judgment: Sendable {
    /// Of each candidate.
    var distances: [SquaredDistance]
    /// The power of the group's numbers.
    var power = 0.0
  }

  private struct Tally: Sendable {
    var judgments: [Key: Judgment] = [:]
  }

  /// Of each candidate over all groups of samples but those beyond comparison.
  private static func distances(_ judgments: [Judgment]) -> [SquaredDistance] {
    let kept = Outliers.kept(judgments.map { [$0.power, $0.distances[0].signal] })
    var sums = [SquaredDistance](repeating: .init(), count: judgments.first?.distances.count ?? 0)
    for (judgment, isKept) in zip(judgments, kept) where isKept {
      for index in sums.indices {
        sums[index].error += judgment.distances[index].error
        sums[index].signal += judgment.distances[index].signal
      }
    }
    return sums
  }

  /// The operators whose results tell something about a group: those that compute with it rather than copy it.
  private func readings() throws(Diagnostic) -> [Int: [Reading]] {
    var result: [Int: [Reading]] = [:]
    for (index, node) in groups.graph.operators.enumerated() {
      guard let output = node.outputs.first ?? nil, groups.graph[output].element == .float32 else { continue }
      var operandsOf: [Int: [Int]] = [:]
      for (operand, input) in node.inputs.enumerated() {
        guard let input, let group = groups[input], candidates[group] != nil, groups[output] != group
        else { continue }
        operandsOf[group, default: []].append(operand)
      }
      guard !operandsOf.isEmpty else { continue }
      let layer = try LayerProgram(groups.graph, operator: index)
      result[index] = operandsOf.sorted { $0.key < $1.key }.map {
        Reading(group: $0.key, operands: $0.value, layer: layer)
      }
    }
    return result
  }

  private func judge(_ reading: Reading, _ call: LayerCall, _ tally: inout Tally) throws(Diagnostic) {
    let choices = candidates[reading.group]!
    let key = Key(group: reading.group, index: call.index)
    var judgment =
      tally.judgments[key] ?? Judgment(distances: Array(repeating: .init(), count: choices.count))
    let workers = Workers(threads: 1)
    let batch = call.batch(in: groups.graph)
    for operand in reading.operands {
      if let value = call.inputs[operand] { judgment.power += value.floats.power }
    }
    for (place, candidate) in choices.enumerated() {
      var values: [TensorValue] = []
      for operand in reading.layer.operands {
        guard let value = call.inputs[operand] else { return }
        guard reading.operands.contains(operand), let grid = candidate.numbers.grid else {
          values.append(value)
          continue
        }
        let rounded = TensorValue(type: .float32, sizes: value.sizes)
        grid.round(value.floats, into: rounded.floats, on: workers)
        values.append(rounded)
      }
      let found = try reading.layer.run(values, batch: batch)
      judgment.distances[place].add(expected: call.output.floats, found: found.floats)
    }
    tally.judgments[key] = judgment
  }
}

extension View<Float> {
  /// The sum of the squares.
  var power: Double {
    var distance = SquaredDistance()
    distance.add(expected: self, found: self)
    return distance.signal
  }
}
