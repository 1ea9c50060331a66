import Graph

extension Legalizer {
  /// Negative padding is a crop before.
  mutating func rewriteConvolution(_ convolution: Convolution, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], convolution.window.spatialRank == 2,
      (convolution.window.padBefore + convolution.window.padAfter).contains(where: { $0 < 0 })
    else { return false }
    let window = convolution.window
    var plain = convolution
    plain.window = window.withPadding(
      before: window.padBefore.map { max(0, $0) }, after: window.padAfter.map { max(0, $0) })
    let cropped = try add(
      .slice(Slice(whole: shape(data), croppedBy: window)), [data], for: node)
    try add(.convolution(plain), [cropped] + node.inputs.dropFirst(), for: node, into: node.outputs[0])
    return true
  }

  mutating func rewritePool(_ pool: Pool, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0], pool.window.spatialRank == 2,
      node.outputs.count == 1 || node.outputs[1] == nil
    else { return false }
    let input = Array(shape(data).perSample[1..<3])
    let output = Array(shape(result).perSample[1..<3])
    let dilates = pool.window.dilations != [1, 1]
    switch pool.kind {
    case .maximum:
      guard dilates else { return false }
      return try rewriteDilatedMaximum(pool, node)
    case .average(let countsPadding):
      guard !dilates else { return false }
      if countsPadding, !pool.window.reachesPast(input: input, output: output) { return false }
      if !countsPadding, pool.window.isNative(input: input, output: output) { return false }
      try averagePadded(pool, node, input: input, output: output)
      record("average pool with its padding written out", node)
    case .lp(let power):
      return try rewriteLp(pool, power, node)
    }
    return true
  }

  /// The average over a zero-padded window, times its size, divided by the number of elements that count.
  private mutating func averagePadded(
    _ pool: Pool, _ node: Operator, input: [Int], output: [Int]
  ) throws(Diagnostic) {
    let window = pool.window
    let after = (0..<2).map { window.neededAfter($0, input: input[$0], output: output[$0]) }
    let pad = Pad(mode: .constant, before: [0] + window.padBefore + [0], after: [0] + after + [0])
    let padded = try add(.pad(pad), [node.inputs[0]], for: node)
    var plain = pool
    plain.kind = .average(countsPadding: false)
    plain.roundsUp = false
    plain.window = window.withPadding(before: [0, 0], after: [0, 0])
    let counts = (0..<2).map { axis in
      let padding =
        pool.kind == .average(countsPadding: true) ? (window.padBefore[axis], window.padAfter[axis]) : (0, 0)
      return (0..<output[axis]).map { position in
        let start = position * window.strides[axis] - window.padBefore[axis]
        return min(start + window.size[axis], input[axis] + padding.1) - max(start, -padding.0)
      }
    }
    let area = window.size[0] * window.size[1]
    let shares = counts[0].flatMap { row in counts[1].map { row * $0 } }
    if shares.allSatisfy({ $0 == area }) {
      try addCropped(.pool(plain), padded, node)
      return
    }
    let mean = try addCropped(.pool(plain), padded, node, into: nil)
    let factors = shares.map { Float(area) / Float($0) }
    let factor = addConstant(factors, [1] + output + [1], name: "window shares")
    try add(.binary(.multiply, clamp: nil), [mean, factor], for: node, into: node.outputs[0])
  }

  /// Writes a window operator without padding whose result may be larger than wanted.
  @discardableResult
  private mutating func addCropped(
    _ operation: Operation, _ data: TensorID, _ node: Operator
  ) throws(Diagnostic) -> TensorID {
    try addCropped(operation, data, node, into: node.outputs[0])
  }

  private mutating func addCropped(
    _ operation: Operation, _ data: TensorID, _ node: Operator, into result: TensorID?
  ) throws(Diagnostic) -> TensorID {
    guard let wanted = node.outputs[0].map({ graph[$0].type }) else { return data }
    let type = try operation.resultTypes(of: [graph[data].type], resultCount: 1, at: node.sourceName)[0]
    if type == wanted { return try add(operation, [data], for: node, into: result) }
    let whole = try add(operation, [data], for: node)
    let rank = wanted.shape.rank
    let slice = Slice(
      starts: [Int](repeating: 0, count: rank), steps: [Int](repeating: 1, count: rank), counts: wanted.shape)
    return try add(.slice(slice), [whole], for: node, into: result)
  }

  /// Each tap of the window as a strided slice of the padded data.
  private mutating func rewriteDilatedMaximum(_ pool: Pool, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0] else { return false }
    let window = pool.window
    let taps = window.size[0] * window.size[1]
    guard taps <= Self.mostTaps else { return false }
    let (input, output) = (shape(data).perSample, shape(result).perSample)
    // Positions outside are brought to the nearest tap inside, which the same window reads.
    var maximum: TensorID?
    let rows = window.tapRows(0, input: input[1], output: output[1])
    let columns = window.tapRows(1, input: input[2], output: output[2])
    for (index, row) in rows.enumerated() {
      let band = try gatherRows(data, row, axis: 1, node)
      for (position, column) in columns.enumerated() {
        let tap = try gatherRows(band, column, axis: 2, node)
        guard let sofar = maximum else {
          maximum = tap
          continue
        }
        let isLast = index == rows.count - 1 && position == columns.count - 1
        maximum = try add(
          .binary(.maximum, clamp: nil), [sofar, tap], for: node, into: isLast ? result : nil)
      }
    }
    if taps == 1, let maximum { try reshape(maximum, to: shape(result), for: node, into: result) }
    record("dilated max pool as a maximum of its taps", node)
    return true
  }

  private static let mostTaps = 25

  private mutating func gatherRows(
    _ data: TensorID, _ rows: [Int], axis: Int, _ node: Operator
  ) throws(Diagnostic) -> TensorID {
    try add(.gather(axis: axis), [data, addIndices(rows, [rows.count])], for: node)
  }

  /// (Σ |x|^p)^(1/p) over zero-padded windows, for p 1 and 2.
  private mutating func rewriteLp(_ pool: Pool, _ power: Int, _ node: Operator) throws(Diagnostic) -> Bool {
    guard power == 1 || power == 2, pool.window.dilations == [1, 1], !pool.roundsUp,
      let data = node.inputs[0], let result = node.outputs[0]
    else { return false }
    var mean = pool
    mean.kind = .average(countsPadding: true)
    let area = Float(pool.window.size[0] * pool.window.size[1])
    if power == 1 {
      let average = try add(.pool(mean), [add(.unary(.absolute), [data], for: node)], for: node)
      try add(.binary(.multiply, clamp: nil), [average, scalar(area)], for: node, into: result)
    } else {
      let square = try addWide(.unary(.square), [data], for: node)
      let average = try addWide(.pool(mean), [square], for: node)
      let root = try addSquareRoot(of: average, for: node, into: nil)
      try add(.binary(.multiply, clamp: nil), [root, scalar(area.squareRoot())], for: node, into: result)
    }
    record("lp pool through average pool", node)
    return true
  }
}

