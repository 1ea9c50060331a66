import Graph

// Picking and scattering at places that are known beforehand: one gather over flat data.
extension Legalizer {
  /// `picked` gives for each element of the result the element of the (flat) data.
  private mutating func pickFlat(
    _ places: [Int], of data: TensorID, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard let result = node.outputs[0] else { return false }
    let flat = try reshape(data, to: Shape([shape(data).elementCountPerSample]), for: node)
    let picked = try pick(places, of: flat, axis: 0, for: node, into: nil)
    try reshape(picked, to: shape(result), for: node, into: result)
    record("known indices as one gather", node)
    return true
  }

  private func knownIndices(_ id: TensorID?) -> TensorValue? { constant(id)?.realized() }

  mutating func rewriteGatherElements(axis: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let sizes = shape(data).fixedSizes,
      let indices = knownIndices(node.inputs[1])
    else { return false }
    let strides = Shape.strides(sizes)
    let places = (0..<indices.elementCount).map { flat in
      let position = Self.position(flat, indices.sizes)
      return position.indices.reduce(0) {
        $0 + ($1 == axis ? Self.index(indices.integer(at: flat), sizes[axis]) : position[$1]) * strides[$1]
      }
    }
    return try pickFlat(places, of: data, node)
  }

  mutating func rewriteGatherND(batchDimensions: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard batchDimensions == 0, let data = node.inputs[0], let sizes = shape(data).fixedSizes,
      let indices = knownIndices(node.inputs[1]), let depth = indices.sizes.last
    else { return false }
    let strides = Shape.strides(sizes)
    let inner = Shape.elementCount(Array(sizes[depth...]))
    let starts = Self.starts(indices, depth: depth, sizes: sizes, strides: strides)
    return try pickFlat(starts.flatMap { start in (0..<inner).map { start + $0 } }, of: data, node)
  }

  /// The first element of each row that an index names.
  private static func starts(_ indices: TensorValue, depth: Int, sizes: [Int], strides: [Int]) -> [Int] {
    (0..<indices.elementCount / max(1, depth)).map { row in
      (0..<depth).reduce(0) {
        $0 + index(indices.integer(at: row * depth + $1), sizes[$1]) * strides[$1]
      }
    }
  }

  /// Data with some elements replaced: a gather from data and updates side by side.
  mutating func rewriteScatter(
    _ reduction: ScatterReduction, axis: Int?, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard reduction == .none, let data = node.inputs[0], let updates = node.inputs[2],
      let sizes = shape(data).fixedSizes, let indices = knownIndices(node.inputs[1]),
      let updateCount = shape(updates).fixedSizes.map(Shape.elementCount)
    else { return false }
    let strides = Shape.strides(sizes)
    let count = Shape.elementCount(sizes)
    var places = Array(0..<count)
    if let axis {
      for flat in 0..<indices.elementCount {
        let position = Self.position(flat, indices.sizes)
        let place = position.indices.reduce(0) {
          $0 + ($1 == axis ? Self.index(indices.integer(at: flat), sizes[axis]) : position[$1]) * strides[$1]
        }
        places[place] = count + flat
      }
    } else {
      let depth = indices.sizes.last ?? 0
      let inner = Shape.elementCount(Array(sizes[depth...]))
      let starts = Self.starts(indices, depth: depth, sizes: sizes, strides: strides)
      for (row, start) in starts.enumerated() {
        for offset in 0..<inner { places[start + offset] = count + row * inner + offset }
      }
    }
    let both = try add(
      .concat(axis: 0),
      [
        reshape(data, to: Shape([count]), for: node), reshape(updates, to: Shape([updateCount]), for: node),
      ], for: node)
    return try pickFlat(places, of: both, node)
  }

  private static func index(_ value: Int, _ extent: Int) -> Int { value < 0 ? value + extent : value }

  private static func position(_ flat: Int, _ sizes: [Int]) -> [Int] {
    var rest = flat
    return Shape.strides(sizes).map { stride in
      defer { rest %= stride }
      return rest / stride
    }
  }

  /// off + (on − off) · (index = place)
  mutating func rewriteOneHot(axis: Int, depth: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let indices = node.inputs[0], let values = constant(node.inputs[1]), values.type == .float32,
      let result = node.outputs[0], !graph[indices].element.isFloat
    else { return false }
    let levels = values.realized().floats
    var extents = shape(indices).extents
    extents.insert(1, at: axis)
    let column = try reshape(indices, to: Shape(extents), for: node)
    var sizes = [Int](repeating: 1, count: extents.count)
    sizes[axis] = depth
    let places = addConstant(
      Constant(TensorValue(integers: Array(0..<depth), type: graph[indices].element, sizes: sizes)),
      name: "places")
    let isPlace = try add(.compare(.equal), [column, places], for: node)
    if levels[0] == 0, levels[1] == 1 {
      try add(.cast(.float32), [isPlace], for: node, into: result)
    } else {
      let on = try add(.broadcast(shape(result)), [scalar(levels[1])], for: node)
      try add(.select, [isPlace, on, scalar(levels[0])], for: node, into: result)
    }
    record("one-hot through comparisons", node)
    return true
  }

  /// The triangle as a factor of ones and zeros.
  mutating func rewriteTriangle(upper: Bool, diagonal: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0], graph[data].element.isFloat,
      let rows = shape(data)[shape(data).rank - 2].fixedValue,
      let columns = shape(data)[shape(data).rank - 1].fixedValue
    else { return false }
    let mask = (0..<rows).flatMap { row in
      (0..<columns).map { column -> Float in
        (upper ? column - row >= diagonal : column - row <= diagonal) ? 1 : 0
      }
    }
    let factor = addConstant(mask, [rows, columns], name: "triangle")
    try add(.binary(.multiply, clamp: nil), [data, factor], for: node, into: result)
    record("triangle as a factor", node)
    return true
  }

  /// Sequences of one length are reversed by one walk.
  mutating func rewriteReverse(batchAxis: Int, timeAxis: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0],
      let lengths = knownIndices(node.inputs[1])?.integers, let length = lengths.first,
      lengths.allSatisfy({ $0 == length }), let count = shape(data)[timeAxis].fixedValue, length <= count
    else { return false }
    var slice = Slice(of: shape(data), axis: timeAxis, start: length - 1, count: length)
    slice.steps[timeAxis] = -1
    if length == count {
      try add(.slice(slice), [data], for: node, into: result)
      return true
    }
    let front = try add(.slice(slice), [data], for: node)
    let rest = Slice(of: shape(data), axis: timeAxis, start: length, count: count - length)
    let back = try add(.slice(rest), [data], for: node)
    try add(.concat(axis: timeAxis), [front, back], for: node, into: result)
    return true
  }

  /// The first of the top is the extreme.
  mutating func rewriteTopK(_ top: TopK, _ node: Operator) throws(Diagnostic) -> Bool {
    guard top.count == 1, let data = node.inputs[0] else { return false }
    if let values = node.outputs[0] {
      try add(
        .reduce(top.largest ? .maximum : .minimum, axes: [top.axis], keepsAxes: true), [data], for: node,
        into: values)
    }
    if node.outputs.count > 1, let indices = node.outputs[1] {
      try add(
        .argExtreme(maximum: top.largest, axis: top.axis, keepsAxis: true, selectsLast: false), [data],
        for: node, into: indices)
    }
    record("top 1 as extreme and its place", node)
    return true
  }
}
