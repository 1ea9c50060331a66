import Graph
import Micro
import Storage

extension Emission {
  mutating func emitGather(axis: Int) throws(Refusal) {
    let data = try operand(0, as: resultNumbers())
    if let run = constantRun(extent: data.shape[axis]) {
      var (starts, counts) = ([Int](repeating: 0, count: data.rank), data.shape)
      starts[axis] = run.lowerBound
      counts[axis] = run.count
      if data.rank <= 5 { return try bind(0, slice(data, starts: starts, counts: counts)) }
    }
    try refuseInt16()
    guard data.numbers.isQuantized || data.numbers.type == .float32 else {
      throw Refusal("picks elements of type \(data.numbers.type); the device picks real numbers only")
    }
    let indices = try indexOperand(extent: data.shape[axis])
    let shape = Array(data.shape[..<axis]) + indices.shape + Array(data.shape[(axis + 1)...])
    try bind(
      0,
      add(.gather, [data, indices], to: data.numbers, shape, .gather(axis: axis, batchDimensions: 0)))
  }

  /// Constant indices that follow each other: a slice, which costs nothing to look up.
  private func constantRun(extent: Int) -> Range<Int>? {
    guard let constant = constantOperand(1) else { return nil }
    let indices = constant.realized().integers.map { $0 < 0 ? $0 + extent : $0 }
    guard let first = indices.first, first >= 0, first + indices.count <= extent,
      indices == Array(first..<first + indices.count)
    else { return nil }
    return first..<first + indices.count
  }

  private mutating func indexOperand(extent: Int) throws(Refusal) -> Value {
    guard let constant = constantOperand(1) else { return try operand(1) }
    let indices = constant.realized().integers.map { $0 < 0 ? $0 + extent : $0 }
    guard indices.allSatisfy({ (0..<extent).contains($0) }) else {
      throw Refusal("picks elements outside of its \(extent)")
    }
    return self.constant(integers: indices, shape: constant.sizes, .int32)
  }

  // MARK: Repetition

  mutating func emitBroadcast() throws(Refusal) {
    let input = try operand(0)
    let shape = resultShape()
    if input.elementCount == shape.reduce(1, *) { return try bind(0, input) }
    try bind(0, try broadcast(input, to: shape))
  }

  private mutating func broadcast(_ input: Value, to shape: [Int]) throws(Refusal) -> Value {
    var value = input
    value.shape = [Int](repeating: 1, count: shape.count - value.rank) + value.shape
    // Neighbors that are both repeated or both not are one axis.
    var (from, to): ([Int], [Int]) = ([], [])
    var last: Bool?
    for axis in shape.indices where shape[axis] != 1 {
      let repeats = value.shape[axis] != shape[axis]
      if repeats == last {
        from[from.count - 1] *= value.shape[axis]
        to[to.count - 1] *= shape[axis]
      } else {
        from.append(value.shape[axis])
        to.append(shape[axis])
        last = repeats
      }
    }
    guard to.count <= 5 else { throw Refusal("repeats along \(to.count) axes; the device takes up to 5") }
    value.shape = from
    let target = constant(integers: to, shape: [to.count], .int32)
    return add(.broadcastTo, [value, target], to: value.numbers, to, .empty(union: 104))
  }

  /// `[a, b]` repeated r and s times is `[1, a, 1, b]` broadcast to `[r, a, s, b]`.
  mutating func emitTile(_ counts: [Int]) throws(Refusal) {
    let input = try operand(0)
    if counts.allSatisfy({ $0 == 1 }) { return try bind(0, input) }
    var value = input
    value.shape = input.shape.flatMap { [1, $0] }
    let target = zip(counts, input.shape).flatMap { [$0, $1] }
    try bind(0, try broadcast(value, to: target))
  }

  // MARK: Blocks

  mutating func emitBlocks(size: Int, toDepth: Bool) throws(Refusal) {
    try refuseInt16()
    let input = try operand(0)
    let code = toDepth ? BuiltinOperator.spaceToDepth : .depthToSpace
    try bind(0, add(code, [input], to: input.numbers, resultShape(), .blocks(size: size)))
  }

  // MARK: Conversions

  mutating func emitCast() throws(Refusal) {
    let input = try operand(0)
    guard let result = node.outputs[0], let source = node.inputs[0] else { return }
    switch (isReal(source), isReal(result)) {
    case (true, true): try bind(0, input)
    case (true, false): try emitCastFromReal(input, to: numbers(of: result))
    case (false, true): try emitCastToReal(input, resultNumbers())
    case (false, false):
      let target = numbers(of: result)
      if input.numbers == target { return try bind(0, input) }
      try bind(0, cast(input, to: target))
    }
  }

  private mutating func emitCastFromReal(_ input: Value, to target: Numbers) throws(Refusal) {
    if target.type == .bool {
      let zero = constant(real: 0, input.numbers)
      return try bind(
        0, try addBroadcast(.notEqual, [input, zero], to: .bool, .empty(union: 54)))
    }
    let real = try convert(input, to: .float32)
    try bind(0, cast(real, to: target))
  }

  private mutating func emitCastToReal(_ input: Value, _ target: Numbers) throws(Refusal) {
    if target.isQuantized, input.numbers.type == .bool {
      // Truth values are the integers 0 and 1.
      let truth = Numbers(type: target.type, scale: 1)
      return try bind(0, cast(input, to: truth))
    }
    try bind(0, try convert(cast(input, to: .float32), to: target))
  }

  private mutating func cast(_ input: Value, to numbers: Numbers) -> Value {
    addSameShape(.cast, input, to: numbers, .cast(from: input.numbers.type, to: numbers.type))
  }
}
