import Storage

/// The one-dimensional runs along an axis: for each place before and behind it, `extent` elements at distance `inner`.
struct Lanes: Sendable {
  let outer, extent, inner: Int

  init(sizes: [Int], axis: Int) {
    precondition(sizes.indices.contains(axis), "the axis is not there")
    outer = sizes[..<axis].reduce(1, *)
    extent = sizes[axis]
    inner = sizes[(axis + 1)...].reduce(1, *)
  }

  var count: Int { outer * inner }

  /// Where the lane begins in a tensor whose extent along the axis is `extent`.
  func start(_ lane: Int, extent: Int) -> Int { lane / inner * extent * inner + lane % inner }
}

/// Work on the elements' order, the same for floats (through an integer that orders like them) and integers.
protocol OrderWork {
  func callAsFunction<Element: BitwiseCopyable & Sendable, Key: FixedWidthInteger>(
    _ type: Element.Type, _ key: (Element) -> Key)
}

extension ScalarType {
  /// Runs `work` with the Swift type and a key to compare by. NaN is above all numbers, and −0 equals +0.
  func withOrder<Work: OrderWork>(_ work: Work) {
    switch self {
    case .float32: work(Float.self, ScalarType.orderKey)
    default: withInteger(IntegerOrder(work: work))
    }
  }

  private struct IntegerOrder<Work: OrderWork>: IntegerWork {
    let work: Work
    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      work(type) { $0 }
    }
  }

  @inline(__always)
  static func orderKey(_ value: Float) -> Int32 {
    if value != value { return .max }
    let bits = Int32(bitPattern: (value + 0).bitPattern)
    return bits < 0 ? (bits ^ .max) &+ 1 : bits
  }
}

/// The index of the largest or smallest element along an axis.
///
///     ArgExtreme(isMaximum: true).apply(.float32, x, sizes: [32, 10], axis: 1, into: labels, on: workers)
public struct ArgExtreme: Sendable, Hashable {
  public var isMaximum: Bool
  /// Of equal elements, takes the last instead of the first.
  public var selectsLast: Bool

  public init(isMaximum: Bool, selectsLast: Bool = false) {
    self.isMaximum = isMaximum
    self.selectsLast = selectsLast
  }

  /// NaN counts as the largest number.
  public func apply(
    _ type: ScalarType, _ x: View<UInt8>, sizes: [Int], axis: Int, into y: View<Int64>, on workers: Workers
  ) {
    let lanes = Lanes(sizes: sizes, axis: axis)
    precondition(
      x.count == sizes.reduce(1, *) * type.byteCount && y.count == lanes.count, "sizes do not match")
    precondition(lanes.extent > 0 || lanes.count == 0, "nothing has no largest element")
    type.withOrder(Work(function: self, lanes: lanes, x: x, y: y, workers: workers))
  }

  private struct Work: OrderWork {
    let function: ArgExtreme
    let lanes: Lanes
    let x: View<UInt8>
    let y: View<Int64>
    let workers: Workers

    func callAsFunction<Element: BitwiseCopyable & Sendable, Key: FixedWidthInteger>(
      _ type: Element.Type, _ key: (Element) -> Key
    ) {
      let source = x.reinterpreted(as: type).elementPointer
      let target = y.elementPointer
      let (isMaximum, selectsLast) = (function.isMaximum, function.selectsLast)
      workers.parallelFor(lanes.count, grain: max(1, (1 << 14) / lanes.extent)) { range in
        for lane in range {
          let start = source + lanes.start(lane, extent: lanes.extent)
          var best = key(start[0])
          var place = 0
          for index in 1..<max(1, lanes.extent) {
            let candidate = key(start[index * lanes.inner])
            let wins = isMaximum ? candidate > best : candidate < best
            if wins || (selectsLast && candidate == best) { (best, place) = (candidate, index) }
          }
          target[lane] = Int64(place)
        }
      }
    }
  }
}

/// The largest or smallest elements along an axis, in order; equal ones by their index.
///
///     TopElements(count: 5).apply(.float32, x, sizes: [1000], axis: 0, into: values, indices: places, on: workers)
public struct TopElements: Sendable, Hashable {
  public var count: Int
  public var isLargest: Bool

  public init(count: Int, isLargest: Bool = true) {
    self.count = count
    self.isLargest = isLargest
  }

