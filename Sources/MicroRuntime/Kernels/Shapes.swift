import Graph
import Micro
import Storage

/// SHAPE, BROADCAST_ARGS, FILL and ZEROS_LIKE.
extension OperatorContext {
  func shapeOf() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    guard y.type == .int32 else { throw noKernel(for: x, y) }
    try require(y.count == x.rank, "\(x.shape) does not give \(y.shape)")
    return { memory in memory(y, as: Int32.self).copy(from: View(x.shape.map { Int32($0) })) }
  }

  func broadcastArgs() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    try requireSameType(a, b)
    try requireSameType(a, y)
    try require(y.count == max(a.count, b.count), "\(a.shape) and \(b.shape) do not give \(y.shape)")
    let name = name
    func kernel<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(_: Element.Type) -> KernelBody {
      return { memory throws(Diagnostic) in
        let shapes = [memory(a, as: Element.self).array, memory(b, as: Element.self).array]
        let target = memory(y, as: Element.self)
        for place in 0..<target.count {
          let back = target.count - place
          let extents = shapes.map { $0.count >= back ? $0[$0.count - back] : 1 }
          guard extents[0] == extents[1] || extents.contains(1) else {
            throw Diagnostic(.badData, "\(name): the shapes \(shapes) do not fit together")
          }
          target[place] = extents[0] == 1 ? extents[1] : extents[0]
        }
      }
    }
    switch a.type {
    case .int32: return kernel(Int32.self)
    case .int64: return kernel(Int64.self)
    default: throw noKernel(for: a, b, y)
    }
  }

  func filling() throws(Diagnostic) -> KernelBody {
    let (value, y) = (try input(1), try output())
    try requireSameType(value, y)
    let sizes = try integers(0)
    try require(
      value.count == 1 && MicroTensor.elementCount(of: sizes) == y.count,
      "\(sizes) does not give \(y.shape)")
    let width = y.type.byteCount ?? 1
    guard [.float32, .int8, .int32].contains(y.type) else { throw noKernel(for: value, y) }
    return { memory in
      let (source, target) = (memory.bytes[value.index], memory.bytes[y.index])
      for index in 0..<target.count { target[index] = source[index % width] }
    }
  }

  func zeros() throws(Diagnostic) -> KernelBody {
    let y = try output()
    guard [.float32, .int8, .int32, .int64].contains(y.type) else { throw noKernel(for: y) }
    return { memory in memory.bytes[y.index].fill(0) }
  }
}
