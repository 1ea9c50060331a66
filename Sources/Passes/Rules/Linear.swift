import Graph

/// A convolution, transposed convolution or dense operator, seen as weights `[O, …]` and a bias `[O]`.
struct LinearStage {
  let operation: Operation
  let data: TensorID
  let weightsID: TensorID
  let weights: Constant?
  let biasID: TensorID?
  let outputCount: Int
  /// The axis of the result that the outputs lie on.
  let channelAxis: Int
  let resultRank: Int

  /// Nil for other operators, for one that already limits its result, and where the bias is not a constant.
  init?(_ node: Operator, in editor: Editor) {
    guard node.operation.isLinear, node.operation.clamp == nil, let data = node.inputs[0],
      let weightsID = node.inputs[1], let result = node.outputs[0],
      let count = editor.shape(weightsID)[0].fixedValue
    else { return nil }
    biasID = node.inputs.count > 2 ? node.inputs[2] : nil
    if let biasID, editor.constant(biasID) == nil { return nil }
    operation = node.operation
    self.data = data
    self.weightsID = weightsID
    weights = editor.constant(weightsID)
    outputCount = count
    resultRank = editor.shape(result).rank
    channelAxis = operation.layout?.channelAxis(rank: resultRank) ?? resultRank - 1
  }

  /// The same stage with its outputs multiplied by `factors`.
  func scaled(by factors: [Float], in editor: inout Editor) -> [TensorID?]? {
    guard let weights else { return nil }
    let filter = editor.addDerived(weights.scaled(axis: 0, factors: factors), from: weightsID, like: nil)
    guard let biasID, let bias = editor.constant(biasID) else { return [data, filter] }
    return [data, filter, editor.addDerived(bias.scaled(axis: 0, factors: factors), from: biasID, like: nil)]
  }

  /// The same stage with `shift` added to its outputs. `source` names the constant that the shift comes from.
  func shifted(by shift: Constant, from source: TensorID, in editor: inout Editor) -> [TensorID?] {
    guard let biasID, let bias = editor.constant(biasID) else {
      return [data, weightsID, editor.addDerived(shift, from: source, like: nil)]
    }
    let sum = bias.combined(shift, +, limit: outputCount) ?? bias
    return [data, weightsID, editor.addDerived(sum, from: biasID, like: nil)]
  }
}

extension Operation {
  /// Whether this is a convolution, transposed convolution or dense operator.
  var isLinear: Bool {
    switch self {
    case .convolution, .transposedConvolution, .dense: true
    default: false
    }
  }
}

extension Rule {
  /// Multiplications (batch normalization) go into the weights before them.
  static let scalesIntoWeights = Rule("scales folded into weights") { node, editor in
    guard let step = AffineStep(node, in: editor), step.kind == .multiply,
      let maker = editor.soleMaker(step.operand), let stage = LinearStage(maker.node, in: editor),
      let factors = step.constant.alongAxis(
        stage.channelAxis, rank: stage.resultRank, count: stage.outputCount),
      factors.allSatisfy(\.isFinite), let inputs = stage.scaled(by: factors, in: &editor)
    else { return nil }
    return .operation(
      stage.operation, inputs, absorbing: [maker.index],
      change: "scale of '\(node.sourceName)' folded into '\(maker.node.sourceName)'")
  }

  /// Additions of constants become the bias of the operator before them.
  static let shiftsIntoBias = Rule("additions folded into bias") { node, editor in
    guard let step = AffineStep(node, in: editor), step.kind == .add,
      let maker = editor.soleMaker(step.operand), let stage = LinearStage(maker.node, in: editor),
      let shift = step.constant.alongAxis(stage.channelAxis, rank: stage.resultRank, count: stage.outputCount)
    else { return nil }
    // The constant itself where it already is a vector, so that it keeps its source.
    let vector =
      step.constant.elementCount == stage.outputCount
      ? step.constant.reshaped([stage.outputCount])
      : Constant(TensorValue(floats: shift, sizes: [stage.outputCount]), name: step.constant.source.name)
    return .operation(
      stage.operation, stage.shifted(by: vector, from: step.constantID, in: &editor),
      absorbing: [maker.index],
      change: "addition '\(node.sourceName)' folded into '\(maker.node.sourceName)'")
  }

  /// Multiplications per input channel go into the convolution or dense operator behind them: zero padding stays zero.
  static let scalesIntoNextWeights = Rule("scales folded into the next weights") { node, editor in
    guard node.operation.isLinear, let weightsID = node.inputs[1], let weights = editor.constant(weightsID),
      let maker = editor.soleMaker(node.inputs[0]), let step = AffineStep(maker.node, in: editor),
      step.kind == .multiply
    else { return nil }
    let rank = editor.shape(step.operand).rank
    let axis = node.operation.layout?.channelAxis(rank: rank) ?? rank - 1
    guard let count = editor.shape(step.operand)[axis].fixedValue,
      let factors = step.constant.alongAxis(axis, rank: rank, count: count),
      factors.allSatisfy(\.isFinite),
      let scaled = weights.scaledInputs(by: factors, groups: node.operation.groups)
    else { return nil }
    var inputs = node.inputs
    inputs[0] = step.operand
    inputs[1] = editor.addDerived(scaled, from: weightsID, like: nil)
    return .operation(
      node.operation, inputs, absorbing: [maker.index],
      change: "scale of '\(maker.node.sourceName)' folded into '\(node.sourceName)'")
  }

