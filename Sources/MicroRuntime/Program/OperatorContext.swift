import Graph
import Micro
import Storage
import TensorMath

/// One operator with all that is known about it before it runs.
struct OperatorContext {
  let operation: MicroOperator
  /// Its place in the subgraph.
  let position: Int
  let tensors: [MicroTensor]
  /// What does not change from run to run, by tensor.
  let constants: [View<UInt8>?]
  let profile: ArithmeticProfile
  /// nil for the plain loops.
  let kernels: Int8Kernels?

  /// "operator 3 (CONV_2D, 'conv1')"
  var name: String {
    let code = operation.code == .custom ? operation.customName : operation.code.name
    let made = operation.outputs.first.flatMap { tensors.indices.contains($0) ? tensors[$0].name : nil }
    return "operator \(position) (\(code)\(made.map { ", '\($0)'" } ?? ""))"
  }

  func unsupported(_ reason: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.unsupported, "\(name): \(reason)", hint: hint)
  }

  func bad(_ reason: String) -> Diagnostic { Diagnostic(.badData, "\(name): \(reason)") }

  /// Refuses this combination of element types by name.
  func noKernel(for operands: Operand...) -> Diagnostic {
    unsupported(
      "there is no kernel for " + operands.map { "\($0.type)" }.joined(separator: ", "),
      hint: "TFLM has none, or it is not proven to be the same bytes")
  }

  // MARK: Operands

  func input(_ number: Int) throws(Diagnostic) -> Operand {
    guard let operand = optionalInput(number) else { throw bad("input \(number) is missing") }
    return operand
  }

  func optionalInput(_ number: Int) -> Operand? {
    guard operation.inputs.indices.contains(number), let index = operation.inputs[number] else { return nil }
    return operand(index)
  }

  func inputs() throws(Diagnostic) -> [Operand] {
    var all: [Operand] = []
    for number in operation.inputs.indices { all.append(try input(number)) }
    return all
  }

  func output(_ number: Int = 0) throws(Diagnostic) -> Operand {
    guard operation.outputs.indices.contains(number) else { throw bad("output \(number) is missing") }
    return operand(operation.outputs[number])
  }

  func outputs() -> [Operand] { operation.outputs.map(operand) }

  private func operand(_ index: Int) -> Operand {
    let tensor = tensors[index]
    return Operand(
      index: index, name: tensor.name, type: tensor.type, shape: tensor.shape,
      quantization: tensor.quantization,
      constant: constants[index])
  }

  /// The elements of a constant int32 (or int64) input: axes, sizes, paddings.
  func integers(_ number: Int) throws(Diagnostic) -> [Int] {
    let operand = try input(number)
    guard let bytes = operand.constant else {
      throw unsupported("input \(number) '\(operand.name)' is not constant, and TFLM wants it so")
    }
    switch operand.type {
    case .int32: return bytes.reinterpreted(as: Int32.self).array.map(Int.init)
    case .int64:
      let values = bytes.reinterpreted(as: Int64.self).array.map { Int($0) }
      // Sums and products of two stay within 64 bits.
      if let value = values.first(where: { $0.magnitude > 1 << 31 }) {
        throw bad("input \(number) '\(operand.name)' holds \(value), which does not fit into 32 bits")
      }
      return values
    default: throw unsupported("input \(number) '\(operand.name)' is \(operand.type), not int32")
    }
  }

  /// An axis counted from the front.
  func axis(_ axis: Int, rank: Int) throws(Diagnostic) -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    guard (0..<max(1, rank)).contains(resolved) else { throw bad("axis \(axis) is not one of \(rank)") }
    return resolved
  }

  // MARK: Checks

  func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(Diagnostic) {
    if !condition { throw bad(reason()) }
  }

  func requireSupported(_ condition: Bool, _ reason: @autoclosure () -> String) throws(Diagnostic) {
    if !condition { throw unsupported(reason()) }
  }

  func requireRank(_ rank: Int, _ operands: Operand...) throws(Diagnostic) {
    for operand in operands where operand.rank != rank {
      throw bad("'\(operand.name)' has the shape \(operand.shape), of rank \(operand.rank), not \(rank)")
    }
  }

  /// Both hold the same number of elements.
  func requireSameCount(_ a: Operand, _ b: Operand) throws(Diagnostic) {
    try require(a.count == b.count, "'\(a.name)' \(a.shape) and '\(b.name)' \(b.shape) differ in size")
  }

  /// A scale of its own, above zero.
  func requireQuantized(_ operands: Operand...) throws(Diagnostic) {
    for operand in operands where !(operand.grid.scale > 0) {
      throw bad("'\(operand.name)' is \(operand.type) without a scale")
    }
  }
}
