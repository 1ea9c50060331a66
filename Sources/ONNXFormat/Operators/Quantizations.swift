import Graph

extension OperatorRegistry {
  /// Operators between real numbers and the integers that stand for them.
  static let quantizations: [OperatorEntry] = [
    OperatorEntry("QuantizeLinear", since: 10, inputs: 3) { importing, node throws(Diagnostic) in
      let data = try importing.cast(importing.tensor(node, 0), to: .float32)
      let zero = try importing.optionalTensor(node, 2)
      var type = zero.map { importing.element($0) } ?? .uint8
      if zero == nil, let number = try node.optionalInteger("output_dtype"), number != 0 {
        type = try DataTypes.sourceType(number, of: "the result of '\(node.title)'").elementType
      }
      guard type.isInteger else { throw node.problem("quantizes to \(type); expected an integer type") }
      let grid = try importing.grid(of: data, zeroPointType: type, node)
      return try importing.emit(
        .quantizeLinear(axis: grid.axis, blockSize: grid.blockSize, type), data, grid.scale, grid.zeroPoint)
    },
    OperatorEntry("DequantizeLinear", since: 10, inputs: 3) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      guard importing.element(data).isInteger else {
        throw node.problem("has \(importing.element(data)) data; expected integers")
      }
      let grid = try importing.grid(of: data, zeroPointType: importing.element(data), node)
      return try importing.emit(
        .dequantizeLinear(axis: grid.axis, blockSize: grid.blockSize), data, grid.scale, grid.zeroPoint)
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

/// Scale and zero point: one for all, one per index of an axis, or one per block along it.
private struct QuantizationGrid {
  var axis: Int?
  var blockSize = 0
  var scale: TensorID
  var zeroPoint: TensorID?
}

extension Importing {
  fileprivate mutating func grid(
    of data: TensorID, zeroPointType: ElementType, _ node: Node
  ) throws(Diagnostic) -> QuantizationGrid {
    var grid = QuantizationGrid(scale: try tensor(node, 1), zeroPoint: try optionalTensor(node, 2))
    guard element(grid.scale) == .float32 else {
      throw node.problem("has a scale of type \(element(grid.scale))")
    }
    if let zero = grid.zeroPoint {
      guard element(zero) == zeroPointType,
        shape(zero).elementCountPerSample == shape(grid.scale).elementCountPerSample
      else { throw node.problem("has zero points \(type(zero)) for scales \(shape(grid.scale))") }
    }
    let (shape, scales) = (shape(data), shape(grid.scale))
    let block = try node.integer("block_size", default: 0)
    if block == 0, scales.elementCountPerSample == 1, scales.rank <= 1 {
      grid.scale = try asScalar(grid.scale)
      if let zero = grid.zeroPoint { grid.zeroPoint = try asScalar(zero) }
      return grid
    }
    let axis = try node.axis(try node.integer("axis", default: 1), rank: shape.rank)
    grid.axis = axis
    if block == 0 {
      guard scales == Shape([shape[axis]]) else {
        throw node.problem("has scales \(scales) for axis \(axis) of \(shape)")
      }
      return grid
    }
    var expected = shape
    let extent = try size(data, axis, node)
    guard block > 0, block <= Shape.maximumElementCount else { throw node.problem("has block_size \(block)") }
    expected[axis] = .fixed((extent + block - 1) / block)
    guard scales == expected else {
      throw node.problem("has scales \(scales) for blocks of \(block) along axis \(axis) of \(shape)")
    }
    grid.blockSize = block
    return grid
  }
}
