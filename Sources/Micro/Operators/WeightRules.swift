import Graph

extension OperatorUse {
  /// Convolutions: per-channel weights, and a bias that is added as it is.
  func weightFindings(_ place: Int, channelAxis: Int, bias: Int) -> [Finding] {
    guard let weights = operand(place), weights.type != .float32, let result else { return [] }
    guard let quantization = weights.quantization else {
      return [
        Finding(.rejected, "its weights '\(weights.name)' have no scale", "give them one and a zero point")
      ]
    }
    var findings: [Finding] = []
    let channels = weights.shape.indices.contains(channelAxis) ? weights.shape[channelAxis] : 0
    let count = quantization.scales.count
    if count != 1 && count != channels {
      findings.append(
        Finding(
          .rejected, "its weights have \(count) scales, expected 1 or \(channels)",
          "give one scale for each output channel"))
    } else if count > 1 && quantization.axis ?? 0 != channelAxis {
      findings.append(
        Finding(
          .rejected,
          "the scales of its weights are along axis \(quantization.axis ?? 0), expected \(channelAxis)",
          "quantize along the output channels"))
    }
    if let point = quantization.zeroPoints.first(where: { $0 != 0 }) {
      findings.append(
        Finding(.wrong, "the zero point \(point) of its weights is ignored", "quantize weights symmetrically")
      )
    }
    if let result = self.operand(bias) {
      findings += biasLengthFindings(result, channels)
    }
    if findings.isEmpty { findings = biasScaleFindings(place, bias) }
    if op.code == .transposeConv, result.shape.count != 4 {
      findings.append(Finding(.aborts, "its result has \(result.shape.count) axes, expected 4", "reshape it"))
    }
    return findings
  }

  private func biasLengthFindings(_ bias: MicroTensor, _ channels: Int) -> [Finding] {
    guard bias.elementCount != channels else { return [] }
    return [
      Finding(
        .wrong, "its bias has \(bias.elementCount) numbers for \(channels) channels", "give one for each")
    ]
  }

  /// A bias is added to products, whatever its own scale says.
  private func biasScaleFindings(_ place: Int, _ biasPlace: Int) -> [Finding] {
    let data = op.code == .transposeConv ? 2 : 0
    guard let bias = operand(biasPlace), let numbers = bias.quantization,
      let weights = operand(place)?.quantization,
      let input = operand(data)?.quantization
    else { return [] }
    for (index, scale) in numbers.scales.enumerated() {
      let expected = input.scales[0] * weights.scales[min(index, weights.scales.count - 1)]
      if abs(scale - expected) <= abs(expected) * 0.01 { continue }
      return [
        Finding(
          .wrong, "its bias has scale \(scale) at \(index), but is added in units of \(expected)",
          "quantize the bias with the product of the input's and the weights' scales")
      ]
    }
    return []
  }

  func denseWeightFindings() -> [Finding] {
    guard let input = operand(0), let weights = operand(1), let result, input.type != .float32 else {
      return []
    }
    guard let numbers = weights.quantization else {
      return [
        Finding(.rejected, "its weights '\(weights.name)' have no scale", "give them one and a zero point")
      ]
    }
    let outputs = weights.shape.first ?? 0
    var findings = operand(2).map { biasLengthFindings($0, outputs) } ?? []
    if numbers.scales.count > 1 { return findings + perChannelFindings(weights, numbers, outputs) }
    guard let bias = operand(2), let scale = input.quantization?.scales[0],
      let made = result.quantization?.scales[0]
    else { return findings }
    // A bias without numbers counts as one of scale 0.
    let difference = abs(
      Double(scale) * Double(numbers.scales[0]) - Double(bias.quantization?.scales[0] ?? 0))
    if difference / Double(made) > 0.02 {
      findings.append(
        Finding(
          .rejected,
          "its bias has scale \(bias.quantization?.scales[0] ?? 0), expected \(scale * numbers.scales[0])",
          "quantize the bias with the product of the input's and the weights' scales"))
    }
    return findings
  }

  private func perChannelFindings(
    _ weights: MicroTensor, _ numbers: Quantization, _ outputs: Int
  ) -> [Finding] {
    if weights.type == .int4 {
      return [Finding(.rejected, "its int4 weights have one scale for each channel", "give one for all")]
    }
    var findings: [Finding] = []
    if numbers.axis ?? 0 != 0 || numbers.scales.count != outputs {
      findings.append(
        Finding(
          .rejected,
          "its weights have \(numbers.scales.count) scales along axis \(numbers.axis ?? 0), expected \(outputs) along 0",
          "quantize along the outputs"))
    }
    if numbers.zeroPoints.contains(where: { $0 != 0 }) {
      findings.append(
        Finding(.wrong, "the zero points of its weights are ignored", "quantize weights symmetrically"))
    }
    return findings.isEmpty ? biasScaleFindings(1, 2) : findings
  }

  // MARK: LSTM

  func lstmFindings() -> [Finding] {
    var findings: [Finding] = []
    let unsupported = [
      ("peephole weights", 9...11), ("a projection", 16...17), ("layer normalization", 20...23),
    ]
    for (what, places) in unsupported where places.contains(where: { operand($0) != nil }) {
      findings.append(Finding(.rejected, "it has \(what)", "express the layer without, or step by step"))
    }
    for place in Array(1...8) + Array(12...15) + [0, 18, 19] where operand(place) == nil {
      findings.append(Finding(.rejected, "operand \(place) is absent", "give all weights, biases and states"))
    }
    for place in [18, 19] {
      if let state = operand(place), !state.isVariable {
        findings.append(
          Finding(.rejected, "its state '\(state.name)' is no variable", "mark it as a variable"))
      }
    }
    if case .lstm(let options) = op.options, options.activation != .tanh {
      findings.append(
        Finding(.aborts, "its activation is \(options.activation), expected tanh", "only tanh is implemented")
      )
    }
    if let hidden = operand(18), let result, hidden.type.isQuantizable,
      hidden.quantization?.scales[0] != result.quantization?.scales[0]
        || hidden.quantization?.zeroPoints[0] != result.quantization?.zeroPoints[0]
    {
      findings.append(
        Finding(
          .wrong, "its hidden state and its result have different numbers, but one is copied to the other",
          "give both the same scale and zero point"))
    }
    if let cell = operand(19), cell.type == .int16, let scale = cell.quantization?.scales[0],
      scale.significand != 1
    {
      findings.append(
        Finding(
          .wrong, "the cell state's scale \(scale) is rounded to a power of two", "choose a power of two"))
    }
    for place in 1...8 {
      if let point = operand(place)?.quantization?.zeroPoints.first(where: { $0 != 0 }) {
        findings.append(
          Finding(
            .wrong, "the zero point \(point) of its weights (operand \(place)) is ignored",
            "quantize weights symmetrically"))
      }
    }
    return findings
  }
}
