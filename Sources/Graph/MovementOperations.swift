/// Input: data. One start and step per axis of the data; the output shape follows from `counts`.
public struct Slice: Hashable, Sendable {
  /// First index along each axis, already made non-negative and inside the data.
  public var starts: [Int]
  /// Distance between taken elements; negative walks backward.
  public var steps: [Int]
  /// Elements taken along each axis; a batch axis is always taken whole.
  public var counts: Shape

  public init(starts: [Int], steps: [Int], counts: Shape) {
    self.starts = starts
    self.steps = steps
    self.counts = counts
  }
}

/// Inputs: data, optional scalar pad value (constant mode; zero when absent). Negative amounts crop.
public struct Pad: Hashable, Sendable {
  public enum Mode: String, Hashable, Sendable { case constant, reflect, edge, wrap }
  public var mode: Mode
  public var before: [Int]
  public var after: [Int]

  public init(mode: Mode, before: [Int], after: [Int]) {
    self.mode = mode
    self.before = before
    self.after = after
  }
}

/// What scattering does with the element that is already there.
public enum ScatterReduction: String, Hashable, Sendable {
  case none, add, multiply, maximum, minimum
}

/// Input: data. Outputs: values, int64 indices.
public struct TopK: Hashable, Sendable {
  public var axis: Int
  public var count: Int
  public var largest: Bool
  public var sorted: Bool

  public init(axis: Int, count: Int, largest: Bool = true, sorted: Bool = true) {
    self.axis = axis
    self.count = count
    self.largest = largest
    self.sorted = sorted
  }
}

/// Input: data. Running sums or products along an axis.
public struct Cumulative: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable { case sum, product }
  public var kind: Kind
  public var axis: Int
  public var exclusive: Bool
  public var reverse: Bool

  public init(kind: Kind, axis: Int, exclusive: Bool = false, reverse: Bool = false) {
    self.kind = kind
    self.axis = axis
    self.exclusive = exclusive
    self.reverse = reverse
  }
}
