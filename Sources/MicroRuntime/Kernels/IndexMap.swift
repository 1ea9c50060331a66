import Graph
import Storage

/// A result whose every element is an operand's element, or a fill: all that operators which move data do.
///
/// Shapes are fixed, so where each element comes from is worked out once; runs of neighbors are copied together.
///
///     IndexMap([2, 3, 0, 1]).apply(x, to: y)   // swaps the halves
struct IndexMap: Sendable {
  /// Marks an element that comes from nowhere.
  static let fill = -1

  /// Elements per run.
  private let run: Int
  /// Where each run starts in the source.
  private let starts: [Int32]

  /// One source index for each element of the result.
  init(_ sources: [Int]) {
    var run = sources.count
    var start = 0
    for index in sources.indices.dropFirst() {
      let isNeighbor =
        sources[index - 1] == Self.fill
        ? sources[index] == Self.fill : sources[index] == sources[index - 1] + 1
      if isNeighbor { continue }
      run = Self.commonDivisor(run, index - start)
      start = index
      if run == 1 { break }
    }
    run = Self.commonDivisor(run, sources.count - start)
    self.run = max(1, run)
    starts = stride(from: 0, to: sources.count, by: self.run).map { Int32(sources[$0]) }
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }

  /// Copies elements of this width.
  func apply<Element: BitwiseCopyable>(_ source: View<Element>, to target: View<Element>, fill: Element) {
    if run >= 16 {
      for (index, start) in starts.enumerated() {
        let place = target[index * run..<(index + 1) * run]
        if start < 0 {
          place.fill(fill)
        } else {
          place.copy(from: source[Int(start)..<Int(start) + run])
        }
      }
      return
    }
    var place = 0
    for start in starts {
      for offset in 0..<run {
        target[place] = start < 0 ? fill : source[Int(start) + offset]
        place += 1
      }
    }
  }
}

/// Indices of a dense tensor, counted in row-major order.
struct Positions {
  let shape: [Int]
  private(set) var index: [Int]

  init(_ shape: [Int]) {
    self.shape = shape
    index = Array(repeating: 0, count: shape.count)
  }

  mutating func advance() {
    for axis in shape.indices.reversed() {
      index[axis] += 1
      if index[axis] < shape[axis] { return }
      index[axis] = 0
    }
  }

  /// `body` of every index, in order.
  static func map<Value>(_ shape: [Int], _ body: ([Int]) -> Value) -> [Value] {
    let count = shape.reduce(1, *)
    var values: [Value] = []
    values.reserveCapacity(count)
    var positions = Positions(shape)
    for _ in 0..<count {
      values.append(body(positions.index))
      positions.advance()
    }
    return values
  }

  /// How far apart neighbors along each axis are.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = Array(repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }
}

extension OperatorContext {
  /// A kernel that moves elements of input `number` as the map says, whatever their type.
  func moving(_ source: Operand, to target: Operand, fill: Int = 0, by sources: [Int]) throws(Diagnostic)
    -> KernelBody
  {
    try requireSameType(source, target)
    try require(
      sources.count == target.count, "'\(target.name)' \(target.shape) does not have the operator's shape")
    try require(
      sources.allSatisfy { $0 < source.count },
      "'\(source.name)' \(source.shape) is smaller than the operator reads")
    let map = IndexMap(sources)
    switch source.type.byteCount {
    case 1: return move(map, source, target, UInt8(truncatingIfNeeded: fill))
    case 2: return move(map, source, target, UInt16(truncatingIfNeeded: fill))
    case 4: return move(map, source, target, UInt32(truncatingIfNeeded: fill))
    case 8: return move(map, source, target, UInt64(truncatingIfNeeded: fill))
    default: throw noKernel(for: source)
    }
  }

  private func move<Element: BitwiseCopyable & Sendable>(
    _ map: IndexMap, _ source: Operand, _ target: Operand, _ fill: Element
  ) -> KernelBody {
    return { memory in map.apply(memory(source, as: Element.self), to: memory(target), fill: fill) }
  }

  func requireSameType(_ a: Operand, _ b: Operand) throws(Diagnostic) {
    try require(a.type == b.type, "'\(a.name)' is \(a.type), '\(b.name)' is \(b.type)")
  }
}
