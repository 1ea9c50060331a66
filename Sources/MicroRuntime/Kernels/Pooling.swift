import Graph
import Micro
import Storage

/// AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D: what lies outside of the image does not count.
extension OperatorContext {
  func pool() throws(Diagnostic) -> KernelBody {
    guard case .pool(let options) = operation.options else { throw bad("it has no options") }
    let (x, y) = (try input(0), try output())
    try requireRank(4, x, y)
    try requireSameType(x, y)
    try require(
      options.strideHeight > 0 && options.strideWidth > 0 && options.filterHeight > 0
        && options.filterWidth > 0,
      "windows and strides have to be above zero")
    try require(x.shape[0] == y.shape[0] && x.shape[3] == y.shape[3], "\(x.shape) does not give \(y.shape)")
    let pool = Pool(
      rows: WindowAxis(
        input: x.shape[1], output: y.shape[1], kernel: options.filterHeight, stride: options.strideHeight,
        padding: options.padding),
      columns: WindowAxis(
        input: x.shape[2], output: y.shape[2], kernel: options.filterWidth, stride: options.strideWidth,
        padding: options.padding),
      batch: x.shape[0], channels: x.shape[3])
    switch x.type {
    case .float32: return floatPool(pool, x, y, options.activation.floatRange)
    case .int8, .int16:
      guard operation.code != .l2Pool2D else { throw noKernel(for: x, y) }
      try requireQuantized(x, y)
      try require(
        abs(x.grid.scale - y.grid.scale) <= 1e-6 && x.grid.zeroPoint == y.grid.zeroPoint,
        "its operand and result differ in scale or zero point")
      let range = y.grid.range(of: options.activation, bits: x.type == .int8 ? 8 : 16)
      if x.type == .int8 {
        return fastPool(pool.rows, pool.columns, x, y, range) ?? integerPool(pool, x, y, range, as: Int8.self)
      }
      return integerPool(pool, x, y, range, as: Int16.self)
    default: throw noKernel(for: x, y)
    }
  }

  private func integerPool<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ pool: Pool, _ x: Operand, _ y: Operand, _ range: ClosedRange<Int32>, as _: Element.Type
  ) -> KernelBody {
    if operation.code == .maxPool2D {
      return { memory in
        let (source, target) = (memory(x, as: Element.self), memory(y, as: Element.self))
        pool.forEach { place, window in
          var best = Element.min
          pool.forEach(in: window) { best = Swift.max(best, source[$0]) }
          target[place] = Element(truncatingIfNeeded: Int32(best).held(to: range))
        }
      }
    }
    return { memory in
      let (source, target) = (memory(x, as: Element.self), memory(y, as: Element.self))
      pool.forEach { place, window in
        var sum: Int32 = 0
        pool.forEach(in: window) { sum &+= Int32(source[$0]) }
        let count = Int32(window.rows.count * window.columns.count)
        let mean = count == 0 ? 0 : sum > 0 ? (sum &+ count / 2) / count : (sum &- count / 2) / count
        target[place] = Element(truncatingIfNeeded: mean.held(to: range))
      }
    }
  }

  private func floatPool(_ pool: Pool, _ x: Operand, _ y: Operand, _ range: (low: Float, high: Float))
    -> KernelBody
  {
    let code = operation.code
    return { memory in
      let (source, target) = (memory(x, as: Float.self), memory(y, as: Float.self))
      pool.forEach { place, window in
        var result: Float = code == .maxPool2D ? -Float.greatestFiniteMagnitude : 0
        let count = Float(window.rows.count * window.columns.count)
        switch code {
        case .maxPool2D: pool.forEach(in: window) { result = Swift.max(result, source[$0]) }
        case .averagePool2D:
          pool.forEach(in: window) { result += source[$0] }
          result /= count
        default:
          pool.forEach(in: window) { result += source[$0] * source[$0] }
          result = (result / count).squareRoot()
        }
        target[place] = result.held(to: range)
      }
    }
  }
}

/// Windows over an image, channel by channel.
private struct Pool: Sendable {
  var rows, columns: WindowAxis
  var batch, channels: Int

  /// Rows and columns of the image, and the first element of the channel.
  struct Window {
    var rows, columns: Range<Int>
    var start: Int
  }

  @inline(__always)
  func forEach(_ body: (_ place: Int, _ window: Window) -> Void) {
    var place = 0
    for sample in 0..<batch {
      for row in 0..<rows.output {
        let (taps, top) = (rows.taps(at: row), rows.start(of: row))
        for column in 0..<columns.output {
          let (columnTaps, left) = (columns.taps(at: column), columns.start(of: column))
          for channel in 0..<channels {
            body(
              place,
              Window(
                rows: top + taps.lowerBound..<top + taps.upperBound,
                columns: left + columnTaps.lowerBound..<left + columnTaps.upperBound,
                start: sample * rows.input * columns.input * channels + channel))
            place += 1
          }
        }
      }
    }
  }

  @inline(__always)
  func forEach(in window: Window, _ body: (Int) -> Void) {
    for row in window.rows {
      for column in window.columns { body(window.start + (row * columns.input + column) * channels) }
    }
  }
}
