import Graph

/// One way in which an operator can work: how each operand is stored when it reads it and each result when it makes it.
///
/// Constants have no entry: they are rearranged for free.
struct LayoutMode: Hashable, Sendable {
  var operands: [Arrangement?]
  var results: [Arrangement?]
}

/// The operand or result of an operator that an arrangement is proposed for.
enum LayoutEdge: Hashable, Sendable {
  case operand(Int)
  case result(Int)
}

/// Says which modes operators have.
struct LayoutModes {
  let graph: Graph
  let target: DataLayout

  /// The mode of an operator in which this edge is stored as `arrangement`; nil when it cannot work like that.
  func mode(of node: Operator, with arrangement: Arrangement, at edge: LayoutEdge) -> LayoutMode? {
    if arrangement.isIdentity, node.operation.layout == nil { return plainMode(of: node) }
    switch node.operation {
    case .unary, .binary, .compare, .select, .cast: return broadcasting(node, arrangement, edge)
    case .reshape: return reshape(node, arrangement, edge)
    case .dense: return dense(node, arrangement, edge)
    case .matmul: return product(node, arrangement, edge)
    case .reduce(_, let axes, false): return removing(axes, node, arrangement, edge)
    case .argExtreme(_, let axis, false, _): return removing([axis], node, arrangement, edge)
    case .gather(let axis):
      guard let indices = node.inputs[1], graph[indices].shape.rank <= 1 else { return nil }
      return graph[indices].shape.rank == 0
        ? removing([axis], node, arrangement, edge) : sameRank(node, arrangement, edge)
    case .composite(.layerNormalization(let axis, _)), .composite(.rmsNormalization(let axis, _)):
      return normalization(from: axis, node, arrangement, edge)
    case .recurrent: return recurrentModes(node).first { $0[edge] == arrangement }
    default: return node.operation.layout == nil ? sameRank(node, arrangement, edge) : nil
    }
  }

  /// Everything stored in the order of its axes.
  func plainMode(of node: Operator) -> LayoutMode {
    func plain(_ id: TensorID?) -> Arrangement? {
      guard let id, graph[id].constant == nil else { return nil }
      return .identity(graph[id].shape.rank)
    }
    return LayoutMode(operands: node.inputs.map(plain), results: node.outputs.map(plain))
  }

  /// The modes that an operator has whatever its neighbors do; the first is the one it starts with.
  func startingModes(of node: Operator) -> [LayoutMode] {
    if case .recurrent = node.operation { return recurrentModes(node) }
    guard let layout = node.operation.layout, layout != target else { return [plainMode(of: node)] }
    var mode = plainMode(of: node)
    func turn(_ arrangement: Arrangement?) -> Arrangement? {
      guard let rank = arrangement?.rank, rank >= 3 else { return arrangement }
      return target == .channelsLast ? .channelsLast(rank) : .channelsFirst(rank)
    }
    // Filters, biases and scales have an order of their own.
    mode.operands[0] = turn(mode.operands[0])
    mode.results = mode.results.map(turn)
    return [mode]
  }
}

extension LayoutMode {
  subscript(edge: LayoutEdge) -> Arrangement? {
    switch edge {
    case .operand(let index): operands[index]
    case .result(let index): results[index]
    }
  }
}

extension LayoutModes {
  private func shape(_ id: TensorID?) -> Shape { id.map { graph[$0].shape } ?? [] }

  /// Element-wise operators: all operands like the result, those of lower rank in the order that is left.
  private func broadcasting(
    _ node: Operator, _ arrangement: Arrangement, _ edge: LayoutEdge
  ) -> LayoutMode? {
    let result = shape(node.outputs[0])
    let full: Arrangement
    switch edge {
    case .result: full = arrangement
    case .operand(let index):
      let operand = shape(node.inputs[index])
      let lead = result.rank - operand.rank
      var inner: [Int: AxisOrder] = [:]
      for (axis, shuffle) in arrangement.inner {
        guard operand[axis] == result[axis + lead] else { return nil }
        inner[axis + lead] = shuffle
      }
      full = Arrangement(Array(0..<lead) + arrangement.order.map { $0 + lead }, inner: inner)
    }
    let operands = node.inputs.map { id -> Arrangement? in
      guard let id, graph[id].constant == nil else { return nil }
      return full.restricted(to: graph[id].shape, in: result)
    }
    return LayoutMode(operands: operands, results: [full])
  }

  private func reshape(_ node: Operator, _ arrangement: Arrangement, _ edge: LayoutEdge) -> LayoutMode? {
    let (operand, result) = (shape(node.inputs[0]), shape(node.outputs[0]))
    switch edge {
    case .operand:
      guard let carried = arrangement.carried(from: operand, to: result) else { return nil }
      return LayoutMode(operands: [arrangement], results: [carried])
    case .result:
      guard let carried = arrangement.carried(from: result, to: operand) else { return nil }
      return LayoutMode(operands: [carried], results: [arrangement])
    }
  }

