import Graph

extension OperatorRegistry {
  static let normalizations: [OperatorEntry] = [
    OperatorEntry(many: "BatchNormalization", since: 7, inputs: 5, batchNormalization),
    OperatorEntry("InstanceNormalization", since: 6, inputs: 3) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      guard importing.rank(data) >= 2 else {
        throw node.problem("has data of shape \(importing.shape(data))")
      }
      let composite = Composite.groupNormalization(
        groups: try importing.size(data, 1, node), epsilon: try node.float("epsilon", default: 1e-5),
        layout: .channelsFirst)
      return try importing.emit(
        .composite(composite), data, importing.tensor(node, 1), importing.tensor(node, 2))
    },
    OperatorEntry("GroupNormalization", since: 18, inputs: 3, groupNormalization),
    OperatorEntry(many: "LayerNormalization", since: 17, inputs: 3) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let axis = try node.axis(try node.integer("axis", default: -1), rank: importing.rank(data))
      let composite = Composite.layerNormalization(
        axis: axis, epsilon: try node.float("epsilon", default: 1e-5))
      let wanted = (0..<min(3, max(1, node.outputCount))).map { node.wants($0) }
      let inputs = [data, try importing.tensor(node, 1), try importing.optionalTensor(node, 2)]
      return try importing.emit(.composite(composite), inputs, wanted: wanted).map { $0.map { .tensor($0) } }
    },
    OperatorEntry("RMSNormalization", since: 23, inputs: 2) { importing, node throws(Diagnostic) in
      let data = try importing.tensor(node, 0)
      let axis = try node.axis(try node.integer("axis", default: -1), rank: importing.rank(data))
      let composite = Composite.rmsNormalization(
        axis: axis, epsilon: try node.float("epsilon", default: 1e-5))
      return try importing.emit(.composite(composite), data, importing.tensor(node, 1))
    },
    OperatorEntry("LRN", inputs: 1) { importing, node throws(Diagnostic) in
      let size = try node.integer("size", default: 0)
      guard (1...1 << 20).contains(size) else { throw node.problem("has size \(size)") }
      let composite = Composite.localResponseNormalization(
        size: size, alpha: try node.float("alpha", default: 0.0001),
        beta: try node.float("beta", default: 0.75),
        bias: try node.float("bias", default: 1), channelAxis: 1)
      return try importing.emit(.composite(composite), importing.tensor(node, 0))
    },
    OperatorEntry("LpNormalization", inputs: 1, lpNormalization),
    OperatorEntry("MeanVarianceNormalization", since: 9, inputs: 1, meanVarianceNormalization),
  ]

  private static func groupNormalization(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> TensorID
  {
    let data = try importing.tensor(node, 0)
    guard importing.rank(data) >= 2 else { throw node.problem("has data of shape \(importing.shape(data))") }
    let channels = try importing.size(data, 1, node)
    let groups = try node.integer("num_groups", default: 0)
    guard groups > 0, channels % groups == 0 else {
      throw node.problem("has \(channels) channels in \(groups) groups")
    }
    var parameters: [TensorID] = []
    for index in 1...2 {
      let parameter = try importing.tensor(node, index)
      // Until opset 20 there is one number per group.
      if node.opset < 21, importing.shape(parameter) == Shape([groups]), groups != channels {
        let column = try importing.reshape(parameter, to: [.fixed(groups), 1])
        let spread = try importing.broadcast(column, to: Shape([groups, channels / groups]))
        parameters.append(try importing.reshape(spread, to: Shape([channels])))
      } else {
        parameters.append(parameter)
      }
    }
    let composite = Composite.groupNormalization(
      groups: groups, epsilon: try node.float("epsilon", default: 1e-5), layout: .channelsFirst)
    return try importing.emit(.composite(composite), data, parameters[0], parameters[1])
  }

  private static func lpNormalization(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> TensorID
  {
    let data = try importing.tensor(node, 0)
    let axis = try node.axis(try node.integer("axis", default: -1), rank: importing.rank(data))
    let power = try node.integer("p", default: 2)
    guard power == 1 || power == 2 else { throw node.unsupported("has p = \(power); known are 1 and 2") }
    let norm = try importing.reduce(power == 1 ? .l1 : .l2, data, axes: [axis], keeps: true)
    // Nothing but zeros stays zero.
    let safe = try importing.binary(.maximum, norm, importing.scalar(.leastNormalMagnitude))
    return try importing.binary(.divide, data, safe)
  }

  private static func meanVarianceNormalization(
    _ importing: inout Importing, _ node: Node
  ) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    let axes = try node.axes(try node.integers("axes") ?? [0, 2, 3], rank: importing.rank(data))
    let mean = try importing.reduce(.mean, data, axes: axes, keeps: true)
    let centered = try importing.binary(.subtract, data, mean)
    let variance = try importing.reduce(.mean, importing.unary(.square, centered), axes: axes, keeps: true)
    let deviation = try importing.binary(.add, importing.unary(.squareRoot, variance), importing.scalar(1e-9))
    return try importing.binary(.divide, centered, deviation)
  }

  /// A factor and an addend per channel: computed here when the parameters are known, else by operators.
  private static func batchNormalization(
    _ importing: inout Importing, _ node: Node
  ) throws(Diagnostic) -> [ImportedValue?] {
    guard try !node.flag("training_mode"), !(1..<max(1, node.outputCount)).contains(where: { node.wants($0) })
    else {
      throw node.unsupported("is in training mode", hint: "export the model for inference (model.eval())")
    }
    guard try node.integer("spatial", default: 1) == 1 else {
      throw node.unsupported("has spatial = 0, one statistic per element")
    }
    let data = try importing.tensor(node, 0)
    let rank = importing.rank(data)
    guard rank >= 2 else { throw node.problem("has data of shape \(importing.shape(data))") }
    let channels = try importing.size(data, 1, node)
    var parameters: [TensorID] = []
    for index in 1...4 {
      let parameter = try importing.tensor(node, index)
      guard importing.shape(parameter) == Shape([channels]), importing.element(parameter) == .float32 else {
        throw node.problem(
          "has \(importing.type(parameter)) as parameter \(index) for \(channels) channels of \(importing.shape(data))"
        )
      }
      try importing.checkFinite(parameter, node, "parameters")
      parameters.append(parameter)
    }
    let epsilon = try node.float("epsilon", default: 1e-5)
    let (factor, addend) = try importing.batchNormalization(parameters, epsilon, node)
    let perChannel: Shape = Shape([channels] + [Int](repeating: 1, count: rank - 2))
    let scaled = try importing.binary(.multiply, data, importing.reshape(factor, to: perChannel))
    return [.tensor(try importing.binary(.add, scaled, importing.reshape(addend, to: perChannel)))]
  }
}

