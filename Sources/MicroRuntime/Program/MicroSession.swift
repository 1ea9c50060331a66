import Graph
import Micro
import Storage

/// Runs a device model, one sample at a time, in memory of its own.
///
///     let session = program.makeSession()
///     let outputs = try session.run([sample])
///
/// A session belongs to one thread at a time; any number of sessions of one program can run side by side.
public final class MicroSession {
  public let program: MicroProgram
  /// Gets every tensor as soon as it is there, by its place in the model: inputs, then results in order. The value lies
  /// in the session's memory and is overwritten later; copy what you keep.
  public var onTensor: ((Int, TensorValue) throws(Diagnostic) -> Void)?

  private let memory: TensorMemory

  init(_ program: MicroProgram) {
    self.program = program
    let storage = Storage(byteCount: program.activationByteCount)
    let bytes = program.tensors.indices.map { index in
      if let constant = program.constants[index] { return constant }
      return storage.view(
        of: UInt8.self, byteOffset: program.offsets[index] ?? 0, count: program.tensors[index].byteCount ?? 0)
    }
    memory = TensorMemory(bytes: bytes)
    reset()
  }

  /// Sets the model's state back to its start.
  public func reset() {
    for (index, tensor) in program.tensors.enumerated()
    where tensor.isVariable && program.constants[index] == nil {
      let start = tensor.type == .int8 ? Grid(tensor.quantization).zeroPoint : 0
      memory.bytes[index].fill(UInt8(truncatingIfNeeded: start))
    }
  }

  /// The outputs for these inputs, both in the order of the model's ports.
  public func run(_ inputs: [TensorValue]) throws(Diagnostic) -> [TensorValue] {
    guard inputs.count == program.inputs.count else {
      throw Diagnostic(
        .badData, "the model has \(program.inputs.count) inputs, \(inputs.count) values were given")
    }
    for (port, input) in zip(program.inputs, inputs) { try set(port, to: input) }
    for step in program.steps {
      try step.kernel?(memory)
      if onTensor != nil { try report(step.outputs) }
    }
    return program.outputs.map { port in
      let copy = TensorValue(type: port.type, sizes: port.sizes)
      copy.bytes.copy(from: memory.bytes[port.tensor])
      return copy
    }
  }

  private func set(_ port: MicroPort, to input: TensorValue) throws(Diagnostic) {
    guard input.type == port.type else {
      throw Diagnostic(.badData, "input '\(port.name)' is \(port.type), the value given is \(input.type)")
    }
    guard input.sizes == port.sizes else {
      throw Diagnostic(
        .badData, "input '\(port.name)' has the shape \(port.sizes), the value given \(input.sizes)")
    }
    guard program.constants[port.tensor] == nil else { return }
    memory.bytes[port.tensor].copy(from: input.bytes)
    try report([port.tensor])
  }

  private func report(_ indices: [Int]) throws(Diagnostic) {
    guard let onTensor else { return }
    for index in indices {
      guard let element = program.tensors[index].type.element else { continue }
      try onTensor(
        index, TensorValue(type: element, sizes: program.tensors[index].shape, bytes: memory.bytes[index]))
    }
  }
}
