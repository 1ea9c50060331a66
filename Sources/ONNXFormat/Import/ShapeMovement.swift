import Graph

// Shape arithmetic that moves numbers about: nearly always lists, seldom more.
extension ShapeRule {
  static func gather(_ operands: [SymbolicValue?], _ node: Node) throws(Diagnostic) -> [SymbolicValue]? {
    guard operands.count == 2, let data = operands[0], let indices = operands[1], data.sizes.count == 1 else {
      return nil
    }
    _ = try node.axis(try node.integer("axis", default: 0), rank: 1)
    var elements: [Scalar] = []
    for index in indices.elements {
      guard let index = index.integer else { return nil }
      let count = data.elements.count
      guard index >= -count && index < count else {
        throw node.problem("takes element \(index) of \(count)")
      }
      elements.append(data.elements[index < 0 ? index + count : index])
    }
    return [SymbolicValue(type: data.type, sizes: indices.sizes, elements: elements)]
  }

  static func concat(_ operands: [SymbolicValue?], _ node: Node) throws(Diagnostic) -> [SymbolicValue]? {
    let parts = operands.compactMap { $0 }
    guard let first = parts.first, parts.count == operands.count,
      parts.allSatisfy({ $0.sizes.count == 1 && $0.type == first.type })
    else { return nil }
    let elements = parts.flatMap(\.elements)
    guard elements.count <= ImportLimits.shapeElements else { return nil }
    return [SymbolicValue(type: first.type, sizes: [elements.count], elements: elements)]
  }

  static func slice(_ operands: [SymbolicValue?], _ node: Node) throws(Diagnostic) -> [SymbolicValue]? {
    guard let data = operands.first.flatMap({ $0 }), data.sizes.count == 1 else { return nil }
    let bounds = try sliceBounds(operands, node)
    guard let bounds, bounds.start.count == 1, bounds.end.count == 1, bounds.step.count <= 1,
      let step = bounds.step.first ?? 1, step != 0,
      let range = SliceRange(
        start: bounds.start[0], end: bounds.end[0], step: step, size: data.elements.count)
    else { return nil }
    let elements = (0..<range.count).map { data.elements[range.start + $0 * step] }
    return [SymbolicValue(type: data.type, sizes: [elements.count], elements: elements)]
  }

  /// Starts, ends and steps: attributes before opset 10, operands since.
  private static func sliceBounds(
    _ operands: [SymbolicValue?], _ node: Node
  ) throws(Diagnostic) -> (start: [Int], end: [Int], step: [Int?])? {
    if let starts = try node.integers("starts"), let ends = try node.integers("ends") {
      return (starts, ends, [])
    }
    func numbers(_ index: Int) -> [Int]? {
      guard operands.indices.contains(index), let value = operands[index] else { return nil }
      let integers = value.elements.compactMap(\.integer)
      return integers.count == value.elements.count ? integers : nil
    }
    guard let starts = numbers(1), let ends = numbers(2) else { return nil }
    return (starts, ends, numbers(4) ?? [])
  }

  static func split(_ operands: [SymbolicValue?], _ node: Node) throws(Diagnostic) -> [SymbolicValue]? {
    guard let data = operands.first.flatMap({ $0 }), data.sizes.count == 1, operands.count == 1,
      node.outputCount > 0
    else { return nil }
    let listed = try node.integers("split")
    guard listed == nil || listed?.count == node.outputCount else { return nil }
    let count = data.elements.count
    let even = (count + node.outputCount - 1) / node.outputCount
    let sizes = listed ?? (0..<node.outputCount).map { min(even, max(0, count - $0 * even)) }
    guard sizes.reduce(0, { $0 &+ $1 }) == count, sizes.allSatisfy({ $0 >= 0 && $0 <= count }) else {
      return nil
    }
    var results: [SymbolicValue] = []
    var start = 0
    for size in sizes {
      let part = Array(data.elements[start..<start + size])
      results.append(SymbolicValue(type: data.type, sizes: [size], elements: part))
      start += size
    }
    return results
  }

  static func squeeze(_ operands: [SymbolicValue?], _ node: Node) throws(Diagnostic) -> [SymbolicValue]? {
    guard let data = operands.first.flatMap({ $0 }) else { return nil }
    let listed = try axes(operands, node) ?? data.sizes.indices.filter { data.sizes[$0] == 1 }
    let axes = try node.axes(listed, rank: data.sizes.count)
    guard axes.allSatisfy({ data.sizes[$0] == 1 }) else { return nil }
    let sizes = data.sizes.indices.filter { !axes.contains($0) }.map { data.sizes[$0] }
    return [SymbolicValue(type: data.type, sizes: sizes, elements: data.elements)]
  }

