import Graph
import Storage
import TensorMath

/// A graph made ready to run: operators fused where the kernels can, weights packed once, shared by all sessions.
///
///     let program = try Program(graph)
///     let session = try program.makeSession(batch: 8, threads: 2)
///     let results = try session.run([images])
public struct Program: Sendable {
  /// The graph that runs; its tensor IDs are those of the graph that the program was made from, as far as both have
  /// them.
  public let graph: Graph
  /// The elements of constants that steps read as they are; nil for all other tensors, and for weights that exist only
  /// in packed form.
  let constants: [TensorValue?]
  let steps: [ProgramStep]

  /// `fusesSteps` lets one kernel do the work of several operators; without it every tensor of the graph is made, as a
  /// dump of all layers needs. The results are the same bits.
  public init(_ graph: Graph, fusesSteps: Bool = true) throws(Diagnostic) {
    var graph = try graph.expandingComposites { !$0.hasKernel }
    try graph.makeChannelsLast()
    self.graph = graph
    var steps = graph.operators.map { ProgramStep($0) }
    if fusesSteps { steps = steps.fusingAddends(in: graph) }

    var constants = [TensorValue?](repeating: nil, count: graph.tensors.count)
    for index in steps.indices {
      try steps[index].prepare(in: graph)
      steps[index].releasePacked(in: graph)
    }
    for step in steps {
      for (position, input) in step.inputs.enumerated() {
        guard let input, constants[input.index] == nil, !step.preparation.consumes(position) else { continue }
        constants[input.index] = graph[input].constant?.realized()
      }
    }
    for port in graph.outputs where constants[port.tensor.index] == nil {
      constants[port.tensor.index] = graph[port.tensor].constant?.realized()
    }
    self.constants = constants
    self.steps = steps
  }

  /// Something that runs whole batches of this size on up to `threads` threads.
  public func makeSession(batch: Int = 1, threads: Int = 1) throws(Diagnostic) -> Session {
    try Session(self, batch: batch, workers: Workers(threads: threads))
  }

  /// Whether any input follows the batch, so that several samples can run at once.
  public var hasBatch: Bool { graph.inputs.contains { graph[$0.tensor].shape.hasBatch } }

  /// The batch size for which the inputs have these sizes; nil when none fits.
  public func batch(of inputs: [TensorValue]) -> Int? {
    for (port, value) in zip(graph.inputs, inputs) {
      let shape = graph[port.tensor].shape
      guard let axis = shape.batchAxis, axis < value.sizes.count else { continue }
      let factor = shape[axis].perSample
      return value.sizes[axis] % factor == 0 ? value.sizes[axis] / factor : nil
    }
    return 1
  }
}

/// One kernel call of a program.
struct ProgramStep: Sendable {
  var operation: Operation
  var inputs: [TensorID?]
  var outputs: [TensorID?]
  var name: String
  /// Fused: added to the result before the clamp. Also the last of `inputs`.
  var addsLastInput = false
  /// Fused: replaces the operation's own clamp.
  var clamp: FusedClamp?
  var preparation = Preparation.none

  init(_ node: Operator) {
    operation = node.operation
    inputs = node.inputs
    outputs = node.outputs
    name = node.sourceName
    clamp = node.operation.clamp
  }
}

extension [ProgramStep] {
  /// Lets convolutions and dense layers add the residual that a following addition would.
  func fusingAddends(in graph: Graph) -> [ProgramStep] {
    var steps = self
    var producer = [Int](repeating: -1, count: graph.tensors.count)
    var uses = [Int](repeating: 0, count: graph.tensors.count)
    for (index, step) in steps.enumerated() {
      for case let output? in step.outputs { producer[output.index] = index }
      for case let input? in step.inputs { uses[input.index] += 1 }
    }
    for port in graph.outputs { uses[port.tensor.index] += 1 }
    var removed = Set<Int>()
    for index in steps.indices {
      guard case .binary(.add, let clamp) = steps[index].operation, let sum = steps[index].outputs[0],
        let left = steps[index].inputs[0], let right = steps[index].inputs[1], left != right,
        graph[left].shape == graph[right].shape, graph[sum].shape == graph[left].shape
      else { continue }
      // The later of the two is the one whose operands are still warm.
      let candidates = [(left, right), (right, left)].filter {
        let maker = producer[$0.0.index]
        return maker >= 0 && uses[$0.0.index] == 1 && steps[maker].takesAddend(in: graph)
      }
      guard let (term, addend) = candidates.max(by: { producer[$0.0.index] < producer[$1.0.index] }) else {
        continue
      }
      var fused = steps[producer[term.index]]
      removed.insert(producer[term.index])
      fused.inputs = (fused.inputs + [nil, nil]).prefix(3) + [addend]
      fused.outputs = [sum]
      fused.addsLastInput = true
      fused.clamp = clamp
      steps[index] = fused
    }
    return steps.indices.filter { !removed.contains($0) }.map { steps[$0] }
  }
}

extension ProgramStep {
  /// Lets go of the file's pages whose weights now exist in packed form.
  fileprivate func releasePacked(in graph: Graph) {
    for (position, input) in inputs.enumerated() where preparation.consumes(position) {
      if let input { graph[input].constant?.source.bytes.release() }
    }
  }

  fileprivate func takesAddend(in graph: Graph) -> Bool {
    guard clamp == nil, !addsLastInput, outputs.count == 1, let result = outputs[0],
      graph[result].element == .float32, inputs.count > 1, let weights = inputs[1],
      graph[weights].constant != nil
    else { return false }
    switch operation {
    case .convolution(let convolution): return convolution.window.spatialRank <= 3
    case .dense: return true
    default: return false
    }
  }
}
