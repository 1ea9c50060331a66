import Graph
import Storage
import TensorMath

/// One kernel call with everything but the threads fixed.
typealias Kernel = @Sendable (Workers) throws(Diagnostic) -> Void

/// A step and the memory that it works on: chooses the kernel and fixes all of its arguments, so that running is a call.
struct Binding {
  let step: ProgramStep
  let inputs: [TensorValue?]
  let outputs: [TensorValue?]
  /// At least what the step asks for, shared with all other steps; without it kernels get their own.
  var scratch: View<UInt8>?

  func kernel() throws(Diagnostic) -> Kernel {
    if outputs.allSatisfy({ ($0?.elementCount ?? 0) == 0 }) { return { _ in } }
    switch step.operation {
    case .unary(let kind): return try unary(kind)
    case .binary(let kind, _): return try binary(kind)
    case .compare(let kind): return try compare(kind)
    case .select: return try select()
    case .cast: return try cast()
    case .reshape, .transpose, .broadcast, .tile, .concat, .split, .slice, .pad, .triangle, .reverseSequence:
      return try movement()
    case .gather, .gatherElements, .gatherND, .scatterElements, .scatterND, .oneHot: return try indexed()
    case .reduce(let kind, let axes, _): return try reduce(kind, axes: axes)
    case .argExtreme, .topK, .cumulative: return try ordered()
    case .softmax(let axis, let logarithmic): return try softmax(axis: axis, logarithmic: logarithmic)
    case .matmul(let left, let right): return try matmul(transposesLeft: left, transposesRight: right)
    case .dense: return try dense()
    case .convolution(let convolution): return try self.convolution(convolution)
    case .transposedConvolution(let convolution): return try transposedConvolution(convolution)
    case .pool(let pool): return try self.pool(pool)
    case .resize(let resize): return try self.resize(resize)
    case .recurrent(let recurrent): return try self.recurrent(recurrent)
    case .quantizeLinear(let axis, let blockSize, _): return try quantize(axis: axis, blockSize: blockSize)
    case .dequantizeLinear(let axis, let blockSize): return try dequantize(axis: axis, blockSize: blockSize)
    case .composite(let composite): return try self.composite(composite)
    }
  }

  // MARK: Operands

  func input(_ index: Int) throws(Diagnostic) -> TensorValue {
    guard let value = optional(index) else {
      throw problem("lacks the value of its operand number \(index + 1)")
    }
    return value
  }

  func optional(_ index: Int) -> TensorValue? { index < inputs.count ? inputs[index] : nil }

  func output(_ index: Int = 0) throws(Diagnostic) -> TensorValue {
    guard index < outputs.count, let value = outputs[index] else {
      throw problem("lacks its result number \(index + 1)")
    }
    return value
  }

  func wanted(_ index: Int) -> TensorValue? { index < outputs.count ? outputs[index] : nil }

  /// The residual that a fused addition brings.
  var addend: TensorValue? { step.addsLastInput ? inputs.last ?? nil : nil }

  // MARK: Messages

  func problem(_ text: String, hint: String? = nil) -> Diagnostic {
    let subject =
      step.name.isEmpty ? "a '\(step.operation.name)' operator" : "'\(step.name)' (\(step.operation.name))"
    return Diagnostic(.badData, "\(subject) \(text)", hint: hint)
  }

  func cannotWork(on type: ElementType) -> Diagnostic {
    Diagnostic(.unsupported, problem("cannot work on \(type)").message, hint: "insert a Cast in the model")
  }
}
