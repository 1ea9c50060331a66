import Graph
import Storage
import TensorMath

/// Runs a program for one batch size, again and again, in one activation buffer.
///
/// A session belongs to one thread at a time; any number of sessions of one program can run side by side.
///
///     let session = try program.makeSession(batch: 1, threads: 4)
///     let outputs = try session.run([image])
public final class Session {
  public let batch: Int
  /// Gets every tensor as soon as it is there: inputs, then results in execution order. The value lies in the
  /// activation buffer and is overwritten later; copy what you keep.
  public var onTensor: ((TensorID, TensorValue) throws(Diagnostic) -> Void)?
  /// Bytes of the buffer that all activations share.
  public let activationByteCount: Int

  private let graph: Graph
  private let workers: Workers
  private let values: [TensorValue?]
  private let steps: [BoundStep]

  /// A step with its place in memory.
  private struct BoundStep {
    /// nil where the result already lies where it belongs.
    var kernel: Kernel?
    var outputs: [TensorID?]
  }

  init(_ program: Program, batch: Int, workers: Workers) throws(Diagnostic) {
    let graph = program.graph
    self.graph = graph
    self.batch = batch
    self.workers = workers
    let sizes = graph.tensors.map { $0.shape.resolved(batch: batch) }
    let layout = try ActivationLayout(program, sizes: sizes)
    activationByteCount = layout.placement.byteCount
    let buffer = Storage(byteCount: activationByteCount)

    var values = program.constants
    for index in values.indices {
      guard let offset = layout.placement.offsets[index] else { continue }
      let bytes = buffer.view(of: UInt8.self, byteOffset: offset, count: layout.byteCounts[index])
      values[index] = TensorValue(type: graph.tensors[index].element, sizes: sizes[index], bytes: bytes)
    }
    self.values = values

    let scratchByteCount = program.steps.lazy.map { step in
      step.scratchByteCount(
        batch: (step.inputs.first ?? nil).flatMap { sizes[$0.index].first } ?? 1, threads: workers.threads,
        sizes: sizes)
    }.max()
    let scratch = View<UInt8>(count: scratchByteCount ?? 0)
    var bound: [BoundStep] = []
    bound.reserveCapacity(program.steps.count)
    for (index, step) in program.steps.enumerated() {
      var kernel: Kernel?
      if !layout.isInPlace(step, layout.steps[index].sharing) {
        let binding = Binding(
          step: step, inputs: step.inputs.map { $0.flatMap { values[$0.index] } },
          outputs: step.outputs.map { $0.flatMap { values[$0.index] } }, scratch: scratch)
        kernel = try binding.kernel()
      }
      bound.append(BoundStep(kernel: kernel, outputs: step.outputs))
    }
    steps = bound
  }

  /// The outputs for these inputs, both in the order of the graph's ports and in the layout of its tensors.
  public func run(_ inputs: [TensorValue]) throws(Diagnostic) -> [TensorValue] {
    guard inputs.count == graph.inputs.count else {
      throw Diagnostic(
        .badData, "the model has \(graph.inputs.count) inputs, \(inputs.count) values were given")
    }
    for (port, input) in zip(graph.inputs, inputs) { try set(port, to: input) }
    try workers.together { (workers) throws(Diagnostic) in
      for step in steps {
        if let kernel = step.kernel { try kernel(workers) }
        if onTensor != nil { try report(step.outputs) }
      }
    }
    var outputs: [TensorValue] = []
    outputs.reserveCapacity(graph.outputs.count)
    for port in graph.outputs {
      guard let value = values[port.tensor.index] else {
        throw Diagnostic(.failed, "output '\(port.name)' is made by no operator")
      }
      outputs.append(value.copied())
    }
    return outputs
  }

  private func set(_ port: Port, to input: TensorValue) throws(Diagnostic) {
    let type = graph[port.tensor].type
    let sizes = type.shape.resolved(batch: batch)
    guard input.type == type.element else {
      throw Diagnostic(.badData, "input '\(port.name)' is \(type.element), the value given is \(input.type)")
    }
    guard input.sizes == sizes else {
      throw Diagnostic(
        .badData, "input '\(port.name)' has the shape \(sizes), the value given \(input.sizes)")
    }
    // An input that nothing reads has no place.
    guard let target = values[port.tensor.index] else { return }
    target.bytes.copy(from: input.bytes)
    if let onTensor { try onTensor(port.tensor, target) }
  }

  private func report(_ outputs: [TensorID?]) throws(Diagnostic) {
    for case let output? in outputs {
      if let onTensor, let value = values[output.index] { try onTensor(output, value) }
    }
  }
}

extension TensorValue {
  /// The same elements in memory of their own.
  func copied() -> TensorValue {
    let copy = TensorValue(type: type, sizes: sizes)
    copy.bytes.copy(from: bytes)
    return copy
  }
}

/// The sizes of all tensors for one batch size, and where they lie.
struct ActivationLayout {
  let byteCounts: [Int]
  let steps: [TensorPlacement.Step]
  let placement: TensorPlacement

  /// Beyond the machine's memory a shape is a mistake.
  static let maximumByteCount = Storage.machineByteCount

  init(_ program: Program, sizes: [[Int]]) throws(Diagnostic) {
    let graph = program.graph
    var byteCounts: [Int] = []
    for (tensor, size) in zip(graph.tensors, sizes) {
      let (bytes, overflow) = Shape.elementCount(size).multipliedReportingOverflow(
        by: tensor.element.byteCount)
      guard !overflow, bytes < Self.maximumByteCount else {
        throw Diagnostic(.failed, "tensor '\(tensor.name)' of shape \(size) does not fit into memory")
      }
      byteCounts.append(bytes)
    }
    self.byteCounts = byteCounts
    steps = program.steps.map { step in
      TensorPlacement.Step(
        inputs: step.inputs, outputs: step.outputs, sharing: step.sharing(graph: graph, sizes: sizes))
    }
    placement = TensorPlacement(
      steps: steps, inputs: graph.inputs.map(\.tensor), held: graph.outputs.map(\.tensor),
      byteCounts: byteCounts)
    guard placement.byteCount < Self.maximumByteCount else {
      throw Diagnostic(
        .failed,
        "the activations of '\(graph.name)' take \(placement.byteCount >> 20) MB, more than this machine has")
    }
  }

  /// Whether the step has nothing left to do because its results lie where its operands are.
  func isInPlace(_ step: ProgramStep, _ sharing: TensorPlacement.Sharing) -> Bool {
    func lies(_ part: TensorID?, _ start: Int, into whole: TensorID?) -> Bool {
      guard let part else { return true }
      guard let whole, let base = placement.offsets[whole.index], let place = placement.offsets[part.index]
      else {
        return false
      }
      return place == base + start || byteCounts[part.index] == 0
    }
    switch sharing {
    case .none, .overwrites, .overwritesAlone: return false
    case .pieces(let starts):
      return zip(step.outputs, starts).allSatisfy { lies($0, $1, into: step.inputs[0]) }
    case .assembled(let starts):
      return zip(step.inputs, starts).allSatisfy { lies($0, $1, into: step.outputs[0]) }
    }
  }
}
