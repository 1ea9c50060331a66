import Graph

extension Exporting {
  mutating func alongAxes(_ node: Operator) -> [String] {
    let data = name(of: node.inputs[0]!)
    let element = type(node.inputs[0]!).element
    switch node.operation {
    case .reduce(let kind, let axes, let keepsAxes):
      return [reduce(kind, data, axes: axes, keepsAxes: keepsAxes, element)]
    case .argExtreme(let maximum, let axis, let keepsAxis, let selectsLast):
      let attributes: [String: ExportedNode.Attribute] = [
        "axis": .int(axis), "keepdims": .flag(keepsAxis), "select_last_index": .flag(selectsLast),
      ]
      return [self.node(maximum ? "ArgMax" : "ArgMin", [data], attributes)]
    case .topK(let topK):
      let attributes: [String: ExportedNode.Attribute] = [
        "axis": .int(topK.axis), "largest": .flag(topK.largest), "sorted": .flag(topK.sorted),
      ]
      return nodes("TopK", [data, integers([topK.count], "count")], attributes, wanted: [true, true])
    case .cumulative(let cumulative):
      let axis = constant(TensorValue(int64s: [cumulative.axis], sizes: []), "axis")
      if cumulative.kind == .product { require(opset: 26) }
      return [
        self.node(
          cumulative.kind == .sum ? "CumSum" : "CumProd", [data, axis],
          ["exclusive": .flag(cumulative.exclusive), "reverse": .flag(cumulative.reverse)])
      ]
    case .softmax(let axis, let logarithmic):
      return [self.node(logarithmic ? "LogSoftmax" : "Softmax", [data], ["axis": .int(axis)])]
    default: return [data]
    }
  }

  mutating func reduce(
    _ kind: Reduction, _ data: String, axes: [Int], keepsAxes: Bool, _ element: ElementType
  ) -> String {
    if axes.isEmpty { return reducedAlone(kind, data) }
    if element == .bool { require(opset: 20) }
    return node(kind.onnxName, [data, integers(axes, "axes")], ["keepdims": .flag(keepsAxes)])
  }

  /// Each element by itself.
  private mutating func reducedAlone(_ kind: Reduction, _ data: String) -> String {
    switch kind {
    case .l1, .l2: node("Abs", [data])
    case .sumOfSquares: node("Mul", [data, data])
    case .logSum: node("Log", [data])
    default: data
    }
  }
}

extension Reduction {
  fileprivate var onnxName: String {
    switch self {
    case .sum: "ReduceSum"
    case .mean: "ReduceMean"
    case .maximum: "ReduceMax"
    case .minimum: "ReduceMin"
    case .product: "ReduceProd"
    case .l1: "ReduceL1"
    case .l2: "ReduceL2"
    case .sumOfSquares: "ReduceSumSquare"
    case .logSum: "ReduceLogSum"
    case .logSumExp: "ReduceLogSumExp"
    }
  }
}
