import Graph

/// How the elements of one axis are reordered: seen as `sizes`, stored with these permuted by `order`.
///
/// Flattening channels-last data keeps `[C, H·W]` in the order `[H·W, C]`: `AxisOrder(sizes: [C, H·W], order: [1, 0])`.
struct AxisOrder: Hashable, Sendable {
  let sizes: [Int]
  let order: [Int]

  /// In the simplest form; nil when nothing is reordered.
  init?(sizes: [Int], order: [Int]) {
    let (merged, rest) = Self.simplified(sizes, order)
    if rest.count < 2 { return nil }
    self.sizes = merged
    self.order = rest
  }

  /// Drops unit parts and joins parts that stay neighbors.
  private static func simplified(_ sizes: [Int], _ order: [Int]) -> ([Int], [Int]) {
    let kept = sizes.indices.filter { sizes[$0] != 1 }
    var runs: [[Int]] = []
    for part in order where sizes[part] != 1 {
      let rank = kept.firstIndex(of: part)!
      if let last = runs.last?.last, last + 1 == rank {
        runs[runs.count - 1].append(rank)
      } else {
        runs.append([rank])
      }
    }
    let logical = runs.sorted { $0[0] < $1[0] }
    let merged = logical.map { run in run.reduce(1) { $0 * sizes[kept[$1]] } }
    return (merged, runs.map { run in logical.firstIndex(of: run)! })
  }
}

/// How a tensor is stored: stored axis `i` is its axis `order[i]`, and single axes may be reordered inside.
struct Arrangement: Hashable, Sendable {
  var order: [Int]
  /// By axis of the tensor (not of the store).
  var inner: [Int: AxisOrder] = [:]

  init(_ order: [Int], inner: [Int: AxisOrder] = [:]) {
    self.order = order
    self.inner = inner
  }

  static func identity(_ rank: Int) -> Arrangement { Arrangement(Array(0..<rank)) }

  /// Stores `[N, C, spatial…]` as `[N, spatial…, C]`.
  static func channelsLast(_ rank: Int) -> Arrangement { Arrangement([0] + Array(2..<rank) + [1]) }
  /// Stores `[N, spatial…, C]` as `[N, C, spatial…]`.
  static func channelsFirst(_ rank: Int) -> Arrangement {
    Arrangement([0, rank - 1] + Array(1..<(rank - 1)))
  }

  var rank: Int { order.count }
  var isIdentity: Bool { inner.isEmpty && order == Array(order.indices) }

  /// Where an axis of the tensor is stored.
  func position(of axis: Int) -> Int { order.firstIndex(of: axis)! }

  /// The same storage seen by a tensor whose axis `i` is axis `permutation[i]` of this one.
  func seen(through permutation: [Int]) -> Arrangement {
    var inverse = [Int](repeating: 0, count: permutation.count)
    for (axis, old) in permutation.enumerated() { inverse[old] = axis }
    var renamed: [Int: AxisOrder] = [:]
    for (axis, shuffle) in inner { renamed[inverse[axis]] = shuffle }
    return Arrangement(order.map { inverse[$0] }, inner: renamed)
  }

  /// Undoes ``seen(through:)``.
  func original(of permutation: [Int]) -> Arrangement {
    var renamed: [Int: AxisOrder] = [:]
    for (axis, shuffle) in inner { renamed[permutation[axis]] = shuffle }
    return Arrangement(order.map { permutation[$0] }, inner: renamed)
  }

  /// What decides the order of the bytes: unit axes may stand anywhere.
  func memoryOrder(_ shape: Shape) -> Arrangement {
    Arrangement(order.filter { shape[$0] != 1 }, inner: inner)
  }

  /// Without these axes, the others renumbered.
  func removing(_ axes: [Int]) -> Arrangement? {
    guard axes.allSatisfy({ inner[$0] == nil }) else { return nil }
    let kept = (0..<rank).filter { !axes.contains($0) }
    var renamed: [Int: AxisOrder] = [:]
    for (axis, shuffle) in inner { renamed[kept.firstIndex(of: axis)!] = shuffle }
    return Arrangement(
      order.filter { !axes.contains($0) }.map { kept.firstIndex(of: $0)! }, inner: renamed)
  }

  func permuted<Element>(_ array: [Element]) -> [Element] { order.map { array[$0] } }
}

extension Constant {
  /// This constant as an arranged tensor of rank `arrangement.rank` that it is broadcast to would read it.
  func arranged(_ arrangement: Arrangement) -> Constant {
    if arrangement.isIdentity { return self }
    let full = [Int](repeating: 1, count: arrangement.rank - sizes.count) + sizes
    // Each axis in its parts, then the parts in the order in which they are stored.
    var parts: [Int] = []
    var firstPart: [Int] = []
    for axis in full.indices {
      firstPart.append(parts.count)
      parts += full[axis] == 1 ? [1] : arrangement.inner[axis]?.sizes ?? [full[axis]]
    }
    var permutation: [Int] = []
    for axis in arrangement.order {
      let order = full[axis] == 1 ? [0] : arrangement.inner[axis]?.order ?? [0]
      permutation += order.map { firstPart[axis] + $0 }
    }
    let moved = permutation.filter { parts[$0] != 1 }
    let stored = reshaped(parts)
    return (moved == moved.sorted() ? stored : stored.permuted(permutation))
      .reshaped(arrangement.permuted(full))
  }

  /// Without leading unit axes.
  func withoutLeadingUnits() -> Constant {
    reshaped(Array(sizes.drop { $0 == 1 }))
  }
}
