import Graph

extension OperatorRegistry {
  static let attention: [OperatorEntry] = [
    OperatorEntry(many: "Attention", since: 23, inputs: 7) { importing, node throws(Diagnostic) in
      try AttentionTranslation(node, in: &importing).emit(in: &importing)
    },
    OperatorEntry("RotaryEmbedding", since: 23, inputs: 4, rotaryEmbedding),
  ]

  /// Rotates pairs of features by angles that depend on the position.
  private static func rotaryEmbedding(_ importing: inout Importing, _ node: Node) throws(Diagnostic)
    -> TensorID
  {
    let original = try importing.tensor(node, 0)
    let shape = importing.shape(original)
    try importing.requireRank(original, 3...4, node)
    // Heads stand before the sequence in rank 4, behind it in rank 3.
    var data = original
    let headAxis = shape.rank == 4 ? 1 : 2
    if shape.rank == 3 {
      data = try importing.splitHeads(original, try node.integer("num_heads", default: 0), node)
    }
    let width = try importing.size(data, 3, node)
    let listed = try node.integer("rotary_embedding_dim", default: 0)
    let rotated = listed == 0 ? width : listed
    guard rotated > 0, rotated <= width, rotated % 2 == 0 else {
      throw node.problem("rotates \(rotated) of \(width) features; an even number is needed")
    }
    var angles: [TensorID] = []
    for index in 1...2 {
      var cache = try importing.tensor(node, index)
      if node.hasInput(3) { cache = try importing.emit(.gather(axis: 0), cache, importing.indices(node, 3)) }
      try importing.requireRank(cache, 3...3, node)
      var extents = importing.shape(cache).extents
      extents.insert(1, at: headAxis)
      angles.append(try importing.reshape(cache, to: Shape(extents)))
    }
    let (cosine, sine) = (angles[0], angles[1])
    let isInterleaved = try node.flag("interleaved")
    let half = rotated / 2
    let step = isInterleaved ? 2 : 1
    let first = try importing.slice(data, axis: 3, start: 0, count: half, step: step)
    let second = try importing.slice(data, axis: 3, start: isInterleaved ? 1 : half, count: half, step: step)
    let real = try importing.binary(
      .subtract, importing.binary(.multiply, cosine, first), importing.binary(.multiply, sine, second))
    let imaginary = try importing.binary(
      .add, importing.binary(.multiply, sine, first), importing.binary(.multiply, cosine, second))
    var parts = [real, imaginary]
    if isInterleaved { parts = [try importing.interleaved(real, imaginary)] }
    if rotated < width {
      parts.append(try importing.slice(data, axis: 3, start: rotated, count: width - rotated, step: 1))
    }
    let joined = parts.count == 1 ? parts[0] : try importing.emit(.concat(axis: 3), parts, wanted: [true])[0]!
    return try importing.reshape(joined, to: shape)
  }
}

extension Importing {
  /// `[B, S, H·D]` as `[B, S, H, D]`.
  mutating func splitHeads(_ id: TensorID, _ heads: Int, _ node: Node) throws(Diagnostic) -> TensorID {
    let width = try size(id, 2, node)
    guard heads > 0, width % heads == 0 else {
      throw node.problem("has \(width) features in \(heads) heads")
    }
    return try reshape(id, to: Shape([shape(id)[0], shape(id)[1], .fixed(heads), .fixed(width / heads)]))
  }

  mutating func slice(
    _ id: TensorID, axis: Int, start: Int, count: Int, step: Int
  ) throws(Diagnostic) -> TensorID {
    let shape = shape(id)
    if shape[axis] == .fixed(count) { return id }
    var slice = Slice(
      starts: [Int](repeating: 0, count: shape.rank), steps: [Int](repeating: 1, count: shape.rank),
      counts: shape)
    slice.starts[axis] = start
    slice.steps[axis] = step
    slice.counts[axis] = .fixed(count)
    return try emit(.slice(slice), id)
  }

  /// Elements of two tensors in turn, along the last axis.
  fileprivate mutating func interleaved(_ left: TensorID, _ right: TensorID) throws(Diagnostic) -> TensorID {
    let shape = shape(left)
    let column = Shape(shape.extents + [1])
    let pairs = try emit(.concat(axis: shape.rank), reshape(left, to: column), reshape(right, to: column))
    var result = shape
    result[shape.rank - 1] = .fixed(2 * shape[shape.rank - 1].perSample)
    return try reshape(pairs, to: result)
  }
}

/// Scaled dot-product attention, expanded into products, a mask and a softmax.
private struct AttentionTranslation {
  private let node: Node
  private let isFlat: Bool
  /// `[B, H, S, D]` each.
  private let query: TensorID
  private let key: TensorID
  private let value: TensorID
  /// Keys that come before the first query.
  private let pastCount: Int