  /// NaN counts as the largest number. `values` and `indices` have extent `count` along the axis.
  public func apply(
    _ type: ScalarType, _ x: View<UInt8>, sizes: [Int], axis: Int, into values: View<UInt8>,
    indices: View<Int64>, on workers: Workers
  ) {
    let lanes = Lanes(sizes: sizes, axis: axis)
    precondition(
      x.count == sizes.reduce(1, *) * type.byteCount && count <= lanes.extent, "sizes do not match")
    precondition(indices.count == lanes.count * count && values.count == indices.count * type.byteCount)
    let width = type.byteCount
    let source = UnsafeRawPointer(x.elementPointer)
    let target = UnsafeMutableRawPointer(values.elementPointer)
    let indices = indices.elementPointer
    workers.parallelFor(lanes.count, grain: max(1, (1 << 12) / max(1, lanes.extent))) { range in
      for lane in range {
        let start = source + lanes.start(lane, extent: lanes.extent) * width
        let order = order(type, start, lanes)
        let place = lanes.start(lane, extent: count)
        for rank in 0..<count {
          let index = order[rank].index
          let to = place + rank * lanes.inner
          (target + to * width).copyMemory(from: start + index * lanes.inner * width, byteCount: width)
          indices[to] = Int64(index)
        }
      }
    }
  }

  private struct Candidate {
    var key: UInt64
    var index: Int
  }

  /// A lane's elements, the first ones of the result in front.
  private func order(_ type: ScalarType, _ start: UnsafeRawPointer, _ lanes: Lanes) -> [Candidate] {
    var order = [Candidate](repeating: Candidate(key: 0, index: 0), count: lanes.extent)
    order.withUnsafeMutableBufferPointer { order in
      type.withOrder(Keys(start: start, step: lanes.inner, flip: isLargest ? .max : 0, order: order))
    }
    order.sort { $0.key == $1.key ? $0.index < $1.index : $0.key < $1.key }
    return order
  }

  /// Fills in numbers that ascend in the order of the result.
  private struct Keys: OrderWork {
    let start: UnsafeRawPointer
    let step: Int
    let flip: UInt64
    let order: UnsafeMutableBufferPointer<Candidate>

    func callAsFunction<Element: BitwiseCopyable & Sendable, Key: FixedWidthInteger>(
      _ type: Element.Type, _ key: (Element) -> Key
    ) {
      let source = start.assumingMemoryBound(to: type)
      // Signed keys move up, so that the smallest one becomes 0.
      let bias = Key.isSigned ? UInt64(1) << 63 : 0
      for index in order.indices {
        let wide = UInt64(truncatingIfNeeded: key(source[index * step])) &+ bias
        order[index] = Candidate(key: wide ^ flip, index: index)
      }
    }
  }
}

/// Running sums or products along an axis.
///
///     Cumulation(isProduct: false).apply(.float32, x, sizes: [2, 3], axis: 1, into: y)
public struct Cumulation: Sendable, Hashable {
  public var isProduct: Bool
  /// Leaves the element itself out: the first result is 0 or 1.
  public var isExclusive: Bool
  /// Runs from the end.
  public var isReverse: Bool

  public init(isProduct: Bool, isExclusive: Bool = false, isReverse: Bool = false) {
    self.isProduct = isProduct
    self.isExclusive = isExclusive
    self.isReverse = isReverse
  }

  /// `y` must not be `x`.
  public func apply(_ type: ScalarType, _ x: View<UInt8>, sizes: [Int], axis: Int, into y: View<UInt8>) {
    let lanes = Lanes(sizes: sizes, axis: axis)
    precondition(x.count == sizes.reduce(1, *) * type.byteCount && y.count == x.count, "sizes do not match")
    if type == .float32 {
      run(lanes, x, y, Float.self, start: isProduct ? 1 : 0, join: isProduct ? { $0 * $1 } : { $0 + $1 })
    } else {
      type.withInteger(Work(function: self, lanes: lanes, x: x, y: y))
    }
  }

  private struct Work: IntegerWork {
    let function: Cumulation
    let lanes: Lanes
    let x, y: View<UInt8>

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      function.run(
        lanes, x, y, type, start: function.isProduct ? 1 : 0,
        join: function.isProduct ? { $0 &* $1 } : { $0 &+ $1 })
    }
  }

  private func run<Element: BitwiseCopyable>(
    _ lanes: Lanes, _ x: View<UInt8>, _ y: View<UInt8>, _ type: Element.Type, start: Element,
    join: (Element, Element) -> Element
  ) {
    let source = x.reinterpreted(as: type).elementPointer
    let target = y.reinterpreted(as: type).elementPointer
    for lane in 0..<lanes.count {
      let base = lanes.start(lane, extent: lanes.extent)
      var total = start
      for step in 0..<lanes.extent {
        let place = base + (isReverse ? lanes.extent - 1 - step : step) * lanes.inner
        let next = join(total, source[place])
        target[place] = isExclusive ? total : next
        total = next
      }
    }
  }
}