  /// The last axis stays last; inside it both sides may be reordered, which permutes the constant weights.
  private func dense(_ node: Operator, _ arrangement: Arrangement, _ edge: LayoutEdge) -> LayoutMode? {
    let last = arrangement.rank - 1
    guard arrangement.order.last == last else { return nil }
    let hasConstants = node.inputs.dropFirst().allSatisfy { $0.map { graph[$0].constant != nil } ?? true }
    guard arrangement.inner[last] == nil || hasConstants else { return nil }
    var other = arrangement
    other.inner[last] = nil
    var operands = plainMode(of: node).operands
    switch edge {
    case .operand(0):
      operands[0] = arrangement
      return LayoutMode(operands: operands, results: [other])
    case .operand: return nil
    case .result:
      operands[0] = other
      return LayoutMode(operands: operands, results: [arrangement])
    }
  }

  /// Leading axes in any order, if all sides agree; the last two of an operand may be swapped, which is a flag.
  private func product(_ node: Operator, _ arrangement: Arrangement, _ edge: LayoutEdge) -> LayoutMode? {
    let rank = arrangement.rank
    guard rank >= 2, arrangement.inner.isEmpty else { return nil }
    let lead = Array(arrangement.order.prefix(rank - 2))
    guard lead.allSatisfy({ $0 < rank - 2 }) else { return nil }
    var mode = plainMode(of: node)
    let isPlain = lead == Array(lead.indices)
    if !isPlain {
      let sides = mode.operands + mode.results
      guard sides.allSatisfy({ $0?.rank == rank }) else { return nil }
      let turned = Arrangement(lead + [rank - 2, rank - 1])
      mode = LayoutMode(operands: [turned, turned], results: [turned])
    }
    switch edge {
    case .operand(let index): mode.operands[index] = arrangement
    case .result: guard mode.results[0] == arrangement else { return nil }
    }
    return mode
  }

  /// Operators that lose axes; where the lost ones were stored is only known from the operand.
  private func removing(
    _ axes: [Int], _ node: Operator, _ arrangement: Arrangement, _ edge: LayoutEdge
  ) -> LayoutMode? {
    guard edge == .operand(0) else { return nil }
    // A sum over reordered elements is the same sum; a position among them is not.
    var seen = arrangement
    if case .reduce = node.operation { for axis in axes { seen.inner[axis] = nil } }
    guard let rest = seen.removing(axes) else { return nil }
    var mode = plainMode(of: node)
    mode.operands[0] = arrangement
    mode.results[0] = rest
    return mode
  }

  /// Operators whose results have the operand's axes, perhaps with other extents.
  private func sameRank(_ node: Operator, _ arrangement: Arrangement, _ edge: LayoutEdge) -> LayoutMode? {
    guard let working = node.operation.workingAxes(of: shape(node.inputs[0])) else { return nil }
    if case .operand(let index) = edge, !working.operands(node).contains(index) { return nil }
    for axis in arrangement.inner.keys where working.axes.contains(axis) { return nil }
    let rank = arrangement.rank
    guard node.outputs.allSatisfy({ $0.map { graph[$0].shape.rank == rank } ?? true }) else { return nil }
    var mode = plainMode(of: node)
    for index in working.operands(node) where mode.operands[index] != nil {
      guard shape(node.inputs[index]).rank == rank else { return nil }
      mode.operands[index] = arrangement
    }
    mode.results = node.outputs.map { $0 == nil ? nil : arrangement }
    return mode
  }

  /// The normalized axes stay behind the others, in any order.
  private func normalization(
    from first: Int, _ node: Operator, _ arrangement: Arrangement, _ edge: LayoutEdge
  ) -> LayoutMode? {
    guard edge == .operand(0) || edge == .result(0), node.outputs.count == 1,
      arrangement.order.prefix(first).allSatisfy({ $0 < first }),
      node.inputs.dropFirst().allSatisfy({ $0.map { graph[$0].constant != nil } ?? true })
    else { return nil }
    var mode = plainMode(of: node)
    mode.operands[0] = arrangement
    mode.results[0] = arrangement
    return mode
  }

  /// Time first or batch first.
  private func recurrentModes(_ node: Operator) -> [LayoutMode] {
    guard case .recurrent(let recurrent) = node.operation else { return [] }
    let plain = plainMode(of: node)
    var turned = plain
    let (time, states) = ([1, 0, 2], [1, 0, 2])
    // [T, D, N, H] and [N, T, D, H].
    let sequence = recurrent.batchMajor ? [1, 2, 0, 3] : [2, 0, 1, 3]
    for index in plain.operands.indices where plain.operands[index] != nil {
      switch index {
      case 0: turned.operands[index] = Arrangement(time)
      case 5, 6: turned.operands[index] = Arrangement(states)
      default: break
      }
    }
    for index in plain.results.indices where plain.results[index] != nil {
      turned.results[index] = Arrangement(index == 0 ? sequence : states)
    }
    return [plain, turned]
  }
}

extension Arrangement {
  /// The arrangement of an operand that is broadcast to an arranged result.
  func restricted(to operand: Shape, in result: Shape) -> Arrangement {
    let lead = result.rank - operand.rank
    var kept: [Int: AxisOrder] = [:]
    for (axis, shuffle) in inner where axis >= lead && operand[axis - lead] == result[axis] {
      kept[axis - lead] = shuffle
    }
    return Arrangement(order.filter { $0 >= lead }.map { $0 - lead }, inner: kept)
  }
}
