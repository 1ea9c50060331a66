import Graph

extension OperatorRegistry {
  /// Operators that read or write where indices say.
  static let indexing: [OperatorEntry] = [
    OperatorEntry("Gather", inputs: 2) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let axis = try node.axis(try node.integer("axis", default: 0), rank: importing.rank(data))
      return try importing.emit(.gather(axis: axis), data, importing.indices(node, 1))
    },
    OperatorEntry("GatherElements", since: 11, inputs: 2) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let axis = try node.axis(try node.integer("axis", default: 0), rank: importing.rank(data))
      return try importing.emit(.gatherElements(axis: axis), data, importing.indices(node, 1))
    },
    OperatorEntry("GatherND", since: 11, inputs: 2) { importing, node throws(Diagnostic) in
      let count = try node.integer("batch_dims", default: 0)
      guard count >= 0 else { throw node.problem("has \(count) batch dimensions") }
      return try importing.emit(
        .gatherND(batchDimensions: count), importing.tensor(node, 0), importing.indices(node, 1))
    },
    OperatorEntry("Scatter", since: 9, inputs: 3, scatterElements),
    OperatorEntry("ScatterElements", since: 11, inputs: 3, scatterElements),
    OperatorEntry("ScatterND", since: 11, inputs: 3) { importing, node throws(Diagnostic) in
      try importing.emit(
        .scatterND(try reduction(node)), importing.tensor(node, 0), importing.indices(node, 1),
        importing.tensor(node, 2))
    },
    OperatorEntry("OneHot", since: 9, inputs: 3, shapeOperands: [1], oneHot),
    OperatorEntry(many: "TopK", inputs: 2, shapeOperands: [1], topK),
  ]

  private static func scatterElements(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> TensorID
  {
    let data = try importing.tensor(node, 0)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: importing.rank(data))
    return try importing.emit(
      .scatterElements(axis: axis, try reduction(node)), data, importing.indices(node, 1),
      importing.tensor(node, 2))
  }

  private static func reduction(_ node: Node) throws(Diagnostic) -> ScatterReduction {
    switch try node.string("reduction", default: "none") {
    case "none": return .none
    case "add": return .add
    case "mul": return .multiply
    case "max": return .maximum
    case "min": return .minimum
    case let other: throw node.unsupported("has reduction '\(other)'")
    }
  }

  private static func oneHot(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let indices = try importing.cast(importing.tensor(node, 0), to: .int64)
    guard let depths = try importing.scalars(node, 1, "depth"), depths.count == 1,
      let depth = depths[0].cast(to: .int64)?.integer, (0...Shape.maximumElementCount).contains(depth)
    else { throw node.problem("lacks a depth of one number") }
    let axis = try node.axis(try node.integer("axis", default: -1), rank: importing.rank(indices) + 1)
    return try importing.emit(.oneHot(axis: axis, depth: depth), indices, importing.tensor(node, 2))
  }

  private static func topK(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> [ImportedValue?]
  {
    let data = try importing.tensor(node, 0)
    let axis = try node.axis(try node.integer("axis", default: -1), rank: importing.rank(data))
    let listed = try node.opset < 10 ? node.optionalInteger("k") : importing.integer(node, 1, "k")
    guard let count = listed else { throw node.problem("lacks its k") }
    let topK = TopK(
      axis: axis, count: count, largest: try node.flag("largest", default: true),
      sorted: try node.flag("sorted", default: true))
    let results = try importing.emit(.topK(topK), [data], wanted: [true, true])
    return results.map { $0.map { .tensor($0) } }
  }
}

extension Importing {
  /// Indices in one of the two types that the graph's operators take.
  mutating func indices(_ node: Node, _ index: Int) throws(Diagnostic) -> TensorID {
    let id = try tensor(node, index)
    return element(id) == .int32 ? id : try cast(id, to: .int64)
  }
}
