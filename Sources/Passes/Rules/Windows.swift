import Graph

extension Rule {
  /// Padding that a convolution or pool can do itself.
  static let padsIntoWindows = Rule("pads taken into windows") { node, editor in
    guard let maker = editor.soleMaker(node.inputs.first ?? nil), case .pad(let pad) = maker.node.operation,
      pad.mode == .constant, let layout = node.operation.layout, let data = maker.node.inputs[0]
    else { return nil }
    let rank = editor.shape(data).rank
    let spatial = Array(layout.spatialAxes(rank: rank))
    guard (pad.before + pad.after).allSatisfy({ $0 >= 0 }),
      (0..<rank).allSatisfy({ spatial.contains($0) || pad.before[$0] + pad.after[$0] == 0 })
    else { return nil }
    let value: Float
    if maker.node.inputs.count > 1, let fill = maker.node.inputs[1] {
      guard let scalar = editor.scalar(fill) else { return nil }
      value = scalar
    } else {
      value = 0
    }
    let added = (before: spatial.map { pad.before[$0] }, after: spatial.map { pad.after[$0] })
    let isNonNegative = editor.maker(data).map { editor.isNonNegative($0.node) } ?? false
    guard
      let merged = node.operation.padded(
        added, value: value, data: isNonNegative, resultCount: node.outputs.count)
    else { return nil }
    return .operation(
      merged, [data] + node.inputs.dropFirst(), absorbing: [maker.index],
      change: "padding '\(maker.node.sourceName)' taken into '\(node.sourceName)'")
  }

  /// Limits commute with taking a maximum; before the pool they can join the convolution.
  static let clampsBeforePools = Rule("clamps moved before max pools") { node, editor throws(Diagnostic) in
    guard let step = ClampStep(node, in: editor), let maker = editor.soleMaker(step.operand),
      case .pool(let pool) = maker.node.operation, pool.kind == .maximum, maker.node.outputs.count == 1,
      let before = editor.soleMaker(maker.node.inputs[0]), before.node.operation.isLinear,
      before.node.operation.clamp == nil, let data = maker.node.inputs[0]
    else { return nil }
    let limited = try editor.emit(
      step.clamp.operation, inputs: [data], name: "\(node.sourceName)/moved", sources: node.sources)
    return .operation(maker.node.operation, [limited], absorbing: [maker.index])
  }

  /// Relu and clip become part of the operator before them.
  static let clamps = Rule("clamps fused") { node, editor in
    guard let step = ClampStep(node, in: editor), let maker = editor.soleMaker(step.operand),
      let operation = maker.node.operation.clamped(by: step.clamp)
    else { return nil }
    return .operation(operation, maker.node.inputs, absorbing: [maker.index])
  }
}

extension Operation {
  /// This window operator with padding added, where that is exact.
  fileprivate func padded(
    _ added: (before: [Int], after: [Int]), value: Float, data isNonNegative: Bool, resultCount: Int
  ) -> Operation? {
    switch self {
    case .convolution(var convolution):
      guard value == 0 else { return nil }
      convolution.window.addPadding(added)
      return .convolution(convolution)
    case .pool(var pool):
      // A window that runs past the end must start before the trailing padding: explicit padding counts as data there.
      guard !pool.roundsUp, resultCount == 1 else { return nil }
      switch pool.kind {
      case .average(let countsPadding):
        guard value == 0, countsPadding || !pool.window.hasPadding else { return nil }
        pool.kind = .average(countsPadding: true)
      case .lp:
        guard value == 0 else { return nil }
      case .maximum:
        guard value == -.infinity || value <= -Float.greatestFiniteMagnitude || value == 0 && isNonNegative
        else { return nil }
      }
      pool.window.addPadding(added)
      // Each window must hold at least one element of the data.
      for axis in 0..<pool.window.spatialRank {
        let reach = pool.window.dilations[axis] == 1 ? pool.window.size[axis] : 1
        guard pool.window.padBefore[axis] < reach, pool.window.padAfter[axis] < reach else { return nil }
      }
      return .pool(pool)
    default: return nil
    }
  }

  /// This operator with its result limited, for those that can do so.
  func clamped(by clamp: FusedClamp) -> Operation? {
    let merged: FusedClamp
    if let own = self.clamp {
      guard let both = own.followed(by: clamp) else { return nil }
      merged = both
    } else {
      merged = clamp
    }
    switch self {
    case .convolution(var convolution):
      convolution.clamp = merged
      return .convolution(convolution)
    case .transposedConvolution(var convolution):
      convolution.clamp = merged
      return .transposedConvolution(convolution)
    case .dense: return .dense(clamp: merged)
    case .binary(let kind, _):
      switch kind {
      case .add, .subtract, .multiply, .divide: return .binary(kind, clamp: merged)
      default: return nil
      }
    default: return nil
    }
  }
}

extension WindowGeometry {
  fileprivate mutating func addPadding(_ added: (before: [Int], after: [Int])) {
    padBefore = zip(padBefore, added.before).map(+)
    padAfter = zip(padAfter, added.after).map(+)
  }
}

extension Editor {
  /// Whether an operator's results cannot be negative.
  fileprivate func isNonNegative(_ node: Operator) -> Bool {
    if let clamp = node.operation.clamp, clamp.minimum >= 0 { return true }
    if let step = ClampStep(node, in: self), step.clamp.minimum >= 0 { return true }
    switch node.operation {
    case .unary(.sigmoid), .unary(.absolute), .unary(.square), .softmax(_, false): return true
    default: return false
    }
  }
}
