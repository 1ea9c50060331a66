import Graph
import Micro
import Storage

/// Where every tensor of a session lies.
struct TensorMemory {
  /// One for each tensor of the subgraph.
  var bytes: [View<UInt8>]
  /// Room that one operator after another uses.
  let scratch = ScratchMemory()

  @inline(__always)
  func callAsFunction<Element: BitwiseCopyable>(
    _ operand: Operand, as _: Element.Type = Element.self
  ) -> View<Element> {
    bytes[operand.index].reinterpreted(as: Element.self)
  }
}

/// Memory without contents, which grows to what the hungriest operator asks for. It belongs to one session.
final class ScratchMemory {
  private var bytes = View<UInt8>(count: 0)

  func callAsFunction(byteCount: Int) -> View<UInt8> {
    if bytes.count < byteCount { bytes = View(count: byteCount) }
    return bytes
  }
}

/// What one operator does with the tensors in memory. Everything that does not depend on them is done before.
typealias KernelBody = @Sendable (TensorMemory) throws(Diagnostic) -> Void

/// A tensor as an operator sees it.
struct Operand: Sendable {
  /// The tensor's place in the subgraph.
  var index: Int
  var name: String
  var type: MicroType
  var shape: [Int]
  var quantization: Quantization?
  /// The elements of a constant, one byte for each int4.
  var constant: View<UInt8>?

  var count: Int { shape.reduce(1, *) }
  var rank: Int { shape.count }
  var grid: Grid { Grid(quantization) }
  /// "int8[1, 4]"
  var description: String { "\(type)\(shape)" }
}
