import Micro

extension Report.Arena {
  /// The memory of a 32-bit interpreter; nil where it is not known.
  public init?(_ report: ArenaReport) {
    guard let arena = report.cortexM, let peak = report.peak else { return nil }
    self.init(
      head: arena.head, tail: arena.tail, minimum: arena.minimum, lowerBound: arena.lowerBound,
      bestHead: report.bestPlan?.after.head, peak: peak.moment)
    advice = report.advice
    timeline = zip(arena.ticks.indices, arena.aliveByteCounts).map { tick, bytes in
      Moment(name: arena.name(of: tick), bytes: bytes)
    }
    // Whoever is never touched lies nowhere in time.
    buffers = arena.buffers.filter { $0.lifetime.last >= 0 }.map { buffer in
      Buffer(
        name: arena.name(of: buffer), bytes: buffer.byteCount, offset: buffer.offset,
        first: max(0, buffer.lifetime.first), last: buffer.lifetime.last)
    }
  }
}

extension ArenaPrediction {
  /// "conv1", "scratch memory of CONV_2D 'conv1'"
  fileprivate func name(of buffer: ArenaBuffer) -> String {
    switch buffer.use {
    case .tensor(let subgraph, let index): model.subgraphs[subgraph].tensors[index].name
    case .scratch(let subgraph, let index): "scratch memory of \(name(ofOperator: index, in: subgraph))"
    }
  }
}
