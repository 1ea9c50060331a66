import CKernels
import Storage

/// The right-hand matrix of a product, `inner` x `columns`, in the order in which the kernels read it.
///
/// Columns lie in panels of 16, each panel row after row; the last panel is filled up with zeros. The order is the
/// same in every instruction set.
///
///     let packed = PackedMatrix(weights, inner: 64, columns: 10, transposed: true)
public struct PackedMatrix: Sendable {
  public let inner: Int
  public let columns: Int
  let panels: View<Float>

  static let panelWidth = Int(GEMM_PANEL)

  /// Packs a dense matrix, given as `inner` rows of `columns`, or transposed as `columns` rows of `inner`.
  public init(_ matrix: View<Float>, inner: Int, columns: Int, transposed: Bool) {
    precondition(matrix.count >= inner * columns)
    self.inner = inner
    self.columns = columns
    panels = View(count: PackedMatrix.packedCount(inner: inner, columns: columns))
    PackedMatrix.pack(
      matrix.pointer, inner: inner, columns: 0..<columns, rowStride: transposed ? 1 : columns,
      columnStride: transposed ? inner : 1, into: panels.pointer)
  }

  /// How many floats a packed matrix takes.
  public static func packedCount(inner: Int, columns: Int) -> Int {
    quotient(columns, panelWidth) * panelWidth * inner
  }

  /// Packs some columns; the range starts at a panel's first column.
  static func pack(
    _ source: UnsafePointer<Float>, inner: Int, columns: Range<Int>, rowStride: Int, columnStride: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    var target = target
    for first in stride(from: columns.lowerBound, to: columns.upperBound, by: panelWidth) {
      let width = min(panelWidth, columns.upperBound - first)
      pack_panel(source + first * columnStride, inner, width, rowStride, columnStride, target)
      target += inner * panelWidth
    }
  }

  /// A vector of `count` values, filled up to whole panels.
  static func padded(_ vector: View<Float>, count: Int) -> View<Float> {
    let padded = View<Float>(count: quotient(count, panelWidth) * panelWidth)
    padded.copy(from: vector[0..<count])
    return padded
  }
}
