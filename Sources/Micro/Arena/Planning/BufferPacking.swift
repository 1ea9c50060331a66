import Storage

/// Places buffers so that the highest end is low: several orders through the lowest gap, then small changes to the
/// best of them.
///
/// For every arrangement there is an order in which taking the lowest gap gets at least as low, so looking at orders
/// alone loses nothing.
struct BufferPacking {
  /// How many buffers are placed while looking for changes.
  static let workLimit = 200_000

  private let buffers: [PlacedBuffer]
  /// Those that are alive at the same time.
  private let neighbors: [[Int]]
  /// The most that is alive at one time: no arrangement gets lower.
  let bound: Int

  init(_ buffers: [PlacedBuffer]) {
    self.buffers = buffers
    neighbors = buffers.indices.map { index in
      buffers.indices.filter { $0 != index && buffers[$0].lifetime.overlaps(buffers[index].lifetime) }
    }
    bound = Self.bound(of: buffers)
  }

  static func bound(of buffers: [PlacedBuffer]) -> Int {
    let untouched = buffers.filter { $0.lifetime.last < 0 }.map(\.byteCount).max() ?? 0
    let ticks = (buffers.map(\.lifetime.last).max() ?? -1) + 1
    let alive = ArenaPrediction.aliveByteCounts(of: buffers.map { ($0.byteCount, $0.lifetime) }, ticks: ticks)
    return max(untouched, alive.max() ?? 0)
  }

  /// Offsets of the best arrangement found.
  func offsets() -> [Int] {
    var best = (order: [Int](), offsets: [Int](), height: Int.max)
    for order in orders() {
      let offsets = place(order)
      let height = GreedyPlacement.height(of: buffers, at: offsets)
      if height < best.height { best = (order, offsets, height) }
      if height <= bound { return offsets }
    }
    return improve(best.order, best.offsets, best.height)
  }

  private func orders() -> [[Int]] {
    let crowd = buffers.indices.map { index in
      neighbors[index].reduce(buffers[index].byteCount) { $0 + buffers[$1].byteCount }
    }
    let keys: [(PlacedBuffer, Int) -> (Int, Int)] = [
      { buffer, _ in (-buffer.byteCount, buffer.lifetime.first) },
      { buffer, _ in (-buffer.byteCount, -buffer.lifetime.last) },
      { buffer, _ in (-buffer.byteCount * (buffer.lifetime.last - buffer.lifetime.first + 1), 0) },
      { buffer, _ in (buffer.lifetime.first - buffer.lifetime.last, -buffer.byteCount) },
      { buffer, _ in (buffer.lifetime.first, -buffer.byteCount) },
      { buffer, _ in (-buffer.lifetime.last, -buffer.byteCount) },
      { buffer, index in (-crowd[index], -buffer.byteCount) },
    ]
    return keys.map { key in
      buffers.indices.sorted { left, right in
        let (a, b) = (key(buffers[left], left), key(buffers[right], right))
        return (a.0, a.1, left) < (b.0, b.1, right)
      }
    }
  }

  /// Each in turn in the lowest gap between its neighbors.
  private func place(_ order: [Int]) -> [Int] {
    var offsets = [Int](repeating: -1, count: buffers.count)
    var taken: [(start: Int, end: Int)] = []
    for index in order {
      taken.removeAll(keepingCapacity: true)
      for other in neighbors[index] where offsets[other] >= 0 {
        taken.append((offsets[other], offsets[other] + buffers[other].byteCount))
      }
      taken.sort { $0.start < $1.start }
      var offset = 0
      for block in taken {
        if block.start - offset >= buffers[index].byteCount { break }
        offset = max(offset, block.end)
      }
      offsets[index] = offset
    }
    return offsets
  }

  /// Moves what stands highest forward in the order, or any buffer anywhere, and keeps what is no worse.
  private func improve(_ order: [Int], _ offsets: [Int], _ height: Int) -> [Int] {
    var generator = SeededGenerator(seed: 0)
    var current = (order: order, offsets: offsets, height: height)
    var best = current
    for round in 0..<(Self.workLimit / max(1, buffers.count)) {
      var order = current.order
      let highest = order.indices.filter {
        current.offsets[order[$0]] + buffers[order[$0]].byteCount == current.height
      }
      let from = round % 3 == 2 ? generator.below(order.count) : highest[generator.below(highest.count)]
      let to = generator.below(round % 3 == 2 ? order.count : from + 1)
      order.insert(order.remove(at: from), at: to)
      let offsets = place(order)
      let height = GreedyPlacement.height(of: buffers, at: offsets)
      if height <= current.height { current = (order, offsets, height) }
      if height < best.height { best = current }
      if best.height <= bound { break }
    }
    return best.offsets
  }
}
