import Graph
import Storage
import TensorMath

extension Binding {
  /// Operators that put elements elsewhere, in an order known beforehand.
  func movement() throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    let width = x.type.byteCount
    func mapped(_ map: AxisMap, fill: View<UInt8>? = nil) -> Kernel {
      return { workers in map.apply(x.bytes, elementByteCount: width, fill: fill, into: y.bytes, on: workers)
      }
    }
    let map = AxisMap(sizes: x.sizes)
    switch step.operation {
    case .reshape: return { _ in y.bytes.copy(from: x.bytes) }
    case .transpose(let permutation):
      let transposition = Transposition(sizes: x.sizes, permutation: permutation)
      return { workers in transposition.apply(x.bytes, elementByteCount: width, into: y.bytes, on: workers) }
    case .broadcast: return mapped(map.broadcasting(to: y.sizes))
    case .tile(let repeats): return mapped(map.tiling(repeats))
    case .slice(let slice):
      return mapped(map.slicing(starts: slice.starts, steps: slice.steps, counts: y.sizes))
    case .pad(let pad):
      return mapped(
        map.padding(pad.mode.padding, before: pad.before, after: pad.after), fill: optional(1)?.bytes)
    case .concat(let axis): return try concat(axis: axis)
    case .split(let axis, _): return try split(axis: axis)
    case .triangle(let upper, let diagonal): return triangle(x, y, upper: upper, diagonal: diagonal)
    case .reverseSequence(let batchAxis, let timeAxis):
      return try reverseSequence(x, y, batchAxis: batchAxis, timeAxis: timeAxis)
    default: throw cannotWork(on: x.type)
    }
  }

  private func concat(axis: Int) throws(Diagnostic) -> Kernel {
    let y = try output()
    var parts: [TensorValue] = []
    for index in inputs.indices { parts.append(try input(index)) }
    let joining = Joining(
      sizes: y.sizes, axis: axis, extents: parts.map { $0.sizes[axis] }, elementByteCount: y.type.byteCount)
    let views = parts.map(\.bytes)
    return { workers in joining.concatenate(views, into: y.bytes, on: workers) }
  }

  private func split(axis: Int) throws(Diagnostic) -> Kernel {
    guard case .split(_, let extents) = step.operation else { throw problem("is no split") }
    let x = try input(0)
    // Parts that nobody reads have no place; they are skipped by slicing the others.
    var start = 0
    var slices: [@Sendable (Workers) -> Void] = []
    for (index, output) in outputs.enumerated() where index < extents.count {
      let count = output?.sizes[axis] ?? extents[index].perSample
      if let output, output.elementCount > 0 {
        var starts = [Int](repeating: 0, count: x.sizes.count)
        starts[axis] = start
        let map = AxisMap(sizes: x.sizes).slicing(
          starts: starts, steps: [Int](repeating: 1, count: x.sizes.count), counts: output.sizes)
        let width = x.type.byteCount
        slices.append { workers in
          map.apply(x.bytes, elementByteCount: width, into: output.bytes, on: workers)
        }
      }
      start += count
    }
    return { [slices] workers in for slice in slices { slice(workers) } }
  }

  private func triangle(_ x: TensorValue, _ y: TensorValue, upper: Bool, diagonal: Int) -> Kernel {
    let (rows, columns) = (x.sizes[x.sizes.count - 2], x.sizes[x.sizes.count - 1])
    return { _ in
      IndexPattern.triangle(
        x.bytes, rows: rows, columns: columns, upper: upper, diagonal: diagonal,
        elementByteCount: x.type.byteCount,
        into: y.bytes)
    }
  }

  private func reverseSequence(
    _ x: TensorValue, _ y: TensorValue, batchAxis: Int, timeAxis: Int
  ) throws(Diagnostic) -> Kernel {
    let lengths = try input(1)
    guard batchAxis != timeAxis, lengths.elementCount == x.sizes[batchAxis] else {
      throw problem("has \(lengths.elementCount) sequence lengths for axis \(batchAxis) of \(x.sizes)")
    }
    return reporting { _ throws(IndexError) in
      try IndexPattern.reverseSequence(
        x.bytes, sizes: x.sizes, batchAxis: batchAxis, timeAxis: timeAxis, lengths: lengths.wideIntegers,
        elementByteCount: x.type.byteCount, into: y.bytes)
    }
  }
}

extension Pad.Mode {
  var padding: AxisMap.Padding {
    switch self {
    case .constant: .constant
    case .reflect: .reflect
    case .edge: .edge
    case .wrap: .wrap
    }
  }
}
