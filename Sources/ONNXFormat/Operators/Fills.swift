import Graph

extension OperatorRegistry {
  /// Operators that make tensors from attributes, shapes or numbers.
  static let fills: [OperatorEntry] = [
    OperatorEntry("Constant", inputs: 0, constantValue),
    OperatorEntry("ConstantOfShape", since: 9, inputs: 1, shapeOperands: [0], constantOfShape),
    OperatorEntry(many: "Shape", inputs: 1, shapeOf),
    OperatorEntry(many: "Size", inputs: 1) { importing, node throws(Diagnostic) in
      let shape = importing.shape(try importing.tensor(node, 0))
      let extent = try importing.product(shape.extents[...], node)
      return [importing.imported(SymbolicValue(type: .int64, sizes: [], elements: [Scalar(extent)]))]
    },
    OperatorEntry("Range", since: 11, inputs: 3, shapeOperands: [0, 1, 2], range),
    OperatorEntry("EyeLike", since: 9, inputs: 1, eyeLike),
  ]

  private static func constantValue(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID
  {
    if let record = try node.tensor("value") {
      return importing.graph.addConstant(Constant(try importing.tensors.source(record)), name: "")
    }
    if let value = try node.optionalFloat("value_float") { return importing.scalar(value) }
    if let values = try node.floats("value_floats") {
      return importing.constant(TensorValue(floats: values, sizes: [values.count]))
    }
    if let value = try node.optionalInteger("value_int") {
      return importing.constant(TensorValue(int64s: [value], sizes: []))
    }
    if let values = try node.integers("value_ints") {
      return importing.constant(TensorValue(int64s: values, sizes: [values.count]))
    }
    throw node.unsupported("has no value that edgeopt reads (texts and sparse tensors are not)")
  }

  private static func constantOfShape(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> TensorID
  {
    let shape = try importing.extents(node, 0, "shape")
    var value = importing.constant(TensorValue(floats: [0], sizes: []))
    if let record = try node.tensor("value") {
      let constant = Constant(try importing.tensors.source(record))
      guard constant.elementCount == 1 else {
        throw node.problem("fills with \(constant.elementCount) numbers; expected one")
      }
      value = importing.constant(constant.realized().reshaped([]))
    }
    return try importing.fill(value, shape)
  }

  private static func shapeOf(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> [ImportedValue?]
  {
    let extents = importing.shape(try importing.tensor(node, 0)).extents
    // Bounds beyond the rank are clamped, not refused.
    func bound(_ value: Int) -> Int { min(max(value < 0 ? value + extents.count : value, 0), extents.count) }
    let start = bound(try node.integer("start", default: 0))
    let end = max(start, bound(try node.integer("end", default: extents.count)))
    let elements = extents[start..<end].map { Scalar($0) }
    return [importing.imported(SymbolicValue(type: .int64, sizes: [elements.count], elements: elements))]
  }

  private static func range(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let type = importing.element(try importing.tensor(node, 0))
    guard type == .float32 else {
      guard let start = try importing.integer(node, 0, "start"),
        let limit = try importing.integer(node, 1, "limit"),
        let step = try importing.integer(node, 2, "step"), step != 0
      else { throw node.problem("lacks its start, limit or step") }
      let count = max(0, ((Double(limit) - Double(start)) / Double(step)).rounded(.up))
      return importing.constant(
        TensorValue(
          integers: (0..<(try rangeCount(count, node))).map { start &+ $0 &* step }, type: type,
          sizes: [Int(count)]))
    }
    guard let start = try importing.floats(node, 0, "start")?.first,
      let limit = try importing.floats(node, 1, "limit")?.first,
      let step = try importing.floats(node, 2, "step")?.first, step != 0
    else { throw node.problem("lacks its start, limit or step") }
    let count = try rangeCount(max(0, ((Double(limit) - Double(start)) / Double(step)).rounded(.up)), node)
    return importing.constant(
      TensorValue(floats: (0..<count).map { start + Float($0) * step }, sizes: [count]))
  }

  private static func rangeCount(_ count: Double, _ node: Node) throws(Diagnostic) -> Int {
    guard count <= Double(1 << 24) else {
      throw node.problem("counts \(count) numbers, the most is \(1 << 24)")
    }
    return Int(count)
  }

  private static func eyeLike(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let like = try importing.tensor(node, 0)
    try importing.requireRank(like, 2...2, node)
    let (rows, columns) = (try importing.size(like, 0, node), try importing.size(like, 1, node))
    var type = importing.element(like)
    if let number = try node.optionalInteger("dtype") {
      type = try DataTypes.sourceType(number, of: "the result of '\(node.title)'").elementType
    }
    guard Shape.elementCount([rows, columns]) <= 1 << 24 else {
      throw node.problem("makes a matrix of \(rows) × \(columns)")
    }
    let diagonal = try node.integer("k", default: 0)
    let value = TensorValue(type: type, sizes: [rows, columns])
    for row in 0..<rows {
      let (column, overflow) = row.addingReportingOverflow(diagonal)
      if !overflow, (0..<columns).contains(column) { value.setInteger(1, at: row * columns + column) }
    }
    return importing.constant(value)
  }
}

extension Importing {
  /// A tensor of one repeated number; large ones stay an operator, so that no memory is taken for them.
  mutating func fill(_ scalar: TensorID, _ shape: Shape) throws(Diagnostic) -> TensorID {
    let byteCount = shape.elementCountPerSample.multipliedReportingOverflow(by: element(scalar).byteCount)
    guard let sizes = shape.fixedSizes, !byteCount.overflow,
      byteCount.partialValue <= ImportLimits.foldedBytes,
      let value = graph[scalar].constant?.realized()
    else { return try emit(.broadcast(shape), scalar) }
    let result = TensorValue(type: value.type, sizes: sizes)
    let width = value.type.byteCount
    for index in 0..<result.elementCount {
      for byte in 0..<width { result.bytes[index * width + byte] = value.bytes[byte] }
    }
    return constant(result)
  }
}
