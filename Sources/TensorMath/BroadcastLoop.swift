import Storage

/// How operands of different sizes walk together, as in NumPy: sizes align at the last axis, and an extent of 1
/// repeats.
///
///     BroadcastLoop.sizes([8, 1, 6], [7, 1])  // [8, 7, 6]
public struct BroadcastLoop: Sendable {
  /// Axes that could not be merged, outermost first; the last one is the inner run.
  let sizes: [Int]
  /// Per operand and axis: the distance in elements, 0 where the operand repeats.
  let strides: [[Int]]

  /// The common sizes, or nil when the operands do not fit.
  public static func sizes(_ first: [Int], _ second: [Int]) -> [Int]? {
    let rank = max(first.count, second.count)
    var result = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let a = axis < rank - first.count ? 1 : first[axis - (rank - first.count)]
      let b = axis < rank - second.count ? 1 : second[axis - (rank - second.count)]
      guard a == b || a == 1 || b == 1 else { return nil }
      result[axis] = a == 1 ? b : a
    }
    return result
  }

  /// The walk over `output`; every operand's sizes must broadcast to it.
  init(output: [Int], operands: [[Int]]) {
    let aligned = operands.map { BroadcastLoop.alignedStrides($0, to: output) }
    var sizes: [Int] = []
    var strides = [[Int]](repeating: [], count: operands.count)
    for axis in output.indices where output[axis] != 1 {
      let merges =
        !sizes.isEmpty
        && operands.indices.allSatisfy { strides[$0][sizes.count - 1] == aligned[$0][axis] * output[axis] }
      if merges {
        sizes[sizes.count - 1] *= output[axis]
        for operand in operands.indices { strides[operand][sizes.count - 1] = aligned[operand][axis] }
      } else {
        sizes.append(output[axis])
        for operand in operands.indices { strides[operand].append(aligned[operand][axis]) }
      }
    }
    if sizes.isEmpty {
      sizes = [1]
      strides = strides.map { _ in [1] }
    }
    self.sizes = sizes
    self.strides = strides
  }

  private static func alignedStrides(_ sizes: [Int], to output: [Int]) -> [Int] {
    let missing = output.count - sizes.count
    precondition(missing >= 0, "an operand has more axes than the output")
    var strides = [Int](repeating: 0, count: output.count)
    var distance = 1
    for axis in sizes.indices.reversed() {
      precondition(sizes[axis] == output[axis + missing] || sizes[axis] == 1, "sizes do not broadcast")
      if sizes[axis] != 1 { strides[axis + missing] = distance }
      distance *= sizes[axis]
    }
    return strides
  }

  var inner: Int { sizes[sizes.count - 1] }
  var outer: Int { sizes.dropLast().reduce(1, *) }
  var count: Int { sizes.reduce(1, *) }
  func innerStride(_ operand: Int) -> Int { strides[operand][sizes.count - 1] }

  /// Where each operand stands at the start of an inner run.
  struct Position {
    private let loop: BroadcastLoop
    private var index: [Int]
    var offsets: [Int]

    init(_ loop: BroadcastLoop, outer: Int) {
      self.loop = loop
      index = [Int](repeating: 0, count: loop.sizes.count - 1)
      offsets = [Int](repeating: 0, count: loop.strides.count)
      var rest = outer
      for axis in index.indices.reversed() {
        index[axis] = rest % loop.sizes[axis]
        rest /= loop.sizes[axis]
        for operand in offsets.indices { offsets[operand] += index[axis] * loop.strides[operand][axis] }
      }
    }

    mutating func advance() {
      var axis = index.count - 1
      while axis >= 0 {
        index[axis] += 1
        for operand in offsets.indices { offsets[operand] += loop.strides[operand][axis] }
        if index[axis] < loop.sizes[axis] { return }
        for operand in offsets.indices {
          offsets[operand] -= loop.sizes[axis] * loop.strides[operand][axis]
        }
        index[axis] = 0
        axis -= 1
      }
    }
  }

  /// Copies the operand's elements of `width` bytes for the flat output range to `target`, repeats included.
  func expand(
    _ operand: Int, _ source: UnsafeRawPointer, _ width: Int, _ range: Range<Int>,
    into target: UnsafeMutableRawPointer
  ) {
    let step = innerStride(operand)
    var position = Position(self, outer: range.lowerBound / inner)
    var column = range.lowerBound % inner
    var written = 0
    while written < range.count {
      let run = min(inner - column, range.count - written)
      let from = source + (position.offsets[operand] + column * step) * width
      let to = target + written * width
      switch width {
      case 1: BroadcastLoop.copy(from, step, to, run, as: UInt8.self)
      case 2: BroadcastLoop.copy(from, step, to, run, as: UInt16.self)
      case 4: BroadcastLoop.copy(from, step, to, run, as: UInt32.self)
      default: BroadcastLoop.copy(from, step, to, run, as: UInt64.self)
      }
      written += run
      column = 0
      position.advance()
    }
  }

  @inline(__always)
  private static func copy<Element: BitwiseCopyable>(
    _ from: UnsafeRawPointer, _ step: Int, _ to: UnsafeMutableRawPointer, _ count: Int, as type: Element.Type
  ) {
    let (source, target) = (from.assumingMemoryBound(to: type), to.assumingMemoryBound(to: type))
    for index in 0..<count { target[index] = source[index * step] }
  }
}
