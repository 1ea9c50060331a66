import Graph
import enum Graph.ScatterReduction
import Storage
import TensorMath

extension Binding {
  /// Operators that read or write where other tensors say.
  func indexed() throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    if case .oneHot(let axis, let depth) = step.operation { return try oneHot(axis: axis, depth: depth) }
    let indices = try input(1)
    let width = x.type.byteCount
    try checkIndexSizes(x.sizes, indices.sizes)
    switch step.operation {
    case .gather(let axis):
      return reporting { workers throws(IndexError) in
        try Indexing.gather(
          x.bytes, sizes: x.sizes, axis: axis, indices: indices.wideIntegers, elementByteCount: width,
          into: y.bytes,
          on: workers)
      }
    case .gatherElements(let axis):
      return reporting { _ throws(IndexError) in
        try Indexing.gatherElements(
          x.bytes, sizes: x.sizes, axis: axis, indices: indices.wideIntegers, indexSizes: indices.sizes,
          elementByteCount: width, into: y.bytes)
      }
    case .gatherND(let batchDimensions):
      return reporting { _ throws(IndexError) in
        try Indexing.gatherND(
          x.bytes, sizes: x.sizes, indices: indices.wideIntegers, indexSizes: indices.sizes,
          batchDimensions: batchDimensions, elementByteCount: width, into: y.bytes)
      }
    case .scatterElements(let axis, let reduction):
      let updates = try input(2)
      return reporting { _ throws(IndexError) in
        try Indexing.scatterElements(
          x.bytes, x.type.scalar, sizes: x.sizes, axis: axis, indices: indices.wideIntegers,
          indexSizes: indices.sizes, updates: updates.bytes, reduction: reduction.kernel, into: y.bytes)
      }
    case .scatterND(let reduction):
      let updates = try input(2)
      return reporting { _ throws(IndexError) in
        try Indexing.scatterND(
          x.bytes, x.type.scalar, sizes: x.sizes, indices: indices.wideIntegers, indexSizes: indices.sizes,
          updates: updates.bytes, reduction: reduction.kernel, into: y.bytes)
      }
    default: throw cannotWork(on: x.type)
    }
  }

  /// The kernels take it for granted that the indices' own axes lie inside the data.
  private func checkIndexSizes(_ data: [Int], _ indices: [Int]) throws(Diagnostic) {
    let fits: Bool
    switch step.operation {
    case .gatherElements(let axis), .scatterElements(let axis, _):
      fits = indices.indices.allSatisfy { $0 == axis || indices[$0] <= data[$0] }
    case .gatherND(let batchDimensions):
      fits = indices.prefix(batchDimensions) == data.prefix(batchDimensions)
    default: fits = true
    }
    guard fits else { throw problem("has indices of shape \(indices) for data of shape \(data)") }
  }

  /// Names the source's node when an index is outside.
  func reporting(_ body: @escaping @Sendable (Workers) throws(IndexError) -> Void) -> Kernel {
    return { [self] workers throws(Diagnostic) in
      do throws(IndexError) { try body(workers) } catch { throw problem("found that \(error)") }
    }
  }

  /// Indices outside the depth (negative ones count from its end) leave all values off.
  private func oneHot(axis: Int, depth: Int) throws(Diagnostic) -> Kernel {
    let (indices, values, y) = (try input(0), try input(1), try output())
    guard values.elementCount == 2 else {
      throw problem("has \(values.elementCount) values; expected off and on")
    }
    let inner = Shape.elementCount(Array(indices.sizes[axis...]))
    let outer = Shape.elementCount(Array(indices.sizes[..<axis]))
    let width = values.type.byteCount
    return { _ in
      IndexPattern.oneHot(
        indices.wideIntegers, outer: outer, inner: inner, depth: depth, off: values.bytes[0..<width],
        on: values.bytes[width..<2 * width], into: y.bytes)
    }
  }
}

extension TensorValue {
  /// The elements as 64-bit integers; shares memory when they are.
  var wideIntegers: View<Int64> { converted(to: .int64).elements(as: Int64.self) }
}

extension ScatterReduction {
  fileprivate var kernel: TensorMath.ScatterReduction {
    switch self {
    case .none: .none
    case .add: .add
    case .multiply: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    }
  }
}
