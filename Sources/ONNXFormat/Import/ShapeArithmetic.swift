import Graph

// Small integer tensors are computed during import, also where they depend on the batch size.
extension Importing {
  /// The results of a node of shape arithmetic; nil when the node is something else.
  mutating func shapeArithmetic(_ node: Node) throws(Diagnostic) -> [ImportedValue?]? {
    guard Domains.normalized(node.record.domain).isEmpty, let rule = ShapeRule.table[node.operatorName] else {
      return nil
    }
    guard let operands = try shapeOperands(node) else { return nil }
    // Anything else takes the ordinary path, which refuses to compute with the batch size.
    guard let results = try rule(operands, node) else { return nil }
    return results.map { imported($0) }
  }

  /// The operands, when all are known, small, and either integers or dependent on the batch.
  private func shapeOperands(_ node: Node) throws(Diagnostic) -> [SymbolicValue?]? {
    var result: [SymbolicValue?] = []
    var isSymbolic = false
    var hasFloats = false
    for input in node.inputs {
      switch input {
      case nil: result.append(nil)
      case .symbolic(let value):
        isSymbolic = true
        result.append(value)
      case .tensor(let id):
        guard let constant = graph[id].constant, constant.elementCount <= ImportLimits.shapeElements,
          [.int64, .int32, .bool, .float32].contains(constant.type)
        else { return nil }
        hasFloats = hasFloats || constant.type == .float32
        result.append(SymbolicValue(constant.realized()))
      }
    }
    // Float constants alone are the evaluator's, whose rounding is the executor's.
    return isSymbolic || (!hasFloats && !result.isEmpty) ? result : nil
  }
}

/// What a node of shape arithmetic makes of its operands; nil when the result is not of the form a + b·N.
typealias ShapeFunction = @Sendable ([SymbolicValue?], Node) throws(Diagnostic) -> [SymbolicValue]?

enum ShapeRule {
  static let table: [String: ShapeFunction] = [
    "Add": { operands, _ throws(Diagnostic) in elementwise(operands, Scalar.add) },
    "Sub": { operands, _ throws(Diagnostic) in elementwise(operands, Scalar.subtract) },
    "Mul": { operands, _ throws(Diagnostic) in elementwise(operands, Scalar.multiply) },
    "Div": { operands, _ throws(Diagnostic) in elementwise(operands, Scalar.divide) },
    "Mod": { operands, node throws(Diagnostic) in
      let truncates = try node.flag("fmod")
      return elementwise(operands) { Scalar.modulo($0, $1, truncates: truncates) }
    },
    "Min": { operands, _ throws(Diagnostic) in elementwise(operands, Scalar.minimum) },
    "Max": { operands, _ throws(Diagnostic) in elementwise(operands, Scalar.maximum) },
    "And": { operands, _ throws(Diagnostic) in
      elementwise(operands) { Scalar($0.integer == 1 && $1.integer == 1 ? 1 : 0) }
    },
    "Or": { operands, _ throws(Diagnostic) in
      elementwise(operands) { Scalar($0.integer == 1 || $1.integer == 1 ? 1 : 0) }
    },
    "Not": { operands, _ throws(Diagnostic) in unary(operands) { Scalar($0.integer == 0 ? 1 : 0) } },
    "Equal": { operands, _ throws(Diagnostic) in compare(operands) { $0 == 0 } },
    "Less": { operands, _ throws(Diagnostic) in compare(operands) { $0 < 0 } },
    "LessOrEqual": { operands, _ throws(Diagnostic) in compare(operands) { $0 <= 0 } },
    "Greater": { operands, _ throws(Diagnostic) in compare(operands) { $0 > 0 } },
    "GreaterOrEqual": { operands, _ throws(Diagnostic) in compare(operands) { $0 >= 0 } },
    "Where": { operands, _ throws(Diagnostic) in select(operands) },
    "Neg": { operands, _ throws(Diagnostic) in
      unary(operands) { value in
        if case .real = value.form { return Scalar.subtract(Scalar(0.0), value) }
        return Scalar.subtract(Scalar(0), value)
      }
    },
    "Floor": { operands, _ throws(Diagnostic) in unary(operands) { $0.rounded(.down) } },
    "Ceil": { operands, _ throws(Diagnostic) in unary(operands) { $0.rounded(.up) } },
    "Round": { operands, _ throws(Diagnostic) in unary(operands) { $0.rounded(.toNearestOrEven) } },
    "Cast": { operands, node throws(Diagnostic) in
      let type = DataTypes.sourceType(try node.integer("to", default: 0))?.elementType
      guard let type, [.int64, .int32, .bool, .float32].contains(type) else { return nil }
      return cast(operands, to: type)
    },
    "CastLike": { operands, _ throws(Diagnostic) in
      operands.count == 2 ? operands[1].flatMap { cast([operands[0]], to: $0.type) } : nil
    },
    "Identity": { operands, _ throws(Diagnostic) in operands.first.flatMap { $0 }.map { [$0] } },
    "Gather": { operands, node throws(Diagnostic) in try gather(operands, node) },
    "Concat": { operands, node throws(Diagnostic) in try concat(operands, node) },
    "Slice": { operands, node throws(Diagnostic) in try slice(operands, node) },
    "Split": { operands, node throws(Diagnostic) in try split(operands, node) },
    "Squeeze": { operands, node throws(Diagnostic) in try squeeze(operands, node) },
    "Unsqueeze": { operands, node throws(Diagnostic) in try unsqueeze(operands, node) },
    "Reshape": { operands, _ throws(Diagnostic) in reshape(operands) },
    "Expand": { operands, _ throws(Diagnostic) in expand(operands) },
    "Range": { operands, _ throws(Diagnostic) in range(operands) },
    "ReduceProd": { operands, node throws(Diagnostic) in try reduce(operands, node, Scalar.multiply) },
    "ReduceSum": { operands, node throws(Diagnostic) in try reduce(operands, node, Scalar.add) },
    "ReduceMin": { operands, node throws(Diagnostic) in try reduce(operands, node, Scalar.minimum) },
    "ReduceMax": { operands, node throws(Diagnostic) in try reduce(operands, node, Scalar.maximum) },
  ]

