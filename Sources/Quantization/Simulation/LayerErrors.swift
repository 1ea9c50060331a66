import Graph
import Lowering
import Passes
import Runtime
import Storage
import TensorMath

/// How far each operator alone, rounded as a plan says, moves the outputs of the network.
///
///     let errors = try LayerErrors(legal.graph, plan)
///     let found = try errors.measure(samples, at: [0, 100, 200], threads: 2)
///     print(found[3])  // of operator 3
///
/// One operator at a time has its weights and its result rounded, all others compute with real numbers. Operators that copy
/// integers make no error of their own.
public struct LayerErrors: Sendable {
  let graph: Graph
  let program: Program
  /// The operators that round, in order.
  public let operators: [Int]
  /// What each of them rounds its result to.
  private let grids: [Int: RealGrid]
  /// Those with rounded weights, on their own.
  private let rounded: [Int: LayerProgram]
  /// What ``measure(_:at:threads:progress:)`` keeps of one sample: the result of each operator, and as much for a moment.
  public var keptByteCount: Int {
    operators.reduce(0) { total, index in
      let shape = graph[graph.operators[index].outputs[0]!].shape
      return total.addingReportingOverflow(8 * shape.elementCountPerSample).partialValue
    }
  }
  /// Variants that run side by side.
  private let batch: Int

  public init(_ graph: Graph, _ plan: QuantizationPlan) throws(Diagnostic) {
    self.graph = graph
    program = try Program(graph, fusesSteps: false)
    var operators: [Int] = []
    var grids: [Int: RealGrid] = [:]
    var rounded: [Int: LayerProgram] = [:]
    for (index, rule) in graph.quantizationRules().enumerated() {
      let node = graph.operators[index]
      guard let output = node.outputs.first ?? nil, graph[output].element == .float32,
        !rule.copiesIntegers(node.operation), let grid = plan.activations[output]?.grid
      else { continue }
      operators.append(index)
      grids[index] = grid
      let constants = graph.roundedConstants(of: index, rule, plan)
      if !constants.isEmpty {
        rounded[index] = try LayerProgram(graph, operator: index, constants: constants)
      }
    }
    self.operators = operators
    self.grids = grids
    self.rounded = rounded
    let followsBatch = operators.allSatisfy { index in
      graph[graph.operators[index].outputs[0]!].shape.batchAxis == 0
    }
    let fits = graph.outputs.allSatisfy { graph[$0.tensor].shape.batchAxis == 0 } && followsBatch
    batch =
      fits && graph.batchIndependence().isIndependent
      ? min(8, try BatchRunner(program, threads: 1).batch) : 1
  }

  /// The error of each operator of the graph, 0 for those that make none: squared and relative to the outputs, summed over
  /// outputs and samples. The result does not depend on the number of threads.
  ///
  /// `progress` gets the number of runs handed out so far, one for each of ``operators`` and each sample; never called by
  /// two threads at once.
  public func measure(
    _ samples: CalibrationSamples, at places: [Int], threads: Int,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws(Diagnostic) -> [Double] {
    var errors = [Double](repeating: 0, count: graph.operators.count)
    for (done, place) in places.enumerated() {
      let inputs = try samples.batch(place..<place + 1)
      let expected = try program.makeSession(batch: 1, threads: threads).run(inputs)
      let results = try roundedResults(samples, place)
      let groups = stride(from: 0, to: operators.count, by: batch).map {
        $0..<min(operators.count, $0 + batch)
      }
      typealias Found = (group: Int, errors: [Double])
      let start = done * operators.count
      let shares = try SampleShares(
        ranges: groups, threads: threads, progress: { progress(start + $0) }
      ).run { (next) throws(Diagnostic) -> [Found] in
        var found: [Found] = []
        var session: Session?
        while let group = next() {
          let members = operators[groups[group]].map { (index: $0, result: results[$0]) }
          if session?.batch != members.count { session = try program.makeSession(batch: members.count) }
          found.append((group, try run(session!, inputs, members, expected)))
        }
        return found
      }
      for (group, found) in shares.joined() {
        for (position, error) in zip(groups[group], found) { errors[operators[position]] += error }
      }
    }
    return errors
  }

  /// What each operator makes of real operands when it alone rounds.
  private func roundedResults(
    _ samples: CalibrationSamples, _ place: Int
  ) throws(Diagnostic) -> [Int: TensorValue] {
    let walk = LayerWalk(graph, program, wanted: Set(operators))
    let workers = Workers(threads: 1)
    let states = try walk.states(samples, [place..<place + 1], threads: 1, [Int: TensorValue]()) {
      (results, call) throws(Diagnostic) in
      var value = call.output
      if let layer = rounded[call.index] {
        value = try layer.run(layer.operands.compactMap { call.inputs[$0] }, batch: call.batch(in: graph))
      }
      let result = TensorValue(type: .float32, sizes: value.sizes)
      grids[call.index]!.round(value.floats, into: result.floats, on: workers)
      results[call.index] = result
    }
    return states.first ?? [:]
  }

  /// One variant in each place of the batch: up to its operator the network as it is, behind it what follows.
  private func run(
    _ session: Session, _ inputs: [TensorValue], _ members: [(index: Int, result: TensorValue?)],
    _ expected: [TensorValue]
  ) throws(Diagnostic) -> [Double] {
    let count = members.count
    var slots: [TensorID: (slot: Int, result: TensorValue)] = [:]
    for (slot, member) in members.enumerated() {
      guard let result = member.result, let output = graph.operators[member.index].outputs[0] else {
        continue
      }
      slots[output] = (slot, result)
    }
    session.onTensor = { (id, value) throws(Diagnostic) in
      guard let (slot, result) = slots[id] else { return }
      let size = value.bytes.count / count
      value.bytes[slot * size..<(slot + 1) * size].copy(from: result.bytes)
    }
    defer { session.onTensor = nil }
    let repeated = zip(graph.inputs, inputs).map { port, value in
      graph[port.tensor].shape.batchAxis == 0 && count > 1 ? value.repeated(count) : value
    }
    let found = try session.run(repeated)
    return members.indices.map { slot in
      var error = 0.0
      for (real, made) in zip(expected, found) where real.type == .float32 {
        let size = made.floats.count / count
        var distance = SquaredDistance()
        distance.add(expected: real.floats, found: made.floats[slot * size..<(slot + 1) * size])
        error += distance.relative
      }
      return error
    }
  }
}

extension OperatorRule {
  /// Whether the device moves integers as they are.
  fileprivate func copiesIntegers(_ operation: Operation) -> Bool {
    switch operation {
    case .pool(let pool):
      if case .average = pool.kind { return false }
      return true
    case .resize(let resize): return resize.mode != .linear
    case .concat: return true
    default:
      if case .same? = results.first { return true }
      return false
    }
  }
}

extension TensorValue {
  /// The same sample several times, along the first axis.
  fileprivate func repeated(_ count: Int) -> TensorValue {
    var sizes = sizes
    sizes[0] *= count
    let result = TensorValue(type: type, sizes: sizes)
    for place in 0..<count {
      result.bytes[place * bytes.count..<(place + 1) * bytes.count].copy(from: bytes)
    }
    return result
  }
}
