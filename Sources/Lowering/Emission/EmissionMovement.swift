import Graph
import Micro
import Storage

extension Emission {
  // MARK: Transposition

  /// The value with its axes in another order; free where only axes of extent 1 move.
  mutating func transpose(_ value: Value, _ permutation: [Int]) -> Value {
    let shape = permutation.map { value.shape[$0] }
    let moved = permutation.filter { value.shape[$0] != 1 }
    if moved == moved.sorted() {
      return Value(tensor: value.tensor, shape: shape, numbers: value.numbers)
    }
    if let data = device.tensors[value.tensor].data, let element = value.numbers.type.element {
      let constant = TensorValue(type: element, sizes: value.shape, bytes: data).permuted(permutation)
      let name = device.tensors[value.tensor].name
      let made = addConstant(name, constant, value.numbers.quantization)
      return Value(tensor: made.tensor, shape: shape, numbers: value.numbers)
    }
    let (source, order) = value.rank > 5 ? merged(value, permutation) : (value, permutation)
    let sizes = order.map { source.shape[$0] }
    let axes = constant(integers: order, shape: [order.count], .int32)
    let made = add(.transpose, [source, axes], to: value.numbers, sizes, .empty(union: 26))
    return Value(tensor: made.tensor, shape: shape, numbers: value.numbers)
  }

  /// The same transposition on fewer axes: those that stay together become one, those of extent 1 go.
  private func merged(_ value: Value, _ permutation: [Int]) -> (Value, [Int]) {
    var runs: [[Int]] = []
    for axis in permutation where value.shape[axis] != 1 {
      let next = runs.last?.last.map { last in
        last < axis && (last + 1..<axis).allSatisfy { value.shape[$0] == 1 }
      }
      if next == true { runs[runs.count - 1].append(axis) } else { runs.append([axis]) }
    }
    let places = runs.indices.sorted { runs[$0][0] < runs[$1][0] }
    let sizes = places.map { runs[$0].map { value.shape[$0] }.reduce(1, *) }
    let order = runs.indices.map { run in places.firstIndex(of: run)! }
    return (Value(tensor: value.tensor, shape: sizes, numbers: value.numbers), order)
  }

  mutating func emitTranspose(_ permutation: [Int]) throws(Refusal) {
    let made = transpose(try operand(0), permutation)
    guard device.tensors[made.tensor].shape.count <= 5 else {
      throw Refusal("moves \(permutation.count) axes; the device moves up to 5")
    }
    try bind(0, made)
  }

  // MARK: Slices

  /// A block of the value; free when it is all of it.
  mutating func slice(_ value: Value, starts: [Int], counts: [Int]) -> Value {
    if counts == value.shape { return value }
    let begin = constant(integers: starts, shape: [starts.count], .int32)
    let size = constant(integers: counts, shape: [counts.count], .int32)
    return add(.slice, [value, begin, size], to: value.numbers, counts, .empty(union: 48))
  }

  mutating func emit(_ slice: Slice) throws(Refusal) {
    let input = try operand(0)
    let counts = slice.counts.perSample
    try bind(0, try sliced(input, slice.starts, slice.steps, counts))
  }

  private mutating func sliced(
    _ input: Value, _ starts: [Int], _ steps: [Int], _ counts: [Int]
  ) throws(Refusal) -> Value {
    let step = counts.indices.map { counts[$0] > 1 ? steps[$0] : 1 }
    let isPlain = step.allSatisfy { $0 == 1 }
    let view = try fewerAxes(input, starts, step, counts, limit: isPlain ? 5 : 4)
    if isPlain { return slice(view.value, starts: view.starts, counts: view.counts) }
    let ends = view.counts.indices.map { view.starts[$0] + view.steps[$0] * view.counts[$0] }
    // An end before the first element cannot be written; the mask says that the walk goes on to it.
    let mask = ends.indices.reduce(0) { $0 | (ends[$1] < 0 ? 1 << $1 : 0) }
    let rank = ends.count
    let operands = [
      constant(integers: view.starts, shape: [rank], .int32),
      constant(integers: ends.map { max($0, 0) }, shape: [rank], .int32),
      constant(integers: view.steps, shape: [rank], .int32),
    ]
    return add(
      .stridedSlice, [view.value] + operands, to: input.numbers, view.counts,
      .stridedSlice(StridedSliceOptions(endMask: mask)))
  }

  /// The same slice on fewer axes: neighbors that are taken whole become one.
  private func fewerAxes(
    _ value: Value, _ starts: [Int], _ steps: [Int], _ counts: [Int], limit: Int
  ) throws(Refusal) -> (value: Value, starts: [Int], steps: [Int], counts: [Int]) {
    if value.rank <= limit { return (value, starts, steps, counts) }
    var (shape, from, by, taken): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    var lastIsWhole = false
    for axis in value.shape.indices where value.shape[axis] != 1 {
      let isWhole = counts[axis] == value.shape[axis] && steps[axis] == 1
      if isWhole, lastIsWhole {
        shape[shape.count - 1] *= value.shape[axis]
        taken[taken.count - 1] *= counts[axis]
      } else {
        shape.append(value.shape[axis])
        from.append(starts[axis])
        by.append(steps[axis])
        taken.append(counts[axis])
      }
      lastIsWhole = isWhole
    }
    guard shape.count <= limit else {
      throw Refusal("slices \(value.rank) axes; the device slices up to \(limit)")
    }
    return (Value(tensor: value.tensor, shape: shape, numbers: value.numbers), from, by, taken)
  }

