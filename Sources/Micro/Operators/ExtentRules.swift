extension OperatorUse {
  func extentFindings(_ rule: KernelRule) -> [Finding] {
    switch rule {
    case .rank(let place, let ranks): rankFindings(place, ranks)
    case .floatRank(let rank):
      operands.compactMap(\.self).filter { $0.type == .float32 && $0.shape.count > rank }
        .map { Finding(.rejected, "'\($0.name)' has \($0.shape.count) axes, at most \(rank)", "reshape it") }
    case .steps: stepFindings()
    case .groups: groupFindings()
    case .depthMultiplier: multiplierFindings()
    case .blockSize:
      op.options.blockSize.map { $0 > 0 } ?? false
        ? [] : [Finding(.rejected, "its block size is \(op.options.blockSize ?? 0)", "give it")]
    case .permutation: permutationFindings()
    case .atMostOperands(let count):
      op.inputs.count <= count
        ? []
        : [
          Finding(
            .rejected, "it has \(op.inputs.count) operands, at most \(count)", "join them in several steps")
        ]
    case .axis: axisFindings()
    case .shape(let consequence): shapeFindings(consequence)
    default: []
    }
  }

  private func rankFindings(_ place: Int, _ ranks: ClosedRange<Int>) -> [Finding] {
    guard let tensor = operand(place), !ranks.contains(tensor.shape.count) else { return [] }
    let isCrash = [.conv2D, .depthwiseConv2D, .slice].contains(op.code)
    let expected =
      ranks.lowerBound == ranks.upperBound
      ? "\(ranks.lowerBound)"
      : ranks.upperBound >= MicroKernel.many
        ? "\(ranks.lowerBound) or more" : "\(ranks.lowerBound) to \(ranks.upperBound)"
    return [
      Finding(
        isCrash ? .aborts : .rejected,
        "'\(tensor.name)' has \(tensor.shape.count) axes (\(tensor.shape)), expected \(expected)",
        "reshape it")
    ]
  }

  private func stepFindings() -> [Finding] {
    let steps: [(String, Int)]
    switch op.options {
    case .convolution(let options), .depthwise(let options, _):
      steps = [
        ("stride", options.strideWidth), ("stride", options.strideHeight),
        ("dilation", options.dilationWidth),
        ("dilation", options.dilationHeight),
      ]
    case .transposedConvolution(let options):
      steps = [("stride", options.strideWidth), ("stride", options.strideHeight)]
    case .pool(let options):
      steps = [
        ("stride", options.strideWidth), ("stride", options.strideHeight), ("window", options.filterWidth),
        ("window", options.filterHeight),
      ]
    default: return [Finding(.wrong, "its options are missing", "give strides and padding")]
    }
    guard let wrong = steps.first(where: { $0.1 < 1 }) else { return [] }
    return [Finding(.wrong, "its \(wrong.0) is \(wrong.1), expected 1 or more", "give one")]
  }

  private func groupFindings() -> [Finding] {
    guard let data = operand(0)?.shape, let weights = operand(1)?.shape, data.count == 4, weights.count == 4,
      weights[3] > 0
    else { return [] }
    let groups = data[3] / weights[3]
    if data[3] % weights[3] == 0 && groups > 0 && weights[0] % groups == 0 { return [] }
    return [
      Finding(
        .wrong,
        "\(data[3]) channels with weights for \(weights[3]) do not divide \(weights[0]) results into groups",
        "make both divisible by the number of groups")
    ]
  }

  private func multiplierFindings() -> [Finding] {
    guard case .depthwise(_, let multiplier) = op.options, let data = operand(0)?.shape,
      let weights = operand(1)?.shape, data.count == 4, weights.count == 4
    else { return [] }
    guard weights[0] != 1 || weights[3] != data[3] * multiplier else { return [] }
    return [
      Finding(
        .wrong,
        "\(data[3]) channels times the depth multiplier \(multiplier) are not the weights' \(weights)",
        "the weights are 1 × height × width × (channels times multiplier)")
    ]
  }

  private func permutationFindings() -> [Finding] {
    guard let order = integers(1), let data = operand(0) else { return [] }
    if order.sorted() == Array(data.shape.indices) { return [] }
    return [
      Finding(.rejected, "\(order) does not order \(data.shape.count) axes", "name every axis once, from 0")
    ]
  }

  /// The kernel reads beyond the shape.
  private func axisFindings() -> [Finding] {
    guard case .concatenation(let axis, _) = op.options, let rank = operand(0)?.shape.count,
      !(-rank..<rank).contains(axis)
    else { return [] }
    return [Finding(.aborts, "there is no axis \(axis) in \(rank)", "name an axis that is there")]
  }

  /// Kernels take the declared shapes for granted.
  private func shapeFindings(_ consequence: MicroProblem.Consequence) -> [Finding] {
    guard let expected = ShapeExpectation(self).shapes else { return [] }
    return zip(results, expected).compactMap { result, expectation in
      if expectation.fits(result.shape) { return nil }
      return Finding(
        consequence, "'\(result.name)' is declared as \(result.shape), but it makes \(expectation)",
        "declare the shape that it makes")
    }
  }
}

extension MicroOptions {
  fileprivate var blockSize: Int? {
    if case .blocks(let size) = self { return size }
    return nil
  }
}
