import Graph
import Micro
import Storage
import TensorMath

/// A device model, checked and prepared to run: what it computes is what TFLM computes, byte for byte.
///
///     let program = try MicroProgram(model)
///     let outputs = try program.makeSession().run([program.inputs[0].quantized(image)])
///
/// An operator, or a use of one, whose bytes are not proven to be TFLM's is refused by name.
public struct MicroProgram: Sendable {
  public let model: MicroModel
  public let profile: ArithmeticProfile
  /// What `run` takes and gives, in the model's order.
  public let inputs: [MicroPort]
  public let outputs: [MicroPort]
  /// What one session's tensors take together, constants apart.
  public let activationByteCount: Int
  /// Whether a run leaves something behind for the next, until the session is reset.
  public let hasState: Bool

  let tensors: [MicroTensor]
  /// The values of tensors that no run changes.
  let constants: [View<UInt8>?]
  let steps: [Step]
  /// Where a session's other tensors lie.
  let offsets: [Int?]

  struct Step: Sendable {
    var outputs: [Int]
    /// nil where the results are constants.
    var kernel: KernelBody?
  }

  /// - Parameter kernels: what computes int8 operators where it can; nil for plain loops, which give the same bytes.
  public init(
    _ model: MicroModel, profile: ArithmeticProfile = .wheel, kernels: Int8Kernels? = .current
  ) throws(Diagnostic) {
    self.model = model
    self.profile = profile
    let graph = model.main
    try Self.check(graph)
    tensors = graph.tensors
    var constants = try Self.constants(of: model)
    var steps: [Step] = []
    var refused: [Diagnostic] = []
    for (position, operation) in graph.operators.enumerated() {
      let context = OperatorContext(
        operation: operation, position: position, tensors: graph.tensors, constants: constants,
        profile: profile, kernels: kernels)
      do throws(Diagnostic) {
        if let decoded = try context.decodedOutputs() {
          for (output, bytes) in zip(operation.outputs, decoded) { constants[output] = bytes }
          steps.append(Step(outputs: operation.outputs, kernel: nil))
        } else {
          steps.append(Step(outputs: operation.outputs, kernel: try context.kernel()))
        }
      } catch {
        refused.append(error)
      }
    }
    if let refusal = Self.joined(refused) { throw refusal }
    self.constants = constants
    self.steps = steps
    inputs = try Self.ports(graph.inputs, of: graph)
    outputs = try Self.ports(graph.outputs, of: graph)
    hasState = graph.tensors.contains(where: \.isVariable)
    let plan = ActivationPlan(graph, isConstant: constants.map { $0 != nil })
    offsets = plan.offsets
    activationByteCount = plan.byteCount
  }

  /// A place to run, for one thread and one sample at a time; its state starts as the model says.
  public func makeSession() -> MicroSession { MicroSession(self) }

  /// All that stands against running the model, in one diagnostic.
  private static func joined(_ refused: [Diagnostic]) -> Diagnostic? {
    guard let first = refused.first else { return nil }
    if refused.count == 1 { return first }
    let kind = refused.first { $0.kind != .unsupported }?.kind ?? .unsupported
    let lines = refused.map { "  " + $0.message }.joined(separator: "\n")
    return Diagnostic(
      kind, "\(refused.count) operators cannot be run:\n\(lines)", hint: refused.lazy.compactMap(\.hint).first
    )
  }

  private static func ports(_ indices: [Int], of graph: MicroSubgraph) throws(Diagnostic) -> [MicroPort] {
    var ports: [MicroPort] = []
    for index in indices {
      let tensor = graph.tensors[index]
      guard let element = tensor.type.element else {
        throw Diagnostic(.unsupported, "'\(tensor.name)' is \(tensor.type), which cannot be given or taken")
      }
      ports.append(
        MicroPort(
          name: tensor.name, tensor: index, type: element, sizes: tensor.shape,
          quantization: tensor.quantization))
    }
    return ports
  }
}

