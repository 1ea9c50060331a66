/// The size of a tensor along one axis: a number, or a multiple of the batch size that stays open until execution.
public enum Extent: Hashable, Sendable {
  case fixed(Int)
  /// `k` times the batch size, `k ≥ 1`.
  case batch(Int)

  /// The size once the batch size is known.
  public func resolved(batch: Int) -> Int {
    switch self {
    case .fixed(let count): count
    case .batch(let factor): factor * batch
    }
  }

  /// The number, when the batch does not enter.
  public var fixedValue: Int? {
    if case .fixed(let count) = self { return count }
    return nil
  }

  public var isBatch: Bool { fixedValue == nil }
  /// The extent of one sample: `k` for `batch(k)`.
  public var perSample: Int { resolved(batch: 1) }
}

extension Extent: ExpressibleByIntegerLiteral, CustomStringConvertible {
  public init(integerLiteral value: Int) { self = .fixed(value) }
  public var description: String {
    switch self {
    case .fixed(let count): "\(count)"
    case .batch(1): "N"
    case .batch(let factor): "\(factor)N"
    }
  }
}

/// The extents of a tensor, outermost first. Rank 0 is a scalar; extents of 0 are ordinary.
///
///     let image: Shape = [.batch(1), 32, 32, 3]
///     image.resolved(batch: 8)  // [8, 32, 32, 3]
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public var extents: [Extent]

  /// Larger ranks are refused: no operator of ONNX needs them and every loop nest is sized for this.
  public static let maximumRank = 8
  /// No tensor may have more elements than this: 2^31 − 1, what a 32-bit device can count.
  public static let maximumElementCount = Int(Int32.max)

  public init(_ extents: [Extent]) { self.extents = extents }
  public init(_ sizes: [Int]) { extents = sizes.map(Extent.fixed) }
  public init(arrayLiteral elements: Extent...) { extents = elements }

  public var rank: Int { extents.count }
  public subscript(axis: Int) -> Extent {
    get { extents[axis] }
    set { extents[axis] = newValue }
  }

  public func resolved(batch: Int) -> [Int] { extents.map { $0.resolved(batch: batch) } }
  /// The sizes for a batch of one.
  public var perSample: [Int] { resolved(batch: 1) }
  /// The sizes when no axis depends on the batch.
  public var fixedSizes: [Int]? {
    let sizes = extents.compactMap(\.fixedValue)
    return sizes.count == rank ? sizes : nil
  }
  /// Elements for a batch of one; saturates instead of overflowing.
  public var elementCountPerSample: Int { Shape.elementCount(perSample) }
  public var hasBatch: Bool { extents.contains(where: \.isBatch) }
  /// The first axis whose extent follows the batch.
  public var batchAxis: Int? { extents.firstIndex(where: \.isBatch) }

  public func permuted(_ permutation: [Int]) -> Shape { Shape(permutation.map { extents[$0] }) }

  public var description: String { "[" + extents.map(\.description).joined(separator: ", ") + "]" }

  /// The product of the sizes; `Int.max` instead of an overflow.
  public static func elementCount(_ sizes: [Int]) -> Int {
    if sizes.contains(0) { return 0 }
    var product = 1
    for size in sizes {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      if overflow { return Int.max }
      product = next
    }
    return product
  }

  /// Distances in elements between neighbors along each axis, for densely packed sizes.
  public static func strides(_ sizes: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in stride(from: sizes.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * max(1, sizes[axis + 1])
    }
    return strides
  }
}
