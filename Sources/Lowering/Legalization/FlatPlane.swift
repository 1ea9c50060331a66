import Graph

// The device's window operators know two spatial axes. Data [N, W, C] become [N, 1, W, C], and stay so through
// everything between two windows that can work on that form as well.
extension Legalizer {
  /// Writes 1-D windows as 2-D ones, and what lies between them in the same form.
  mutating func rewriteInFlatPlane(_ node: Operator) throws(Diagnostic) -> Bool {
    guard node.outputs.count(where: { $0 != nil }) == 1, node.outputs[0] != nil || node.outputs.count == 1
    else { return false }
    switch node.operation {
    case .convolution(let convolution) where convolution.window.spatialRank == 1:
      try rewriteFlat(convolution, node)
    case .transposedConvolution(let convolution) where convolution.window.spatialRank == 1:
      try rewriteFlat(convolution, node)
    case .pool(var pool) where pool.window.spatialRank == 1:
      pool.window = pool.window.asPlane
      try addInPlane(.pool(pool), node.inputs, node)
      record("1-D windows as 2-D ones", node)
    case .resize(var resize) where resize.output.rank == 3:
      guard resize.output[2] == shape(node.inputs[0]!)[2] else { return false }
      resize.output = resize.output.asPlane
      resize.scales.insert(1, at: 1)
      if !resize.region.isEmpty { resize.region.insert(.init(start: 0, end: 1), at: 1) }
      try addInPlane(.resize(resize), node.inputs, node)
      record("1-D windows as 2-D ones", node)
    default:
      return try rewriteBetweenPlanes(node)
    }
    return true
  }

  private mutating func rewriteFlat(_ convolution: Convolution, _ node: Operator) throws(Diagnostic) {
    var plane = convolution
    plane.window = convolution.window.asPlane
    var inputs = node.inputs
    inputs[1] = try planeFilter(inputs[1], node)
    try addInPlane(.convolution(plane), inputs, node)
    record("1-D windows as 2-D ones", node)
  }

  private mutating func rewriteFlat(_ convolution: TransposedConvolution, _ node: Operator) throws(Diagnostic)
  {
    var plane = convolution
    plane.window = convolution.window.asPlane
    plane.outputPadding.insert(0, at: 0)
    var inputs = node.inputs
    inputs[1] = try planeFilter(inputs[1], node)
    try addInPlane(.transposedConvolution(plane), inputs, node)
    record("1-D windows as 2-D ones", node)
  }

  private mutating func planeFilter(_ filter: TensorID?, _ node: Operator) throws(Diagnostic) -> TensorID? {
    guard let filter else { return nil }
    return try reshape(filter, to: shape(filter).asPlane, for: node)
  }

  /// Writes an operator on the first operand's plane; the result is seen without it.
  private mutating func addInPlane(
    _ operation: Operation, _ inputs: [TensorID?], _ node: Operator
  ) throws(Diagnostic) {
    guard let data = inputs[0], let result = node.outputs[0] else { return }
    var inputs = inputs
    inputs[0] = try reshape(data, to: shape(data).asPlane, for: node)
    let plane = try add(operation, inputs, for: node)
    leaveName(of: result, to: plane)
    try reshape(plane, to: shape(result), for: node, into: result)
  }

  /// The plane takes over the name when nobody needs the result without it.
  private mutating func leaveName(of result: TensorID, to plane: TensorID) {
    var origin = graph[result].origin
    // [N, W, C] of a source's [N, C, W] is [N, 1, W, C] of [N, C, 1, W].
    if let permutation = origin.permutation {
      guard permutation == [0, 2, 1] else { return }
      origin.permutation = [0, 2, 3, 1]
    }
    origin.reorderings = []
    guard graph[plane].origin.name.isEmpty else { return }
    graph[plane].origin.aliases.append(origin)
  }
}

// MARK: - Between two windows

extension Legalizer {
  private mutating func rewriteBetweenPlanes(_ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs.first ?? nil, let result = node.outputs[0],
      node.inputs.contains(where: { $0.map { planeView($0) != nil } ?? false })
    else { return false }
    switch node.operation {
    case .unary, .softmax(axis: 2, _):
      let operation: Operation =
        if case .softmax(_, let logarithmic) = node.operation {
          .softmax(axis: 3, logarithmic: logarithmic)
        } else { node.operation }
      try addInPlane(operation, node.inputs, node)
    case .binary:
      guard shape(result).rank == 3, let inputs = try planeOperands(node) else { return false }
      let plane = try add(node.operation, inputs, for: node)
      leaveName(of: result, to: plane)
      try reshape(plane, to: shape(result), for: node, into: result)
    case .concat(let axis):
      guard let inputs = try planeOperands(node) else { return false }
      let plane = try add(.concat(axis: axis == 0 ? 0 : axis + 1), inputs, for: node)
      leaveName(of: result, to: plane)
      try reshape(plane, to: shape(result), for: node, into: result)
    case .pad(var pad):
      pad.before.insert(0, at: 1)
      pad.after.insert(0, at: 1)
      try addInPlane(.pad(pad), node.inputs, node)
    case .slice(var slice):
      slice.starts.insert(0, at: 1)
      slice.steps.insert(1, at: 1)
      slice.counts = slice.counts.asPlane
      try addInPlane(.slice(slice), node.inputs, node)
    case .reduce(let reduction, let axes, let keepsAxes):
      guard let view = planeView(data) else { return false }
      var planeAxes = axes.sorted().map { $0 == 0 ? 0 : $0 + 1 }
      // The unit axis goes with the one beside it, so that no reshape is needed.
      if axes.contains(1), reduction != .logSum, reduction != .logSumExp {
        planeAxes.insert(1, at: planeAxes.firstIndex(of: 2) ?? 0)
      }
      let operation = Operation.reduce(reduction, axes: planeAxes, keepsAxes: keepsAxes)
      let type = try operation.resultTypes(of: [graph[view].type], resultCount: 1, at: node.sourceName)[0]
      if type == graph[result].type {
        try add(operation, [view], for: node, into: result)
      } else {
        try reshape(try add(operation, [view], for: node), to: shape(result), for: node, into: result)
      }
    default: return false
    }
    return true
  }

  /// The [N, 1, W, C] tensor that `id`, [N, W, C], is a view of.
  private func planeView(_ id: TensorID) -> TensorID? {
    guard shape(id).rank == 3 else { return nil }
    let root = reshapeRoot(id)
    return root != id && shape(root) == shape(id).asPlane ? root : nil
  }

  /// The operands as planes; nil when one would first have to be brought into that form.
  private mutating func planeOperands(_ node: Operator) throws(Diagnostic) -> [TensorID?]? {
    for case let id? in node.inputs where shape(id).rank == 3 && constant(id) == nil && planeView(id) == nil {
      return nil
    }
    var inputs: [TensorID?] = []
    for input in node.inputs {
      guard let id = input, shape(id).rank == 3 else {
        inputs.append(input)
        continue
      }
      inputs.append(try reshape(id, to: shape(id).asPlane, for: node))
    }
    return inputs
  }
}

extension Shape {
  /// [A, B, C] as [A, 1, B, C].
  fileprivate var asPlane: Shape { Shape([extents[0], 1] + extents[1...]) }
}

extension WindowGeometry {
  /// A 1-D window in a plane of height 1.
  fileprivate var asPlane: WindowGeometry {
    WindowGeometry(
      size: [1] + size, strides: [1] + strides, dilations: [1] + dilations, padBefore: [0] + padBefore,
      padAfter: [0] + padAfter)
  }
}
