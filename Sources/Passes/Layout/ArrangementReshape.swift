import Graph

extension Arrangement {
  /// How the result of a reshape is stored when its operand is stored like this and no element moves; nil when an
  /// axis of the result would not lie in one piece.
  func carried(from source: Shape, to target: Shape) -> Arrangement? {
    if isIdentity { return .identity(target.rank) }
    guard let parts = SharedParts(source, target, self) else { return nil }
    var stored: [Int] = []
    for axis in order {
      let own = parts.ofSource[axis]
      guard let shuffle = inner[axis] else {
        stored += own
        continue
      }
      guard let shuffled = parts.shuffled(own, by: shuffle) else { return nil }
      stored += shuffled
    }
    return parts.targetArrangement(storing: stored, target)
  }
}

/// The finest common parts that the axes of two shapes with the same elements are made of.
///
/// `[N, C, H, W]` and `[N, C·H·W]` share the parts N, C, H, W; `[N, 12]` and `[N, 3, 4]` share N, 3, 4. Where sizes
/// do not divide each other (`[4, 6]` and `[3, 8]`), the axes in between are one part that can only move as a whole.
private struct SharedParts {
  /// The elements behind an axis border: `count · batchⁿ`.
  struct Border: Hashable, Comparable {
    var batches: Int
    var count: Int

    static func < (left: Border, right: Border) -> Bool {
      (left.batches, left.count) < (right.batches, right.count)
    }
    func divides(_ other: Border) -> Bool { batches <= other.batches && other.count % count == 0 }
    func times(_ extent: Extent) -> Border {
      Border(batches: batches + (extent.isBatch ? 1 : 0), count: count * extent.perSample)
    }
  }

  /// Parts of each axis, outermost first. An axis inside an indivisible part has none but the first, see `blocks`.
  private(set) var ofSource: [[Int]] = []
  private var ofTarget: [[Int]] = []
  /// nil for parts that the batch enters.
  private var sizes: [Int?] = []

  init?(_ source: Shape, _ target: Shape, _ arrangement: Arrangement) {
    guard source.elementCountPerSample != 0, source.elementCountPerSample <= Shape.maximumElementCount else {
      return nil
    }
    let sourceBorders = Self.borders(source)
    let targetBorders = Self.borders(target)
    guard sourceBorders.last == targetBorders.last else { return nil }
    var cuts = Set(sourceBorders).union(targetBorders)
    for (axis, shuffle) in arrangement.inner {
      var border = sourceBorders[source.rank - 1 - axis]
      for size in shuffle.sizes.reversed() {
        border.count *= size
        cuts.insert(border)
      }
    }
    let common = Set(sourceBorders).intersection(targetBorders)
    let borders = Self.divisible(cuts.sorted(), common: common)
    for (low, high) in zip(borders, borders.dropFirst()) {
      sizes.append(high.batches == low.batches ? high.count / low.count : nil)
    }
    guard let first = Self.parts(source, sourceBorders, borders, arrangement),
      let second = Self.parts(target, targetBorders, borders, nil)
    else { return nil }
    ofSource = first
    ofTarget = second
  }

  /// Elements inside each axis, innermost axis first; one more than there are axes.
  private static func borders(_ shape: Shape) -> [Border] {
    var result = [Border(batches: 0, count: 1)]
    for extent in shape.extents.reversed() { result.append(result.last!.times(extent)) }
    return result
  }

  /// The cuts without those that do not divide each other between two borders that both shapes have.
  private static func divisible(_ cuts: [Border], common: Set<Border>) -> [Border] {
    var result: [Border] = []
    var segment: [Border] = []
    for cut in cuts {
      segment.append(cut)
      guard common.contains(cut) else { continue }
      let divides = zip(segment, segment.dropFirst()).allSatisfy { $0.divides($1) }
      result += divides ? segment : [segment.first!, segment.last!]
      segment = [cut]
      if result.last == cut { result.removeLast() }
    }
    return result + segment
  }

  /// For each axis its parts (numbered from the innermost), outermost first.
  private static func parts(
    _ shape: Shape, _ own: [Border], _ borders: [Border], _ arrangement: Arrangement?
  ) -> [[Int]]? {
    var result: [[Int]] = []
    for axis in 0..<shape.rank {
      let (low, high) = (own[shape.rank - 1 - axis], own[shape.rank - axis])
      if low == high {
        result.append([])
        continue
      }
      guard let first = borders.firstIndex(of: low), let last = borders.firstIndex(of: high) else {
        // The axis ends inside an indivisible part: its outermost axis stands for the part, if all of them are
        // stored in a row.
        guard let part = block(low, high, borders), stays(axis, shape, own, borders, part, arrangement) else {
          return nil
        }
        result.append(high == borders[part + 1] ? [part] : [])
        continue
      }
      result.append((first..<last).reversed())
    }
    return result
  }

  /// The part that holds an axis between two borders.
  private static func block(_ low: Border, _ high: Border, _ borders: [Border]) -> Int? {
    guard let above = borders.firstIndex(where: { $0 >= high }), above > 0, borders[above - 1] <= low else {
      return nil
    }
    return above - 1
  }

  /// Whether an axis inside an indivisible part is stored just behind its outer neighbor of the same part.
  private static func stays(
    _ axis: Int, _ shape: Shape, _ own: [Border], _ borders: [Border], _ part: Int,
    _ arrangement: Arrangement?
  ) -> Bool {
    guard let arrangement else { return true }
    guard arrangement.inner[axis] == nil else { return false }
    if own[shape.rank - axis] == borders[part + 1] { return true }
    let stored = arrangement.order.filter { shape[$0] != 1 }
    guard let position = stored.firstIndex(of: axis), position > 0 else { return false }
    let outer = (0..<axis).last { shape[$0] != 1 }
    return stored[position - 1] == outer
  }

  /// The parts of one axis in the order in which a reordered axis stores them.
  func shuffled(_ parts: [Int], by shuffle: AxisOrder) -> [Int]? {
    var groups: [[Int]] = []
    var rest = parts[...]
    for size in shuffle.sizes {
      var group: [Int] = []
      var count = 1
      while count < size, let part = rest.popFirst() {
        guard let partSize = sizes[part] else { return nil }
        count *= partSize
        group.append(part)
      }
      guard count == size else { return nil }
      groups.append(group)
    }
    return rest.isEmpty ? shuffle.order.flatMap { groups[$0] } : nil
  }

  /// The arrangement of a tensor of the target shape whose parts are stored in this order.
  func targetArrangement(storing stored: [Int], _ target: Shape) -> Arrangement? {
    var order: [Int] = []
    var inner: [Int: AxisOrder] = [:]
    var position = 0
    while position < stored.count {
      guard let axis = ofTarget.firstIndex(where: { $0.contains(stored[position]) }) else { return nil }
      let logical = ofTarget[axis]
      let found = Array(stored[position...].prefix(logical.count))
      guard Set(found) == Set(logical) else { return nil }
      if found != logical {
        let known = logical.compactMap { sizes[$0] }
        guard known.count == logical.count else { return nil }
        inner[axis] = AxisOrder(sizes: known, order: found.map { logical.firstIndex(of: $0)! })
      }
      order.append(axis)
      position += logical.count
    }
    // Axes without parts of their own: inside an indivisible part, or unit axes. Both follow their outer neighbor.
    for axis in 0..<target.rank where ofTarget[axis].isEmpty {
      let place = axis == 0 ? 0 : order.firstIndex(of: axis - 1)! + 1
      order.insert(axis, at: place)
    }
    return Arrangement(order, inner: inner)
  }
}
