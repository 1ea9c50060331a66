import Graph
import Runtime
import Storage
import TensorMath

/// An operator that has just run: the real numbers that it read and made.
struct LayerCall {
  /// Its place in the graph.
  var index: Int
  /// Operands in order; nil for constants and for what is absent.
  var inputs: [TensorValue?]
  var output: TensorValue

  /// How many samples it saw: 1 where nothing that it read follows the batch.
  func batch(in graph: Graph) -> Int {
    for (input, value) in zip(graph.operators[index].inputs, inputs) {
      guard let input, let value, let axis = graph[input].shape.batchAxis else { continue }
      return max(1, value.sizes[axis] / graph[input].shape[axis].perSample)
    }
    return 1
  }
}

/// Runs the float graph over samples and shows operators with their operands and results, in bounded memory: an operand
/// is kept until the last of its readers has run.
struct LayerWalk: Sendable {
  let graph: Graph
  let program: Program
  /// Operators that are shown.
  let wanted: [Bool]
  /// How many of the wanted operators read a tensor.
  private let readers: [Int]
  private let producers: [TensorID: Int]

  /// `program` must have been made from `graph` without fusing steps.
  init(_ graph: Graph, _ program: Program, wanted: Set<Int>) {
    self.graph = graph
    self.program = program
    self.wanted = graph.operators.indices.map { wanted.contains($0) }
    var readers = [Int](repeating: 0, count: graph.tensors.count)
    var producers: [TensorID: Int] = [:]
    for (index, node) in graph.operators.enumerated() {
      for case let output? in node.outputs { producers[output] = index }
      guard wanted.contains(index) else { continue }
      for case let input? in node.inputs where graph[input].constant == nil { readers[input.index] += 1 }
    }
    self.readers = readers
    self.producers = producers
  }

  /// Calls `visit` for every wanted operator and every range of samples; each range has a state of its own, and the states
  /// come back in the order of the ranges, so that sums over them do not depend on the threads.
  func states<State: Sendable>(
    _ samples: CalibrationSamples, _ ranges: [Range<Int>], threads: Int, _ initial: State,
    _ visit: @Sendable (inout State, LayerCall) throws(Diagnostic) -> Void
  ) throws(Diagnostic) -> [State] {
    let shares = try SampleShares(ranges: ranges, threads: threads).run {
      (next) throws(Diagnostic) -> [(place: Int, state: State)] in
      var made: [(place: Int, state: State)] = []
      var session: Session?
      while let place = next() {
        let inputs = try samples.batch(ranges[place])
        if session?.batch != ranges[place].count {
          session = try program.makeSession(batch: ranges[place].count)
        }
        let box = Box(initial)
        try run(session!, inputs, box, visit)
        made.append((place, box.state))
      }
      return made
    }
    return shares.flatMap { $0 }.sorted { $0.place < $1.place }.map(\.state)
  }

  private final class Box<State> {
    var state: State
    var kept: [TensorID: (value: TensorValue, left: Int)] = [:]
    init(_ state: State) { self.state = state }
  }

  private func run<State>(
    _ session: Session, _ inputs: [TensorValue], _ box: Box<State>,
    _ visit: (inout State, LayerCall) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    var failure: Diagnostic?
    withoutActuallyEscaping(visit) { visit in
      session.onTensor = { (id, value) throws(Diagnostic) in
        if let index = producers[id], wanted[index], graph.operators[index].outputs.first == id {
          let node = graph.operators[index]
          let operands = node.inputs.map { $0.flatMap { box.kept[$0]?.value } }
          try visit(&box.state, LayerCall(index: index, inputs: operands, output: value))
          for case let input? in node.inputs {
            guard let left = box.kept[input]?.left else { continue }
            if left > 1 { box.kept[input]!.left = left - 1 } else { box.kept[input] = nil }
          }
        }
        if id.index < readers.count, readers[id.index] > 0 {
          let copy = TensorValue(type: value.type, sizes: value.sizes)
          copy.bytes.copy(from: value.bytes)
          box.kept[id] = (copy, readers[id.index])
        }
      }
      do throws(Diagnostic) { _ = try session.run(inputs) } catch { failure = error }
      session.onTensor = nil
    }
    if let failure { throw failure }
  }
}

/// One operator as a program of its own, to run it on other operands than the network's.
final class LayerProgram: @unchecked Sendable {
  // Unchecked: `spare` is touched with `monitor` locked only.
  private let program: Program
  /// The operands that are given when it runs.
  let operands: [Int]
  private let monitor = Monitor()
  private var spare: [Int: [Session]] = [:]

  /// `constants` replace the graph's, by operand; `withoutClamp` leaves out what the operator does to its result.
  init(
    _ graph: Graph, operator index: Int, constants: [Int: TensorValue] = [:], withoutClamp: Bool = false
  ) throws(Diagnostic) {
    let node = graph.operators[index]
    var small = Graph(name: node.sourceName)
    var operands: [Int] = []
    var inputs: [TensorID?] = []
    var known: [TensorID: TensorID] = [:]
    for (operand, input) in node.inputs.enumerated() {
      guard let input else {
        inputs.append(nil)
        continue
      }
      if let constant = graph[input].constant {
        let value = constants[operand].map { Constant($0) } ?? constant
        inputs.append(small.addConstant(value, name: graph[input].name))
        continue
      }
      if let same = known[input] {
        inputs.append(same)
        continue
      }
      let id = small.addTensor(graph[input].name, graph[input].type)
      small.inputs.append(
        Port(
          tensor: id, name: graph[input].name, declaredType: SourceType(graph[input].element),
          declaredShape: graph[input].shape))
      known[input] = id
      operands.append(operand)
      inputs.append(id)
    }
    let names = node.outputs.map { $0.map { graph[$0].name } }
    let results = try small.append(
      withoutClamp ? node.operation.withoutClamp : node.operation, inputs: inputs, names: names,
      sources: node.sources)
    if let result = results.first ?? nil {
      small.outputs = [
        Port(
          tensor: result, name: small[result].name, declaredType: SourceType(small[result].element),
          declaredShape: small[result].shape)
      ]
    }
    self.operands = operands
    program = try Program(small)
  }

  /// The result for these operands, in the order of ``operands``; the value is valid inside of `body`.
  func run(_ values: [TensorValue], batch: Int) throws(Diagnostic) -> TensorValue {
    let session = try take(batch)
    defer { giveBack(session) }
    return try session.run(values)[0]
  }

  private func take(_ batch: Int) throws(Diagnostic) -> Session {
    monitor.lock()
    let found = spare[batch]?.popLast()
    monitor.unlock()
    if let found { return found }
    return try program.makeSession(batch: batch)
  }

  private func giveBack(_ session: Session) {
    monitor.lock()
    spare[session.batch, default: []].append(session)
    monitor.unlock()
  }
}

extension Operation {
  /// The same operator, its result as it is before any clamp.
  var withoutClamp: Operation {
    switch self {
    case .binary(let kind, _): return .binary(kind, clamp: nil)
    case .dense: return .dense(clamp: nil)
    case .convolution(var convolution):
      convolution.clamp = nil
      return .convolution(convolution)
    case .transposedConvolution(var convolution):
      convolution.clamp = nil
      return .transposedConvolution(convolution)
    default: return self
    }
  }
}
