import Graph
import Micro
import Storage

/// MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_ALL, ARG_MAX and ARG_MIN.
extension OperatorContext {
  func meanOrSum() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    let reduction = try reduction(x, y)
    let isMean = operation.code == .mean
    switch x.type {
    case .float32:
      let divisor: Float = isMean ? Float(reduction.count) : 1
      return { memory in
        let (source, target) = (memory(x, as: Float.self), memory(y, as: Float.self))
        target.fill(0)
        reduction.forEach { target[$1] += source[$0] }
        if isMean { for index in 0..<target.count { target[index] /= divisor } }
      }
    case .int8: return try integerSum(reduction, x, y, isMean: isMean, as: Int8.self)
    case .int16: return try integerSum(reduction, x, y, isMean: isMean, as: Int16.self)
    default: throw noKernel(for: x, y)
    }
  }

  private func integerSum<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ reduction: Reduction, _ x: Operand, _ y: Operand, isMean: Bool, as _: Element.Type
  ) throws(Diagnostic) -> KernelBody {
    try requireQuantized(x, y)
    var multiplier = try Multiplier(Double(x.grid.scale) / Double(y.grid.scale))
    if isMean {
      // The division by the count goes into the factor, which is moved up first to keep its bits.
      let count = Int64(reduction.count)
      let bits = 63 - count.leadingZeroBitCount
      let shift = min(bits, 32, 31 + Int(multiplier.shift))
      multiplier = Multiplier(
        factor: Int32(truncatingIfNeeded: (Int64(multiplier.factor) << shift) / count),
        shift: multiplier.shift - Int32(shift))
    }
    let offset = x.grid.zeroPoint &* Int32(truncatingIfNeeded: reduction.count)
    let (zeroPoint, range) = (y.grid.zeroPoint, y.grid.range(of: .none, bits: Element.bitWidth))
    return { [multiplier] memory in
      let (source, target) = (memory(x, as: Element.self), memory(y, as: Element.self))
      var sums = [Int32](repeating: 0, count: target.count)
      reduction.forEach { sums[$1] &+= Int32(source[$0]) }
      for (index, sum) in sums.enumerated() {
        target[index] = Element(
          truncatingIfNeeded: (multiplier.apply(sum &- offset) &+ zeroPoint).held(to: range))
      }
    }
  }

  func extremeReduction() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    let reduction = try reduction(x, y)
    switch x.type {
    case .float32:
      let start = Float.greatestFiniteMagnitude
      return extremes(reduction, x, y, from: operation.code == .reduceMax ? -start : start)
    case .int8:
      try require(x.grid == y.grid, "its operand and result differ in scale or zero point")
      return extremes(reduction, x, y, from: operation.code == .reduceMax ? Int8.min : Int8.max)
    default: throw noKernel(for: x, y)
    }
  }

  private func extremes<Element: Comparable & BitwiseCopyable & Sendable>(
    _ reduction: Reduction, _ x: Operand, _ y: Operand, from start: Element
  ) -> KernelBody {
    let isMaximum = operation.code == .reduceMax
    return { memory in
      let (source, target) = (memory(x, as: Element.self), memory(y, as: Element.self))
      target.fill(start)
      reduction.forEach { from, to in
        let (next, best) = (source[from], target[to])
        if isMaximum ? next > best : next < best { target[to] = next }
      }
    }
  }

  func allReduction() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    guard x.type == .bool, y.type == .bool else { throw noKernel(for: x, y) }
    let reduction = try reduction(x, y)
    return { memory in
      let (source, target) = (memory(x, as: UInt8.self), memory(y, as: UInt8.self))
      target.fill(1)
      reduction.forEach { if source[$0] == 0 { target[$1] = 0 } }
    }
  }

  private func reduction(_ x: Operand, _ y: Operand) throws(Diagnostic) -> Reduction {
    var axes = Set<Int>()
    for axis in try integers(1) { axes.insert(try self.axis(axis, rank: x.rank)) }
    let reduction = Reduction(x.shape, axes: x.rank == 0 ? [] : axes)
    try require(
      y.count == reduction.results, "\(x.shape) reduced over \(axes.sorted()) does not give \(y.shape)")
    try require(reduction.count > 0, "it reduces nothing")
    return reduction
  }

  func argumentOfExtreme() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    guard let axis = try integers(1).first else { throw bad("it has no axis") }
    let lines = AxisLines(x.shape, axis: try self.axis(axis, rank: x.rank))
    try require(y.count == lines.outer * lines.inner, "\(x.shape) does not give \(y.shape)")
    guard y.type == .int32 else { throw noKernel(for: x, y) }
    switch x.type {
    case .float32: return firstExtremes(lines, x, y, as: Float.self)
    case .int8: return firstExtremes(lines, x, y, as: Int8.self)
    default: throw noKernel(for: x, y)
    }
  }

  private func firstExtremes<Element: Comparable & BitwiseCopyable & Sendable>(
    _ lines: AxisLines, _ x: Operand, _ y: Operand, as _: Element.Type
  ) -> KernelBody {
    let isMaximum = operation.code == .argMax
    return { memory in
      let (source, target) = (memory(x, as: Element.self), memory(y, as: Int32.self))
      var place = 0
      lines.forEach { start in
        var (best, at) = (source[start], 0)
        for step in 1..<max(1, lines.extent) {
          let next = source[start + step * lines.inner]
          if isMaximum ? next > best : next < best { (best, at) = (next, step) }
        }
        target[place] = Int32(at)
        place += 1
      }
    }
  }
}

/// Which result every element of an operand belongs to.
private struct Reduction: Sendable {
  private let shape: [Int]
  /// The step through the results along each axis; 0 for those that vanish.
  private let steps: [Int]
  /// Elements that meet in one result.
  let count: Int
  let results: Int

  init(_ shape: [Int], axes: Set<Int>) {
    self.shape = shape
    let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    let strides = Positions.strides(kept)
    steps = shape.indices.map { axes.contains($0) ? 0 : strides[$0] }
    results = kept.reduce(1, *)
    count = axes.reduce(1) { $0 * shape[$1] }
  }

  /// Calls `body` with every element and its result, in the order of the elements.
  @inline(__always)
  func forEach(_ body: (_ source: Int, _ target: Int) -> Void) {
    guard let last = shape.last else { return body(0, 0) }
    let lines = shape.dropLast().reduce(1, *)
    var positions = Positions(Array(shape.dropLast()))
    for line in 0..<lines {
      var target = 0
      for (axis, index) in positions.index.enumerated() { target += index * steps[axis] }
      for k in 0..<last {
        body(line * last + k, target)
        target += steps[steps.count - 1]
      }
      positions.advance()
    }
  }
}