extension Importing {
  /// Parameters: scale, bias, mean, variance.
  fileprivate mutating func batchNormalization(
    _ parameters: [TensorID], _ epsilon: Float, _ node: Node
  ) throws(Diagnostic) -> (factor: TensorID, addend: TensorID) {
    let values = parameters.compactMap { constant($0)?.realized().floats.array }
    guard values.count == 4 else {
      let variance = try binary(.add, parameters[3], scalar(epsilon))
      let factor = try binary(.divide, parameters[0], unary(.squareRoot, variance))
      return (factor, try binary(.subtract, parameters[1], binary(.multiply, parameters[2], factor)))
    }
    var factors: [Float] = []
    var addends: [Float] = []
    for channel in values[0].indices {
      let deviation = (Double(values[3][channel]) + Double(epsilon)).squareRoot()
      let factor = Double(values[0][channel]) / deviation
      guard factor.isFinite else {
        throw node.problem("has the variance \(values[3][channel]) in channel \(channel)")
      }
      factors.append(Float(factor))
      addends.append(Float(Double(values[1][channel]) - Double(values[2][channel]) * factor))
    }
    let change = "computed from the statistics of '\(node.title)'"
    return (derived(factors, from: parameters[0], change), derived(addends, from: parameters[1], change))
  }

  /// A constant that replaces `source`, and says so.
  private mutating func derived(_ values: [Float], from source: TensorID, _ change: String) -> TensorID {
    let id = constant(TensorValue(floats: values, sizes: [values.count]))
    graph[id].name = graph[source].name
    graph[id].origin = Origin(
      name: graph[source].origin.name, changes: graph[source].origin.changes + [change])
    return id
  }
}
