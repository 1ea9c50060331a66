import Micro

extension MicroOperator {
  /// The version that LiteRT wants for this use of the operator. TFLM reads none.
  func version(in tensors: [MicroTensor]) -> Int {
    let first = inputs.compactMap { $0 }.first.map { tensors[$0] }
    let result = outputs.first.map { tensors[$0] }
    let type = code == .transposeConv ? inputs[2].map { tensors[$0].type } : first?.type
    let rank = max(first?.shape.count ?? 0, result?.shape.count ?? 0)
    switch (code, type ?? .float32) {
    case (.conv2D, .float32): return 1
    case (.conv2D, let type): return isGrouped(tensors) ? 6 : type == .int16 ? 4 : 3
    case (.depthwiseConv2D, let type): return depthwiseVersion(type)
    case (.fullyConnected, let type): return fullyConnectedVersion(type)
    case (.transposeConv, let type):
      if case .transposedConvolution(let options) = options, options.activation != .none { return 4 }
      return inputs.count > 3 ? 3 : type == .float32 ? 1 : 2
    case (.add, let type), (.batchMatmul, let type): return type == .int16 ? 3 : type == .int8 ? 2 : 1
    case (.sub, let type): return type == .int16 ? 5 : rank > 4 ? 3 : type == .int8 ? 2 : 1
    case (.mul, let type): return type == .int16 ? 4 : type == .int8 ? 2 : 1
    case (.maximum, let type), (.minimum, let type), (.unpack, let type):
      return type == .int16 ? 4 : type == .int8 ? 2 : 1
    case (.split, let type): return type == .int16 ? 4 : type == .int32 ? 3 : type == .int8 ? 2 : 1
    case (.slice, let type): return rank > 4 ? 5 : type == .int16 ? 4 : type == .int8 ? 2 : 1
    case (.transpose, let type): return type == .int16 ? 5 : rank > 4 ? 4 : type == .int8 ? 2 : 1
    case (.resizeBilinear, let type), (.resizeNearestNeighbor, let type):
      if type == .int16 { return 4 }
      if case .resize(_, true) = options { return 3 }
      return type == .int8 ? 2 : 1
    case (.unidirectionalSequenceLstm, let type): return type == .int16 ? 5 : type == .int8 ? 3 : 1
    case (.quantize, _): return result?.type == .int16 ? 2 : 1
    case (.leakyRelu, let type): return type == .int16 ? 2 : 1
    case (.hardSwish, _), (.prelu, _), (.reshape, _), (.squeeze, _), (.expandDims, _), (.div, _), (.cast, _),
      (.broadcastTo, _), (.selectV2, _):
      return 1
    case (.gather, let type), (.equal, let type), (.notEqual, let type), (.less, let type),
      (.lessEqual, let type), (.greater, let type), (.greaterEqual, let type), (.argMax, let type),
      (.argMin, let type), (.stridedSlice, let type), (.depthToSpace, let type), (.spaceToDepth, let type),
      (.logSoftmax, let type):
      return type == .int8 ? 2 : 1
    case (_, .int8): return 2
    case (_, .int16): return 3
    default: return 1
    }
  }

  private func isGrouped(_ tensors: [MicroTensor]) -> Bool {
    guard let data = inputs[0], let filter = inputs[1] else { return false }
    return tensors[data].shape.last != tensors[filter].shape.last
  }

  private func depthwiseVersion(_ type: MicroType) -> Int {
    switch type {
    case .int16: return 5
    case .int8: return 3
    default:
      guard case .depthwise(let options, _) = options else { return 1 }
      return options.dilationWidth > 1 || options.dilationHeight > 1 ? 2 : 1
    }
  }

  private func fullyConnectedVersion(_ type: MicroType) -> Int {
    if type == .int16 { return 7 }
    if inputs.count < 3 || inputs[2] == nil { return 6 }
    if case .fullyConnected(let options) = options, options.keepsDimensions { return 5 }
    return type == .int8 ? 4 : 1
  }
}
