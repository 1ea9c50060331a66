import Graph
import Lowering
import Runtime
import Storage
import TensorMath

/// What rounding adds to the mean of each channel: rounded weights and cut ranges shift results in one direction, which the
/// bias can take back at no cost on the device.
struct BiasCorrection {
  let graph: Graph
  let plan: QuantizationPlan
  let program: Program

  /// `program` must have been made from `graph` without fusing steps.
  init(_ graph: Graph, _ plan: QuantizationPlan, program: Program) {
    self.graph = graph
    self.plan = plan
    self.program = program
  }

  /// The operator on real numbers, and on rounded ones.
  private struct Pair: Sendable {
    var real: LayerProgram
    var rounded: LayerProgram
    var channels: Int
  }

  fileprivate struct Sums: Sendable {
    var count = 0
    var differences: [Double]
    var squares: [Double]
    /// Of what the operator read and made.
    var powers = [0.0, 0.0]
  }

  /// Fewer values a channel say too little about its mean.
  static let leastCount = 64

  func corrections(
    _ samples: CalibrationSamples, _ ranges: [Range<Int>], threads: Int
  ) throws(Diagnostic) -> [RangeTable.Correction] {
    let pairs = try self.pairs()
    let walk = LayerWalk(graph, program, wanted: Set(pairs.keys))
    let states = try walk.states(samples, ranges, threads: threads, [Int: Sums]()) {
      (sums, call) throws(Diagnostic) in
      let pair = pairs[call.index]!
      try add(call, pair, to: &sums[call.index, default: Sums(pair.channels)])
    }
    let names = TensorNames(graph)
    var result: [RangeTable.Correction] = []
    for index in pairs.keys.sorted() {
      var total = Sums(pairs[index]!.channels)
      let groups = states.compactMap { $0[index] }
      for (sums, isKept) in zip(groups, Outliers.kept(groups.map(\.powers))) where isKept {
        total.merge(sums)
      }
      guard total.count >= Self.leastCount, let output = graph.operators[index].outputs[0] else { continue }
      result.append(RangeTable.Correction(result: names[output], values: total.means))
    }
    return result
  }

  private func pairs() throws(Diagnostic) -> [Int: Pair] {
    var result: [Int: Pair] = [:]
    for (index, node) in graph.operators.enumerated() where node.operation.hasWeights {
      let rule = graph.quantizationRule(of: node)
      guard case .weights(let axis)? = rule.operands.dropFirst().first, let weights = node.inputs[1],
        let value = graph[weights].constant, value.type == .float32, let output = node.outputs[0],
        plan.activations[output]?.type == .int8,
        let channels = graph[output].shape.extents.last?.fixedValue
      else { continue }
      let integers = WeightRounding(value.realized(), axis: plan.isPerChannel ? axis : nil).integers()
      result[index] = Pair(
        real: try LayerProgram(graph, operator: index, withoutClamp: true),
        rounded: try LayerProgram(
          graph, operator: index, constants: [1: integers.reals], withoutClamp: true), channels: channels)
    }
    return result
  }

  private func add(_ call: LayerCall, _ pair: Pair, to sums: inout Sums) throws(Diagnostic) {
    guard let input = graph.operators[call.index].inputs[0], let value = call.inputs[0] else { return }
    let workers = Workers(threads: 1)
    let rounded = TensorValue(type: .float32, sizes: value.sizes)
    guard let grid = plan.activations[input]?.grid else { return }
    grid.round(value.floats, into: rounded.floats, on: workers)
    let batch = call.batch(in: graph)
    // The clamp hides part of the error; the bias acts before it.
    let hasClamp = graph.operators[call.index].operation.clamp != nil
    let expected = hasClamp ? try pair.real.run([value], batch: batch) : call.output
    let found = try pair.rounded.run([rounded], batch: batch)
    let (a, b) = (found.floats, expected.floats)
    let rows = a.count / pair.channels
    sums.count += rows
    sums.powers[0] += value.floats.power
    sums.powers[1] += b.power
    var place = 0
    for _ in 0..<rows {
      for channel in 0..<pair.channels {
        let difference = Double(a[place]) - Double(b[place])
        sums.differences[channel] += difference
        sums.squares[channel] += difference * difference
        place += 1
      }
    }
  }
}

extension BiasCorrection.Sums {
  fileprivate init(_ channels: Int) {
    differences = [Double](repeating: 0, count: channels)
    squares = [Double](repeating: 0, count: channels)
  }

  fileprivate mutating func merge(_ other: Self) {
    count += other.count
    for channel in differences.indices {
      differences[channel] += other.differences[channel]
      squares[channel] += other.squares[channel]
    }
  }

  /// Means, drawn toward zero as far as they may be chance.
  fileprivate var means: [Float] {
    differences.indices.map { channel in
      let mean = differences[channel] / Double(count)
      let spread = max(0, squares[channel] / Double(count) - mean * mean) / Double(count)
      let whole = mean * mean
      return whole > 0 ? Float(mean * whole / (whole + spread)) : 0
    }
  }
}

extension Operation {
  /// Whether it multiplies its first operand by weights and adds a bias.
  var hasWeights: Bool {
    switch self {
    case .convolution, .transposedConvolution, .dense: true
    default: false
    }
  }
}
