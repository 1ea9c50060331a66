import Micro

/// Where the tensors of one session lie: those that live at different times may share memory.
struct ActivationPlan {
  /// nil for constants.
  private(set) var offsets: [Int?]
  private(set) var byteCount = 0

  /// Every tensor starts on a cache line.
  private static let alignment = 64

  private struct Block {
    var tensor: Int
    var byteCount: Int
    var lifetime: ClosedRange<Int>
    var offset = 0
    var end: Int { offset + byteCount }
  }

  init(_ graph: MicroSubgraph, isConstant: [Bool]) {
    offsets = [Int?](repeating: nil, count: graph.tensors.count)
    var placed: [Block] = []
    let blocks = Self.blocks(of: graph, isConstant: isConstant)
    for var block in blocks.sorted(by: { ($1.byteCount, $0.tensor) < ($0.byteCount, $1.tensor) }) {
      var start = 0
      // `placed` is sorted by offset: the first gap that is wide enough.
      for other in placed where other.lifetime.overlaps(block.lifetime) && other.end > start {
        if other.offset >= start + block.byteCount { break }
        start = other.end
      }
      block.offset = start
      let position = placed.firstIndex { $0.offset > start } ?? placed.count
      placed.insert(block, at: position)
      offsets[block.tensor] = start
      byteCount = max(byteCount, block.end)
    }
  }

  private static func blocks(of graph: MicroSubgraph, isConstant: [Bool]) -> [Block] {
    let end = graph.operators.count
    var first = [Int?](repeating: nil, count: graph.tensors.count)
    var last = [Int](repeating: -1, count: graph.tensors.count)
    for index in graph.inputs { first[index] = -1 }
    for (time, operation) in graph.operators.enumerated() {
      for output in operation.outputs {
        first[output] = first[output] ?? time
        last[output] = max(last[output], time)
      }
      for case let input? in operation.inputs { last[input] = max(last[input], time) }
    }
    for index in graph.outputs { last[index] = end }
    return graph.tensors.indices.compactMap { index in
      let tensor = graph.tensors[index]
      if isConstant[index] { return nil }
      let byteCount = (tensor.byteCount ?? 0).roundedUp(to: alignment)
      // What nothing makes (a variable's state, a hole in a foreign file) keeps its place for good.
      guard let birth = first[index], !tensor.isVariable else {
        return Block(tensor: index, byteCount: byteCount, lifetime: -1...end)
      }
      return Block(tensor: index, byteCount: byteCount, lifetime: birth...max(birth, last[index]))
    }
  }
}

extension Int {
  fileprivate func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}
