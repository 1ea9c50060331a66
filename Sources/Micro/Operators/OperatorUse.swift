import Graph

/// One operator with the tensors around it, as rules look at it.
struct OperatorUse {
  let op: MicroOperator
  let subgraph: MicroSubgraph

  init(_ op: MicroOperator, in subgraph: MicroSubgraph) {
    self.op = op
    self.subgraph = subgraph
  }

  /// nil where the operand is absent.
  func operand(_ index: Int) -> MicroTensor? {
    guard op.inputs.indices.contains(index), let tensor = op.inputs[index],
      subgraph.tensors.indices.contains(tensor)
    else { return nil }
    return subgraph.tensors[tensor]
  }

  var operands: [MicroTensor?] { op.inputs.indices.map(operand) }
  var results: [MicroTensor] {
    op.outputs.compactMap { subgraph.tensors.indices.contains($0) ? subgraph.tensors[$0] : nil }
  }
  var result: MicroTensor? { results.first }

  /// The integers of a constant operand; nil when it is absent, not constant, or holds no integers.
  func integers(_ index: Int) -> [Int]? {
    guard let tensor = operand(index), tensor.isConstant, tensor.compression == nil, let data = tensor.data,
      tensor.elementCount <= 1 << 16
    else { return nil }
    switch tensor.type {
    case .int32: return data.reinterpreted(as: Int32.self).array.map(Int.init)
    // No shape fits the ends, and what is made of a few of them stays within 64 bits.
    case .int64: return data.reinterpreted(as: Int64.self).array.map { Int(max(-1 << 31, min($0, 1 << 31))) }
    default: return nil
    }
  }

  /// Everything that TFLM would not do as the operator says.
  func findings() -> [Finding] {
    guard operandsExist else {
      return [Finding(.aborts, "it names tensors that are not there", "write the model again")]
    }
    if op.code == .custom { return customFindings() }
    guard let kernel = MicroKernel(of: op.code) else {
      return [
        Finding(
          .rejected, "TFLM has no kernel for \(op.code.name)",
          "express it through operators that it has ('edgeopt ops' lists them)")
      ]
    }
    var findings = generalFindings()
    guard kernel.operandCount.contains(op.inputs.count), kernel.resultCount.contains(op.outputs.count) else {
      let counts = "\(op.inputs.count) operands and \(op.outputs.count) results"
      return findings + [
        Finding(.rejected, "it has \(counts), expected \(kernel.countText)", "write it anew")
      ]
    }
    for required in 0..<kernel.operandCount.lowerBound where op.inputs[required] == nil {
      if kernel.optional.contains(required) { continue }
      return findings + [Finding(.rejected, "operand \(required) is absent", "give it")]
    }
    let given = operands.map { $0?.type }
    guard kernel.types.contains(where: { $0.fits(operands: given, results: results.map(\.type)) }) else {
      return findings + [typeFinding(kernel, given)]
    }
    for rule in kernel.rules { findings += rule.findings(self) }
    return findings
  }

  private var operandsExist: Bool {
    let indices = subgraph.tensors.indices
    return op.inputs.allSatisfy { $0.map(indices.contains) ?? true }
      && op.outputs.allSatisfy(indices.contains)
  }

  private func typeFinding(_ kernel: MicroKernel, _ given: [MicroType?]) -> Finding {
    let found = given.map { $0.map { "\($0)" } ?? "none" }.joined(separator: ", ")
    let made = results.map { "\($0.type)" }.joined(separator: ", ")
    let known = kernel.types.map(\.description).joined(separator: "; ")
    return Finding(
      isTypeUnchecked ? .wrong : .rejected, "it takes \(found) and makes \(made), but TFLM has \(known)",
      "convert the tensors with QUANTIZE, DEQUANTIZE or CAST, or quantize all of them")
  }

  /// Whether the kernel goes by one tensor's type and takes the others for the same.
  private var isTypeUnchecked: Bool {
    let known = [MicroType.float32, .int8, .int16, .int32].contains(operand(0)?.type)
    switch op.code {
    case .add, .sub, .mul, .div, .squaredDifference, .maximum, .minimum, .selectV2, .pad: return known
    case .depthwiseConv2D: return operand(0)?.type == .int16 && operand(1)?.type == .int8
    case .greater: return operand(0)?.type == .int16
    default: return false
    }
  }

  /// What holds for every operator.
  private func generalFindings() -> [Finding] {
    var findings: [Finding] = []
    if op.customOptions != nil {
      findings.append(
        Finding(.rejected, "a builtin operator must not have custom options", "leave them away"))
    }
    if op.intermediates.contains(where: {
      subgraph.tensors.indices.contains($0) && subgraph.tensors[$0].elementCount > 0
    }) {
      findings.append(
        Finding(.rejected, "its intermediate tensors must be empty", "leave the intermediates away"))
    }
    for result in results where result.shape != [0] && result.shape.contains(where: { $0 < 1 }) {
      if op.code == .reshape && result.shape.filter({ $0 == -1 }).count == 1 { continue }
      findings.append(
        Finding(
          .rejected, "the shape \(result.shape) of '\(result.name)' is not fixed",
          "give every extent a size of 1 or more"))
    }
    let decompressing: Set<BuiltinOperator> = [
      .conv2D, .depthwiseConv2D, .transposeConv, .fullyConnected, .concatenation, .assignVariable,
    ]
    for operand in operands.compactMap(\.self) where operand.compression != nil {
      if decompressing.contains(op.code) { continue }
      findings.append(
        Finding(
          .wrong, "it reads the compressed '\(operand.name)' as if it were not", "store it uncompressed"))
    }
    return findings
  }

  private func customFindings() -> [Finding] {
    if MicroKernel.customNames.contains(op.customName) { return [] }
    return [
      Finding(
        .rejected, "TFLM has no kernel for the custom operator '\(op.customName)'",
        "the firmware must register one")
    ]
  }
}