  /// Additions per input channel go into the bias of an unpadded convolution or dense operator behind them.
  static let shiftsIntoNextBias = Rule("additions folded into the next bias") { node, editor in
    guard let (groups, allows) = node.operation.acceptsShiftedInput, allows,
      let weightsID = node.inputs[1], let weights = editor.constant(weightsID),
      weights.elementCount <= 1 << 24, let maker = editor.soleMaker(node.inputs[0]),
      let step = AffineStep(maker.node, in: editor), step.kind == .add
    else { return nil }
    let biasID = node.inputs.count > 2 ? node.inputs[2] : nil
    guard biasID == nil || editor.constant(biasID) != nil else { return nil }
    let rank = editor.shape(step.operand).rank
    let axis = node.operation.layout?.channelAxis(rank: rank) ?? rank - 1
    guard let count = editor.shape(step.operand)[axis].fixedValue,
      let shifts = step.constant.alongAxis(axis, rank: rank, count: count)
    else { return nil }
    let sums = weights.sums(against: shifts, groups: groups)
    let bias = editor.constant(biasID)?.realized().floats.array ?? [Float](repeating: 0, count: sums.count)
    let total = TensorValue(floats: zip(bias, sums).map { Float(Double($0) + $1) }, sizes: [sums.count])
    let source = biasID ?? step.constantID
    let id = editor.addDerived(
      Constant(total, name: editor.constant(source)?.source.name ?? ""), from: source, like: nil)
    return .operation(
      node.operation, [step.operand, weightsID, id], absorbing: [maker.index],
      change: "addition '\(maker.node.sourceName)' folded into '\(node.sourceName)'")
  }

  /// A product with constant weights is a dense operator.
  static let products = Rule("products made dense") { node, editor in
    guard case .matmul(false, let transposed) = node.operation, let data = node.inputs[0],
      let weightsID = node.inputs[1], let weights = editor.constant(weightsID), editor.constant(data) == nil,
      editor.type(data).element == .float32, editor.shape(data).rank >= 1
    else { return nil }
    let sizes = weights.sizes
    // Leading unit axes broadcast only; they must not widen the result.
    guard sizes.count >= 2, sizes.dropLast(2).allSatisfy({ $0 == 1 }),
      sizes.count <= max(2, editor.shape(data).rank)
    else { return nil }
    let matrix = weights.reshaped(Array(sizes.suffix(2)))
    let stored = transposed ? matrix : matrix.permuted([1, 0])
    return .operation(
      .dense(clamp: nil), [data, editor.addDerived(stored, from: weightsID, like: nil)])
  }
}

extension Operation {
  fileprivate var groups: Int {
    switch self {
    case .convolution(let convolution): convolution.groups
    case .transposedConvolution(let convolution): convolution.groups
    default: 1
    }
  }

  /// The groups, and whether a constant added to the input adds a constant to every output: nothing is padded in.
  fileprivate var acceptsShiftedInput: (groups: Int, allows: Bool)? {
    switch self {
    case .dense: (1, true)
    case .convolution(let convolution): (convolution.groups, !convolution.window.hasPadding)
    default: nil
    }
  }
}

extension Constant {
  /// Weights `[O, …, I/groups]` with input channel `c` multiplied by `factors[c]`.
  fileprivate func scaledInputs(by factors: [Float], groups: Int) -> Constant? {
    let (outputs, depth) = (sizes[0], sizes[sizes.count - 1])
    if groups == 1 { return scaled(axis: sizes.count - 1, factors: factors) }
    guard depth == 1, outputs % groups == 0, factors.count == groups else { return nil }
    return scaled(axis: 0, factors: (0..<outputs).map { factors[$0 / (outputs / groups)] })
  }

  /// For each output the sum over all its weights times the shift of their input channel.
  fileprivate func sums(against shifts: [Float], groups: Int) -> [Double] {
    let (outputs, depth) = (sizes[0], sizes[sizes.count - 1])
    let floats = realized().floats
    let row = outputs == 0 ? 0 : floats.count / outputs
    return (0..<outputs).map { output in
      let firstChannel = output / max(1, outputs / groups) * depth
      return (0..<row).reduce(0.0) { sum, position in
        let channel = firstChannel + position % depth
        return sum + Double(floats[output * row + position]) * Double(shifts[channel])
      }
    }
  }
}
