extension MicroModel {
  /// The first release of TensorFlow whose interpreter has every operator of the model in its version: "2.3.0".
  public var minimumRuntimeVersion: String {
    var newest = [1, 5, 0]
    for subgraph in subgraphs {
      for op in subgraph.operators where op.code != .custom {
        let needed = RuntimeVersions.release(of: op.code, max(op.version, op.liteRTVersion(in: subgraph)))
        if newest.lexicographicallyPrecedes(needed) { newest = needed }
      }
    }
    return newest.map(String.init).joined(separator: ".")
  }
}

/// In which release each version of an operator came.
private enum RuntimeVersions {
  static func release(of code: BuiltinOperator, _ version: Int) -> [Int] {
    guard let releases = table[code] else { return [2, 5, 0] }
    // Versions that are newer than the table came with a later release than its last.
    return version <= releases.count ? releases[max(version, 1) - 1] : [2, 12, 0]
  }

  /// By version, from 1.
  private static let table: [BuiltinOperator: [[Int]]] = [
    .averagePool2D: [[1, 5, 0], [1, 14, 0], [2, 3, 0]],
    .maxPool2D: [[1, 5, 0], [1, 14, 0], [2, 3, 0]],
    .l2Pool2D: [[1, 5, 0]],
    .batchMatmul: [[2, 3, 0], [2, 3, 0], [2, 4, 0], [2, 5, 0]],
    .broadcastTo: [[2, 5, 0], [2, 5, 0], [2, 5, 0]],
    .conv2D: [[1, 5, 0], [1, 14, 0], [1, 14, 0], [2, 3, 0], [2, 4, 0], [2, 9, 0]],
    .depthwiseConv2D: [[1, 5, 0], [1, 12, 0], [1, 14, 0], [2, 2, 0], [2, 3, 0], [2, 3, 0]],
    .fullyConnected: [
      [1, 5, 0], [1, 10, 0], [1, 14, 0], [1, 14, 0], [2, 0, 0], [2, 1, 0], [2, 3, 0], [2, 3, 0], [2, 3, 0],
    ],
    .transposeConv: [[1, 9, 0], [2, 2, 0], [2, 3, 0]],
    .unidirectionalSequenceLstm: [[1, 13, 1], [1, 14, 0], [2, 3, 0]],
    .svdf: [[1, 5, 0], [1, 14, 0], [2, 2, 0], [2, 3, 0]],
    .embeddingLookup: [[1, 13, 0], [1, 14, 0], [1, 14, 0]],
    .add: [[1, 5, 0], [1, 14, 0], [2, 4, 0], [2, 6, 0]],
    .addN: [[1, 14, 0]],
    .sub: [[1, 6, 0], [1, 14, 0], [2, 3, 0], [2, 4, 0], [2, 4, 0]],
    .mul: [[1, 5, 0], [1, 14, 0], [1, 15, 0], [2, 3, 0], [2, 6, 0]],
    .div: [[1, 6, 0], [2, 3, 0]],
    .squaredDifference: [[1, 13, 1], [2, 5, 0]],
    .maximum: [[1, 14, 0], [1, 14, 0], [2, 3, 0], [2, 3, 0]],
    .minimum: [[1, 14, 0], [1, 14, 0], [2, 3, 0], [2, 3, 0]],
    .relu: [[1, 5, 0], [2, 1, 0], [2, 5, 0]],
    .relu6: [[1, 5, 0], [1, 14, 0], [2, 5, 0]],
    .leakyRelu: [[1, 13, 1], [2, 3, 0]],
    .prelu: [[1, 8, 0]],
    .elu: [[1, 14, 0]],
    .hardSwish: [[1, 15, 0]],
    .logistic: [[1, 14, 0], [1, 14, 0], [2, 3, 0]],
    .tanh: [[1, 14, 0], [1, 14, 0], [2, 3, 0]],
    .softmax: [[1, 5, 0], [1, 14, 0], [2, 3, 0]],
    .logSoftmax: [[1, 14, 0], [1, 14, 0]],
    .l2Normalization: [[1, 5, 0], [1, 14, 0]],
    .abs: [[1, 13, 0], [2, 4, 0], [2, 5, 0], [2, 6, 0]],
    .rsqrt: [[1, 10, 0], [2, 5, 0]],
    .neg: [[1, 9, 0]],
    .sin: [[1, 9, 0]],
    .cos: [[1, 14, 0]],
    .log: [[1, 14, 0]],
    .sqrt: [[1, 10, 0]],
    .square: [[1, 12, 0]],
    .exp: [[1, 7, 0]],
    .floor: [[1, 9, 0]],
    .ceil: [[1, 14, 0]],
    .round: [[1, 14, 0]],
    .floorDiv: [[1, 14, 0], [1, 14, 0]],
    .floorMod: [[1, 13, 0]],
    .logicalAnd: [[1, 11, 0]],
    .logicalOr: [[1, 11, 0]],
    .logicalNot: [[1, 11, 0]],
    .equal: [[1, 14, 0], [1, 14, 0], [2, 3, 0]],
    .notEqual: [[1, 14, 0], [1, 14, 0], [2, 3, 0]],
    .greater: [[1, 14, 0], [1, 14, 0]],
    .greaterEqual: [[1, 14, 0], [1, 14, 0]],
    .less: [[1, 14, 0], [1, 14, 0]],
    .lessEqual: [[1, 14, 0], [1, 14, 0]],
    .selectV2: [[2, 2, 0]],
    .zerosLike: [[1, 12, 0]],
    .quantize: [[1, 14, 0], [1, 15, 0], [2, 7, 0]],
    .dequantize: [[1, 13, 1], [1, 14, 0], [1, 15, 0], [2, 2, 0], [2, 7, 0]],
    .cast: [[1, 5, 0], [2, 7, 0], [2, 8, 0], [2, 9, 0]],
    .mean: [[1, 6, 0], [1, 14, 0], [2, 4, 0]],
    .sum: [[1, 10, 0], [1, 15, 0]],
    .reduceMax: [[1, 11, 0], [1, 14, 0], [2, 5, 0]],
    .reduceMin: [[1, 11, 0], [1, 14, 0], [2, 5, 0]],
    .argMax: [[1, 9, 0], [1, 14, 0], [2, 9, 0]],
    .argMin: [[1, 9, 0], [1, 14, 0], [2, 9, 0]],
    .reshape: [[1, 5, 0]],
    .squeeze: [[1, 6, 0], [2, 5, 0]],
    .expandDims: [[1, 10, 0]],
    .transpose: [[1, 6, 0], [1, 14, 0], [1, 15, 0], [2, 3, 0], [2, 4, 0]],
    .pad: [[1, 5, 0], [1, 14, 0], [2, 4, 0], [2, 6, 0]],
    .padv2: [[1, 9, 0], [1, 14, 0], [2, 4, 0], [2, 6, 0]],
    .mirrorPad: [[1, 13, 1], [2, 3, 0]],
    .slice: [[1, 14, 0], [1, 14, 0], [1, 14, 0], [2, 4, 0], [2, 5, 0]],
    .stridedSlice: [[1, 6, 0], [1, 14, 0], [2, 1, 0], [2, 2, 0], [2, 5, 0], [2, 6, 0]],
    .gather: [[1, 6, 0], [1, 14, 0], [1, 15, 0], [2, 4, 0], [2, 5, 0]],
    .gatherND: [[1, 14, 0], [2, 3, 0], [2, 5, 0]],
    .spaceToDepth: [[1, 5, 0], [1, 14, 0]],
    .depthToSpace: [[2, 1, 0], [2, 5, 0]],
    .spaceToBatchND: [[1, 6, 0], [1, 14, 0], [2, 3, 0]],
    .batchToSpaceND: [[1, 6, 0], [1, 14, 0], [2, 3, 0]],
    .resizeBilinear: [[1, 7, 0], [1, 14, 0], [2, 2, 0], [2, 5, 0]],
    .resizeNearestNeighbor: [[1, 13, 1], [1, 14, 0], [2, 3, 0], [2, 4, 0]],
    .concatenation: [[1, 5, 0], [1, 14, 0], [2, 3, 0]],
    .split: [[1, 5, 0], [1, 14, 0], [1, 14, 0], [2, 3, 0]],
    .splitV: [[1, 13, 1], [2, 3, 0]],
    .pack: [[1, 11, 0], [1, 14, 0], [2, 3, 0]],
    .unpack: [[1, 11, 0], [1, 14, 0], [2, 2, 0], [2, 3, 0]],
    .shape: [[1, 10, 0]],
    .if: [[1, 15, 0]],
  ]
}
