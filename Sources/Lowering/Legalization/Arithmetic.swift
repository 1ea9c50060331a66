import Graph

// Functions of two elements that the device lacks.
extension Legalizer {
  mutating func rewriteBinary(_ kind: Binary, clamp: FusedClamp?, _ node: Operator) throws(Diagnostic) -> Bool
  {
    guard let x = node.inputs[0], let y = node.inputs[1], let result = node.outputs[0],
      graph[x].element.isFloat
    else { return false }
    switch kind {
    case .divide where target == .int8:
      guard constant(y) == nil else { return false }
      if try rewriteRootQuotient(x, y, clamp, node) { return true }
      let inverse = try add(.unary(.reciprocal), [y], for: node)
      try add(.binary(.multiply, clamp: clamp), [x, inverse], for: node, into: result)
      record("division as multiplication by a reciprocal", node)
    case .power: return try rewritePower(x, y, node)
    case .modulo, .remainder:
      // x − y · ⌊x ÷ y⌋, or with the quotient cut toward zero.
      let quotient = try add(.binary(.divide, clamp: nil), [x, y], for: node)
      let whole =
        try kind == .modulo
        ? add(.unary(.floor), [quotient], for: node) : truncated(quotient, node)
      let multiple = try add(.binary(.multiply, clamp: nil), [whole, y], for: node)
      try add(.binary(.subtract, clamp: nil), [x, multiple], for: node, into: result)
      record("remainder through the whole quotient", node)
    default: return false
    }
    return true
  }

  private mutating func truncated(_ x: TensorID, _ node: Operator) throws(Diagnostic) -> TensorID {
    let magnitude = try add(.unary(.floor), [add(.unary(.absolute), [x], for: node)], for: node)
    return try add(
      .binary(.multiply, clamp: nil), [magnitude, add(.unary(.sign), [x], for: node)], for: node)
  }

  /// x ÷ √v is x · (1 ÷ √v), which the device has in int16; also where the root has a lower bound.
  private mutating func rewriteRootQuotient(
    _ x: TensorID, _ y: TensorID, _ clamp: FusedClamp?, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard let root = squareRootOperand(y) else { return false }
    var square = root.square
    if let bound = root.bound {
      square = try addWide(.binary(.maximum, clamp: nil), [square, scalar(bound * bound)], for: node)
    }
    let inverse = try addWide(.unary(.reciprocalSquareRoot), [square], for: node)
    var factor = inverse
    if shape(factor) != root.shape {
      factor = try addWide(.broadcast(root.shape), [inverse], for: node)
    }
    try addWide(.binary(.multiply, clamp: clamp), [x, factor], for: node, into: node.outputs[0])
    record("division by a square root through its reciprocal", node)
    return true
  }

  /// What `y` is the root of, seen through bounds and broadcasts.
  private func squareRootOperand(_ y: TensorID) -> (square: TensorID, bound: Float?, shape: Shape)? {
    var id = y
    var bound: Float?
    while let maker = maker(id), let input = maker.inputs[0] {
      switch maker.operation {
      case .broadcast: id = input
      case .unary(.clip(let minimum, .infinity)) where bound == nil && minimum > 0:
        bound = minimum
        id = input
      case .binary(.maximum, nil):
        guard bound == nil, let other = scalarValue(maker.inputs[1]), other > 0 else { return nil }
        bound = other
        id = input
      case .unary(.squareRoot): return (input, bound, shape(id))
      case .binary(.multiply, nil):
        // A root that was already written as v · (1 ÷ √v).
        guard let other = maker.inputs[1], let inner = self.maker(other),
          inner.operation == .unary(.reciprocalSquareRoot), inner.inputs[0] == input
        else { return nil }
        return (input, bound, shape(id))
      default: return nil
      }
    }
    return nil
  }

  private mutating func rewritePower(_ x: TensorID, _ y: TensorID, _ node: Operator) throws(Diagnostic)
    -> Bool
  {
    guard let result = node.outputs[0] else { return false }
    if let exponent = uniformValue(y), shape(x) == shape(result) {
      if try writePower(x, exponent, node) {
        record("power from simpler functions", node)
        return true
      }
      if target == .int8 {
        guard scalarValue(y) == nil else { return false }
        try add(.binary(.power, clamp: nil), [x, scalar(exponent)], for: node, into: result)
        return true
      }
    }
    let product: TensorID
    if let base = constant(x)?.realized(), let evaluator,
      base.floats.array.allSatisfy({ $0 > 0 && $0.isFinite })
    {
      // A known base has a known logarithm.
      let logarithms = try evaluator.evaluate(
        .unary(.log), inputs: [base], resultTypes: [TensorType(.float32, Shape(base.sizes))])
      let logarithm = addConstant(Constant(logarithms[0]), name: "logarithm")
      product = try add(.binary(.multiply, clamp: nil), [logarithm, y], for: node)
    } else {
      // Whole powers of negative numbers have no logarithm.
      guard let exponents = constant(y)?.realized().floats.array,
        exponents.allSatisfy({ $0 != $0.rounded() })
      else {
        report(
          ("raises to a power that is known only at run time", "use a constant exponent"), at: node)
        return false
      }
      let logarithm = try add(.unary(.log), [x], for: node)
      product = try add(.binary(.multiply, clamp: nil), [logarithm, y], for: node)
    }
    try add(.unary(.exp), [product], for: node, into: result)
    record("power through exp and log", node, .within(1e-5))
    return true
  }

  /// The number that all elements of a constant are.
  private func uniformValue(_ id: TensorID) -> Float? {
    guard let constant = constant(id), constant.elementCount > 0 else { return nil }
    let elements = constant.realized().floats.array
    return elements.allSatisfy { $0 == elements[0] } ? elements[0] : nil
  }

  /// Powers that are products, roots or reciprocals.
  private mutating func writePower(_ x: TensorID, _ exponent: Float, _ node: Operator) throws(Diagnostic)
    -> Bool
  {
    guard let result = node.outputs[0] else { return false }
    switch exponent {
    case 0 where target == .float32:
      let nothing = try add(.binary(.multiply, clamp: nil), [x, scalar(0)], for: node)
      try add(.binary(.add, clamp: nil), [nothing, scalar(1)], for: node, into: result)
    case 2: try add(.unary(.square), [x], for: node, into: result)
    case 0.5: try add(.unary(.squareRoot), [x], for: node, into: result)
    case -1: try add(.unary(.reciprocal), [x], for: node, into: result)
    case -0.5 where target == .float32:
      try add(.unary(.reciprocalSquareRoot), [x], for: node, into: result)
    // In int8 one table rounds once.
    case _
    where target == .float32 && exponent == exponent.rounded() && (2...64).contains(exponent.magnitude):
      let positive = try wholePower(x, Int(exponent.magnitude), node, into: exponent > 0 ? result : nil)
      if exponent < 0 { try add(.unary(.reciprocal), [positive], for: node, into: result) }
    default: return false
    }
    return true
  }

  /// x^n by squaring.
  @discardableResult
  private mutating func wholePower(
    _ x: TensorID, _ exponent: Int, _ node: Operator, into result: TensorID?
  ) throws(Diagnostic) -> TensorID {
    if exponent == 1 { return x }
    if exponent % 2 == 0 {
      let half = try wholePower(x, exponent / 2, node, into: nil)
      return try add(.unary(.square), [half], for: node, into: result)
    }
    let rest = try wholePower(x, exponent - 1, node, into: nil)
    return try add(.binary(.multiply, clamp: nil), [rest, x], for: node, into: result)
  }
}