extension MicroProgram {
  /// No device holds a tensor of more elements.
  private static let maximumElementCount = 1 << 26

  /// Refuses what would lead outside of the model's tables or of memory.
  private static func check(_ graph: MicroSubgraph) throws(Diagnostic) {
    for tensor in graph.tensors {
      guard tensor.type.byteCount != nil else {
        throw Diagnostic(.unsupported, "'\(tensor.name)' is \(tensor.type), which TFLM has no size for")
      }
      var count = 1
      for extent in tensor.shape {
        // Alone, a zero is an old way to write a scalar or an empty list.
        guard extent > 0 || (extent == 0 && tensor.shape.count == 1) else {
          throw Diagnostic(
            .badData, "'\(tensor.name)' has the shape \(tensor.shape), and TFLM wants extents above 0")
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard !overflow, product <= maximumElementCount else {
          throw Diagnostic(.badData, "'\(tensor.name)' has the shape \(tensor.shape), which no device holds")
        }
        count = product
      }
      try checkNumbers(of: tensor)
    }
    let known = graph.tensors.indices
    func check(_ indices: [Int], _ what: String) throws(Diagnostic) {
      if let wrong = indices.first(where: { !known.contains($0) }) {
        throw Diagnostic(.badData, "\(what) names tensor \(wrong), the model has \(known.count)")
      }
    }
    try check(graph.inputs + graph.outputs, "the list of inputs and outputs")
    for (position, operation) in graph.operators.enumerated() {
      try check(operation.inputs.compactMap { $0 } + operation.outputs, "operator \(position)")
    }
  }

  /// Refuses scales and zero points that kernels could not calculate with.
  private static func checkNumbers(of tensor: MicroTensor) throws(Diagnostic) {
    guard let quantization = tensor.quantization else { return }
    let isStepped = [.int4, .int8, .uint8, .int16].contains(tensor.type)
    // A channel of weights that are all zero may have the scale 0: nothing divides by it.
    let mayBeZero = tensor.isConstant || !isStepped
    if let scale = quantization.scales.first(where: { !($0.isFinite && ($0 > 0 || mayBeZero && $0 == 0)) }) {
      throw Diagnostic(.badData, "'\(tensor.name)' has the scale \(scale), expected a positive number")
    }
    guard isStepped, let range = tensor.type.element?.integerRange else { return }
    if let zeroPoint = quantization.zeroPoints.first(where: { !range.contains($0) }) {
      throw Diagnostic(
        .badData,
        "'\(tensor.name)' has the zero point \(zeroPoint), and \(tensor.type) goes from "
          + "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// The elements of every constant, one byte for each int4, compressed ones unpacked.
  private static func constants(of model: MicroModel) throws(Diagnostic) -> [View<UInt8>?] {
    var constants: [View<UInt8>?] = []
    for tensor in model.main.tensors {
      guard let data = tensor.data, data.count > 0 else {
        constants.append(nil)
        continue
      }
      if let compression = tensor.compression {
        constants.append(try LookupTable(compression, of: tensor).unpacked(data, of: tensor))
        continue
      }
      let count = tensor.elementCount
      let needed = tensor.type.fileByteCount(of: count) ?? 0
      guard data.count >= needed else {
        throw Diagnostic(
          .badData,
          "'\(tensor.name)' of shape \(tensor.shape) takes \(needed) bytes, its buffer has \(data.count)")
      }
      constants.append(tensor.type == .int4 ? unpackedNibbles(data, count: count) : data[0..<needed])
    }
    return constants
  }

  /// Signed 4-bit numbers, the low half of a byte first, a byte each.
  private static func unpackedNibbles(_ data: View<UInt8>, count: Int) -> View<UInt8> {
    let elements = View<UInt8>(count: count)
    for index in 0..<count {
      let nibble = index % 2 == 0 ? data[index / 2] << 4 : data[index / 2] & 0xF0
      elements[index] = UInt8(bitPattern: Int8(bitPattern: nibble) >> 4)
    }
    return elements
  }
}
