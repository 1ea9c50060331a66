/// Which buffers may be one: RESHAPE leaves its data where they are when its result lies where its input does.
///
/// Nothing writes to either afterwards, so they may share their memory for as long as any of them is needed.
struct SharedStorage {
  /// By buffer: the first buffer that it may share its memory with, often itself.
  private(set) var group: [Int]

  /// Of an arena's buffers, those that RESHAPE connects; with `isPlanned` only where they really lie at one place.
  init(_ buffers: [ArenaBuffer], of model: MicroModel, isPlanned: Bool) {
    group = Array(buffers.indices)
    var places: [ArenaBuffer.Use: Int] = [:]
    for (index, buffer) in buffers.enumerated() { places[buffer.use] = index }
    for (subgraph, graph) in model.subgraphs.enumerated() {
      for node in graph.operators where node.code == .reshape {
        guard let input = node.inputs.first ?? nil, let output = node.outputs.first,
          !graph.tensors[input].isVariable, !graph.tensors[output].isVariable,
          let source = places[.tensor(subgraph: subgraph, index: input)],
          let result = places[.tensor(subgraph: subgraph, index: output)],
          buffers[source].byteCount == buffers[result].byteCount,
          !isPlanned || buffers[source].offset == buffers[result].offset
        else { continue }
        join(source, result)
      }
    }
  }

  private mutating func join(_ first: Int, _ second: Int) {
    let (low, high) = (min(group[first], group[second]), max(group[first], group[second]))
    for index in group.indices where group[index] == high { group[index] = low }
  }

  /// One buffer for each group, alive as long as any of its members, and where it is in this list by group.
  func merged(_ buffers: [ArenaBuffer]) -> (buffers: [PlacedBuffer], places: [Int: Int]) {
    var result: [PlacedBuffer] = []
    var places: [Int: Int] = [:]
    for (index, buffer) in buffers.enumerated() {
      if let place = places[group[index]] {
        let known = result[place].lifetime
        result[place].lifetime = Lifetime(
          first: min(known.first, buffer.lifetime.first), last: max(known.last, buffer.lifetime.last))
      } else {
        places[group[index]] = result.count
        result.append(PlacedBuffer(byteCount: buffer.alignedByteCount, lifetime: buffer.lifetime))
      }
    }
    return (result, places)
  }
}
