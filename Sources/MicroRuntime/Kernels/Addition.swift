import Graph
import Micro
import Storage

/// ADD, SUB, ADD_N and CUMSUM: operands are brought to one fine grid, added, and brought to the result's.
extension OperatorContext {
  func addition() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    let isDifference = operation.code == .sub
    let activation = try arithmeticActivation()
    try requireSameType(a, y)
    try requireSameType(b, y)
    switch y.type {
    case .float32:
      let range = activation.floatRange
      if isDifference {
        return try combining(a, b, to: y) { (a: Float, b: Float) in (a - b).held(to: range) }
      }
      return try combining(a, b, to: y) { (a: Float, b: Float) in (a + b).held(to: range) }
    case .int32:
      try requireUnquantized(a, b, y)
      if isDifference { return try combining(a, b, to: y) { (a: Int32, b: Int32) in a &- b } }
      return try combining(a, b, to: y) { (a: Int32, b: Int32) in a &+ b }
    case .int8:
      let sum = try FineSum(a, b, y, activation, isDifference: isDifference, self)
      if let kernel = try fastAddition(a, b, y, sum) { return kernel }
      let (left, right) = (sum.left.table, sum.right.table)
      return try combining(a, b, to: y) { (a: Int8, b: Int8) in
        let fine = left[Int(a) + 128] &+ right[Int(b) + 128]
        return Int8(truncatingIfNeeded: sum.result(fine))
      }
    case .int16:
      let sum = try FineSum(a, b, y, activation, isDifference: isDifference, self)
      return try combining(a, b, to: y) { (a: Int16, b: Int16) in
        let fine = sum.left(Int32(a)) &+ sum.right(Int32(b))
        return Int16(truncatingIfNeeded: sum.result(fine))
      }
    default: throw noKernel(for: a, b, y)
    }
  }

  func arithmeticActivation() throws(Diagnostic) -> MicroActivation {
    switch operation.options {
    case .arithmetic(let activation): return activation
    case .none, .empty: return .none
    default: throw bad("its options are not its own")
    }
  }

  func requireUnquantized(_ operands: Operand...) throws(Diagnostic) {
    for operand in operands where operand.quantization != nil {
      throw unsupported(
        "'\(operand.name)' is \(operand.type) with a scale, and TFLM adds plain integers only")
    }
  }

  func sumOfMany() throws(Diagnostic) -> KernelBody {
    let (terms, y) = (try inputs(), try output())
    try require(terms.count >= 2, "it needs two operands")
    for term in terms {
      try requireSameType(term, y)
      try require(term.shape == y.shape, "'\(term.name)' \(term.shape) does not have the result's shape")
    }
    switch y.type {
    case .float32:
      return { memory in
        let result = memory(y, as: Float.self)
        result.copy(from: memory(terms[0]))
        for term in terms.dropFirst() {
          let term = memory(term, as: Float.self)
          for index in 0..<result.count { result[index] += term[index] }
        }
      }
    case .int8:
      for term in terms where term.grid != terms[0].grid {
        throw bad("its operands differ in scale or zero point")
      }
      let sum = try FineSum(terms[0], terms[0], y, .none, isDifference: false, self)
      // The device's sum starts from the number 0, which is not the real 0.
      let start = sum.left(0)
      return { memory in
        let result = memory(y, as: Int8.self)
        let terms = terms.map { memory($0, as: Int8.self) }
        for index in 0..<result.count {
          var fine = start
          for term in terms { fine = fine &+ sum.left(Int32(term[index])) }
          result[index] = Int8(truncatingIfNeeded: sum.result(fine))
        }
      }
    default: throw noKernel(for: terms[0], y)
    }
  }

  func cumulativeSum() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireSameType(x, y)
    try requireSameCount(x, y)
    guard case .cumulativeSum(let isExclusive, let isReversed) = operation.options else {
      throw bad("it has no options")
    }
    guard let axis = try integers(1).first else { throw bad("it has no axis") }
    let lines = AxisLines(x.shape, axis: try self.axis(axis, rank: x.rank))
    switch x.type {
    case .float32:
      return { memory in
        let (source, target) = (memory(x, as: Float.self), memory(y, as: Float.self))
        lines.forEach { start in
          var sum: Float = 0
          lines.walk(from: start, isReversed: isReversed) { index in
            let next = sum + source[index]
            target[index] = isExclusive ? sum : next
            sum = next
          }
        }
      }
    case .int8:
      let fine = try FineSum(x, x, y, .none, isDifference: false, self)
      // The device's sums start from the number 0, which is not the real 0.
      let first = fine.left(0)
      return { memory in
        let (source, target) = (memory(x, as: Int8.self), memory(y, as: Int8.self))
        lines.forEach { start in
          var sum = first
          lines.walk(from: start, isReversed: isReversed) { index in
            let next = sum &+ fine.left(Int32(source[index]))
            target[index] = Int8(truncatingIfNeeded: fine.result(isExclusive ? sum : next))
            sum = next
          }
        }
      }
    default: throw noKernel(for: x, y)
    }
  }
}

