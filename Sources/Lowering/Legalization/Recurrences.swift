import Graph

// The device has an LSTM of one direction that starts from zero and gives all hidden states. Everything else is built
// from it, or from single steps.
extension Legalizer {
  mutating func rewriteRecurrent(_ layer: Recurrent, _ node: Operator) throws(Diagnostic) -> Bool {
    var node = node
    while node.inputs.count < 8 { node.inputs.append(nil) }
    while node.outputs.count < 3 { node.outputs.append(nil) }
    guard let data = node.inputs[0] else { return false }
    let time = shape(data)[layer.batchMajor ? 1 : 0]
    guard let steps = time.fixedValue, [1, 2].allSatisfy({ constant(node.inputs[$0]) != nil }),
      [3, 7].allSatisfy({ node.inputs[$0] == nil || constant(node.inputs[$0]) != nil })
    else {
      report(
        (
          "needs constant weights and a fixed number of steps",
          "export the model with fixed weights and length"
        ),
        at: node)
      return false
    }
    if let lengths = node.inputs[4] {
      guard let known = constant(lengths), known.realized().integers.allSatisfy({ $0 == steps }) else {
        report(("has sequence lengths", "export the model for sequences of one length"), at: node)
        return false
      }
      node.inputs[4] = nil
    }
    for index in 5...7 where isZero(node.inputs[index]) { node.inputs[index] = nil }

    switch layer.direction {
    case .bidirectional: try writeBothDirections(layer, node)
    case .reverse: try writeReversed(layer, node)
    case .forward:
      if isNative(layer, node) { try writeNative(layer, node) } else { try writeSteps(layer, node) }
    }
    return true
  }

  /// Whether a tensor is zero, seen through what only repeats or moves elements.
  private func isZero(_ id: TensorID?) -> Bool {
    var id = id
    while let current = id, let maker = maker(current) {
      switch maker.operation {
      case .broadcast, .tile, .reshape, .transpose, .slice: id = maker.inputs[0]
      default: return false
      }
    }
    guard let constant = constant(id), constant.type == .float32 else { return false }
    return constant.realized().floats.array.allSatisfy { $0 == 0 }
  }

  private func isNative(_ layer: Recurrent, _ node: Operator) -> Bool {
    layer.kind == .lstm(couplesInputForget: false) && layer.activations == [.sigmoid, .tanh, .tanh]
      && layer.clip == nil && node.inputs[5...].allSatisfy { $0 == nil } && node.outputs[2] == nil
  }

  /// The device's LSTM; the last hidden state is the last step of all.
  private mutating func writeNative(_ layer: Recurrent, _ node: Operator) throws(Diagnostic) {
    guard let data = node.inputs[0] else { return }
    var inputs = Array(node.inputs[..<4])
    if inputs[3] == nil { inputs.removeLast() }
    let types = try node.operation.resultTypes(
      of: inputs.map { $0.map { graph[$0].type } }, resultCount: 1, at: node.sourceName)
    let all = node.outputs[0] ?? graph.addTensor("\(node.sourceName)/all steps", types[0], origin: Origin())
    keep(Operator(node.operation, inputs: inputs, outputs: [all], sources: node.sources))
    record("LSTM in the device's form", node)
    guard let last = node.outputs[1] else { return }
    let axis = layer.batchMajor ? 1 : 0
    let slice = Slice(of: types[0].shape, axis: axis, start: shape(data)[axis].perSample - 1, count: 1)
    let part = try add(.slice(slice), [all], for: node)
    try reshape(part, to: shape(last), for: node, into: last)
  }

  /// Runs forward over the data in reverse.
  private mutating func writeReversed(_ layer: Recurrent, _ node: Operator) throws(Diagnostic) {
    guard let data = node.inputs[0] else { return }
    let axis = layer.batchMajor ? 1 : 0
    var forward = layer
    forward.direction = .forward
    var parts = node
    parts.operation = .recurrent(forward)
    parts.inputs[0] = try reversed(data, axis: axis, for: node, into: nil)
    if let all = node.outputs[0] {
      let turned = graph.addTensor("\(graph[all].name)/reversed", graph[all].type, origin: Origin())
      parts.outputs[0] = turned
      try place(parts)
      try reversed(resolved(turned), axis: axis, for: node, into: all)
    } else {
      try place(parts)
    }
    record("recurrence in reverse through reversed data", node)
  }

  @discardableResult
  private mutating func reversed(
    _ data: TensorID, axis: Int, for node: Operator, into result: TensorID?
  ) throws(Diagnostic) -> TensorID {
    var slice = Slice(whole: shape(data))
    slice.starts[axis] = shape(data)[axis].perSample - 1
    slice.steps[axis] = -1
    let id = try add(.slice(slice), [data], for: node, into: result)
    if wide.contains(data) { wideIfInt8(id) }
    return id
  }

