import Graph

extension OperatorRegistry {
  /// Operators that slide a window over `[N, C, spatial…]`.
  static let windows: [OperatorEntry] = [
    OperatorEntry("Conv", inputs: 3, convolution),
    OperatorEntry("ConvTranspose", inputs: 3, transposedConvolution),
    OperatorEntry("AveragePool", since: 7, inputs: 1) { importing, node throws(Diagnostic) in
      let kind = Pool.Kind.average(countsPadding: try node.flag("count_include_pad"))
      return try importing.pool(kind, node, wanted: [true])[0]!
    },
    OperatorEntry(many: "MaxPool", inputs: 1) { importing, node throws(Diagnostic) in
      try importing.pool(.maximum, node, wanted: node.wants(1) ? [true, true] : [true]).map {
        $0.map { .tensor($0) }
      }
    },
    OperatorEntry("LpPool", since: 2, inputs: 1) { importing, node throws(Diagnostic) in
      try importing.pool(.lp(try node.integer("p", default: 2)), node, wanted: [true])[0]!
    },
  ]

  static func convolution(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    let filter = try importing.tensor(node, 1)
    let (rank, sizes) = try importing.windowSizes(data, filter, node)
    let window = try WindowAttributes(node, size: sizes).geometry(over: importing.spatial(data, node))
    let filterView = try importing.filter(filter, [0] + Array(2..<rank) + [1], node)
    let operation = Operation.convolution(
      Convolution(window: window, groups: try node.integer("group", default: 1), layout: .channelsFirst))
    return try importing.emit(operation, data, filterView, importing.bias(node, 2))
  }

  /// ONNX's filter is `[I, O/groups, spatial…]`, the graph's `[O, spatial…, I/groups]`.
  private static func transposedConvolution(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> TensorID
  {
    let data = try importing.tensor(node, 0)
    let filter = try importing.tensor(node, 1)
    let (rank, sizes) = try importing.windowSizes(data, filter, node)
    let groups = try node.integer("group", default: 1)
    let inputs = try importing.size(filter, 0, node)
    let perGroup = try importing.size(filter, 1, node)
    guard groups > 0, inputs % groups == 0, perGroup <= Shape.maximumElementCount / groups else {
      throw node.problem("has \(inputs) input channels in \(groups) groups")
    }
    let split = try importing.filter(filter, reshapedTo: [groups, inputs / groups, perGroup] + sizes, node)
    let permuted = try importing.filter(split, [0, 2] + Array(3..<rank + 1) + [1], node)
    let merged = try importing.filter(
      permuted, reshapedTo: [groups * perGroup] + sizes + [inputs / groups], node)
    let attributes = try WindowAttributes(node, size: sizes)
    let (window, outputPadding) = try attributes.transposed(over: importing.spatial(data, node))
    let operation = Operation.transposedConvolution(
      TransposedConvolution(
        window: window, outputPadding: outputPadding, groups: groups, layout: .channelsFirst))
    return try importing.emit(operation, data, merged, importing.bias(node, 2))
  }
}

extension Importing {
  /// The extents of the spatial axes of `[N, C, spatial…]`.
  func spatial(_ data: TensorID, _ node: Node) throws(Diagnostic) -> [Int] {
    guard rank(data) >= 3 else {
      throw node.problem("has data of shape \(shape(data)); expected [N, C, spatial…]")
    }
    var sizes: [Int] = []
    for axis in 2..<rank(data) { sizes.append(try size(data, axis, node)) }
    return sizes
  }

  /// The data's rank, and the window's sizes, which the filter has.
  func windowSizes(_ data: TensorID, _ filter: TensorID, _ node: Node) throws(Diagnostic) -> (Int, [Int]) {
    guard rank(data) >= 3, rank(filter) == rank(data) else {
      throw node.problem("has data of shape \(shape(data)) and a filter of shape \(shape(filter))")
    }
    var sizes: [Int] = []
    for axis in 2..<rank(filter) { sizes.append(try size(filter, axis, node)) }
    if let stated = try node.integers("kernel_shape"), stated != sizes {
      throw node.problem("has kernel_shape \(stated) but a filter of shape \(shape(filter))")
    }
    return (rank(data), sizes)
  }

  /// A filter in another axis order: a view of constant weights, an operator for values of the run.
  mutating func filter(_ id: TensorID, _ permutation: [Int], _ node: Node) throws(Diagnostic) -> TensorID {
    guard let constant = constant(id) else { return try transpose(id, permutation) }
    try checkFinite(id, node, "weights")
    return addView(constant.permuted(permutation), of: id)
  }

  mutating func filter(_ id: TensorID, reshapedTo sizes: [Int], _ node: Node) throws(Diagnostic) -> TensorID {
    if let constant = constant(id) {
      try checkFinite(id, node, "weights")
      return addView(constant.reshaped(sizes), of: id)
    }
    if let fill = fills[id] { return try emit(.broadcast(Shape(sizes)), fill) }
    return try reshape(id, to: Shape(sizes))
  }

  mutating func bias(_ node: Node, _ index: Int) throws(Diagnostic) -> TensorID? {
    guard let bias = try optionalTensor(node, index) else { return nil }
    try checkFinite(bias, node, "bias")
    return bias
  }

  mutating func pool(_ kind: Pool.Kind, _ node: Node, wanted: [Bool]) throws(Diagnostic) -> [TensorID?] {
    let data = try tensor(node, 0)
    guard let sizes = try node.integers("kernel_shape"), sizes.count == rank(data) - 2 else {
      throw node.problem(
        "has kernel_shape \(try node.integers("kernel_shape") ?? []) for data \(shape(data))")
    }
    var attributes = try WindowAttributes(node, size: sizes)
    if case .lp = kind { attributes.ignoresDilationInPadding = true }
    let order = try node.integer("storage_order", default: 0)
    let pool = Pool(
      kind: kind, window: try attributes.geometry(over: spatial(data, node)),
      roundsUp: try node.flag("ceil_mode"), columnMajorPositions: order == 1, layout: .channelsFirst)
    return try emit(.pool(pool), [data], wanted: wanted)
  }
}
