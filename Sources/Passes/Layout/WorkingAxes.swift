import Graph

/// The axes along which an operator does something that reordered elements would spoil, and the operands that have
/// these axes.
struct WorkingAxes {
  var axes: Set<Int>
  var dataOperands: Range<Int>?

  func operands(_ node: Operator) -> Range<Int> { dataOperands ?? node.inputs.indices }
}

extension Operation {
  /// For operators whose data operands and results have the same axes and that can work on them in any order.
  func workingAxes(of shape: Shape) -> WorkingAxes? {
    let all = Set(0..<shape.rank)
    switch self {
    case .concat(let axis): return WorkingAxes(axes: [axis])
    case .split(let axis, _): return WorkingAxes(axes: [axis], dataOperands: 0..<1)
    case .cumulative(let cumulative): return WorkingAxes(axes: [cumulative.axis], dataOperands: 0..<1)
    case .gather(let axis): return WorkingAxes(axes: [axis], dataOperands: 0..<1)
    case .gatherElements(let axis): return WorkingAxes(axes: [axis])
    case .scatterElements(let axis, _): return WorkingAxes(axes: [axis])
    case .slice, .tile, .resize, .broadcast: return WorkingAxes(axes: all, dataOperands: 0..<1)
    case .pad: return WorkingAxes(axes: all, dataOperands: 0..<1)
    case .softmax: return WorkingAxes(axes: [], dataOperands: 0..<1)
    case .reduce(_, _, true): return WorkingAxes(axes: all, dataOperands: 0..<1)
    case .argExtreme(_, let axis, true, _): return WorkingAxes(axes: [axis], dataOperands: 0..<1)
    case .topK(let topK): return WorkingAxes(axes: [topK.axis], dataOperands: 0..<1)
    case .reverseSequence(let batchAxis, let timeAxis):
      return WorkingAxes(axes: [batchAxis, timeAxis], dataOperands: 0..<1)
    case .quantizeLinear(let axis, 0, _), .dequantizeLinear(let axis, 0):
      return WorkingAxes(axes: axis.map { [$0] } ?? [], dataOperands: 0..<1)
    case .composite(.localResponseNormalization(_, _, _, _, let axis)):
      return WorkingAxes(axes: [axis], dataOperands: 0..<1)
    default: return nil
    }
  }
}
