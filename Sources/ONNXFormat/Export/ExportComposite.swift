import Graph

extension Exporting {
  mutating func composite(_ composite: Composite, _ node: Operator) -> [String] {
    let inputs = operands(node)
    let shape = type(node.inputs[0]!).shape
    switch composite {
    case .layerNormalization(let axis, let epsilon):
      return nodes(
        "LayerNormalization", inputs, ["axis": .int(axis), "epsilon": .float(epsilon)],
        wanted: [true] + node.outputs.dropFirst().map { $0 != nil })
    case .rmsNormalization(let axis, let epsilon):
      return [rmsNormalization(inputs, axes: Array(axis..<shape.rank), epsilon)]
    case .groupNormalization(let groups, let epsilon, let layout):
      let channels = shape[layout.channelAxis(rank: shape.rank)].perSample
      return [
        around(inputs[0], layout, shape.rank) { exporting, data in
          exporting.groupNormalization([data] + inputs.dropFirst(), groups, channels, epsilon)
        }
      ]
    case .localResponseNormalization(let size, let alpha, let beta, let bias, let channelAxis):
      var permutation = Array(0..<shape.rank)
      permutation.remove(at: channelAxis)
      permutation.insert(channelAxis, at: min(1, shape.rank - 1))
      let attributes: [String: ExportedNode.Attribute] = [
        "size": .int(size), "alpha": .float(alpha), "beta": .float(beta), "bias": .float(bias),
      ]
      let result = self.node("LRN", [transpose(inputs[0], permutation)], attributes)
      return [transpose(result, permutation.inverted)]
    case .depthToSpace(let block, let depthFirst, let layout):
      return [
        around(inputs[0], layout, shape.rank) { exporting, data in
          exporting.node(
            "DepthToSpace", [data], ["blocksize": .int(block), "mode": .string(depthFirst ? "DCR" : "CRD")])
        }
      ]
    case .spaceToDepth(let block, let layout):
      return [
        around(inputs[0], layout, shape.rank) { exporting, data in
          exporting.node("SpaceToDepth", [data], ["blocksize": .int(block)])
        }
      ]
    }
  }

  /// An operator that wants channels first, between transposes where the graph has them last.
  private mutating func around(
    _ data: String, _ layout: DataLayout, _ rank: Int, _ body: (inout Exporting, String) -> String
  ) -> String {
    if layout == .channelsFirst { return body(&self, data) }
    let result = body(&self, transpose(data, [0, rank - 1] + Array(1..<(rank - 1))))
    return transpose(result, [0] + Array(2..<rank) + [1])
  }

  private mutating func groupNormalization(
    _ inputs: [String], _ groups: Int, _ channels: Int, _ epsilon: Float
  )
    -> String
  {
    if groups == channels { return node("InstanceNormalization", inputs, ["epsilon": .float(epsilon)]) }
    // Earlier opsets scale groups, not channels.
    require(opset: 21)
    return node("GroupNormalization", inputs, ["num_groups": .int(groups), "epsilon": .float(epsilon)])
  }

  /// Spelled out, since ONNX has it as one operator only from opset 23 on.
  private mutating func rmsNormalization(_ inputs: [String], axes: [Int], _ epsilon: Float) -> String {
    let square = node("Mul", [inputs[0], inputs[0]])
    let mean = reduce(.mean, square, axes: axes, keepsAxes: true, .float32)
    let root = node("Sqrt", [node("Add", [mean, scalar(epsilon, .float32, "epsilon")])])
    return node("Mul", [node("Div", [inputs[0], root]), inputs[1]])
  }
}