  mutating func emitSplit(axis: Int, parts: [Extent]) throws(Refusal) {
    let input = try operand(0)
    let sizes = parts.map(\.perSample)
    if node.outputs.contains(where: { $0 == nil }) || sizes.contains(0) {
      return try emitParts(input, axis: axis, sizes)
    }
    if parts.count == 1 { return try bind(0, input) }
    let results = sizes.map { size in
      var shape = input.shape
      shape[axis] = size
      return fresh(shape, input.numbers)
    }
    let axisValue = constant(integers: [axis], shape: [1], .int32)
    if Set(sizes).count == 1 {
      add(.split, [axisValue, input], to: results, .split(count: sizes.count))
    } else {
      let lengths = constant(integers: sizes, shape: [sizes.count], .int32)
      let scalar = constant(integers: [axis], shape: [1], .int32)
      add(.splitV, [input, lengths, scalar], to: results, .split(count: sizes.count))
    }
    for (index, result) in results.enumerated() { try bind(index, result) }
  }

  /// Only the parts that somebody reads.
  private mutating func emitParts(_ input: Value, axis: Int, _ sizes: [Int]) throws(Refusal) {
    var start = 0
    for (index, size) in sizes.enumerated() {
      defer { start += size }
      guard node.outputs[index] != nil else { continue }
      var (starts, counts) = ([Int](repeating: 0, count: input.rank), input.shape)
      starts[axis] = start
      counts[axis] = size
      let steps = [Int](repeating: 1, count: input.rank)
      try bind(index, try sliced(input, starts, steps, counts))
    }
  }

  // MARK: Joining

  mutating func emitConcat(axis: Int) throws(Refusal) {
    let numbers = resultNumbers()
    var parts: [Value] = []
    for index in node.inputs.indices {
      let part = try operand(index, as: numbers)
      if part.shape[axis] > 0 { parts.append(part) }
    }
    // The kernel takes ten; more are joined in groups of ten.
    while parts.count > 10 {
      var joined: [Value] = []
      for start in stride(from: 0, to: parts.count, by: 10) {
        let group = Array(parts[start..<min(start + 10, parts.count)])
        joined.append(group.count == 1 ? group[0] : concatenation(group, axis: axis))
      }
      parts = joined
    }
    guard let first = parts.first else { throw Refusal("joins nothing") }
    try bind(0, parts.count == 1 ? first : concatenation(parts, axis: axis))
  }

  private mutating func concatenation(_ parts: [Value], axis: Int) -> Value {
    var shape = parts[0].shape
    shape[axis] = parts.map { $0.shape[axis] }.reduce(0, +)
    return add(
      .concatenation, parts, to: parts[0].numbers, shape, .concatenation(axis: axis, activation: .none))
  }

  // MARK: Borders

  mutating func emit(_ pad: Pad) throws(Refusal) {
    var input = try operand(0)
    // Negative amounts crop.
    if (pad.before + pad.after).contains(where: { $0 < 0 }) {
      let starts = pad.before.map { max(0, -$0) }
      let counts = input.shape.indices.map { input.shape[$0] - starts[$0] - max(0, -pad.after[$0]) }
      input = try sliced(input, starts, starts.map { _ in 1 }, counts)
    }
    let (before, after) = (pad.before.map { max(0, $0) }, pad.after.map { max(0, $0) })
    guard (before + after).contains(where: { $0 > 0 }) else { return try bind(0, input) }
    guard input.rank <= 5 else { throw Refusal("pads \(input.rank) axes; the device pads up to 5") }
    switch pad.mode {
    case .constant:
      try bind(0, self.pad(input, before: before, after: after, value: try padValue()))
    case .reflect:
      try refuseInt16()
      let amounts = constant(
        integers: zip(before, after).flatMap { [$0, $1] }, shape: [input.rank, 2], .int32)
      let shape = input.shape.indices.map { input.shape[$0] + before[$0] + after[$0] }
      let options = MicroOptions.mirrorPad(isSymmetric: false)
      try bind(0, add(.mirrorPad, [input, amounts], to: input.numbers, shape, options))
    case .edge, .wrap:
      throw Refusal("pads by '\(pad.mode.rawValue)', which the device does not know")
    }
  }

  private func padValue() throws(Refusal) -> Float {
    guard hasOperand(1) else { return 0 }
    guard let constant = constantOperand(1) else {
      throw Refusal("pads with a value that is computed while the model runs")
    }
    let value = constant.realized()
    guard value.elementCount == 1 else { throw Refusal("pads with \(value.elementCount) values") }
    return value.type.isFloat ? value.floats[0] : Float(value.integer(at: 0))
  }
}
