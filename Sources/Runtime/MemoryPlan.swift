/// Where blocks of memory stand in one buffer, so that no two blocks that live at the same time overlap.
///
///     let plan = MemoryPlan([.init(byteCount: 64, lifetime: 0...1), .init(byteCount: 64, lifetime: 1...2)])
///     plan.byteCount  // 128
struct MemoryPlan: Sendable {
  struct Block: Sendable {
    var byteCount: Int
    /// The first and last step that touch the block.
    var lifetime: ClosedRange<Int>
  }

  /// Every block starts on a cache line.
  static let alignment = 64

  /// Where each block starts.
  let offsets: [Int]
  let byteCount: Int

  /// Goes through the blocks in the order of their births and puts each into the smallest gap that holds it.
  init(_ blocks: [Block]) {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var end = 0
    /// What is in use, by offset.
    var live: [(offset: Int, byteCount: Int, dies: Int)] = []
    let order = blocks.indices.filter { blocks[$0].byteCount > 0 }.sorted {
      let (left, right) = (blocks[$0], blocks[$1])
      return (left.lifetime.lowerBound, right.byteCount, $0) < (right.lifetime.lowerBound, left.byteCount, $1)
    }
    for index in order {
      let block = blocks[index]
      let need = (block.byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
      live.removeAll { $0.dies < block.lifetime.lowerBound }
      var best: (offset: Int, byteCount: Int, position: Int)?
      var start = 0
      for (position, other) in live.enumerated() {
        let gap = other.offset - start
        if gap >= need, gap < best?.byteCount ?? .max { best = (start, gap, position) }
        start = other.offset + other.byteCount
      }
      // The open end counts as the largest gap.
      let place = best ?? (start, .max, live.count)
      offsets[index] = place.offset
      live.insert((place.offset, need, block.lifetime.upperBound), at: place.position)
      end = max(end, place.offset + need)
    }
    self.offsets = offsets
    byteCount = end
  }
}
