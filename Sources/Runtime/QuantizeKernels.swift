import Graph
import Storage
import TensorMath

/// Which scale belongs to an element: blocks of `block` indices along an axis share one.
private struct ScaleGrid: Sendable {
  let extent: Int
  let inner: Int
  let block: Int
  let count: Int
  let perOuter: Int

  /// Per tensor, per index of an axis, or per block of indices of an axis.
  init(_ sizes: [Int], axis: Int?, blockSize: Int, scaleCount: Int) {
    guard let axis, scaleCount > 1 || blockSize > 0 else {
      (extent, inner, block, count, perOuter) = (1, 1, 1, 1, 0)
      return
    }
    extent = sizes[axis]
    inner = Shape.elementCount(Array(sizes[(axis + 1)...]))
    block = max(1, blockSize)
    count = (extent + block - 1) / block
    // A block grid has its own scales for every row and column; an axis grid repeats.
    perOuter = blockSize > 0 ? count * inner : 0
  }

  @inline(__always)
  func scale(of element: Int) -> Int {
    if extent == 1 && perOuter == 0 { return 0 }
    let column = element % max(1, inner)
    let row = element / max(1, inner)
    let part = row % extent / block
    return perOuter > 0 ? row / extent * perOuter + part * inner + column : part
  }
}

extension Binding {
  /// Round half to even of x ÷ scale, plus zero point, kept inside the integer type.
  func quantize(axis: Int?, blockSize: Int) throws(Diagnostic) -> Kernel {
    let (x, scale, y) = (try input(0), try input(1), try output())
    let grid = try scaleGrid(x, scale, axis: axis, blockSize: blockSize)
    let zero = optional(2)
    guard let range = y.type.integerRange, scale.type.isFloat else { throw cannotWork(on: y.type) }
    guard x.type.isFloat || x.type == .int32 else { throw cannotWork(on: x.type) }
    let (low, high) = (Float(range.lowerBound), Float(range.upperBound))
    return { workers in
      let scales = scale.floats
      workers.parallelFor(x.elementCount, grain: 1 << 13) { elements in
        for element in elements {
          let index = grid.scale(of: element)
          let real = x.type.isFloat ? x.floats[element] : Float(x.integer(at: element))
          let rounded = (real / scales[index]).rounded(.toNearestOrEven)
          let offset = Float(zero.map { $0.integer(at: index) } ?? 0)
          // NaN has no integer; zero stands for it.
          let moved = rounded.isNaN ? offset : rounded + offset
          y.setInteger(Int(min(max(moved, low), high)), at: element)
        }
      }
    }
  }

  /// (x − zero point) · scale.
  func dequantize(axis: Int?, blockSize: Int) throws(Diagnostic) -> Kernel {
    let (x, scale, y) = (try input(0), try input(1), try output())
    let grid = try scaleGrid(x, scale, axis: axis, blockSize: blockSize)
    let zero = optional(2)
    guard !x.type.isFloat, scale.type.isFloat else { throw cannotWork(on: x.type) }
    let target = y.floats
    return { workers in
      let scales = scale.floats
      workers.parallelFor(x.elementCount, grain: 1 << 13) { elements in
        for element in elements {
          let index = grid.scale(of: element)
          let difference = x.integer(at: element) &- (zero.map { $0.integer(at: index) } ?? 0)
          target[element] = Float(difference) * scales[index]
        }
      }
    }
  }

  private func scaleGrid(
    _ x: TensorValue, _ scale: TensorValue, axis: Int?, blockSize: Int
  ) throws(Diagnostic) -> ScaleGrid {
    let count = scale.elementCount
    guard count > 1 || blockSize > 0 else {
      guard count == 1 else { throw problem("has no scale") }
      return ScaleGrid(x.sizes, axis: nil, blockSize: 0, scaleCount: 1)
    }
    guard let axis, axis < x.sizes.count else {
      throw problem("has \(count) scales but no axis that they belong to")
    }
    let grid = ScaleGrid(x.sizes, axis: axis, blockSize: blockSize, scaleCount: count)
    var expected = grid.count
    if blockSize > 0 { expected *= Shape.elementCount(Array(x.sizes[..<axis])) * grid.inner }
    guard count == expected else {
      throw problem("has \(count) scales for data \(x.sizes) along axis \(axis); expected \(expected)")
    }
    if let zero = optional(2), zero.elementCount != count {
      throw problem("has \(count) scales and \(zero.elementCount) zero points")
    }
    return grid
  }
}
