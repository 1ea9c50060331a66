import Graph

extension Operation {
  /// This operation on stored axes, for an operator whose operands and results are arranged.
  func rearranged(_ mode: LayoutMode, target: DataLayout) -> Operation {
    if layout != nil { return with(target) }
    let (operand, result) = (mode.operands.first ?? nil, mode.results.first ?? nil)
    switch self {
    case .reshape(let shape): return .reshape(result.map { shape.permuted($0.order) } ?? shape)
    case .recurrent(var recurrent):
      if let operand, !operand.isIdentity { recurrent.batchMajor.toggle() }
      return .recurrent(recurrent)
    case .matmul(let left, let right):
      func swaps(_ side: Arrangement?) -> Bool {
        side.map { $0.rank > 1 && $0.order.last != $0.rank - 1 } ?? false
      }
      return .matmul(
        transposesLeft: left != swaps(mode.operands[0]), transposesRight: right != swaps(mode.operands[1]))
    default: break
    }
    guard let data = operand ?? result, !data.isIdentity else { return self }
    return alongAxes(data) ?? overAllAxes(data) ?? self
  }

  /// Operations that name single axes.
  private func alongAxes(_ data: Arrangement) -> Operation? {
    switch self {
    case .concat(let axis): return .concat(axis: data.position(of: axis))
    case .split(let axis, let parts): return .split(axis: data.position(of: axis), parts: parts)
    case .gather(let axis): return .gather(axis: data.position(of: axis))
    case .gatherElements(let axis): return .gatherElements(axis: data.position(of: axis))
    case .scatterElements(let axis, let reduction):
      return .scatterElements(axis: data.position(of: axis), reduction)
    case .reverseSequence(let batchAxis, let timeAxis):
      return .reverseSequence(batchAxis: data.position(of: batchAxis), timeAxis: data.position(of: timeAxis))
    case .reduce(let kind, let axes, let keepsAxes):
      return .reduce(kind, axes: axes.map { data.position(of: $0) }.sorted(), keepsAxes: keepsAxes)
    case .argExtreme(let maximum, let axis, let keepsAxis, let selectsLast):
      return .argExtreme(
        maximum: maximum, axis: data.position(of: axis), keepsAxis: keepsAxis, selectsLast: selectsLast)
    case .topK(var topK):
      topK.axis = data.position(of: topK.axis)
      return .topK(topK)
    case .cumulative(var cumulative):
      cumulative.axis = data.position(of: cumulative.axis)
      return .cumulative(cumulative)
    case .softmax(let axis, let logarithmic):
      return .softmax(axis: data.position(of: axis), logarithmic: logarithmic)
    case .quantizeLinear(let axis?, let blockSize, let element):
      return .quantizeLinear(axis: data.position(of: axis), blockSize: blockSize, element)
    case .dequantizeLinear(let axis?, let blockSize):
      return .dequantizeLinear(axis: data.position(of: axis), blockSize: blockSize)
    case .composite(.localResponseNormalization(let size, let alpha, let beta, let bias, let axis)):
      return .composite(
        .localResponseNormalization(
          size: size, alpha: alpha, beta: beta, bias: bias, channelAxis: data.position(of: axis)))
    default: return nil
    }
  }

  /// Operations that say something about every axis.
  private func overAllAxes(_ data: Arrangement) -> Operation? {
    switch self {
    case .broadcast(let shape): return .broadcast(shape.permuted(data.order))
    case .tile(let repeats): return .tile(data.permuted(repeats))
    case .slice(var slice):
      slice.starts = data.permuted(slice.starts)
      slice.steps = data.permuted(slice.steps)
      slice.counts = slice.counts.permuted(data.order)
      return .slice(slice)
    case .pad(var pad):
      pad.before = data.permuted(pad.before)
      pad.after = data.permuted(pad.after)
      return .pad(pad)
    case .resize(var resize):
      resize.output = resize.output.permuted(data.order)
      resize.scales = data.permuted(resize.scales)
      if resize.region.count == data.rank { resize.region = data.permuted(resize.region) }
      return .resize(resize)
    default: return nil
    }
  }

  /// The same window operator in another layout.
  func with(_ layout: DataLayout) -> Operation {
    switch self {
    case .convolution(var convolution):
      convolution.layout = layout
      return .convolution(convolution)
    case .transposedConvolution(var convolution):
      convolution.layout = layout
      return .transposedConvolution(convolution)
    case .pool(var pool):
      pool.layout = layout
      return .pool(pool)
    case .composite(.groupNormalization(let groups, let epsilon, _)):
      return .composite(.groupNormalization(groups: groups, epsilon: epsilon, layout: layout))
    case .composite(.depthToSpace(let blockSize, let depthFirst, _)):
      return .composite(.depthToSpace(blockSize: blockSize, depthFirst: depthFirst, layout: layout))
    case .composite(.spaceToDepth(let blockSize, _)):
      return .composite(.spaceToDepth(blockSize: blockSize, layout: layout))
    default: return self
    }
  }
}