  init(_ node: Node, in importing: inout Importing) throws(Diagnostic) {
    self.node = node
    let data = [try importing.tensor(node, 0), try importing.tensor(node, 1), try importing.tensor(node, 2)]
    isFlat = importing.rank(data[0]) == 3
    var heads = data
    for index in 0..<3 {
      try importing.requireRank(data[index], isFlat ? 3...3 : 4...4, node)
      if isFlat {
        let count = try node.integer(index == 0 ? "q_num_heads" : "kv_num_heads", default: 0)
        let split = try importing.splitHeads(data[index], count, node)
        heads[index] = try importing.transpose(split, [0, 2, 1, 3])
      }
    }
    var past = 0
    for index in 1...2 {
      guard let earlier = try importing.optionalTensor(node, index + 3) else { continue }
      try importing.requireRank(earlier, 4...4, node)
      past = try importing.size(earlier, 2, node)
      heads[index] = try importing.emit(.concat(axis: 2), earlier, heads[index])
    }
    (query, key, value, pastCount) = (heads[0], heads[1], heads[2], past)
  }

  func emit(in importing: inout Importing) throws(Diagnostic) -> [ImportedValue?] {
    let width = try importing.size(query, 3, node)
    let scale = try node.optionalFloat("scale") ?? 1 / Float(width).squareRoot()
    let factor = importing.scalar(scale.squareRoot())
    let groups = try repeats(&importing)
    let scaledQuery = try importing.binary(.multiply, query, factor)
    let scaledKey = try importing.binary(.multiply, repeated(key, groups, &importing), factor)
    let raw = try importing.emit(
      .matmul(transposesLeft: false, transposesRight: true), scaledQuery, scaledKey)
    let capped = try softCapped(raw, &importing)
    let bias = try self.bias(&importing)
    let masked =
      try bias.map { bias throws(Diagnostic) in try importing.binary(.add, capped, bias) } ?? capped
    var weights = try importing.emit(.softmax(axis: 3, logarithmic: false), masked)
    if let bias { weights = try clearingMaskedRows(weights, bias, &importing) }
    var result = try importing.emit(
      .matmul(transposesLeft: false, transposesRight: false), weights, repeated(value, groups, &importing))
    if isFlat {
      let back = try importing.transpose(result, [0, 2, 1, 3])
      let shape = importing.shape(back)
      let merged = try importing.product(shape.extents[2...], node)
      result = try importing.reshape(back, to: Shape([shape[0], shape[1], merged]))
    }
    let stages = [raw, capped, masked, weights]
    let mode = try node.integer("qk_matmul_output_mode", default: 0)
    guard stages.indices.contains(mode) else { throw node.problem("has qk_matmul_output_mode \(mode)") }
    return [.tensor(result), .tensor(key), .tensor(value), .tensor(stages[mode])]
  }

  /// Query heads that share one head of keys.
  private func repeats(_ importing: inout Importing) throws(Diagnostic) -> Int {
    let (queries, keys) = (try importing.size(query, 1, node), try importing.size(key, 1, node))
    guard keys > 0, queries % keys == 0, try importing.size(value, 1, node) == keys else {
      throw node.problem("has \(queries) query heads and \(keys) key heads")
    }
    return queries / keys
  }

  /// Every head of keys or values as often as queries share it.
  private func repeated(
    _ id: TensorID, _ count: Int, _ importing: inout Importing
  ) throws(Diagnostic) -> TensorID {
    if count == 1 { return id }
    var extents = importing.shape(id).extents
    let heads = extents[1].perSample
    extents.insert(1, at: 2)
    let column = try importing.reshape(id, to: Shape(extents))
    extents[2] = .fixed(count)
    let spread = try importing.broadcast(column, to: Shape(extents))
    extents.remove(at: 2)
    extents[1] = .fixed(heads * count)
    return try importing.reshape(spread, to: Shape(extents))
  }

  private func softCapped(_ scores: TensorID, _ importing: inout Importing) throws(Diagnostic) -> TensorID {
    let cap = try node.float("softcap", default: 0)
    guard cap > 0 else { return scores }
    let limit = importing.scalar(cap)
    let bent = try importing.unary(.tanh, importing.binary(.divide, scores, limit))
    return try importing.binary(.multiply, bent, limit)
  }

  // MARK: What may be seen

  /// What is added to the scores: 0 where a key may be seen, −∞ where not, or the mask's own numbers.
  private func bias(_ importing: inout Importing) throws(Diagnostic) -> TensorID? {
    var parts: [TensorID] = []
    if let mask = try importing.optionalTensor(node, 3) { parts.append(try additive(mask, &importing)) }
    if let lengths = try importing.optionalTensor(node, 6) {
      try appendMasks(lengths: lengths, to: &parts, &importing)
    } else if let fixed = try fixedMask(&importing) {
      parts.append(fixed)
    }
    guard var sum = parts.first else { return nil }
    for part in parts.dropFirst() { sum = try importing.binary(.add, sum, part) }
    return sum
  }

