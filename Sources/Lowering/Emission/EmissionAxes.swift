import Graph
import Micro
import Storage

extension Emission {
  // MARK: Reductions

  mutating func emitReduction(_ reduction: Reduction, axes: [Int], keepsAxes: Bool) throws(Refusal) {
    let input = try operand(0)
    let wanted = resultNumbers()
    let code: BuiltinOperator
    var numbers = wanted
    switch reduction {
    case .mean: code = .mean
    case .sum: code = .sum
    case .maximum, .minimum:
      try refuseInt16()
      code = reduction == .maximum ? .reduceMax : .reduceMin
      numbers = input.numbers
    default: throw Refusal("reduces by '\(reduction.rawValue)', which the device does not compute")
    }
    guard numbers.isQuantized || numbers.type == .float32 else {
      throw Refusal("reduces \(numbers.type); the device reduces real numbers only")
    }
    // Axes of extent 1 need no work.
    let busy = axes.filter { input.shape[$0] != 1 }
    if busy.isEmpty { return try bind(0, try convert(input, to: numbers)) }
    let view = mergedForReduction(input, busy)
    if reduction == .sum || reduction == .mean, arithmetic == .int16 {
      let count = busy.map { input.shape[$0] }.reduce(1, *)
      guard count <= 1 << 16 else {
        throw Refusal("sums \(count) int16 numbers, more than the kernel's 32 bits hold")
      }
    }
    let keeps = view.value.shape == input.shape && keepsAxes
    var shape = view.value.shape
    for axis in view.axes { shape[axis] = 1 }
    if !keeps { shape = shape.indices.filter { !view.axes.contains($0) }.map { shape[$0] } }
    let list = constant(integers: view.axes, shape: [view.axes.count], .int32)
    let options = MicroOptions.reduction(keepsDimensions: keeps)
    try bind(0, add(code, [view.value, list], to: numbers, shape, options))
  }

  /// At most four axes: the data as it is where that will do, else neighbors that share a fate become one.
  private func mergedForReduction(_ input: Value, _ axes: [Int]) -> (value: Value, axes: [Int]) {
    if input.rank <= 4, axes.count <= 2 { return (input, axes) }
    var shape: [Int] = []
    var reduced: [Int] = []
    var last: Bool?
    for axis in input.shape.indices where input.shape[axis] != 1 {
      let goes = axes.contains(axis)
      if goes == last {
        shape[shape.count - 1] *= input.shape[axis]
      } else {
        if goes { reduced.append(shape.count) }
        shape.append(input.shape[axis])
        last = goes
      }
    }
    return (Value(tensor: input.tensor, shape: shape, numbers: input.numbers), reduced)
  }

  mutating func emitArgument(
    maximum: Bool, axis: Int, keepsAxis: Bool, selectsLast: Bool
  ) throws(Refusal) {
    try refuseInt16()
    guard !selectsLast else { throw Refusal("takes the last of equal extremes; the device takes the first") }
    let input = try operand(0)
    guard input.numbers.isQuantized || input.numbers.type == .float32 else {
      throw Refusal("looks for extremes of \(input.numbers.type); the device takes real numbers only")
    }
    var shape = input.shape
    shape.remove(at: axis)
    let axisValue = constant(integers: [axis], shape: [1], .int32)
    let code = maximum ? BuiltinOperator.argMax : .argMin
    try bind(0, add(code, [input, axisValue], to: .int32, shape, .result(type: .int32)))
  }

  mutating func emit(_ cumulative: Cumulative) throws(Refusal) {
    try refuseInt16()
    guard cumulative.kind == .sum else { throw Refusal("has running products, which the device lacks") }
    var input = try operand(0)
    // The int8 kernel starts an exclusive sum anywhere but at zero: the data are moved by one instead.
    let moves = cumulative.exclusive && input.numbers.isQuantized
    if moves { input = moved(input, axis: cumulative.axis, back: cumulative.reverse) }
    let axis = constant(integers: [cumulative.axis], shape: [], .int32)
    let options = MicroOptions.cumulativeSum(
      isExclusive: cumulative.exclusive && !moves, isReversed: cumulative.reverse)
    try bind(0, add(.cumsum, [input, axis], to: resultNumbers(), input.shape, options))
  }

  /// The value with a zero at its front (or back) along an axis, and without its last (or first) element.
  private mutating func moved(_ value: Value, axis: Int, back: Bool) -> Value {
    let none = [Int](repeating: 0, count: value.rank)
    var (starts, counts, before, after) = (none, value.shape, none, none)
    counts[axis] -= 1
    if back { (starts[axis], after[axis]) = (1, 1) } else { before[axis] = 1 }
    if counts[axis] == 0 {
      let zeros = [Int](repeating: value.numbers.zeroPoint, count: value.elementCount)
      return constant(integers: zeros, shape: value.shape, value.numbers)
    }
    return pad(slice(value, starts: starts, counts: counts), before: before, after: after, value: 0)
  }

  // MARK: Softmax

  mutating func emitSoftmax(axis: Int, logarithmic: Bool) throws(Refusal) {
    if logarithmic { try refuseInt16() }
    let input = try operand(0)
    let numbers: Numbers =
      switch arithmetic {
      case .float32: .float32
      case .int16: Numbers(.unit16)
      case .int8: Numbers(logarithmic ? .logProbability : .probability)
      }
    if input.numbers.isQuantized, arithmetic == .int8, !logarithmic {
      guard input.numbers.scale > 0x1p-26 else {
        throw Refusal("has an operand of scale \(input.numbers.scale), below what the kernel can scale")
      }
    }
    // The device works along the last axis.
    var order = Array(input.shape.indices)
    order.remove(at: axis)
    order.append(axis)
    let moved = transpose(input, order)
    let made =
      logarithmic
      ? add(.logSoftmax, [moved], to: numbers, moved.shape, .empty(union: 36))
      : add(.softmax, [moved], to: numbers, moved.shape, .softmax(beta: 1))
    var back = order
    for (place, axis) in order.enumerated() { back[axis] = place }
    try bind(0, transpose(made, back))
  }
}
