extension BuiltinOperator {
  /// The number of this operator's options table in the file format; 0 for an operator that has none, and for those
  /// without a kernel, whose options nobody reads.
  ///
  ///     BuiltinOperator.conv2D.optionsTable  // 1
  public var optionsTable: UInt8 {
    switch self {
    case .conv2D: 1
    case .depthwiseConv2D: 2
    case .averagePool2D, .maxPool2D, .l2Pool2D: 5
    case .svdf: 6
    case .fullyConnected: 8
    case .softmax: 9
    case .concatenation: 10
    case .add: 11
    case .l2Normalization: 12
    case .resizeBilinear: 15
    case .reshape: 17
    case .spaceToDepth: 19
    case .mul: 21
    case .pad: 22
    case .gather: 23
    case .batchToSpaceND: 24
    case .spaceToBatchND: 25
    case .transpose: 26
    case .mean, .sum, .reduceMax, .reduceMin, .reduceProd, .reduceAny, .reduceAll: 27
    case .sub: 28
    case .div: 29
    case .squeeze: 30
    case .stridedSlice: 32
    case .exp: 33
    case .split: 35
    case .logSoftmax: 36
    case .cast: 37
    case .dequantize: 38
    case .maximum, .minimum: 39
    case .argMax: 40
    case .less: 41
    case .neg: 42
    case .padv2: 43
    case .greater: 44
    case .greaterEqual: 45
    case .lessEqual: 46
    case .slice: 48
    case .transposeConv: 49
    case .expandDims: 52
    case .equal: 53
    case .notEqual: 54
    case .shape: 55
    case .argMin: 57
    case .pack: 59
    case .logicalOr: 60
    case .logicalAnd: 62
    case .logicalNot: 63
    case .unpack: 64
    case .floorDiv: 65
    case .square: 66
    case .zerosLike: 67
    case .fill: 68
    case .unidirectionalSequenceLstm: 71
    case .floorMod: 72
    case .resizeNearestNeighbor: 74
    case .leakyRelu: 75
    case .squaredDifference: 76
    case .mirrorPad: 77
    case .abs: 78
    case .splitV: 79
    case .reverseV2: 81
    case .addN: 82
    case .gatherND: 83
    case .cos: 84
    case .quantize: 89
    case .hardSwish: 91
    case .if: 92
    case .while: 93
    case .depthToSpace: 94
    case .selectV2: 98
    case .batchMatmul: 101
    case .cumsum: 102
    case .callOnce: 103
    case .broadcastTo: 104
    case .varHandle: 111
    case .readVariable: 112
    case .assignVariable: 113
    case .gelu: 116
    case .dynamicUpdateSlice: 117
    default: 0
    }
  }
}
