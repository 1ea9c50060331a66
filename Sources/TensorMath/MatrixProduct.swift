import CKernels
import Storage

/// Products of two matrices that are both known at run time only, one product per batch entry.
///
/// Every element is one chain of fused multiply-adds over the inner dimension that starts at 0.
///
///     let product = MatrixProduct(rows: 64, inner: 32, columns: 64, transposesRight: true)
///     product.run(q, k, into: scores, leftOffsets: heads, rightOffsets: heads, workers: workers)
public struct MatrixProduct: Sendable, Hashable {
  public var rows: Int
  public var inner: Int
  public var columns: Int
  /// The left matrix is given as `inner` rows of `rows`.
  public var transposesLeft: Bool
  /// The right matrix is given as `columns` rows of `inner`.
  public var transposesRight: Bool

  public init(
    rows: Int, inner: Int, columns: Int, transposesLeft: Bool = false, transposesRight: Bool = false
  ) {
    self.rows = rows
    self.inner = inner
    self.columns = columns
    self.transposesLeft = transposesLeft
    self.transposesRight = transposesRight
  }

  private var packedCount: Int { PackedMatrix.packedCount(inner: inner, columns: columns) }
  private var turnedCount: Int { transposesLeft ? rows * inner : 0 }
  private var pointerCount: Int { BlockProduct.pointerCount(rows: rows, taps: 1, depth: inner) }

  public func scratchByteCount(threads: Int) -> Int {
    threads
      * (Scratch.byteCount(Float.self, packedCount) + Scratch.byteCount(Float.self, turnedCount)
        + Scratch.byteCount(UnsafePointer<Float>.self, pointerCount))
  }

  /// Computes entry i from the dense matrices at `leftOffsets[i]` and `rightOffsets[i]`; results follow one another.
  public func run(
    _ left: View<Float>, _ right: View<Float>, into output: View<Float>, leftOffsets: [Int] = [0],
    rightOffsets: [Int] = [0], scratch: View<UInt8>? = nil, workers: Workers
  ) {
    precondition(leftOffsets.count == rightOffsets.count)
    precondition(output.count >= leftOffsets.count * rows * columns)
    precondition(leftOffsets.allSatisfy { $0 >= 0 && $0 + rows * inner <= left.count })
    precondition(rightOffsets.allSatisfy { $0 >= 0 && $0 + inner * columns <= right.count })
    guard rows > 0, columns > 0 else { return }
    let buffer = scratch ?? View<UInt8>(count: scratchByteCount(threads: workers.threads))
    var scratch = Scratch(buffer)
    let rooms = (0..<workers.threads).map { _ in
      Room(
        packed: scratch.take(Float.self, packedCount), turned: scratch.take(Float.self, turnedCount),
        pointers: scratch.take(UnsafePointer<Float>.self, pointerCount))
    }
    let a = left.pointer, b = right.pointer, c = output.pointer
    func entries(_ range: Range<Int>, room: Room, workers: Workers) {
      var packedOffset: Int?
      for entry in range {
        if packedOffset != rightOffsets[entry] {
          pack(b + rightOffsets[entry], room: room, workers: workers)
          packedOffset = rightOffsets[entry]
        }
        multiply(a + leftOffsets[entry], into: c + entry * rows * columns, room: room, workers: workers)
      }
    }
    let batch = leftOffsets.count
    if batch < workers.threads {
      entries(0..<batch, room: rooms[0], workers: workers)
    } else {
      workers.parallelFor(batch, grain: BlockProduct.grain(macsPerItem: rows * inner * columns)) {
        range, thread in
        entries(range, room: rooms[thread], workers: workers.single)
      }
    }
    withExtendedLifetime((left, right, output, buffer)) {}
  }

  /// A thread's scratch.
  private struct Room {
    var packed: UnsafeMutablePointer<Float>
    var turned: UnsafeMutablePointer<Float>
    var pointers: PointerTable
  }

  private func pack(_ right: UnsafePointer<Float>, room: Room, workers: Workers) {
    let width = PackedMatrix.panelWidth
    let grain = max(1, MatrixProduct.floatsPerTask / max(1, width * inner))
    workers.parallelFor(quotient(columns, width), grain: grain) { panels in
      let range = panels.lowerBound * width..<min(columns, panels.upperBound * width)
      PackedMatrix.pack(
        right, inner: inner, columns: range, rowStride: transposesRight ? 1 : columns,
        columnStride: transposesRight ? inner : 1, into: room.packed + range.lowerBound * inner)
    }
  }

  private func multiply(
    _ left: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, room: Room, workers: Workers
  ) {
    var left = left
    if transposesLeft {
      transpose_matrix(left, inner, rows, room.turned)
      left = UnsafePointer(room.turned)
    }
    let product = BlockProduct(
      rows: rows, columns: columns, taps: 1, depth: inner, panels: room.packed, bias: nil, addend: nil,
      output: output, outputStride: columns, clamp: unclamped)
    let start = left
    product.run(workers, pointers: room.pointers) { first, count, pointers in
      fill_pointers(start + first * inner, count, inner, pointers)
    }
  }

  private static let floatsPerTask = 1 << 15
}
