import Graph

extension DataLayout {
  /// The permutation that takes data of this layout to channels-last: axis `i` of the result is axis `p[i]`.
  static func toChannelsLast(rank: Int) -> [Int] { [0] + Array(2..<rank) + [1] }
  /// The permutation back.
  static func toChannelsFirst(rank: Int) -> [Int] { [0, rank - 1] + Array(1..<(rank - 1)) }
}

extension Operation {
  /// The same operator on channels-last data.
  var channelsLast: Operation {
    switch self {
    case .convolution(var convolution):
      convolution.layout = .channelsLast
      return .convolution(convolution)
    case .transposedConvolution(var convolution):
      convolution.layout = .channelsLast
      return .transposedConvolution(convolution)
    case .pool(var pool):
      pool.layout = .channelsLast
      return .pool(pool)
    case .composite(.groupNormalization(let groups, let epsilon, _)):
      return .composite(.groupNormalization(groups: groups, epsilon: epsilon, layout: .channelsLast))
    case .composite(.depthToSpace(let block, let depthFirst, _)):
      return .composite(.depthToSpace(blockSize: block, depthFirst: depthFirst, layout: .channelsLast))
    case .composite(.spaceToDepth(let block, _)):
      return .composite(.spaceToDepth(blockSize: block, layout: .channelsLast))
    default: return self
    }
  }
}

extension Graph {
  /// Puts transposes around the operators that still work on channels-first data.
  ///
  /// The layout pass leaves none; this is for graphs that did not go through it.
  mutating func makeChannelsLast() throws(Diagnostic) {
    guard operators.contains(where: { $0.operation.layout == .channelsFirst }) else { return }
    let old = operators
    operators = []
    for var node in old {
      guard node.operation.layout == .channelsFirst, let data = node.inputs.first ?? nil,
        self[data].shape.rank >= 3
      else {
        node.operation = node.operation.channelsLast
        operators.append(node)
        continue
      }
      let rank = self[data].shape.rank
      node.inputs[0] =
        try append(
          .transpose(DataLayout.toChannelsLast(rank: rank)), inputs: [data],
          names: ["\(self[data].name)/channels last"], sources: node.sources)[0]
      let results = node.outputs
      for (index, result) in results.enumerated() {
        guard let result else { continue }
        let type = self[result].type
        node.outputs[index] = addTensor(
          "\(self[result].name)/channels last",
          TensorType(type.element, type.shape.permuted(DataLayout.toChannelsLast(rank: rank))))
      }
      node.operation = node.operation.channelsLast
      operators.append(node)
      for (made, result) in zip(node.outputs, results) where result != nil {
        operators.append(
          Operator(
            .transpose(DataLayout.toChannelsFirst(rank: rank)), inputs: [made], outputs: [result],
            sources: node.sources))
      }
    }
  }
}