  // MARK: Element by element

  private static func unary(_ operands: [SymbolicValue?], _ function: (Scalar) -> Scalar?) -> [SymbolicValue]?
  {
    guard operands.count == 1, var value = operands[0] else { return nil }
    let elements = value.elements.compactMap(function)
    guard elements.count == value.elements.count else { return nil }
    value.elements = elements
    return wrapped(value).map { [$0] }
  }

  private static func cast(_ operands: [SymbolicValue?], to type: ElementType) -> [SymbolicValue]? {
    guard operands.count == 1, let value = operands[0] else { return nil }
    let elements = value.elements.compactMap { $0.cast(to: type) }
    guard elements.count == value.elements.count else { return nil }
    return wrapped(SymbolicValue(type: type, sizes: value.sizes, elements: elements)).map { [$0] }
  }

  /// nil where an int32 result does not fit, which the ordinary path wraps around.
  private static func wrapped(_ value: SymbolicValue) -> SymbolicValue? {
    guard value.type == .int32 else { return value }
    let fits = value.elements.allSatisfy { element in
      element.integer.map { ElementType.int32.integerRange!.contains($0) } ?? true
    }
    return fits ? value : nil
  }

  private static func elementwise(
    _ operands: [SymbolicValue?], _ function: (Scalar, Scalar) -> Scalar?
  ) -> [SymbolicValue]? {
    guard var result = operands.first.flatMap({ $0 }) else { return nil }
    for operand in operands.dropFirst() {
      guard let operand, operand.type == result.type,
        let combined = combine(result, operand, type: result.type, function)
      else { return nil }
      result = combined
    }
    return wrapped(result).map { [$0] }
  }

  private static func compare(_ operands: [SymbolicValue?], _ holds: (Int) -> Bool) -> [SymbolicValue]? {
    guard operands.count == 2, let left = operands[0], let right = operands[1] else { return nil }
    return combine(left, right, type: .bool) { a, b in
      Scalar.order(a, b).map { Scalar(holds($0) ? 1 : 0) }
    }.map { [$0] }
  }

  private static func select(_ operands: [SymbolicValue?]) -> [SymbolicValue]? {
    guard operands.count == 3, let condition = operands[0], let then = operands[1], let other = operands[2],
      let sizes = broadcast(broadcast(condition.sizes, then.sizes) ?? [], other.sizes),
      broadcast(condition.sizes, then.sizes) != nil
    else { return nil }
    let count = Shape.elementCount(sizes)
    guard count <= ImportLimits.shapeElements else { return nil }
    let elements = (0..<count).map { index in
      let takesThen = condition.elements[source(index, sizes, condition.sizes)].integer != 0
      let from = takesThen ? then : other
      return from.elements[source(index, sizes, from.sizes)]
    }
    return [SymbolicValue(type: then.type, sizes: sizes, elements: elements)]
  }

  private static func combine(
    _ left: SymbolicValue, _ right: SymbolicValue, type: ElementType, _ function: (Scalar, Scalar) -> Scalar?
  ) -> SymbolicValue? {
    guard let sizes = broadcast(left.sizes, right.sizes) else { return nil }
    let count = Shape.elementCount(sizes)
    guard count <= ImportLimits.shapeElements else { return nil }
    var elements: [Scalar] = []
    for index in 0..<count {
      let a = left.elements[source(index, sizes, left.sizes)]
      guard let value = function(a, right.elements[source(index, sizes, right.sizes)]) else { return nil }
      elements.append(value)
    }
    return SymbolicValue(type: type, sizes: sizes, elements: elements)
  }

  static func broadcast(_ left: [Int], _ right: [Int]) -> [Int]? {
    let rank = max(left.count, right.count)
    var sizes: [Int] = []
    for axis in 0..<rank {
      let a = axis + left.count - rank
      let b = axis + right.count - rank
      let (first, second) = (a >= 0 ? left[a] : 1, b >= 0 ? right[b] : 1)
      guard first == second || first == 1 || second == 1 else { return nil }
      sizes.append(first == 1 ? second : first)
    }
    return sizes
  }

  /// Where element `index` of a broadcast result comes from.
  private static func source(_ index: Int, _ sizes: [Int], _ from: [Int]) -> Int {
    var rest = index
    var position = 0
    var stride = 1
    for axis in sizes.indices.reversed() {
      let coordinate = rest % sizes[axis]
      rest /= sizes[axis]
      let own = axis + from.count - sizes.count
      guard own >= 0 else { continue }
      if from[own] != 1 { position += coordinate * stride }
      stride *= from[own]
    }
    return position
  }

  private static func expand(_ operands: [SymbolicValue?]) -> [SymbolicValue]? {
    guard operands.count == 2, let value = operands[0], let target = operands[1] else { return nil }
    let wanted = target.elements.compactMap(\.integer)
    guard wanted.count == target.elements.count, wanted.allSatisfy({ $0 >= 0 }),
      let sizes = broadcast(value.sizes, wanted), Shape.elementCount(sizes) <= ImportLimits.shapeElements
    else { return nil }
    let elements = (0..<Shape.elementCount(sizes)).map { value.elements[source($0, sizes, value.sizes)] }
    return [SymbolicValue(type: value.type, sizes: sizes, elements: elements)]
  }
}
