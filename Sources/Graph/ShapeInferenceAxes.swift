extension Operands {
  func alongAxes(_ operation: Operation) throws(Diagnostic) -> [TensorType] {
    let operand = try type(0)
    let shape = operand.shape
    switch operation {
    case .reduce(let kind, let axes, let keeps):
      for axis in axes { try check(axis: axis, rank: shape.rank) }
      guard Set(axes).count == axes.count else { throw problem("reduces an axis twice: \(axes)") }
      let allowsBool = kind == .maximum || kind == .minimum
      guard operand.element != .bool || allowsBool else { throw problem("cannot work on bool") }
      return [TensorType(operand.element, shape.reduced(axes: axes, keepsAxes: keeps))]
    case .argExtreme(_, let axis, let keeps, _):
      try check(axis: axis, rank: shape.rank)
      guard shape[axis] != 0 else { throw problem("looks for an extreme along an empty axis of \(shape)") }
      return [TensorType(.int64, shape.reduced(axes: [axis], keepsAxes: keeps))]
    case .topK(let topK):
      try check(axis: topK.axis, rank: shape.rank)
      guard let size = shape[topK.axis].fixedValue, (0...size).contains(topK.count) else {
        throw problem("takes the top \(topK.count) of axis \(topK.axis) of \(shape)")
      }
      var result = shape
      result[topK.axis] = .fixed(topK.count)
      return [TensorType(operand.element, result), TensorType(.int64, result)]
    case .cumulative(let cumulative):
      try check(axis: cumulative.axis, rank: shape.rank)
      return [operand]
    case .softmax(let axis, _):
      try check(axis: axis, rank: shape.rank)
      guard operand.element.isFloat else { throw problem("needs a float operand, found \(operand.element)") }
      return [operand]
    default: throw problem("has no axes")
    }
  }

  func matmul(transposesLeft: Bool, transposesRight: Bool) throws(Diagnostic) -> TensorType {
    let (left, right) = (try type(0), try type(1))
    try sameElement(left, right)
    guard left.element != .bool else { throw problem("cannot work on bool") }
    var (a, b) = (left.shape.extents, right.shape.extents)
    guard !a.isEmpty, !b.isEmpty else { throw problem("multiplies a scalar; at least one axis is needed") }
    let (leftIsVector, rightIsVector) = (a.count == 1, b.count == 1)
    if leftIsVector { a.insert(1, at: 0) } else if transposesLeft { a.swapAt(a.count - 1, a.count - 2) }
    if rightIsVector { b.append(1) } else if transposesRight { b.swapAt(b.count - 1, b.count - 2) }
    guard a[a.count - 1] == b[b.count - 2] else {
      throw problem("multiplies \(left.shape) by \(right.shape); the inner extents differ")
    }
    var result = try broadcast([Shape(Array(a.dropLast(2))), Shape(Array(b.dropLast(2)))]).extents
    if !leftIsVector { result.append(a[a.count - 2]) }
    if !rightIsVector { result.append(b[b.count - 1]) }
    return TensorType(left.element, Shape(result))
  }

  func dense() throws(Diagnostic) -> TensorType {
    let (data, weights) = (try type(0), try type(1))
    try sameElement(data, weights)
    guard weights.shape.rank == 2, let depth = data.shape.extents.last, depth == weights.shape[1] else {
      throw problem("multiplies \(data.shape) by weights \(weights.shape), stored [outputs, inputs]")
    }
    try checkBias(2, count: weights.shape[0])
    return TensorType(data.element, Shape(data.shape.extents.dropLast() + [weights.shape[0]]))
  }

  func checkBias(_ index: Int, count: Extent) throws(Diagnostic) {
    guard let bias = optional(index) else { return }
    guard bias.shape == Shape([count]) else {
      throw problem("has a bias of shape \(bias.shape); expected [\(count)]")
    }
  }

  func recurrent(_ recurrent: Recurrent) throws(Diagnostic) -> [TensorType] {
    let (data, weights, recurrence) = (try type(0), try shape(1), try shape(2))
    let (directions, hidden) = (recurrent.direction.count, recurrent.hiddenSize)
    let rows = recurrent.kind.gateCount * hidden
    guard data.element.isFloat, data.shape.rank == 3 else {
      throw problem("needs float data of rank 3, found \(data)")
    }
    guard weights == Shape([.fixed(directions), .fixed(rows), data.shape[2]]),
      recurrence == Shape([directions, rows, hidden])
    else {
      throw problem(
        "has weights \(weights) and recurrence \(recurrence); expected [\(directions), \(rows), \(data.shape[2])] "
          + "and [\(directions), \(rows), \(hidden)]")
    }
    guard recurrent.activations.count >= directions * recurrent.kind.activationCount else {
      throw problem("has too few activation functions")
    }
    let (time, batch) = recurrent.batchMajor ? (data.shape[1], data.shape[0]) : (data.shape[0], data.shape[1])
    try checkOperand(3, Shape([directions, 2 * rows]), "bias")
    try checkOperand(4, Shape([batch]), "sequence lengths")
    let state: Shape =
      recurrent.batchMajor
      ? [batch, .fixed(directions), .fixed(hidden)] : [.fixed(directions), batch, .fixed(hidden)]
    try checkOperand(5, state, "initial hidden state")
    try checkOperand(6, state, "initial cell state")
    try checkOperand(7, Shape([directions, 3 * hidden]), "peepholes")
    let all: Shape =
      recurrent.batchMajor
      ? [batch, time, .fixed(directions), .fixed(hidden)] : [time, .fixed(directions), batch, .fixed(hidden)]
    return [all, state, state].map { TensorType(data.element, $0) }
  }

  private func checkOperand(_ index: Int, _ expected: Shape, _ what: String) throws(Diagnostic) {
    guard let found = optional(index), found.shape != expected else { return }
    throw problem("has \(what) of shape \(found.shape); expected \(expected)")
  }
}

extension Recurrent.Kind {
  /// Activation functions per direction.
  public var activationCount: Int {
    switch self {
    case .lstm: 3
    case .gru: 2
    case .plain: 1
    }
  }
}

extension Shape {
  /// The shape after `axes` became one element each (`keepsAxes`) or vanished.
  public func reduced(axes: [Int], keepsAxes: Bool) -> Shape {
    var result: [Extent] = []
    for (axis, extent) in extents.enumerated() {
      if !axes.contains(axis) { result.append(extent) } else if keepsAxes { result.append(1) }
    }
    return Shape(result)
  }
}
