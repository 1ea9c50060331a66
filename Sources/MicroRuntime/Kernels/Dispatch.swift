import Graph
import Micro

extension OperatorContext {
  /// What the operator does; throws for what has no kernel here.
  func kernel() throws(Diagnostic) -> KernelBody {
    for output in outputs() where output.constant != nil {
      throw bad("it writes '\(output.name)', which is a constant")
    }
    switch operation.code {
    case .conv2D: return try convolution()
    case .depthwiseConv2D: return try depthwiseConvolution()
    case .transposeConv: return try transposedConvolution()
    case .fullyConnected: return try fullyConnected()
    case .batchMatmul: return try batchMatMul()
    case .averagePool2D, .maxPool2D, .l2Pool2D: return try pool()
    case .mean, .sum: return try meanOrSum()
    case .reduceMax, .reduceMin: return try extremeReduction()
    case .reduceAll: return try allReduction()
    case .argMax, .argMin: return try argumentOfExtreme()
    case .cumsum: return try cumulativeSum()
    case .add, .sub: return try addition()
    case .mul: return try multiplication()
    case .div: return try division()
    case .squaredDifference: return try squaredDifference()
    case .addN: return try sumOfMany()
    case .maximum, .minimum: return try extreme()
    case .floorDiv, .floorMod: return try floorDivision()
    case .equal, .notEqual, .greater, .greaterEqual, .less, .lessEqual: return try comparison()
    case .logicalAnd, .logicalOr, .logicalNot: return try logic()
    case .selectV2: return try selection()
    default: return try kernelOfOneOperand()
    }
  }

  private func kernelOfOneOperand() throws(Diagnostic) -> KernelBody {
    switch operation.code {
    case .softmax: return try softmax()
    case .logSoftmax: return try logSoftmax()
    case .logistic: return try logistic()
    case .tanh: return try tanh()
    case .relu: return try relu()
    case .relu6: return try relu6()
    case .leakyRelu: return try leakyRelu()
    case .prelu: return try prelu()
    case .elu: return try elu()
    case .hardSwish: return try hardSwish()
    case .abs: return try absolute()
    case .rsqrt: return try reciprocalSquareRoot()
    case .l2Normalization: return try l2Normalization()
    case .neg, .sin, .cos, .log, .sqrt, .square, .exp, .floor, .ceil, .round: return try floatFunction()
    case .quantize: return try quantize()
    case .dequantize: return try dequantize()
    case .cast: return try cast()
    case .unidirectionalSequenceLstm: return try lstm()
    case .svdf: return try svdf()
    case .embeddingLookup: return try embeddingLookup()
    default: return try kernelThatMoves()
    }
  }

  private func kernelThatMoves() throws(Diagnostic) -> KernelBody {
    switch operation.code {
    case .reshape, .squeeze, .expandDims: return try reshape()
    case .transpose: return try transposition()
    case .pad, .padv2: return try padding()
    case .mirrorPad: return try mirrorPadding()
    case .concatenation: return try concatenation()
    case .pack: return try packing()
    case .unpack: return try unpacking()
    case .split, .splitV: return try splitting()
    case .slice: return try slice()
    case .stridedSlice: return try stridedSlice()
    case .gather: return try gather()
    case .gatherND: return try gatherND()
    case .spaceToDepth, .depthToSpace: return try depthBlocks()
    case .spaceToBatchND: return try spaceToBatch()
    case .batchToSpaceND: return try batchToSpace()
    case .resizeBilinear: return try resizeBilinear()
    case .resizeNearestNeighbor: return try resizeNearest()
    case .reverseV2: return try reversal()
    case .broadcastTo: return try broadcastTo()
    case .broadcastArgs: return try broadcastArgs()
    case .shape: return try shapeOf()
    case .fill: return try filling()
    case .zerosLike: return try zeros()
    case .dynamicUpdateSlice: return try dynamicUpdateSlice()
    default:
      throw unsupported(
        "it has no kernel here",
        hint: "TFLM has none, or it is not proven to be the same bytes")
    }
  }
}
