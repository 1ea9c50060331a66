import Graph

extension MicroType {
  /// Whether numbers of this type stand for real ones through a scale.
  var isQuantizable: Bool { self == .int8 || self == .int16 || self == .uint8 || self == .int4 }
}

extension MicroTensor {
  fileprivate var scale: Float { quantization?.scales.first ?? 0 }
  fileprivate var zeroPoint: Int { quantization?.zeroPoints.first ?? 0 }

  fileprivate var numbersText: String {
    quantization == nil ? "none" : "scale \(scale), zero point \(zeroPoint)"
  }
}

extension OperatorUse {
  func numberFindings(_ rule: KernelRule) -> [Finding] {
    switch rule {
    case .rescales: scaleFindings()
    case .perTensor: perTensorFindings()
    case .plainIntegers: plainIntegerFindings()
    case .zeroPointIsZero(let type): zeroPointFindings(type)
    case .sameNumbers(let operands, let consequence, let tolerance):
      sameNumberFindings(operands.compactMap(operand), consequence, tolerance)
    case .sameNumbersAmongOperands: amongOperandsFindings()
    case .sameNumbersOfAll: joinedFindings()
    case .resultNumbers(let type, let scale, let zeroPoint): resultFindings(type, scale, zeroPoint)
    case .softmaxNumbers: softmaxFindings()
    case .softmaxScale: softmaxScaleFindings()
    case .hardSwishScale: hardSwishFindings()
    case .sumLimits: sumFindings()
    case .comparedScales: comparedFindings()
    case .wideSum: wideSumFindings()
    default: []
    }
  }

  /// SUB and others stop at a scale of 0; the rest multiply by it.
  private func scaleFindings() -> [Finding] {
    (operands.compactMap(\.self) + results)
      .filter { $0.type.isQuantizable && $0.quantization == nil }
      .map {
        Finding(
          op.code == .sub ? .aborts : .rejected,
          "the \($0.type) tensor '\($0.name)' has no scale and zero point",
          "give it both (TFLM ignores one without the other)")
      }
  }

  private func perTensorFindings() -> [Finding] {
    (operands.compactMap(\.self) + results).filter { ($0.quantization?.scales.count ?? 1) > 1 }
      .map {
        let consequence: MicroProblem.Consequence = op.code == .quantize ? .rejected : .wrong
        return Finding(
          consequence, "'\($0.name)' has one scale for each channel", "give it one scale for all")
      }
  }

  private func plainIntegerFindings() -> [Finding] {
    operands.compactMap(\.self).filter { $0.type == .int32 && $0.quantization != nil }
      .map { Finding(.rejected, "the int32 operand '\($0.name)' has a scale", "leave it away") }
  }

  private func zeroPointFindings(_ type: MicroType) -> [Finding] {
    let unchecked: Set<BuiltinOperator> = [
      .conv2D, .depthwiseConv2D, .transposeConv, .fullyConnected, .sub, .pad,
    ]
    return (operands.compactMap(\.self) + results).filter { $0.type == type && $0.zeroPoint != 0 }
      .map {
        Finding(
          unchecked.contains(op.code) ? .wrong : .rejected,
          "the \(type) tensor '\($0.name)' has zero point \($0.zeroPoint), expected 0",
          "make its range symmetric")
      }
  }

  // MARK: Integers taken over as they are

  private func sameNumberFindings(
    _ operands: [MicroTensor], _ consequence: MicroProblem.Consequence, _ tolerance: Float
  ) -> [Finding] {
    results.flatMap { result in
      operands.compactMap { difference($0, result, consequence, tolerance) }
    }
  }

  private func difference(
    _ operand: MicroTensor, _ result: MicroTensor, _ consequence: MicroProblem.Consequence, _ tolerance: Float
  ) -> Finding? {
    guard result.type.isQuantizable, operand.type == result.type else { return nil }
    // Without numbers on both sides there is nothing to keep.
    if operand.quantization == nil && result.quantization == nil { return nil }
    if abs(operand.scale - result.scale) <= tolerance && operand.zeroPoint == result.zeroPoint { return nil }
    return Finding(
      consequence,
      "it takes over the integers of '\(operand.name)' (\(operand.numbersText)) into '\(result.name)' "
        + "(\(result.numbersText))",
      "give both the same scale and zero point, or put a QUANTIZE between")
  }

