import Graph

/// What a better plan of the arena's head did to a model.
public struct MemoryPlanSummary: Sendable {
  public let before: ArenaPrediction
  public let after: ArenaPrediction
  /// Operators that run at another place in the order.
  public let movedOperators: Int
  /// Whether places are written into the file; where the interpreter's own placement is as good, they are not.
  public let hasOfflinePlan: Bool
  /// Why the order of operators could not be touched; nil when it could.
  public let orderNote: String?

  /// What the head lost.
  public var savedByteCount: Int { before.head - after.head }

  /// One line for people.
  public var text: String {
    guard savedByteCount > 0 else {
      let reason = after.head == after.lowerBound ? "as much is alive at one time" : "no better one was found"
      return "the interpreter's own memory plan stays: \(after.head.grouped) bytes, \(reason)"
    }
    var means: [String] = []
    if movedOperators > 0 { means.append("another order of operators (\(movedOperators) moved)") }
    if hasOfflinePlan { means.append("offline places in the file") }
    return
      "memory plan: head \(before.head.grouped) -> \(after.head.grouped) bytes by \(means.joined(separator: " and "))"
  }
}

extension MicroModel {
  /// The same model with a smaller arena, where one is found: the operators may run in another order (their results
  /// stay the same), and places for the tensors may be written into the file. Never worse than the interpreter's plan.
  ///
  ///     let (smaller, summary) = try model.optimizingMemory(.cortexM)
  ///     print(summary.text)
  public func optimizingMemory(_ platform: ArenaPlatform) throws(Diagnostic) -> (
    MicroModel, MemoryPlanSummary
  ) {
    let before = try ArenaPrediction(self, platform: platform)
    var best = (model: self, arena: before)
    var note: String?
    func consider(_ model: MicroModel) throws(Diagnostic) {
      let arena = try ArenaPrediction(model, platform: platform)
      guard arena.head < best.arena.head, arena.minimum <= before.minimum, arena.overlaps.isEmpty else {
        return
      }
      best = (model, arena)
    }
    if subgraphs.count > 1 {
      note = "the model has control flow, whose subgraphs share the plan"
    } else {
      // From simple to intricate: of equal results the simplest is kept.
      let plain = with(nil)
      try consider(plain)
      let reordered = try plain.reorderedForMemory(platform)
      if reordered == nil { note = "an operator has state or is not known, so the order stays" }
      if let reordered { try consider(reordered) }
      try consider(plain.placedOffline(platform))
      if let reordered { try consider(reordered.placedOffline(platform)) }
    }
    let moved = zip(main.operators, best.model.main.operators).filter { $0.outputs != $1.outputs }.count
    let summary = MemoryPlanSummary(
      before: before, after: best.arena, movedOperators: moved,
      hasOfflinePlan: best.model.metadata(named: OfflinePlan.metadataName) != nil, orderNote: note)
    return (best.model, summary)
  }

  /// With the operators in the order of the lowest peak; nil when the order must stay.
  private func reorderedForMemory(_ platform: ArenaPlatform) throws(Diagnostic) -> MicroModel? {
    let arena = try ArenaPrediction(self, platform: platform)
    guard let dependencies = OperatorDependencies(main, scratch: arena.scratchByOperator) else { return nil }
    var model = self
    model.main.operators = OrderSearch(dependencies: dependencies).order().map { main.operators[$0] }
    return model
  }

  /// With every activation at a place of its own choosing.
  private func placedOffline(_ platform: ArenaPlatform) throws(Diagnostic) -> MicroModel {
    let arena = try ArenaPrediction(self, platform: platform)
    let shared = SharedStorage(arena.buffers, of: arena.model, isPlanned: false)
    let (buffers, places) = shared.merged(arena.buffers)
    let packed = BufferPacking(buffers).offsets()
    var offsets = [Int?](repeating: nil, count: main.tensors.count)
    for (position, buffer) in arena.buffers.enumerated() {
      // The interpreter places scratch memory itself, into what is left.
      guard case .tensor(_, let index) = buffer.use, let place = places[shared.group[position]] else {
        continue
      }
      offsets[index] = packed[place]
    }
    return with(OfflinePlan(offsets: offsets))
  }
}

extension ArenaPrediction {
  /// The most bytes that are alive at one time: the interpreter cannot place this order of operators lower.
  public var lowerBound: Int { BufferPacking.bound(of: distinctBuffers) }

  /// The bytes that are alive at each tick.
  public var aliveByteCounts: [Int] {
    Self.aliveByteCounts(of: distinctBuffers.map { ($0.byteCount, $0.lifetime) }, ticks: ticks.count)
  }

  /// What lies at one place by intention counts once.
  private var distinctBuffers: [PlacedBuffer] {
    SharedStorage(buffers, of: model, isPlanned: true).merged(buffers).buffers
  }

  static func aliveByteCounts(of buffers: [(byteCount: Int, lifetime: Lifetime)], ticks: Int) -> [Int] {
    var changes = [Int](repeating: 0, count: ticks + 1)
    for buffer in buffers where buffer.lifetime.last >= 0 {
      changes[max(0, buffer.lifetime.first)] += buffer.byteCount
      changes[buffer.lifetime.last + 1] -= buffer.byteCount
    }
    var alive = 0
    return changes.dropLast().map { change in
      alive += change
      return alive
    }
  }

  /// Pairs of buffers that hold different things at the same time at the same place: none in a sound plan.
  public var overlaps: [(ArenaBuffer, ArenaBuffer)] {
    let group = SharedStorage(buffers, of: model, isPlanned: true).group
    let byOffset = buffers.indices.filter { buffers[$0].lifetime.last >= 0 }.sorted {
      (buffers[$0].offset, $0) < (buffers[$1].offset, $1)
    }
    var result: [(ArenaBuffer, ArenaBuffer)] = []
    for (position, first) in byOffset.enumerated() {
      let lower = buffers[first]
      for second in byOffset[(position + 1)...] {
        let upper = buffers[second]
        if upper.offset >= lower.offset + lower.alignedByteCount { break }
        if upper.lifetime.overlaps(lower.lifetime), group[first] != group[second] {
          result.append((lower, upper))
        }
      }
    }
    return result
  }

  fileprivate var scratchByOperator: [Int] {
    var result = [Int](repeating: 0, count: model.main.operators.count)
    for buffer in buffers {
      if case .scratch(0, let index) = buffer.use { result[index] += buffer.alignedByteCount }
    }
    return result
  }
}
