import Graph

/// A recurrent layer of one direction as steps in core operators, one after another along time.
///
/// Data are `[N, T, I]` (or `[T, N, I]`), states `[N, 1, H]` (or `[1, N, H]`), so that no step needs a reshape.
struct RecurrentUnrolling {
  let layer: Recurrent
  let node: Operator
  /// `[G·H, I]`, `[G·H, H]`, `[G·H]`, `[G·H]`, `[3·H]`
  let weights: Constant
  let recurrence: Constant
  let dataBias: [Float]
  let stateBias: [Float]
  let peepholes: [Float]?
  let initialHidden: TensorID?
  let initialCell: TensorID?

  /// What the layer makes.
  struct Results {
    var hidden: [TensorID] = []
    var cells: [TensorID] = []
  }

  var timeAxis: Int { layer.batchMajor ? 1 : 0 }
  var size: Int { layer.hiddenSize }

  /// Writes all steps.
  func unroll(_ data: TensorID, in writer: inout Legalizer) throws(Diagnostic) -> Results {
    var steps = Steps(unrolling: self, writer: writer)
    let results = try steps.run(data)
    writer = steps.writer
    return results
  }
}

/// The writing of the steps.
private struct Steps {
  let unrolling: RecurrentUnrolling
  var writer: Legalizer
  private let node: Operator
  private let layer: Recurrent
  private let size: Int
  private var constants: [String: TensorID] = [:]

  init(unrolling: RecurrentUnrolling, writer: Legalizer) {
    self.unrolling = unrolling
    self.writer = writer
    node = unrolling.node
    layer = unrolling.layer
    size = layer.hiddenSize
  }

  mutating func run(_ data: TensorID) throws(Diagnostic) -> RecurrentUnrolling.Results {
    let inputs = try steps(of: data)
    var results = RecurrentUnrolling.Results()
    var hidden = unrolling.initialHidden
    var cell = unrolling.initialCell
    for input in inputs {
      switch layer.kind {
      case .lstm(let couples):
        let next = try stepLSTM(input, hidden, cell, couplesInputForget: couples)
        hidden = next.hidden
        cell = next.cell
        results.cells.append(next.cell)
      case .gru(let linearBeforeReset):
        hidden = try stepGRU(input, hidden, linearBeforeReset: linearBeforeReset)
      case .plain:
        let sum = try total(input, stateProduct(hidden, 0..<1, bias: false))
        hidden = try activated(sum, 0)
      }
      if let hidden { results.hidden.append(hidden) }
    }
    return results
  }

  /// The data's share of all gates at once, cut into steps. Biases of the state are added here where nothing comes
  /// between.
  private mutating func steps(of data: TensorID) throws(Diagnostic) -> [TensorID] {
    var bias = unrolling.dataBias
    var merged = bias.indices.map { $0 }
    if case .gru(linearBeforeReset: true) = layer.kind { merged.removeLast(size) }
    for index in merged { bias[index] += unrolling.stateBias[index] }
    let filter = writer.addConstant(
      unrolling.weights, name: "\(node.sourceName)/weights", like: node.inputs[1])
    let shift = writer.addConstant(bias, [bias.count], name: "\(node.sourceName)/bias")
    let all = try writer.addWide(.dense(clamp: nil), [data, filter, shift], for: node)
    let count = writer.shape(all)[unrolling.timeAxis].perSample
    return try split(all, axis: unrolling.timeAxis, into: [Int](repeating: 1, count: count))
  }

  private mutating func split(
    _ data: TensorID, axis: Int, into parts: [Int]
  ) throws(Diagnostic) -> [TensorID] {
    if parts.count == 1 { return [data] }
    var extents: [Extent] = []
    for part in parts { extents.append(.fixed(part)) }
    let results = try writer.addSplit(data, axis: axis, parts: extents, for: node)
    for result in results { writer.wideIfInt8(result) }
    return results
  }

  /// The state's share of some gates.
  private mutating func stateProduct(
    _ hidden: TensorID?, _ gates: Range<Int>, bias: Bool
  ) throws(Diagnostic) -> TensorID? {
    guard let hidden else { return nil }
    let rows = gates.lowerBound * size..<gates.upperBound * size
    if let state = writer.constant(hidden) { return known(state, rows, bias: bias) }
    let filter = shared("recurrence \(gates)") { unrolling, writer in
      let constant = unrolling.recurrence.sliced(axis: 0, rows)
      return writer.addConstant(constant, name: "\(unrolling.node.sourceName)/recurrence")
    }
    guard bias else { return try writer.addWide(.dense(clamp: nil), [hidden, filter], for: node) }
    let shift = shared("state bias \(gates)") { unrolling, writer in
      writer.addConstant(Array(unrolling.stateBias[rows]), [rows.count], name: "state bias")
    }
    return try writer.addWide(.dense(clamp: nil), [hidden, filter, shift], for: node)
  }

