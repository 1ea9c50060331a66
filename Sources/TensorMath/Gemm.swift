import CKernels
import Storage

/// The clamp of a product without an activation.
let unclamped = -Float.infinity...Float.infinity

/// `c = clamp(a * b + bias + addend)` for `rows` rows of `a` that are `rowStride` floats apart.
///
/// Every element is one chain of fused multiply-adds that starts at the bias and runs over the inner dimension.
///
///     gemm(input, rows: 32, packed: weights, bias: bias, clamp: 0...6, into: output, workers: workers)
public func gemm(
  _ a: View<Float>, rows: Int, rowStride: Int? = nil, packed: PackedMatrix, bias: View<Float>? = nil,
  addend: View<Float>? = nil, clamp: ClosedRange<Float>? = nil, into c: View<Float>, outputStride: Int? = nil,
  workers: Workers
) {
  let rowStride = rowStride ?? packed.inner
  let outputStride = outputStride ?? packed.columns
  guard rows > 0, packed.columns > 0 else { return }
  precondition(a.count >= (rows - 1) * rowStride + packed.inner)
  precondition(c.count >= (rows - 1) * outputStride + packed.columns)
  precondition(addend.map { $0.count >= (rows - 1) * outputStride + packed.columns } ?? true)
  let bias = bias.map { PackedMatrix.padded($0, count: packed.columns) }
  let input = a.pointer
  let product = BlockProduct(
    rows: rows, columns: packed.columns, taps: 1, depth: packed.inner, panels: packed.panels.pointer,
    bias: bias?.pointer, addend: addend?.pointer, output: c.pointer, outputStride: outputStride,
    clamp: clamp ?? unclamped)
  let pointerCount = BlockProduct.pointerCount(rows: rows, taps: 1, depth: packed.inner)
  let pointers = UnsafeMutablePointer<UnsafePointer<Float>>.allocate(capacity: pointerCount * workers.threads)
  defer { pointers.deallocate() }
  product.run(workers, pointers: pointers) { first, count, pointers in
    fill_pointers(input + first * rowStride, count, rowStride, pointers)
  }
  withExtendedLifetime((a, packed, bias, addend, c)) {}
}
