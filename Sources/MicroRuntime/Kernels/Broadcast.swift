import Graph
import Storage
import TensorMath

/// How the elements of several operands meet when extents of one are repeated: runs of the result with a fixed step
/// (0 or 1) through each operand.
struct Broadcast: Sendable {
  /// Elements of one run.
  let run: Int
  /// The step through each operand inside of a run.
  let steps: [Int]
  /// Where each run starts, operand by operand: `starts[operand][run]`.
  let starts: [[Int32]]

  /// nil when the shapes do not fit together.
  init?(_ operands: [[Int]], to result: [Int]) {
    let rank = result.count
    var strides: [[Int]] = []
    for shape in operands {
      guard shape.count <= rank else { return nil }
      let padded = Array(repeating: 1, count: rank - shape.count) + shape
      guard zip(padded, result).allSatisfy({ $0 == $1 || $0 == 1 }) else { return nil }
      let dense = Positions.strides(padded)
      strides.append((0..<rank).map { padded[$0] == 1 ? 0 : dense[$0] })
    }
    // Trailing axes join the run as long as every operand goes on evenly.
    var run = 1
    var steps = Array(repeating: 0, count: operands.count)
    var outer = rank
    while outer > 0 {
      let axis = outer - 1
      let extent = result[axis]
      if extent != 1 {
        let next = strides.map { $0[axis] }
        if run == 1 {
          steps = next
        } else if zip(next, steps).contains(where: { $0 != $1 * run }) {
          break
        }
        run *= extent
      }
      outer -= 1
    }
    self.run = run
    self.steps = steps
    starts = strides.map { strides in
      Positions.map(Array(result[..<outer])) { index in
        Int32(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 })
      }
    }
  }

  /// Calls `combine` for every element of the result.
  @inline(__always)
  func apply<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
    _ a: View<A>, _ b: View<B>, to result: View<R>, _ combine: (A, B) -> R
  ) {
    var place = 0
    for index in starts[0].indices {
      var (i, j) = (Int(starts[0][index]), Int(starts[1][index]))
      for _ in 0..<run {
        result[place] = combine(a[i], b[j])
        place += 1
        i += steps[0]
        j += steps[1]
      }
    }
  }
}

extension OperatorContext {
  func broadcast(_ operands: Operand..., to result: Operand) throws(Diagnostic) -> Broadcast {
    guard let broadcast = Broadcast(operands.map(\.shape), to: result.shape) else {
      throw bad("shapes \(operands.map { "\($0.shape)" }.joined(separator: ", ")) do not fit \(result.shape)")
    }
    return broadcast
  }

  /// A kernel that combines two operands element by element.
  func combining<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
    _ a: Operand, _ b: Operand, to result: Operand, _ combine: @escaping @Sendable (A, B) -> R
  ) throws(Diagnostic) -> KernelBody {
    let broadcast = try broadcast(a, b, to: result)
    return { memory in
      broadcast.apply(memory(a, as: A.self), memory(b, as: B.self), to: memory(result, as: R.self), combine)
    }
  }

  /// A kernel that maps one operand element by element.
  func mapping<A: BitwiseCopyable, R: BitwiseCopyable>(
    _ a: Operand, to result: Operand, _ transform: @escaping @Sendable (A) -> R
  ) throws(Diagnostic) -> KernelBody {
    try requireSameCount(a, result)
    return { memory in
      let (source, target) = (memory(a, as: A.self), memory(result, as: R.self))
      for index in 0..<target.count { target[index] = transform(source[index]) }
    }
  }

  /// As ``mapping(_:to:_:)`` for int8, with a table of all 256 results.
  func tabulating(
    _ a: Operand, to result: Operand, _ transform: (Int32) throws(Diagnostic) -> Int32
  ) throws(Diagnostic) -> KernelBody {
    try requireSameCount(a, result)
    var entries: [Int8] = []
    for number in Int32(-128)...127 { entries.append(Int8(truncatingIfNeeded: try transform(number))) }
    return ByteTable(entries).kernel(a, result)
  }
}

/// A function of one int8 as its 256 results.
struct ByteTable: Sendable {
  /// The result for −128 first.
  let entries: View<Int8>

  init(_ entries: [Int8]) { self.entries = View(entries) }

  func apply(_ source: View<Int8>, to target: View<Int8>) {
    look(up: source[0..<target.count], in: entries, into: target)
  }

  func kernel(_ source: Operand, _ target: Operand) -> KernelBody {
    return { memory in apply(memory(source), to: memory(target)) }
  }
}