  private func amongOperandsFindings() -> [Finding] {
    guard let first = operand(0), first.type.isQuantizable else { return [] }
    return operands.compactMap(\.self).dropFirst()
      .filter { $0.scale != first.scale || $0.zeroPoint != first.zeroPoint }
      .map {
        Finding(
          .rejected, "'\($0.name)' (\($0.numbersText)) and '\(first.name)' (\(first.numbersText)) differ",
          "give all operands the same scale and zero point")
      }
  }

  /// Joined tensors are copied; only int8 is compared by the kernel.
  private func joinedFindings() -> [Finding] {
    let isChecked = op.code == .concatenation && result?.type == .int8
    return sameNumberFindings(operands.compactMap(\.self), isChecked ? .rejected : .wrong, 0)
  }

  // MARK: Results that are always the same

  private func resultFindings(_ type: MicroType, _ scale: Float, _ zeroPoint: Int) -> [Finding] {
    guard let result, result.type == type, result.quantization != nil else { return [] }
    // int16 scales are compared with a power of two within a thousandth.
    let tolerance = type == .int16 ? scale / 1000 : 0
    guard abs(result.scale - scale) > tolerance || result.zeroPoint != zeroPoint else { return [] }
    return [
      Finding(
        isResultChecked(type, zeroPoint) ? .rejected : .wrong,
        "its result has \(result.numbersText), but it makes scale \(scale), zero point \(zeroPoint)",
        "give the result these numbers, and requantize it behind when others are needed")
    ]
  }

  private func isResultChecked(_ type: MicroType, _ zeroPoint: Int) -> Bool {
    switch op.code {
    case .logSoftmax: true
    case .logistic: type == .int16 || result?.zeroPoint != zeroPoint
    case .tanh: type == .int16
    default: false
    }
  }

  private func softmaxFindings() -> [Finding] {
    guard let input = operand(0), let result else { return [] }
    switch (input.type, result.type) {
    case (.int8, .int8): return resultFindings(.int8, 1 / 256, -128).map(Self.asRejected)
    case (.int16, .int16):
      return resultFindings(.int16, 1 / 32768, 0).map(Self.asRejected) + zeroPointFindings(.int16)
    case (.int8, .int16): return resultFindings(.int16, 1 / 65536, -32768).map(Self.asRejected)
    default: return []
    }
  }

  private static func asRejected(_ finding: Finding) -> Finding {
    Finding(.rejected, finding.message, finding.advice)
  }

  // MARK: Scales that do not fit into a multiplier

  private func softmaxScaleFindings() -> [Finding] {
    guard let input = operand(0), input.type == .int8, input.scale > 0, case .softmax(let beta) = op.options,
      beta * input.scale * 0x1p26 <= 1
    else { return [] }
    return [
      Finding(
        .aborts, "beta \(beta) times the input's scale \(input.scale) is not over 2^-26",
        "calibrate the input again: it hardly varies")
    ]
  }

  private func hardSwishFindings() -> [Finding] {
    guard let input = operand(0), let result, input.type == .int8, input.scale > 0, result.scale > 0,
      input.scale / 128 >= result.scale
    else { return [] }
    return [
      Finding(
        .rejected, "the result's scale \(result.scale) is not over 1/128 of the input's \(input.scale)",
        "widen the result's range")
    ]
  }

  private func sumFindings() -> [Finding] {
    guard let result, result.type == .int8 || result.type == .int16, result.scale > 0 else { return [] }
    let widest = operands.compactMap { $0?.scale }.max() ?? 0
    let exponent = result.type == .int8 ? 20 : 15
    guard 2 * Double(widest) >= Double(result.scale) * Double(1 << exponent) else { return [] }
    return [
      Finding(
        .aborts,
        "twice the input scale \(widest) is 2^\(exponent) times the result's scale \(result.scale) or more",
        "widen the result's range")
    ]
  }

  private func comparedFindings() -> [Finding] {
    operands.compactMap(\.self).filter { $0.type == .int8 && $0.scale >= 1 }
      .map {
        Finding(
          .aborts, "the scale \($0.scale) of '\($0.name)' is 1 or more", "compare tensors of a smaller range")
      }
  }

  /// Sums of int16 are kept in 32 bits.
  private func wideSumFindings() -> [Finding] {
    guard let input = operand(0), let result, input.type == .int16, result.elementCount > 0 else { return [] }
    let count = input.elementCount / result.elementCount
    guard count > 1 << 16 else { return [] }
    return [
      Finding(
        .wrong, "a sum of \(count) int16 numbers may not fit into 32 bits", "average in two steps, or in int8"
      )
    ]
  }
}
