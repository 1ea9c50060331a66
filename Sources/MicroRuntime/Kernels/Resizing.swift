import Graph
import Micro
import Storage

/// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
extension OperatorContext {
  private func resizeOptions(_ x: Operand, _ y: Operand) throws(Diagnostic) -> (corners: Bool, centers: Bool)
  {
    guard case .resize(let alignCorners, let halfPixelCenters) = operation.options else {
      throw bad("it has no options")
    }
    try requireRank(4, x, y)
    try requireSameType(x, y)
    let size = try integers(1)
    try require(
      size.count == 2 && y.shape == [x.shape[0], size[0], size[1], x.shape[3]] && y.count > 0 && x.count > 0,
      "the size \(size) does not make \(y.shape) of \(x.shape)")
    return (alignCorners, halfPixelCenters)
  }

  func resizeNearest() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    guard [.float32, .int8, .int16].contains(x.type) else { throw noKernel(for: x, y) }
    let (corners, centers) = try resizeOptions(x, y)
    func nearest(_ position: Int, _ input: Int, _ output: Int) -> Int {
      let scale =
        corners && output > 1 ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
      let real = (Float(position) + (centers ? 0.5 : 0)) * scale
      let picked = min(Int(real.rounded(corners ? .toNearestOrAwayFromZero : .down)), input - 1)
      return centers ? max(0, picked) : picked
    }
    let rows = (0..<y.shape[1]).map { nearest($0, x.shape[1], y.shape[1]) }
    let columns = (0..<y.shape[2]).map { nearest($0, x.shape[2], y.shape[2]) }
    let strides = Positions.strides(x.shape)
    let sources = Positions.map(y.shape) { index in
      dot([index[0], rows[index[1]], columns[index[2]], index[3]], strides)
    }
    return try moving(x, to: y, by: sources)
  }

  func resizeBilinear() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    let (corners, centers) = try resizeOptions(x, y)
    try requireSupported(!(corners && centers), "TFLM refuses aligned corners with half-pixel centers")
    let shape = x.shape
    switch x.type {
    case .int8:
      let rows = (0..<y.shape[1]).map { FixedBlend($0, shape[1], y.shape[1], corners, centers) }
      let columns = (0..<y.shape[2]).map { FixedBlend($0, shape[2], y.shape[2], corners, centers) }
      // A step that is rounded up leads behind the last element, where TFLM reads all the same.
      try requireSupported(
        rows.allSatisfy { $0.low < shape[1] } && columns.allSatisfy { $0.low < shape[2] },
        "TFLM reads behind '\(x.name)' when it makes \(y.shape) of \(shape)")
      return { memory in
        let (source, target) = (memory(x, as: Int8.self), memory(y, as: Int8.self))
        Self.blend(shape, rows, columns, low: \.low, high: \.high) { place, a, b, c, d, row, column in
          let (fy, fx) = (row.part, column.part)
          let total =
            Int64(source[a]) * ((1024 - fy) * (1024 - fx)) + Int64(source[b]) * ((1024 - fy) * fx)
            + Int64(source[c]) * (fy * (1024 - fx)) + Int64(source[d]) * (fy * fx)
          target[place] = Int8(truncatingIfNeeded: (total + (total > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20))
        }
      }
    case .float32:
      let rows = (0..<y.shape[1]).map { FloatBlend($0, shape[1], y.shape[1], corners, centers) }
      let columns = (0..<y.shape[2]).map { FloatBlend($0, shape[2], y.shape[2], corners, centers) }
      return { memory in
        let (source, target) = (memory(x, as: Float.self), memory(y, as: Float.self))
        Self.blend(shape, rows, columns, low: \.low, high: \.high) { place, a, b, c, d, row, column in
          let (fy, fx) = (row.part, column.part)
          target[place] =
            source[a] * (1 - fy) * (1 - fx) + source[c] * fy * (1 - fx) + source[b] * (1 - fy) * fx
            + source[d] * fy * fx
        }
      }
    default: throw noKernel(for: x, y)
    }
  }

  /// Calls `body` for every element with its four neighbors: upper left, upper right, lower left, lower right.
  @inline(__always)
  private static func blend<Blend>(
    _ shape: [Int], _ rows: [Blend], _ columns: [Blend], low: (Blend) -> Int, high: (Blend) -> Int,
    _ body: (_ place: Int, _ a: Int, _ b: Int, _ c: Int, _ d: Int, _ row: Blend, _ column: Blend) -> Void
  ) {
    let depth = shape[3]
    var place = 0
    for sample in 0..<shape[0] {
      for row in rows {
        let upper = (sample * shape[1] + low(row)) * shape[2]
        let lower = (sample * shape[1] + high(row)) * shape[2]
        for column in columns {
          for channel in 0..<depth {
            body(
              place, (upper + low(column)) * depth + channel, (upper + high(column)) * depth + channel,
              (lower + low(column)) * depth + channel, (lower + high(column)) * depth + channel, row, column)
            place += 1
          }
        }
      }
    }
  }
}

/// Two neighbors along an axis, and how much of the second in 1/1024.
private struct FixedBlend: Sendable {
  var low, high: Int
  var part: Int64

  init(_ position: Int, _ input: Int, _ output: Int, _ alignCorners: Bool, _ halfPixelCenters: Bool) {
    let scale =
      alignCorners && output > 1
      ? (1024 * (input - 1) + (output - 1) / 2) / (output - 1) : (1024 * input + output / 2) / output
    let real = halfPixelCenters ? position * scale + scale / 2 - 512 : position * scale
    low = max(real / 1024, 0)
    high = min((real + 1023) / 1024, input - 1)
    part = Int64(real - 1024 * low)
  }
}

/// Two neighbors along an axis, and how much of the second.
private struct FloatBlend: Sendable {
  var low, high: Int
  var part: Float

  init(_ position: Int, _ input: Int, _ output: Int, _ alignCorners: Bool, _ halfPixelCenters: Bool) {
    let scale =
      alignCorners && output > 1 ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
    let real = halfPixelCenters ? (Float(position) + 0.5) * scale - 0.5 : Float(position) * scale
    let floor = real.rounded(.down)
    low = min(max(Int(floor), 0), input - 1)
    high = min(Int(real.rounded(.up)), input - 1)
    high = max(high, 0)
    part = real - Float(low)
  }
}