  /// The share of a state that is known beforehand.
  private mutating func known(_ state: Constant, _ rows: Range<Int>, bias: Bool) -> TensorID {
    let states = state.realized().floats
    let factors = unrolling.recurrence.realized().floats
    var sums: [Float] = []
    for start in stride(from: 0, to: states.count, by: size) {
      for row in rows {
        let initial = bias ? unrolling.stateBias[row] : 0
        sums.append((0..<size).reduce(initial) { $0 + factors[row * size + $1] * states[start + $1] })
      }
    }
    return writer.addConstant(sums, Array(state.sizes.dropLast()) + [rows.count], name: "initial share")
  }

  /// Constants that all steps share.
  private mutating func shared(
    _ key: String, _ make: (RecurrentUnrolling, inout Legalizer) -> TensorID
  ) -> TensorID {
    if let known = constants[key] { return known }
    let made = make(unrolling, &writer)
    constants[key] = made
    return made
  }

  private mutating func total(_ first: TensorID, _ second: TensorID?) throws(Diagnostic) -> TensorID {
    guard let second else { return first }
    return try writer.addWide(.binary(.add, clamp: nil), [first, second], for: node)
  }

  private mutating func product(_ first: TensorID, _ second: TensorID) throws(Diagnostic) -> TensorID {
    try writer.addWide(.binary(.multiply, clamp: nil), [first, second], for: node)
  }

  private mutating func difference(_ first: TensorID, _ second: TensorID) throws(Diagnostic) -> TensorID {
    try writer.addWide(.binary(.subtract, clamp: nil), [first, second], for: node)
  }

  private mutating func activated(_ sum: TensorID, _ function: Int) throws(Diagnostic) -> TensorID {
    var sum = sum
    if let clip = layer.clip {
      sum = try writer.addWide(.unary(.clip(minimum: -clip, maximum: clip)), [sum], for: node)
    }
    return try writer.addWide(.unary(layer.activations[function]), [sum], for: node)
  }

  /// `sum` + peephole · `cell`.
  private mutating func peeping(
    _ sum: TensorID, at cell: TensorID?, gate: Int
  ) throws(Diagnostic) -> TensorID {
    guard let peepholes = unrolling.peepholes, let cell else { return sum }
    let factor = shared("peephole \(gate)") { unrolling, writer in
      let count = unrolling.size
      return writer.addConstant(
        Array(peepholes[gate * count..<(gate + 1) * count]), [count], name: "peephole")
    }
    return try total(sum, product(cell, factor))
  }

  private mutating func stepLSTM(
    _ input: TensorID, _ hidden: TensorID?, _ cell: TensorID?, couplesInputForget: Bool
  ) throws(Diagnostic) -> (hidden: TensorID, cell: TensorID) {
    let sum = try total(input, stateProduct(hidden, 0..<4, bias: false))
    let parts = try split(sum, axis: 2, into: [Int](repeating: size, count: 4))
    let entry = try activated(peeping(parts[0], at: cell, gate: 0), 0)
    let candidate = try activated(parts[3], 1)
    var next: TensorID
    switch (cell, couplesInputForget) {
    case (nil, _): next = try product(entry, candidate)
    case (let cell?, true): next = try total(cell, product(entry, difference(candidate, cell)))
    case (let cell?, false):
      let keep = try activated(peeping(parts[2], at: cell, gate: 2), 0)
      next = try total(product(keep, cell), product(entry, candidate))
    }
    let exit = try activated(peeping(parts[1], at: next, gate: 1), 0)
    let result = try product(exit, writer.addWide(.unary(layer.activations[2]), [next], for: node))
    return (result, next)
  }

  private mutating func stepGRU(
    _ input: TensorID, _ hidden: TensorID?, linearBeforeReset: Bool
  ) throws(Diagnostic) -> TensorID {
    let parts = try split(input, axis: 2, into: [2 * size, size])
    let gates = try activated(total(parts[0], stateProduct(hidden, 0..<2, bias: false)), 0)
    let pair = try split(gates, axis: 2, into: [size, size])
    var candidate = parts[1]
    if linearBeforeReset {
      // Without a state there is its bias alone.
      let product =
        try stateProduct(hidden, 2..<3, bias: true)
        ?? shared("state bias alone") { unrolling, writer in
          let count = unrolling.size
          return writer.addConstant(Array(unrolling.stateBias[(2 * count)...]), [count], name: "state bias")
        }
      candidate = try total(candidate, self.product(pair[1], product))
    } else if let hidden {
      candidate = try total(
        candidate, stateProduct(product(pair[1], hidden), 2..<3, bias: false))
    }
    candidate = try activated(candidate, 1)
    guard let hidden else { return try difference(candidate, product(pair[0], candidate)) }
    return try total(candidate, product(pair[0], difference(hidden, candidate)))
  }
}
