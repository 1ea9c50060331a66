import Graph

extension OperatorRegistry {
  /// Operators along axes.
  static let reductions: [OperatorEntry] =
    reductionKinds.map { name, kind, firstAsOperand in
      OperatorEntry(name, inputs: 2, shapeOperands: [1]) { importing, node throws(Diagnostic) in
        try importing.reduce(kind, node)
      }
    } + [
      OperatorEntry("ArgMax", inputs: 1) { importing, node throws(Diagnostic) in
        try importing.argExtreme(maximum: true, node)
      },
      OperatorEntry("ArgMin", inputs: 1) { importing, node throws(Diagnostic) in
        try importing.argExtreme(maximum: false, node)
      },
      OperatorEntry("CumSum", since: 11, inputs: 2, shapeOperands: [1]) {
        importing, node throws(Diagnostic) in
        try importing.cumulative(.sum, node)
      },
      OperatorEntry("CumProd", since: 26, inputs: 2, shapeOperands: [1]) {
        importing, node throws(Diagnostic) in
        try importing.cumulative(.product, node)
      },
      OperatorEntry("Softmax", inputs: 1) { importing, node throws(Diagnostic) in
        try importing.alongLastAxes(node) { .softmax(axis: $0, logarithmic: false) }
      },
      OperatorEntry("LogSoftmax", inputs: 1) { importing, node throws(Diagnostic) in
        try importing.alongLastAxes(node) { .softmax(axis: $0, logarithmic: true) }
      },
      OperatorEntry("Hardmax", inputs: 1, hardmax),
      OperatorEntry("GlobalAveragePool", inputs: 1) { importing, node throws(Diagnostic) in
        try importing.global(.mean, node)
      },
      OperatorEntry("GlobalMaxPool", inputs: 1) { importing, node throws(Diagnostic) in
        try importing.global(.maximum, node)
      },
      OperatorEntry("GlobalLpPool", since: 2, inputs: 1) { importing, node throws(Diagnostic) in
        switch try node.integer("p", default: 2) {
        case 1: return try importing.global(.l1, node)
        case 2: return try importing.global(.l2, node)
        case let power: return try importing.globalPower(power, node)
        }
      },
    ]

  private static let reductionKinds: [(String, Reduction, Int)] = [
    ("ReduceSum", .sum, 13), ("ReduceMean", .mean, 18), ("ReduceMax", .maximum, 18),
    ("ReduceMin", .minimum, 18), ("ReduceProd", .product, 18), ("ReduceL1", .l1, 18), ("ReduceL2", .l2, 18),
    ("ReduceSumSquare", .sumOfSquares, 18), ("ReduceLogSum", .logSum, 18),
    ("ReduceLogSumExp", .logSumExp, 18),
  ]

  /// One where the first maximum along the axis stands, zero elsewhere.
  private static func hardmax(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    return try importing.coercing(data, node) { importing, data, axis throws(Diagnostic) in
      let depth = try importing.size(data, axis, node)
      let best = try importing.emit(
        .argExtreme(maximum: true, axis: axis, keepsAxis: false, selectsLast: false), data)
      let values = importing.constant(TensorValue(floats: [0, 1], sizes: [2]))
      return try importing.emit(.oneHot(axis: axis, depth: depth), best, values)
    }
  }
}

extension Importing {
  /// A reduction over the given axes.
  mutating func reduce(_ kind: Reduction, _ data: TensorID, axes: [Int], keeps: Bool) throws(Diagnostic)
    -> TensorID
  {
    try emit(.reduce(kind, axes: axes, keepsAxes: keeps), data)
  }

  fileprivate mutating func reduce(_ kind: Reduction, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try tensor(node, 0)
    let listed = try axes(node) ?? []
    let keeps = try node.flag("keepdims", default: true)
    if listed.isEmpty, try node.flag("noop_with_empty_axes") {
      return try elementwiseReduction(kind, data)
    }
    let axes = listed.isEmpty ? Array(0..<rank(data)) : try node.axes(listed, rank: rank(data))
    // Reducing nothing is the function of a single element.
    if axes.isEmpty { return try elementwiseReduction(kind, data) }
    return try emit(.reduce(kind, axes: axes, keepsAxes: keeps), data)
  }

  /// What a reduction makes of each element when it reduces over no axis.
  private mutating func elementwiseReduction(_ kind: Reduction, _ data: TensorID) throws(Diagnostic)
    -> TensorID
  {
    switch kind {
    case .l1, .l2: try unary(.absolute, data)
    case .sumOfSquares: try unary(.square, data)
    case .logSum: try unary(.log, data)
    case .sum, .mean, .maximum, .minimum, .product, .logSumExp: data
    }
  }

  fileprivate mutating func argExtreme(maximum: Bool, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try tensor(node, 0)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: rank(data))
    return try emit(
      .argExtreme(
        maximum: maximum, axis: axis, keepsAxis: try node.flag("keepdims", default: true),
        selectsLast: try node.flag("select_last_index")), data)
  }

  fileprivate mutating func cumulative(_ kind: Cumulative.Kind, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try tensor(node, 0)
    guard let listed = try integer(node, 1, "axis") else { throw node.problem("lacks its axis") }
    let cumulative = Cumulative(
      kind: kind, axis: try node.axis(listed, rank: rank(data)), exclusive: try node.flag("exclusive"),
      reverse: try node.flag("reverse"))
    return try emit(.cumulative(cumulative), data)
  }

  /// Over all spatial axes of `[N, C, spatial…]`, which stay as single elements.
  fileprivate mutating func global(_ kind: Reduction, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try tensor(node, 0)
    guard rank(data) >= 2 else {
      throw node.problem("has data of shape \(shape(data)); expected rank 3 or more")
    }
    if rank(data) == 2 { return data }
    return try reduce(kind, data, axes: Array(2..<rank(data)), keeps: true)
  }

  /// The p-norm over all spatial axes, from its definition.
  fileprivate mutating func globalPower(_ power: Int, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try tensor(node, 0)
    guard power > 0, power <= 64, rank(data) >= 3 else {
      throw node.problem("has p = \(power) for data of shape \(shape(data))")
    }
    let raised = try binary(.power, unary(.absolute, data), scalar(Float(power)))
    let sum = try reduce(.sum, raised, axes: Array(2..<rank(data)), keeps: true)
    return try binary(.power, sum, scalar(1 / Float(power)))
  }

  fileprivate mutating func alongLastAxes(
    _ node: Node, _ operation: (Int) -> Operation
  ) throws(Diagnostic) -> TensorID {
    try coercing(tensor(node, 0), node) { importing, data, axis throws(Diagnostic) in
      try importing.emit(operation(axis), data)
    }
  }

  /// Runs `body` along an axis. Before opset 13, all axes from `axis` on count as one.
  fileprivate mutating func coercing(
    _ data: TensorID, _ node: Node, _ body: (inout Importing, TensorID, Int) throws(Diagnostic) -> TensorID
  ) throws(Diagnostic) -> TensorID {
    let shape = shape(data)
    let axis = try node.axis(
      try node.integer("axis", default: node.opset < 13 ? 1 : -1), rank: max(1, shape.rank))
    if shape.rank == 0 {
      let row = try reshape(data, to: [1])
      return try reshape(body(&self, row, 0), to: [])
    }
    if node.opset >= 13 || shape.extents[(axis + 1)...].allSatisfy({ $0 == 1 }) {
      return try body(&self, data, axis)
    }
    let rows = try reshape(data, to: try matrix(shape, before: axis, node))
    return try reshape(body(&self, rows, 1), to: shape)
  }
}
