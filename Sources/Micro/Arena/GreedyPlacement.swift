/// Something that needs a place at the head of the arena for a time.
struct PlacedBuffer: Sendable, Hashable {
  /// A multiple of 16.
  var byteCount: Int
  var lifetime: Lifetime
  /// Given by the file; nil where the interpreter chooses.
  var fixedOffset: Int?
}

/// The interpreter's own placement, its order of ties included.
///
/// Buffers with a fixed place come first. The others follow by size, the largest first and of equals the later one,
/// each into the lowest gap between those that are alive at the same time.
enum GreedyPlacement {
  static func offsets(of buffers: [PlacedBuffer]) -> [Int] {
    let free = buffers.indices.filter { buffers[$0].fixedOffset == nil }.sorted {
      (buffers[$1].byteCount, $1) < (buffers[$0].byteCount, $0)
    }
    return offsets(of: buffers, order: buffers.indices.filter { buffers[$0].fixedOffset != nil } + free)
  }

  /// Each buffer in turn at its fixed place or in the lowest gap.
  static func offsets(of buffers: [PlacedBuffer], order: [Int]) -> [Int] {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []
    placed.reserveCapacity(buffers.count)
    for index in order {
      let buffer = buffers[index]
      var offset = buffer.fixedOffset ?? 0
      if buffer.fixedOffset == nil {
        for other in placed where buffers[other].lifetime.overlaps(buffer.lifetime) {
          if offsets[other] - offset >= buffer.byteCount { break }
          offset = max(offset, offsets[other] + buffers[other].byteCount)
        }
      }
      offsets[index] = offset
      placed.insert(index, at: placed.firstIndex { offsets[$0] > offset } ?? placed.count)
    }
    return offsets
  }

  static func height(of buffers: [PlacedBuffer], at offsets: [Int]) -> Int {
    zip(buffers, offsets).map { $0.byteCount + $1 }.max() ?? 0
  }
}
