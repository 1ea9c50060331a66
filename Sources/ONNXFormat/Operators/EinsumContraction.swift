import Graph

/// An operand of an Einsum under way: the tensor, and which axis of the equation each of its axes is.
private struct Labeled {
  var tensor: TensorID
  var labels: [Int]
}

extension Importing {
  /// Expands an Einsum into transposes, products and sums, two operands at a time from the left.
  mutating func contract(
    _ equation: EinsumEquation, _ operands: [TensorID], _ node: Node
  ) throws(Diagnostic) -> TensorID {
    var parts: [Labeled] = []
    for (tensor, labels) in zip(operands, equation.operands) {
      parts.append(try diagonal(Labeled(tensor: tensor, labels: labels), node))
    }
    var result = parts[0]
    for index in parts.indices.dropFirst() {
      let later = Set(parts[(index + 1)...].flatMap(\.labels) + equation.output)
      result = try summing(result, keeping: later.union(parts[index].labels))
      let next = try summing(parts[index], keeping: later.union(result.labels))
      result = try product(result, next, later, node)
    }
    result = try summing(result, keeping: Set(equation.output))
    return try transpose(result.tensor, equation.output.map { result.labels.firstIndex(of: $0)! })
  }

  /// Takes the diagonal of axes that share a letter.
  private mutating func diagonal(_ part: Labeled, _ node: Node) throws(Diagnostic) -> Labeled {
    var part = part
    while let (first, second) = Self.repeated(part.labels) {
      let rank = part.labels.count
      let rest = (0..<rank).filter { $0 != first && $0 != second }
      let size = try size(part.tensor, first, node)
      guard try self.size(part.tensor, second, node) == size else {
        throw node.problem("takes the diagonal of \(shape(part.tensor))")
      }
      let moved = try transpose(part.tensor, rest + [first, second])
      let outer = Array(shape(moved).extents.dropLast(2))
      let (square, overflow) = size.multipliedReportingOverflow(by: size)
      guard !overflow else { throw node.problem("takes the diagonal of \(shape(part.tensor))") }
      let flat = try reshape(moved, to: Shape(outer + [.fixed(square)]))
      let steps = [Int](repeating: 1, count: outer.count) + [size + 1]
      let slice = Slice(
        starts: [Int](repeating: 0, count: outer.count + 1), steps: steps,
        counts: Shape(outer + [.fixed(size)]))
      part = Labeled(
        tensor: try emit(.slice(slice), flat), labels: rest.map { part.labels[$0] } + [part.labels[first]])
    }
    return part
  }

  private static func repeated(_ labels: [Int]) -> (Int, Int)? {
    for (index, label) in labels.enumerated() {
      if let first = labels[..<index].firstIndex(of: label) { return (first, index) }
    }
    return nil
  }

  /// Sums over the axes that nobody needs any more.
  private mutating func summing(_ part: Labeled, keeping labels: Set<Int>) throws(Diagnostic) -> Labeled {
    let axes = part.labels.indices.filter { !labels.contains(part.labels[$0]) }
    if axes.isEmpty { return part }
    return Labeled(
      tensor: try reduce(.sum, part.tensor, axes: axes, keeps: false),
      labels: part.labels.filter(labels.contains))
  }

  private mutating func product(
    _ left: Labeled, _ right: Labeled, _ later: Set<Int>, _ node: Node
  ) throws(Diagnostic) -> Labeled {
    let shared = left.labels.filter(right.labels.contains)
    let summed = shared.filter { !later.contains($0) }
    if summed.isEmpty || element(left.tensor) != .float32 { return try outerProduct(left, right) }
    let kept = shared.filter(later.contains)
    let leftOnly = left.labels.filter { !shared.contains($0) }
    let rightOnly = right.labels.filter { !shared.contains($0) }
    guard kept.count + 2 <= ImportLimits.rank else { return try outerProduct(left, right) }
    let extents = self.extents(of: [left, right])
    let a = try aligned(left, kept, leftOnly, summed, extents, node)
    let b = try aligned(right, kept, summed, rightOnly, extents, node)
    let result = try multiply(a, b, node)
    let batch = Array(shape(result).extents.dropLast(2))
    let labels = kept + leftOnly + rightOnly
    return Labeled(
      tensor: try reshape(result, to: Shape(batch + (leftOnly + rightOnly).map { extents[$0]! })),
      labels: labels)
  }

  /// Element-wise, for products where nothing is summed yet.
  private mutating func outerProduct(_ left: Labeled, _ right: Labeled) throws(Diagnostic) -> Labeled {
    let labels = left.labels + right.labels.filter { !left.labels.contains($0) }
    let a = try spread(left, over: labels)
    return Labeled(tensor: try binary(.multiply, a, spread(right, over: labels)), labels: labels)
  }

  /// The operand with an axis for each of `labels`, of one element where it has none.
  private mutating func spread(_ part: Labeled, over labels: [Int]) throws(Diagnostic) -> TensorID {
    let own = labels.filter(part.labels.contains)
    let moved = try transpose(part.tensor, own.map { part.labels.firstIndex(of: $0)! })
    let extents: [Extent] = labels.map { label in own.firstIndex(of: label).map { shape(moved)[$0] } ?? 1 }
    return try reshape(moved, to: Shape(extents))
  }

  private func extents(of parts: [Labeled]) -> [Int: Extent] {
    var result: [Int: Extent] = [:]
    for part in parts {
      for (axis, label) in part.labels.enumerated() where result[label] == nil || result[label] == 1 {
        result[label] = shape(part.tensor)[axis]
      }
    }
    return result
  }

  /// `[kept…, rows, columns]`, the axes of rows and of columns merged. Axes of one element that stand for more
  /// (behind `...`) are repeated where they are summed.
  private mutating func aligned(
    _ part: Labeled, _ kept: [Int], _ rows: [Int], _ columns: [Int], _ extents: [Int: Extent], _ node: Node
  ) throws(Diagnostic) -> TensorID {
    let order = kept + rows + columns
    var moved = try transpose(part.tensor, order.map { part.labels.firstIndex(of: $0)! })
    let own = shape(moved).extents
    let full = Array(own[..<kept.count]) + (rows + columns).map { extents[$0]! }
    moved = try broadcast(moved, to: Shape(full))
    let rowCount = try product(rows.map { extents[$0]! }[...], node)
    let columnCount = try product(columns.map { extents[$0]! }[...], node)
    return try reshape(moved, to: Shape(Array(own[..<kept.count]) + [rowCount, columnCount]))
  }
}