extension Slice {
  /// What negative padding leaves of the two spatial axes.
  fileprivate init(whole shape: Shape, croppedBy window: WindowGeometry) {
    self.init(whole: shape)
    for axis in 0..<2 {
      let (front, back) = (max(0, -window.padBefore[axis]), max(0, -window.padAfter[axis]))
      starts[axis + 1] = front
      counts[axis + 1] = .fixed(shape[axis + 1].perSample - front - back)
    }
  }
}

extension WindowGeometry {
  /// Whether a window ends behind the padding.
  fileprivate func reachesPast(input: [Int], output: [Int]) -> Bool {
    size.indices.contains {
      missing($0, input: input[$0], output: output[$0]) > padBefore[$0] + padAfter[$0]
    }
  }

  func withPadding(before: [Int], after: [Int]) -> WindowGeometry {
    var window = self
    window.padBefore = before
    window.padAfter = after
    return window
  }

  /// For each tap the input positions that the windows read along an axis, those outside replaced by the nearest tap of
  /// the same window inside.
  fileprivate func tapRows(_ axis: Int, input: Int, output: Int) -> [[Int]] {
    (0..<size[axis]).map { tap in
      (0..<output).map { position in
        let start = position * strides[axis] - padBefore[axis]
        var at = start + tap * dilations[axis]
        while at < 0 { at += dilations[axis] }
        while at >= input { at -= dilations[axis] }
        return at
      }
    }
  }
}
