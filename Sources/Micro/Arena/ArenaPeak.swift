/// The moment when most memory is alive, and what would make it less.
///
///     let peak = arena.peak
///     print(peak.moment, peak.byteCount)
///     for line in peak.advice { print(line) }
public struct ArenaPeak: Sendable {
  /// Something that is alive at the peak.
  public struct Entry: Sendable, Hashable {
    public enum Role: String, Sendable, Hashable {
      case input, result, scratch
      /// Neither read nor written by the operator at the peak.
      case waiting
    }
    public var name: String
    public var role: Role
    public var type: String
    public var shape: [Int]
    /// With the rounding to 16 bytes.
    public var byteCount: Int
    public var offset: Int
    /// Where it comes from and where it is needed last.
    public var since: String
    public var until: String
  }

  /// On the arena's clock.
  public let tick: Int
  /// "ADD 'add_1'".
  public let moment: String
  /// The largest first.
  public let alive: [Entry]
  /// The sum of all that is alive: no plan for this order of operators needs less.
  public let byteCount: Int
  /// In plain words, the most telling first.
  public let advice: [String]
}

extension ArenaPrediction {
  /// The first moment when most bytes are alive.
  public var peak: ArenaPeak {
    let counts = aliveByteCounts
    let byteCount = counts.max() ?? 0
    let tick = counts.firstIndex(of: byteCount) ?? 0
    let here = Lifetime(first: tick, last: tick)
    let group = SharedStorage(buffers, of: model, isPlanned: true).group
    var seen = Set<Int>()
    let entries = buffers.indices
      .filter { buffers[$0].lifetime.last >= 0 && buffers[$0].lifetime.overlaps(here) }
      .filter { seen.insert(group[$0]).inserted }
      .map { entry(of: buffers[$0], at: tick) }
      .sorted { ($1.byteCount, $0.offset) < ($0.byteCount, $1.offset) }
    return ArenaPeak(
      tick: tick, moment: name(of: tick), alive: entries, byteCount: byteCount,
      advice: PeakAdvice(arena: self, tick: tick, alive: entries, byteCount: byteCount).lines)
  }

  /// The operator that runs at a tick; nil at the inputs and where control flow enters a subgraph.
  func node(at tick: Int) -> MicroOperator? {
    guard ticks.indices.contains(tick), case .operator(let subgraph, let index) = ticks[tick] else {
      return nil
    }
    return model.subgraphs[subgraph].operators[index]
  }

  /// A name for people: "CONV_2D 'conv1'".
  public func name(of tick: Int) -> String {
    guard ticks.indices.contains(tick) else { return "nothing" }
    switch ticks[tick] {
    case .inputs: return "the inputs"
    case .entering(let subgraph): return "entering subgraph \(subgraph)"
    case .operator(let subgraph, let index): return name(ofOperator: index, in: subgraph)
    }
  }

  public func name(ofOperator index: Int, in subgraph: Int) -> String {
    let node = model.subgraphs[subgraph].operators[index]
    let kind = node.code == .custom ? node.customName : node.code.name
    let result = node.outputs.first.map { model.subgraphs[subgraph].tensors[$0].name }
    return "\(kind) '\((node.sources.last ?? result ?? "operator \(index)").cut)'"
  }

  private func entry(of buffer: ArenaBuffer, at tick: Int) -> ArenaPeak.Entry {
    let since = buffer.lifetime.first <= 0 ? "the inputs" : name(of: buffer.lifetime.first)
    var until = name(of: buffer.lifetime.last)
    if case .tensor(0, let index) = buffer.use, model.main.outputs.contains(index) { until = "the end" }
    switch buffer.use {
    case .scratch(let subgraph, let index):
      return ArenaPeak.Entry(
        name: "scratch memory of \(name(ofOperator: index, in: subgraph))", role: .scratch, type: "bytes",
        shape: [buffer.byteCount], byteCount: buffer.alignedByteCount, offset: buffer.offset, since: since,
        until: until)
    case .tensor(let subgraph, let index):
      let tensor = model.subgraphs[subgraph].tensors[index]
      return ArenaPeak.Entry(
        name: tensor.name, role: role(of: index, in: subgraph, at: tick), type: "\(tensor.type)",
        shape: tensor.shape, byteCount: buffer.alignedByteCount, offset: buffer.offset, since: since,
        until: until)
    }
  }

  private func role(of tensor: Int, in subgraph: Int, at tick: Int) -> ArenaPeak.Entry.Role {
    switch ticks[tick] {
    case .inputs: return model.main.inputs.contains(tensor) ? .input : .waiting
    case .operator(subgraph, let index):
      let node = model.subgraphs[subgraph].operators[index]
      if node.outputs.contains(tensor) { return .result }
      return node.inputs.contains(tensor) ? .input : .waiting
    default: return .waiting
    }
  }
}