  static func unsqueeze(_ operands: [SymbolicValue?], _ node: Node) throws(Diagnostic) -> [SymbolicValue]? {
    guard let data = operands.first.flatMap({ $0 }), let listed = try axes(operands, node),
      data.sizes.count + listed.count <= ImportLimits.rank
    else { return nil }
    var sizes = data.sizes
    for axis in try node.axes(listed, rank: data.sizes.count + listed.count) { sizes.insert(1, at: axis) }
    return [SymbolicValue(type: data.type, sizes: sizes, elements: data.elements)]
  }

  private static func axes(_ operands: [SymbolicValue?], _ node: Node) throws(Diagnostic) -> [Int]? {
    if let axes = try node.integers("axes") { return axes }
    guard operands.count > 1, let value = operands[1] else { return nil }
    return value.elements.compactMap(\.integer)
  }

  static func reshape(_ operands: [SymbolicValue?]) -> [SymbolicValue]? {
    guard operands.count == 2, let data = operands[0], let target = operands[1] else { return nil }
    var sizes = target.elements.compactMap(\.integer)
    guard sizes.count == target.elements.count, sizes.count <= ImportLimits.rank else { return nil }
    if let open = sizes.firstIndex(of: -1) {
      let rest = sizes.enumerated().filter { $0.offset != open }.map(\.element)
      let known = rest.contains { $0 <= 0 } ? 0 : Shape.elementCount(rest)
      guard known > 0, data.elements.count % known == 0 else { return nil }
      sizes[open] = data.elements.count / known
    }
    guard sizes.allSatisfy({ $0 > 0 }), Shape.elementCount(sizes) == data.elements.count else { return nil }
    return [SymbolicValue(type: data.type, sizes: sizes, elements: data.elements)]
  }

  static func range(_ operands: [SymbolicValue?]) -> [SymbolicValue]? {
    guard operands.count == 3, let type = operands[0]?.type, type != .float32,
      let start = operands[0]?.elements.first?.integer, let limit = operands[1]?.elements.first?.integer,
      let step = operands[2]?.elements.first?.integer, step != 0
    else { return nil }
    let (distance, overflow) = limit.subtractingReportingOverflow(start)
    guard !overflow, step != Int.min, distance != Int.min else { return nil }
    let count = (distance > 0) == (step > 0) && distance != 0 ? (abs(distance) - 1) / abs(step) + 1 : 0
    guard count <= ImportLimits.shapeElements else { return nil }
    return [
      SymbolicValue(type: type, sizes: [count], elements: (0..<count).map { Scalar(start + $0 * step) })
    ]
  }

  /// Over a whole list.
  static func reduce(
    _ operands: [SymbolicValue?], _ node: Node, _ function: (Scalar, Scalar) -> Scalar?
  ) throws(Diagnostic) -> [SymbolicValue]? {
    let axes = try axes(operands, node) ?? [0]
    guard let data = operands.first.flatMap({ $0 }), data.sizes.count == 1, let first = data.elements.first,
      axes == [0] || axes == [-1]
    else { return nil }
    var result = first
    for element in data.elements.dropFirst() {
      guard let next = function(result, element) else { return nil }
      result = next
    }
    if data.type == .int32, let value = result.integer, !ElementType.int32.integerRange!.contains(value) {
      return nil
    }
    let keeps = try node.flag("keepdims", default: true)
    return [SymbolicValue(type: data.type, sizes: keeps ? [1] : [], elements: [result])]
  }
}

/// Which elements a slice along one axis takes.
struct SliceRange {
  var start: Int
  var count: Int

  /// Bounds as ONNX gives them: from the end when negative, and far outside when "all" is meant.
  init?(start: Int, end: Int, step: Int, size: Int) {
    guard step != 0, step != Int.min else { return nil }
    func inside(_ bound: Int, _ low: Int, _ high: Int) -> Int {
      let fromFront = bound < 0 ? max(bound, -size - 1) + size : bound
      return min(max(fromFront, low), high)
    }
    if step > 0 {
      self.start = inside(start, 0, size)
      let end = inside(end, 0, size)
      count = end > self.start ? (end - self.start - 1) / step + 1 : 0
    } else {
      self.start = inside(start, 0, size - 1)
      let end = inside(end, -1, size - 1)
      count = self.start > end ? (self.start - end - 1) / -step + 1 : 0
      if size == 0 { count = 0 }
    }
    if count == 0 { self.start = 0 }
  }
}