  private func additive(_ mask: TensorID, _ importing: inout Importing) throws(Diagnostic) -> TensorID {
    var mask = mask
    if importing.element(mask) == .bool { mask = try forbidding(mask, &importing) }
    let rank = importing.rank(mask)
    guard (1...4).contains(rank) else { throw node.problem("has a mask of shape \(importing.shape(mask))") }
    let keys = try importing.size(key, 2, node)
    let known = try importing.size(mask, rank - 1, node)
    // Keys that a shorter mask does not mention are not seen; in opset 23 a single column stands for all.
    guard known < keys, node.opset > 23 || known > 1 else { return mask }
    var pad = Pad(
      mode: .constant, before: [Int](repeating: 0, count: rank), after: [Int](repeating: 0, count: rank))
    pad.after[rank - 1] = keys - known
    return try importing.emit(.pad(pad), mask, importing.scalar(-.infinity))
  }

  /// 0 where `allowed`, −∞ elsewhere.
  private func forbidding(_ allowed: TensorID, _ importing: inout Importing) throws(Diagnostic) -> TensorID {
    try importing.emit(.select, allowed, importing.scalar(0), importing.scalar(-.infinity))
  }

  private struct Window {
    /// How far back and ahead of its own position a query sees; nil for any distance.
    var left: Int?
    var right: Int?
  }

  private func window() throws(Diagnostic) -> Window? {
    let left = try node.integer("left_window_size", default: -1)
    var right = try node.integer("right_window_size", default: -1)
    if try node.flag("is_causal") { right = 0 }
    if left < 0 && right < 0 { return nil }
    return Window(left: left < 0 ? nil : left, right: right < 0 ? nil : right)
  }

  /// The causal mask or window over queries and keys, when it does not depend on the data.
  private func fixedMask(_ importing: inout Importing) throws(Diagnostic) -> TensorID? {
    guard let window = try window() else { return nil }
    let (queries, keys) = (try importing.size(query, 2, node), try importing.size(key, 2, node))
    guard Shape.elementCount([queries, keys]) <= 1 << 24 else {
      throw node.unsupported("has \(queries) queries and \(keys) keys, more than edgeopt masks")
    }
    var numbers: [Float] = []
    numbers.reserveCapacity(queries * keys)
    for row in 0..<queries {
      for column in 0..<keys {
        let distance = column - row - pastCount
        let isSeen =
          window.right.map { distance <= $0 } ?? true && window.left.map { -distance <= $0 } ?? true
        numbers.append(isSeen ? 0 : -.infinity)
      }
    }
    return importing.constant(TensorValue(floats: numbers, sizes: [queries, keys]))
  }

  /// Masks that follow the number of valid keys of each sample.
  private func appendMasks(
    lengths: TensorID, to parts: inout [TensorID], _ importing: inout Importing
  ) throws(Diagnostic) {
    let (queries, keys) = (try importing.size(query, 2, node), try importing.size(key, 2, node))
    let wide = try importing.cast(lengths, to: .int64)
    let count = try importing.reshape(wide, to: Shape([importing.shape(query)[0], 1, 1, 1]))
    let columns = importing.constant(TensorValue(int64s: Array(0..<keys), sizes: [1, 1, 1, keys]))
    let valid = try importing.emit(.compare(.less), columns, count)
    parts.append(try forbidding(valid, &importing))
    guard let window = try window() else { return }
    guard Shape.elementCount([queries, keys]) <= 1 << 24 else {
      throw node.unsupported("has \(queries) queries and \(keys) keys, more than edgeopt masks")
    }
    // A key's distance from its query is column − row − (count − queries).
    var distances: [Int] = []
    for row in 0..<queries { for column in 0..<keys { distances.append(column - row + queries) } }
    let shifted = importing.constant(TensorValue(int64s: distances, sizes: [1, 1, queries, keys]))
    let distance = try importing.binary(.subtract, shifted, count)
    if let right = window.right {
      let limit = importing.scalar(right, .int64)
      parts.append(try forbidding(importing.emit(.compare(.lessOrEqual), distance, limit), &importing))
    }
    if let left = window.left {
      let limit = importing.scalar(-left, .int64)
      parts.append(try forbidding(importing.emit(.compare(.greaterOrEqual), distance, limit), &importing))
    }
  }

  /// A query that may see no key gives zeros, not NaN.
  private func clearingMaskedRows(
    _ weights: TensorID, _ bias: TensorID, _ importing: inout Importing
  ) throws(Diagnostic) -> TensorID {
    if let known = importing.constant(bias)?.realized().floats.array,
      let width = importing.shape(bias).extents.last?.perSample,
      width > 0,
      stride(from: 0, to: known.count, by: width).allSatisfy({
        known[$0..<$0 + width].contains { $0 > -.infinity }
      })
    {
      return weights
    }
    let rank = importing.rank(bias)
    let best = try importing.reduce(.maximum, bias, axes: [rank - 1], keeps: true)
    let isMasked = try importing.emit(.compare(.equal), best, importing.scalar(-.infinity))
    return try importing.emit(.select, isMasked, importing.scalar(0), weights)
  }
}
