import Graph
import Micro

extension Emission {
  /// Emits the current operator.
  mutating func emitOperator() throws(Refusal) {
    arithmetic = neededArithmetic()
    for case let output? in node.outputs where shape(of: output).contains(0) {
      throw Refusal("makes an empty tensor of shape \(shape(of: output))", hint: "the device has none")
    }
    switch node.operation {
    case .unary(let kind): try emit(kind)
    case .binary(let kind, let clamp): try emit(kind, clamp: clamp)
    case .compare(let comparison): try emit(comparison)
    case .select: try emitSelect()
    case .cast: try emitCast()
    case .reshape: try bind(0, try operand(0))
    case .transpose(let permutation): try emitTranspose(permutation)
    case .broadcast: try emitBroadcast()
    case .tile(let counts): try emitTile(counts)
    case .concat(let axis): try emitConcat(axis: axis)
    case .split(let axis, let parts): try emitSplit(axis: axis, parts: parts)
    case .slice(let slice): try emit(slice)
    case .pad(let pad): try emit(pad)
    case .gather(let axis): try emitGather(axis: axis)
    case .reduce(let reduction, let axes, let keepsAxes):
      try emitReduction(reduction, axes: axes, keepsAxes: keepsAxes)
    case .argExtreme(let maximum, let axis, let keepsAxis, let selectsLast):
      try emitArgument(maximum: maximum, axis: axis, keepsAxis: keepsAxis, selectsLast: selectsLast)
    case .cumulative(let cumulative): try emit(cumulative)
    case .softmax(let axis, let logarithmic): try emitSoftmax(axis: axis, logarithmic: logarithmic)
    case .matmul(let left, let right): try emitProduct(transposesLeft: left, transposesRight: right)
    case .dense(let clamp): try emitDense(clamp: clamp)
    case .convolution(let convolution): try emit(convolution)
    case .transposedConvolution(let convolution): try emit(convolution)
    case .pool(let pool): try emit(pool)
    case .resize(let resize): try emit(resize)
    case .composite(.depthToSpace(let size, true, .channelsLast)):
      try emitBlocks(size: size, toDepth: false)
    case .composite(.spaceToDepth(let size, .channelsLast)): try emitBlocks(size: size, toDepth: true)
    case .recurrent(let layer): try emit(layer)
    case .gatherElements, .gatherND, .scatterElements, .scatterND, .oneHot, .triangle, .reverseSequence,
      .topK, .quantizeLinear, .dequantizeLinear, .composite:
      throw Refusal("has no form on the device")
    }
  }
}