  /// Two layers of one direction, side by side.
  private mutating func writeBothDirections(_ layer: Recurrent, _ node: Operator) throws(Diagnostic) {
    let all = layer.batchMajor ? 2 : 1
    let state = layer.batchMajor ? 1 : 0
    var pieces: [[TensorID]] = [[], [], []]
    for direction in 0..<2 {
      var single = layer
      single.direction = direction == 0 ? .forward : .reverse
      let count = layer.activations.count / 2
      single.activations = Array(layer.activations[direction * count..<(direction + 1) * count])
      var part = node
      part.operation = .recurrent(single)
      for index in [1, 2, 3, 7] {
        guard let id = node.inputs[index], let weights = constant(id) else { continue }
        part.inputs[index] = addConstant(
          weights.sliced(axis: 0, direction..<direction + 1), name: "\(graph[id].name) \(single.direction)")
      }
      for index in 5...6 {
        guard let id = node.inputs[index] else { continue }
        part.inputs[index] = try add(
          .slice(Slice(of: shape(id), axis: state, start: direction, count: 1)), [id], for: node)
      }
      for index in 0..<3 {
        guard let whole = node.outputs[index] else { continue }
        var type = graph[whole].type
        type.shape[index == 0 ? all : state] = 1
        let id = graph.addTensor("\(graph[whole].name) \(single.direction)", type, origin: Origin())
        part.outputs[index] = id
        pieces[index].append(id)
      }
      try place(part)
    }
    for index in 0..<3 {
      guard let whole = node.outputs[index] else { continue }
      let parts = pieces[index].map { resolved($0) }
      try add(.concat(axis: index == 0 ? all : state), parts, for: node, into: whole)
      if parts.allSatisfy({ isWide($0) }) { wideIfInt8(whole) }
    }
    record("both directions side by side", node)
  }

  private func isWide(_ id: TensorID) -> Bool { wide.contains(id) || wide.contains(reshapeRoot(id)) }

  private mutating func writeSteps(_ layer: Recurrent, _ node: Operator) throws(Diagnostic) {
    guard let data = node.inputs[0] else { return }
    let unrolling = try RecurrentUnrolling(layer, node, in: &self)
    let results = try unrolling.unroll(data, in: &self)
    try writeResults(results, unrolling)
    record("recurrence written out step by step", node)
  }

  mutating func writeResults(
    _ results: RecurrentUnrolling.Results, _ unrolling: RecurrentUnrolling
  ) throws(Diagnostic) {
    let node = unrolling.node
    if let all = node.outputs[0], let first = results.hidden.first {
      let whole =
        results.hidden.count == 1
        ? first : try addWide(.concat(axis: unrolling.timeAxis), results.hidden, for: node)
      try reshape(whole, to: shape(all), for: node, into: all)
      wideIfInt8(all)
    }
    for case (let state?, let last?) in [
      (node.outputs[1], results.hidden.last), (node.outputs[2], results.cells.last),
    ] {
      try reshape(last, to: shape(state), for: node, into: state)
      wideIfInt8(state)
    }
  }
}

extension RecurrentUnrolling {
  init(_ layer: Recurrent, _ node: Operator, in writer: inout Legalizer) throws(Diagnostic) {
    guard let weights = writer.constant(node.inputs[1]), let recurrence = writer.constant(node.inputs[2])
    else {
      throw Diagnostic(.unsupported, "'\(node.sourceName)' has weights that are known only at run time")
    }
    self.layer = layer
    self.node = node
    let rows = layer.kind.gateCount * layer.hiddenSize
    self.weights = weights.reshaped([rows, weights.sizes[2]])
    self.recurrence = recurrence.reshaped([rows, layer.hiddenSize])
    let biases = writer.constant(node.inputs.count > 3 ? node.inputs[3] : nil)?.realized().floats.array
    let none = [Float](repeating: 0, count: rows)
    dataBias = biases.map { Array($0[..<rows]) } ?? none
    stateBias = biases.map { Array($0[rows...]) } ?? none
    peepholes = writer.constant(node.inputs.count > 7 ? node.inputs[7] : nil)?.realized().floats.array
    initialHidden = try Self.state(node, 5, layer, in: &writer)
    initialCell = try Self.state(node, 6, layer, in: &writer)
  }

  /// An initial state as the steps take it: `[N, 1, H]`, or `[1, N, H]`.
  private static func state(
    _ node: Operator, _ operand: Int, _ layer: Recurrent, in writer: inout Legalizer
  ) throws(Diagnostic) -> TensorID? {
    guard node.inputs.count > operand, let id = node.inputs[operand] else { return nil }
    // [D, N, H] and [N, D, H] with one direction are already of that form.
    return id
  }
}
