import CKernels

typealias PointerTable = UnsafeMutablePointer<UnsafePointer<Float>>

/// A product whose left rows are found through pointers, cut into blocks that threads share out.
struct BlockProduct {
  var rows: Int
  var columns: Int
  var taps: Int
  var depth: Int
  var panels: UnsafePointer<Float>
  var bias: UnsafePointer<Float>?
  var addend: UnsafePointer<Float>?
  var output: UnsafeMutablePointer<Float>
  var outputStride: Int
  var clamp: ClosedRange<Float>

  /// Rows of a block: few enough that a block's inputs stay in the second-level cache, many enough that the panels,
  /// which every block streams through, do not set the pace. A multiple of every tile height.
  private static let blockRows = 192
  private static let deepBlockRows = 96
  private static let deep = 1024
  /// Work below this is not worth a thread.
  private static let macsPerTask = 1 << 17

  private static func mostRows(_ rows: Int, length: Int) -> Int {
    min(rows, length >= deep ? deepBlockRows : blockRows)
  }

  /// Pointers that each thread needs room for.
  static func pointerCount(rows: Int, taps: Int, depth: Int) -> Int {
    mostRows(rows, length: taps * depth) * taps
  }

  /// How many items of a parallel loop are worth a thread.
  static func grain(macsPerItem: Int) -> Int { quotient(macsPerTask, max(1, macsPerItem)) }

  /// Computes all blocks. `find` writes where the taps of some rows are, tap after tap: `pointers[tap * count + row]`.
  func run(
    _ workers: Workers, pointers: PointerTable,
    find: (_ first: Int, _ count: Int, _ pointers: PointerTable) -> Void
  ) {
    guard rows > 0, columns > 0 else { return }
    let panelCount = quotient(columns, PackedMatrix.panelWidth)
    let macs = rows * columns * taps * depth
    // Blocks of even height, and as many as give every thread a few.
    let pointersPerThread = BlockProduct.pointerCount(rows: rows, taps: taps, depth: depth)
    var rowBlocks = quotient(rows, BlockProduct.mostRows(rows, length: taps * depth))
    var columnBlocks = 1
    let wanted = workers.threads == 1 ? 1 : min(4 * workers.threads, macs / BlockProduct.macsPerTask)
    if rowBlocks < wanted {
      // Panels are read once by each row block: share out columns where the panels are the larger operand.
      if columns > rows {
        columnBlocks = min(quotient(panelCount, 2), quotient(wanted, rowBlocks))
      } else {
        rowBlocks = min(quotient(rows, BlockProduct.leastRows), wanted)
      }
    }
    let tasks = rowBlocks * columnBlocks
    workers.parallelFor(tasks, grain: quotient(tasks, max(1, wanted))) { range, thread in
      let pointers = pointers + thread * pointersPerThread
      for task in range {
        let rowBlock = task / columnBlocks, columnBlock = task % columnBlocks
        let first = rows * rowBlock / rowBlocks
        let count = rows * (rowBlock + 1) / rowBlocks - first
        find(first, count, pointers)
        let panel = panelCount * columnBlock / columnBlocks
        let endPanel = panelCount * (columnBlock + 1) / columnBlocks
        multiply(workers, rows: first..<first + count, panels: panel..<endPanel, pointers: pointers)
      }
    }
  }

  private static let leastRows = 24

  private func multiply(
    _ workers: Workers, rows: Range<Int>, panels range: Range<Int>, pointers: PointerTable
  ) {
    let column = range.lowerBound * PackedMatrix.panelWidth
    let end = min(columns, range.upperBound * PackedMatrix.panelWidth)
    let place = rows.lowerBound * outputStride + column
    // Each operand on its own: as one expression this takes the type checker seconds.
    let panel: UnsafePointer<Float> = panels + column * taps * depth
    let bias: UnsafePointer<Float>? = bias.map { $0 + column }
    let addend: UnsafePointer<Float>? = addend.map { $0 + place }
    var block = gemm_block(
      rows: rows.count, columns: end - column, taps: taps, depth: depth, a: UnsafePointer(pointers),
      a_stride: rows.count, b: panel, bias: bias, addend: addend, addend_stride: outputStride,
      c: output + place, c_stride: outputStride, low: clamp.lowerBound, high: clamp.upperBound)
    workers.kernels.table.pointee.gemm.pointee.multiply(&block)
  }
}
