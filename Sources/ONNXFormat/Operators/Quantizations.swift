import Graph

extension OperatorRegistry {
  /// Operators between real numbers and the integers that stand for them.
  static let quantizations: [OperatorEntry] = [
    OperatorEntry("QuantizeLinear", since: 10, inputs: 3) { importing, node throws(Diagnostic) in
      let data = try importing.cast(importing.tensor(node, 0), to: .float32)
      let scale = try importing.tensor(node, 1)
      let zero = try importing.optionalTensor(node, 2)
      var type = zero.map { importing.element($0) } ?? .uint8
      if zero == nil, let number = try node.optionalInteger("output_dtype"), number != 0 {
        type = try DataTypes.sourceType(number, of: "the result of '\(node.title)'").elementType
      }
      let axis = try importing.quantizedAxis(data, scale, node)
      let block = try node.integer("block_size", default: 0)
      let inputs = [
        data, try importing.quantizationParameter(scale, axis),
        try zero.map { id throws(Diagnostic) in try importing.quantizationParameter(id, axis) },
      ]
      return try importing.emit(.quantizeLinear(axis: axis, blockSize: block, type), inputs, wanted: [true])[
        0]!
    },
    OperatorEntry("DequantizeLinear", since: 10, inputs: 3) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let scale = try importing.tensor(node, 1)
      let zero = try importing.optionalTensor(node, 2)
      let axis = try importing.quantizedAxis(data, scale, node)
      let block = try node.integer("block_size", default: 0)
      let inputs = [
        data, try importing.quantizationParameter(scale, axis),
        try zero.map { id throws(Diagnostic) in try importing.quantizationParameter(id, axis) },
      ]
      return try importing.emit(.dequantizeLinear(axis: axis, blockSize: block), inputs, wanted: [true])[0]!
    },
    OperatorEntry(many: "DynamicQuantizeLinear", since: 11, inputs: 1, dynamicQuantize),
  ]

  /// The range of the data decides scale and zero point, as the operator's own definition says.
  private static func dynamicQuantize(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> [ImportedValue?]
  {
    let data = try importing.tensor(node, 0)
    let axes = Array(0..<importing.rank(data))
    let zero = importing.scalar(0)
    let low = try importing.binary(.minimum, importing.reduce(.minimum, data, axes: axes, keeps: false), zero)
    let high = try importing.binary(
      .maximum, importing.reduce(.maximum, data, axes: axes, keeps: false), zero)
    let scale = try importing.binary(.divide, importing.binary(.subtract, high, low), importing.scalar(255))
    let start = try importing.binary(.subtract, zero, importing.binary(.divide, low, scale))
    let rounded = try importing.unary(.round, importing.clip(start, 0, 255))
    let zeroPoint = try importing.cast(rounded, to: .uint8)
    let result = try importing.emit(.quantizeLinear(axis: nil, blockSize: 0, .uint8), data, scale, zeroPoint)
    return [.tensor(result), .tensor(scale), .tensor(zeroPoint)]
  }
}

extension Importing {
  /// nil when one scale holds for the whole tensor.
  fileprivate func quantizedAxis(_ data: TensorID, _ scale: TensorID, _ node: Node) throws(Diagnostic) -> Int?
  {
    if shape(scale).elementCountPerSample == 1, rank(scale) <= 1 { return nil }
    let listed = try node.integer("axis", default: 1)
    return try node.axis(listed, rank: rank(data))
  }

  fileprivate mutating func quantizationParameter(_ id: TensorID, _ axis: Int?) throws(Diagnostic) -> TensorID
  {
    axis == nil ? try asScalar(id) : id
  }
}