/// Two quantized operands on a common grid with 15 or 20 more bits, and the way back.
struct FineSum: Sendable {
  /// One operand's way to the common grid.
  struct Term: Sendable {
    var zeroPoint: Int32
    var leftShift: Int32
    var multiplier: Multiplier
    var isNegative = false

    @inline(__always)
    func callAsFunction(_ number: Int32) -> Int32 {
      let fine = multiplier.apply((number &- zeroPoint) &<< leftShift)
      return isNegative ? 0 &- fine : fine
    }

    /// The results for −128 to 127.
    var table: View<Int32> { View((Int32(-128)...127).map { self($0) }) }
  }

  var left, right: Term
  private(set) var multiplier: Multiplier
  private(set) var zeroPoint: Int32
  private(set) var range: ClosedRange<Int32>

  init(
    _ a: Operand, _ b: Operand, _ y: Operand, _ activation: MicroActivation, isDifference: Bool,
    _ context: OperatorContext
  ) throws(Diagnostic) {
    try context.requireQuantized(a, b, y)
    let bits = y.type == .int8 ? 8 : 16
    let leftShift: Int32 = bits == 8 ? 20 : 15
    let (sa, sb, sy) = (a.grid.scale, b.grid.scale, y.grid.scale)
    var ratios: (Double, Double, Double)
    if isDifference && context.profile == .mirror {
      let twice = 2 * max(sa, sb)
      ratios = (Double(sa / twice), Double(sb / twice), Double(twice / (Float(1 << leftShift) * sy)))
    } else {
      let twice = 2 * Double(max(sa, sb))
      ratios = (Double(sa) / twice, Double(sb) / twice, twice / (Double(1 << leftShift) * Double(sy)))
    }
    func factor(_ ratio: Double) throws(Diagnostic) -> Multiplier {
      do throws(Diagnostic) {
        return try Multiplier(belowOne: ratio, of: "the ratio of its scales")
      } catch {
        throw Diagnostic(error.kind, "\(context.name): \(error.message)", hint: error.hint)
      }
    }
    left = Term(zeroPoint: a.grid.zeroPoint, leftShift: leftShift, multiplier: try factor(ratios.0))
    right = Term(
      zeroPoint: b.grid.zeroPoint, leftShift: leftShift, multiplier: try factor(ratios.1),
      isNegative: isDifference)
    multiplier = try factor(ratios.2)
    zeroPoint = y.grid.zeroPoint
    range = y.grid.range(of: activation, bits: bits)
  }

  /// The result's number for a sum on the common grid.
  @inline(__always)
  func result(_ fine: Int32) -> Int32 { (multiplier.apply(fine) &+ zeroPoint).held(to: range) }
}

/// The lines of a dense tensor along one axis.
struct AxisLines: Sendable {
  let outer, extent, inner: Int

  init(_ shape: [Int], axis: Int) {
    outer = shape[..<axis].reduce(1, *)
    extent = shape.isEmpty ? 1 : shape[axis]
    inner = shape.isEmpty ? 1 : shape[(axis + 1)...].reduce(1, *)
  }

  /// Calls `body` with where each line starts.
  @inline(__always)
  func forEach(_ body: (Int) -> Void) {
    for block in 0..<outer {
      for line in 0..<inner { body(block * extent * inner + line) }
    }
  }

  @inline(__always)
  func walk(from start: Int, isReversed: Bool, _ body: (Int) -> Void) {
    for step in 0..<extent { body(start + (isReversed ? extent - 1 - step : step) * inner) }
  }
}
