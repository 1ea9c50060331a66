/// Says what makes the peak, and what would lower it.
struct PeakAdvice {
  let arena: ArenaPrediction
  let tick: Int
  let alive: [ArenaPeak.Entry]
  let byteCount: Int

  var lines: [String] {
    [together, ties, scratch].compactMap { $0 } + waiting + [withoutLargest, unfused, gaps].compactMap { $0 }
      + unused + [preparation].compactMap { $0 }
  }

  private var moment: String { arena.name(of: tick) }

  /// "both inputs of ADD 'add_1' and its result are alive together: 49,152 bytes"
  private var together: String? {
    guard !alive.isEmpty else { return nil }
    let inputs = alive.filter { $0.role == .input }
    let results = alive.filter { $0.role == .result }
    let waiting = alive.filter { $0.role == .waiting }
    var parts: [String] = []
    switch inputs.count {
    case 0: break
    case 1: parts.append("the input of \(moment)")
    case 2: parts.append("the two inputs of \(moment)")
    default: parts.append("the \(inputs.count) inputs of \(moment)")
    }
    if !results.isEmpty { parts.append(results.count == 1 ? "its result" : "its \(results.count) results") }
    if alive.contains(where: { $0.role == .scratch }) { parts.append("its scratch memory") }
    if !waiting.isEmpty {
      parts.append(waiting.count == 1 ? "one tensor that waits" : "\(waiting.count) tensors that wait")
    }
    if arena.node(at: tick) == nil { parts = ["the inputs of the model"] }
    let sizes =
      alive.count > 4 ? "" : " (" + alive.map { $0.byteCount.grouped }.joined(separator: " + ") + ")"
    return
      "\(Self.listed(parts)) \(alive.count == 1 ? "is alive" : "are alive together"): \(byteCount.grouped) bytes\(sizes)"
  }

  /// Other moments with as many bytes.
  private var ties: String? {
    let counts = arena.aliveByteCounts
    let others = counts.indices.filter { $0 > tick && counts[$0] == byteCount }
    guard let next = others.first else { return nil }
    let more = others.count > 1 ? " and at \(others.count - 1) more" : ""
    return "as much is alive at \(arena.name(of: next))\(more)"
  }

  private var scratch: String? {
    let bytes = alive.filter { $0.role == .scratch }.reduce(0) { $0 + $1.byteCount }
    guard bytes > 0, let node = arena.node(at: tick) else { return nil }
    let start = "\(bytes.grouped) of them are scratch memory: "
    switch node.code {
    case .conv2D, .depthwiseConv2D, .fullyConnected:
      return start + "4-bit weights are unpacked at each invocation; with int8 weights there would be none"
    case .transposeConv:
      return start + "\(moment) keeps one accumulator for each element of its result; "
        + "a RESIZE_NEAREST_NEIGHBOR and a CONV_2D in its place need none"
    case .unidirectionalSequenceLstm: return start + "the gates of \(moment)"
    default: return start + "what \(moment) works on"
    }
  }

  private var waiting: [String] {
    alive.filter { $0.role == .waiting }.prefix(3).map { entry in
      "'\(entry.name.cut)' (\(entry.byteCount.grouped) bytes) waits from \(entry.since) to \(entry.until): "
        + "a shorter way between them, or fewer channels in it, lowers the peak"
    }
  }

  /// What the peak would be were the largest tensor not there.
  private var withoutLargest: String? {
    guard let largest = alive.first(where: { $0.role != .scratch }), alive.count > 1 else { return nil }
    let buffers = arena.buffers.filter {
      !($0.offset == largest.offset && $0.alignedByteCount == largest.byteCount
        && $0.lifetime.overlaps(Lifetime(first: tick, last: tick)))
    }
    let counts = ArenaPrediction.aliveByteCounts(
      of: buffers.map { ($0.alignedByteCount, $0.lifetime) }, ticks: arena.ticks.count)
    guard let rest = counts.max(), rest < byteCount, let next = counts.firstIndex(of: rest) else {
      return nil
    }
    return
      "'\(largest.name.cut)' \(Self.shape(largest.shape)) is the largest: making it smaller helps by up to "
      + "\((byteCount - rest).grouped) bytes, then \(arena.name(of: next)) makes the peak"
  }

  /// An activation that could have been a part of the operator before it.
  private var unfused: String? {
    guard let node = arena.node(at: tick), node.code == .relu || node.code == .relu6,
      case .operator(let subgraph, _) = arena.ticks[tick], let input = node.inputs.first ?? nil,
      let maker = arena.model.subgraphs[subgraph].operators.firstIndex(where: { $0.outputs.contains(input) })
    else { return nil }
    switch arena.model.subgraphs[subgraph].operators[maker].code {
    case .conv2D, .depthwiseConv2D, .fullyConnected, .add, .mul, .sub:
      return
        "fused into \(arena.name(ofOperator: maker, in: subgraph)), \(moment) would need no result of its own"
    default: return nil
    }
  }

  private var gaps: String? {
    let bound = max(arena.lowerBound, byteCount)
    guard arena.head > bound else { return nil }
    return
      "\((arena.head - bound).grouped) bytes of the head lie idle at the peak because of where buffers are placed"
  }

  private var unused: [String] {
    arena.buffers.filter { $0.lifetime.last < 0 && $0.alignedByteCount > byteCount }.compactMap { buffer in
      guard case .tensor(let subgraph, let index) = buffer.use else { return nil }
      return
        "no operator uses '\(arena.model.subgraphs[subgraph].tensors[index].name.cut)', which still takes "
        + "\(buffer.alignedByteCount.grouped) bytes: remove it from the file"
    }
  }

  /// Where more is needed for a moment than stays in use.
  private var preparation: String? {
    let more = "\((arena.minimum - arena.total).grouped) bytes more than stay in use are needed while "
    switch arena.minimumCause {
    case .use: return nil
    case .planning: return more + "the interpreter plans the head"
    case .preparation(let subgraph, let index):
      return more
        + "\(arena.name(ofOperator: index, in: subgraph)) prepares, for the descriptions of its tensors"
    }
  }

  // MARK: Words

  static func listed(_ parts: [String]) -> String {
    guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
    return parts.dropLast().joined(separator: ", ") + " and " + last
  }

  static func shape(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }
}

extension Int {
  /// With thousands separated.
  var grouped: String {
    let digits = String(self)
    var result = ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }
}

extension String {
  /// Converters join the names of all that they fused: the beginning and the end tell enough.
  var cut: String { count <= 44 ? self : prefix(18) + "…" + suffix(25) }
}
