extension MicroOperator {
  /// The version of this operator that LiteRT wants for what it is used for here; TFLM never looks.
  ///
  ///     subgraph.operators[0].liteRTVersion(in: subgraph)  // 3 for CONV_2D on int8
  public func liteRTVersion(in subgraph: MicroSubgraph) -> Int {
    OperatorVersion(OperatorUse(self, in: subgraph)).number
  }
}

/// The version rules, by the types of the first operand that is data.
private struct OperatorVersion {
  let use: OperatorUse

  init(_ use: OperatorUse) { self.use = use }

  private var code: BuiltinOperator { use.op.code }
  private func type(_ place: Int) -> MicroType? { use.operand(place)?.type }
  private var rank: Int { use.operand(0)?.shape.count ?? 0 }

  /// The version for int8, for int16, and for all others.
  private func by(int8: Int, int16: Int, others: Int = 1, operand: Int = 0) -> Int {
    switch type(operand) {
    case .int8: int8
    case .int16: int16
    default: others
    }
  }

  var number: Int {
    switch code {
    case .conv2D, .depthwiseConv2D, .fullyConnected, .transposeConv, .unidirectionalSequenceLstm,
      .batchMatmul,
      .svdf:
      layer
    case .add, .sub, .mul, .div, .maximum, .minimum: binary
    case .averagePool2D, .maxPool2D, .softmax, .mean, .reduceMax, .reduceMin, .mirrorPad, .relu6, .rsqrt,
      .logistic,
      .tanh, .concatenation, .pack, .relu, .abs, .lessEqual, .less, .greaterEqual:
      by(int8: 2, int16: 3)
    case .sum, .logSoftmax, .squaredDifference, .depthToSpace, .spaceToDepth, .splitV, .argMax, .argMin,
      .equal,
      .notEqual, .greater, .l2Normalization:
      by(int8: 2, int16: 1)
    case .leakyRelu: by(int8: 1, int16: 2)
    case .quantize: use.result?.type == .int16 ? 2 : 1
    case .dequantize: by(int8: 2, int16: 3)
    case .cast:
      [type(0), use.result?.type].contains(.int8) ? 3 : [type(0), use.result?.type].contains(.uint32) ? 2 : 1
    default: movement
    }
  }

  private var layer: Int {
    let isInt4 = type(1) == .int4
    switch (code, use.op.options) {
    case (.conv2D, .convolution(let options)):
      if type(0) == .int16 { return options.biasType == .float32 ? 4 : 8 }
      if isInt4 { return 7 }
      if isGrouped { return 6 }
      return type(0) == .int8 ? 3 : options.dilationWidth * options.dilationHeight > 1 ? 2 : 1
    case (.depthwiseConv2D, .depthwise(let options, _)):
      if type(0) == .int16 { return 5 }
      if isInt4 { return 7 }
      return type(0) == .int8 ? 3 : options.dilationWidth * options.dilationHeight > 1 ? 2 : 1
    case (.fullyConnected, .fullyConnected(let options)):
      if type(0) == .int16 { return options.biasType == .float32 ? 7 : 11 }
      if isInt4 { return 10 }
      if use.op.inputs.count == 2 { return 6 }
      return options.keepsDimensions ? 5 : type(0) == .int8 ? 4 : 1
    case (.transposeConv, .transposedConvolution(let options)):
      if type(2) == .int16 && options.biasType != .float32 { return 5 }
      if options.activation != .none { return 4 }
      return use.operand(3) != nil ? 3 : type(2) == .int8 ? 2 : 1
    case (.unidirectionalSequenceLstm, _): return by(int8: 3, int16: 5)
    case (.batchMatmul, _): return by(int8: 2, int16: 3)
    case (.svdf, _): return by(int8: 3, int16: 1)
    default: return 1
    }
  }

  private var isGrouped: Bool {
    guard let data = use.operand(0)?.shape.last, let weights = use.operand(1)?.shape.last else {
      return false
    }
    return data != weights
  }

  private var binary: Int {
    let needsManyAxes =
      use.operand(0)?.shape != use.operand(1)?.shape
      && (use.operands.compactMap { $0?.shape.count }.max() ?? 0) > 4
    switch code {
    case .add: return by(int8: 2, int16: 3)
    case .sub: return type(0) == .int16 ? 5 : needsManyAxes ? 3 : by(int8: 2, int16: 5)
    case .mul:
      let scales = (use.operands + [use.result]).map { $0?.quantization?.scales[0] ?? 0 }
      if type(0) == .int8, scales.count == 3, scales[2] > 0, scales[0] * scales[1] / scales[2] >= 1 {
        return 3
      }
      return by(int8: 2, int16: 4)
    case .div: return needsManyAxes ? 2 : 1
    default: return type(0) == .int16 ? 4 : needsManyAxes ? 3 : by(int8: 2, int16: 4)
    }
  }

  private var movement: Int {
    switch (code, use.op.options) {
    case (.pad, _), (.padv2, _): return rank > 4 ? 4 : by(int8: 2, int16: 3)
    case (.transpose, _):
      return rank > 5
        ? 6 : type(0) == .int16 ? 5 : rank > 4 ? 4 : type(0) == .bool ? 3 : by(int8: 2, int16: 5)
    case (.slice, _): return rank > 4 ? 5 : by(int8: 2, int16: 4)
    case (.stridedSlice, .stridedSlice(let options)):
      if options.offset { return 8 }
      if options.ellipsisMask != 0 || options.newAxisMask != 0 { return 6 }
      return rank > 4 ? 4 : type(0) == .bool ? 3 : by(int8: 2, int16: 1)
    case (.split, _): return by(int8: 2, int16: 4, others: type(1) == .int32 ? 3 : 1, operand: 1)
    case (.unpack, _): return by(int8: 2, int16: 4, others: type(0) == .bool ? 3 : 1)
    case (.gather, .gather(_, let batchDimensions)):
      return batchDimensions != 0 ? 5 : by(int8: 2, int16: 4, others: type(0) == .bool ? 3 : 1)
    case (.gatherND, _): return by(int8: 1, int16: 3)
    case (.reverseV2, _): return by(int8: 3, int16: 1, others: type(0) == .bool ? 2 : 1)
    case (.resizeBilinear, .resize(_, let halfPixelCenters)):
      return type(0) == .int16 ? 4 : halfPixelCenters ? 3 : by(int8: 2, int16: 4)
    case (.resizeNearestNeighbor, .resize(let alignCorners, let halfPixelCenters)):
      return type(0) == .int16 ? 4 : halfPixelCenters || alignCorners ? 3 : by(int8: 2, int16: 4)
    case (.spaceToBatchND, _), (.batchToSpaceND, _):
      return type(0) == .int16 ? 4 : rank != 4 ? 3 : by(int8: 2, int16: 4)
    case (.fill, _): return by(int8: 3, int16: 3, others: 1, operand: 1)
    case (.broadcastTo, _): return by(int8: 3, int16: 3, others: 2)
    case (.floorDiv, _): return by(int8: 3, int16: 3, others: type(0) == .float32 ? 2 : 1)
    case (.embeddingLookup, _): return type(1) == .int8 ? (use.result?.type == .float32 ? 2 : 3) : 1
    default: return 1
    }
  }
}
