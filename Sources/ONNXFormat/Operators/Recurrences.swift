import Graph

extension OperatorRegistry {
  static let recurrences: [OperatorEntry] = [
    OperatorEntry(many: "LSTM", since: 7, inputs: 8) { importing, node throws(Diagnostic) in
      let couples = try node.flag("input_forget")
      return try importing.recurrent(.lstm(couplesInputForget: couples), node)
    },
    OperatorEntry(many: "GRU", since: 7, inputs: 6) { importing, node throws(Diagnostic) in
      let linear = try node.flag("linear_before_reset")
      return try importing.recurrent(.gru(linearBeforeReset: linear), node)
    },
    OperatorEntry(many: "RNN", since: 7, inputs: 6) { importing, node throws(Diagnostic) in
      try importing.recurrent(.plain, node)
    },
  ]
}

extension Importing {
  fileprivate mutating func recurrent(_ kind: Recurrent.Kind, _ node: Node) throws(Diagnostic)
    -> [ImportedValue?]
  {
    let data = try tensor(node, 0)
    let recurrence = try tensor(node, 2)
    try requireRank(data, 3...3, node)
    try requireRank(recurrence, 3...3, node)
    let name = try node.string("direction", default: "forward")
    guard let direction = Recurrent.Direction(rawValue: name) else {
      throw node.problem("has direction '\(name)'; known are forward, reverse and bidirectional")
    }
    let recurrenceSize = try size(recurrence, 2, node)
    let hidden = try node.integer("hidden_size", default: recurrenceSize)
    guard hidden > 0, hidden <= 1 << 20 else { throw node.problem("has hidden_size \(hidden)") }
    let recurrent = Recurrent(
      kind: kind, direction: direction, hiddenSize: hidden,
      activations: try activations(kind, direction, node), clip: try node.optionalFloat("clip"),
      batchMajor: try node.flag("layout"))
    var inputs: [TensorID?] = [data, try tensor(node, 1), recurrence]
    for index in 3..<8 { inputs.append(try optionalTensor(node, index)) }
    for index in [1, 2, 3, 7] {
      if let weights = inputs[index] { try checkFinite(weights, node, "weights") }
    }
    if let lengths = inputs[4] { inputs[4] = try cast(lengths, to: .int32) }
    let batch = shape(data)[recurrent.batchMajor ? 0 : 1]
    for index in [5, 6] { inputs[index] = try state(inputs[index], recurrent, batch) }
    while inputs.count > 3, inputs[inputs.count - 1] == nil { inputs.removeLast() }
    let wanted = (0..<max(1, node.outputCount)).map { node.wants($0) }
    return try emit(.recurrent(recurrent), inputs, wanted: wanted).map { $0.map { .tensor($0) } }
  }

  /// An initial state that was exported for a batch of 1, repeated over an open batch.
  private mutating func state(
    _ id: TensorID?, _ recurrent: Recurrent, _ batch: Extent
  ) throws(Diagnostic) -> TensorID? {
    let axis = recurrent.batchMajor ? 0 : 1
    guard let id, rank(id) == 3, batch.isBatch, shape(id)[axis] == 1 else { return id }
    var target = shape(id)
    target[axis] = batch
    return try broadcast(id, to: target)
  }

  private func activations(
    _ kind: Recurrent.Kind, _ direction: Recurrent.Direction, _ node: Node
  ) throws(Diagnostic) -> [Unary] {
    let perDirection: [String] =
      switch kind {
      case .lstm: ["Sigmoid", "Tanh", "Tanh"]
      case .gru: ["Sigmoid", "Tanh"]
      case .plain: ["Tanh"]
      }
    let defaults = Array(repeating: perDirection, count: direction.count).flatMap { $0 }
    let listed = try node.strings("activations") ?? []
    let names = listed.isEmpty ? defaults : listed
    guard names.count == defaults.count else {
      throw node.problem("has \(names.count) activations; expected \(defaults.count)")
    }
    // Alphas and betas are given only for the functions that have one, in order.
    var alphas = (try node.floats("activation_alpha") ?? [])[...]
    var betas = (try node.floats("activation_beta") ?? [])[...]
    var result: [Unary] = []
    for name in names { result.append(try activation(name, &alphas, &betas, node)) }
    return result
  }

  private func activation(
    _ name: String, _ alphas: inout ArraySlice<Float>, _ betas: inout ArraySlice<Float>, _ node: Node
  ) throws(Diagnostic) -> Unary {
    switch name.lowercased() {
    case "sigmoid": return .sigmoid
    case "tanh": return .tanh
    case "relu": return .relu
    case "softsign": return .softsign
    case "softplus": return .softplus
    case "leakyrelu": return .leakyRelu(alpha: alphas.popFirst() ?? 0.01)
    case "thresholdedrelu": return .thresholdedRelu(alpha: alphas.popFirst() ?? 1)
    case "elu": return .elu(alpha: alphas.popFirst() ?? 1)
    case "hardsigmoid":
      return .hardSigmoid(alpha: alphas.popFirst() ?? 0.2, beta: betas.popFirst() ?? 0.5)
    default:
      throw node.unsupported("has the activation '\(name)'")
    }
  }
}
