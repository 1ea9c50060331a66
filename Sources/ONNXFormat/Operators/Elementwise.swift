import Graph

extension OperatorRegistry {
  /// Functions of each element, and of pairs of elements.
  static let elementwise: [OperatorEntry] =
    unaryKinds.map { name, opset, kind in
      OperatorEntry(name, since: opset, inputs: 1) { importing, node throws(Diagnostic) in
        try importing.emit(.unary(kind), importing.tensor(node, 0))
      }
    }
    + binaryKinds.map { name, opset, kind in
      OperatorEntry(name, since: opset, inputs: 2) { importing, node throws(Diagnostic) in
        try importing.binary(kind, node)
      }
    }
    + comparisonKinds.map { name, opset, kind in
      OperatorEntry(name, since: opset, inputs: 2) { importing, node throws(Diagnostic) in
        try importing.emit(.compare(kind), importing.tensor(node, 0), importing.tensor(node, 1))
      }
    }
    + [
      OperatorEntry("Pow", since: 7, inputs: 2, power),
      OperatorEntry("Mod", since: 10, inputs: 2) { importing, node throws(Diagnostic) in
        try importing.binary(try node.flag("fmod") ? .remainder : .modulo, node)
      },
      OperatorEntry("Max", since: 6, inputs: .max) { importing, node throws(Diagnostic) in
        try importing.chain(.maximum, node)
      },
      OperatorEntry("Min", since: 6, inputs: .max) { importing, node throws(Diagnostic) in
        try importing.chain(.minimum, node)
      },
      OperatorEntry("Sum", since: 6, inputs: .max) { importing, node throws(Diagnostic) in
        try importing.chain(.add, node)
      },
      OperatorEntry("Mean", since: 6, inputs: .max) { importing, node throws(Diagnostic) in
        let sum = try importing.chain(.add, node)
        if node.inputs.count == 1 { return sum }
        let count = importing.scalar(Float(node.inputs.count))
        return try importing.emit(.binary(.divide, clamp: nil), sum, count)
      },
      OperatorEntry("Clip", since: 6, inputs: 3, clip),
      OperatorEntry("Where", since: 9, inputs: 3) { importing, node throws(Diagnostic) in
        try importing.emit(
          .select, importing.tensor(node, 0), importing.tensor(node, 1), importing.tensor(node, 2))
      },
      OperatorEntry("Cast", since: 6, inputs: 1) { importing, node throws(Diagnostic) in
        let number = try node.integer("to", default: 0)
        let type = try DataTypes.sourceType(number, of: "the result of '\(node.title)'")
        return try importing.cast(importing.tensor(node, 0), to: type.elementType)
      },
      OperatorEntry("CastLike", since: 15, inputs: 2) { importing, node throws(Diagnostic) in
        let type = importing.element(try importing.tensor(node, 1))
        return try importing.cast(importing.tensor(node, 0), to: type)
      },
      OperatorEntry("BitShift", since: 11, inputs: 2) { importing, node throws(Diagnostic) in
        let direction = try node.string("direction", default: "")
        guard direction == "LEFT" || direction == "RIGHT" else {
          throw node.problem("has direction '\(direction)'; expected LEFT or RIGHT")
        }
        return try importing.binary(direction == "LEFT" ? .shiftLeft : .shiftRight, node)
      },
      OperatorEntry("IsInf", since: 10, inputs: 1) { importing, node throws(Diagnostic) in
        let kind = Unary.isInfinite(
          positive: try node.flag("detect_positive", default: true),
          negative: try node.flag("detect_negative", default: true))
        return try importing.emit(.unary(kind), importing.tensor(node, 0))
      },
    ]

  private static let unaryKinds: [(String, Int, Unary)] = [
    ("Abs", 6, .absolute), ("Neg", 6, .negate), ("Sign", 9, .sign), ("Reciprocal", 6, .reciprocal),
    ("Sqrt", 6, .squareRoot), ("Exp", 6, .exp), ("Log", 6, .log), ("Sin", 7, .sin), ("Cos", 7, .cos),
    ("Tan", 7, .tan), ("Asin", 7, .asin), ("Acos", 7, .acos), ("Atan", 7, .atan), ("Sinh", 9, .sinh),
    ("Cosh", 9, .cosh), ("Tanh", 6, .tanh), ("Asinh", 9, .asinh), ("Acosh", 9, .acosh), ("Atanh", 9, .atanh),
    ("Erf", 9, .erf), ("Floor", 6, .floor), ("Ceil", 6, .ceil), ("Round", 11, .round), ("IsNaN", 9, .isNaN),
    ("Not", 1, .not), ("BitwiseNot", 18, .bitwiseNot),
  ]

  private static let binaryKinds: [(String, Int, Binary)] = [
    ("Add", 7, .add), ("Sub", 7, .subtract), ("Mul", 7, .multiply), ("Div", 7, .divide), ("PRelu", 7, .prelu),
    ("And", 7, .and), ("Or", 7, .or), ("Xor", 7, .xor), ("BitwiseAnd", 18, .bitwiseAnd),
    ("BitwiseOr", 18, .bitwiseOr), ("BitwiseXor", 18, .bitwiseXor),
  ]

  private static let comparisonKinds: [(String, Int, Comparison)] = [
    ("Equal", 7, .equal), ("Less", 7, .less), ("LessOrEqual", 12, .lessOrEqual), ("Greater", 7, .greater),
    ("GreaterOrEqual", 12, .greaterOrEqual),
  ]

  /// The exponent may have another type; the result has the base's.
  private static func power(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let base = try importing.tensor(node, 0)
    let exponent = try importing.tensor(node, 1)
    let type = importing.element(base)
    if type == importing.element(exponent) {
      return try importing.emit(.binary(.power, clamp: nil), base, exponent)
    }
    let raised = try importing.emit(
      .binary(.power, clamp: nil), importing.cast(base, to: .float32), importing.cast(exponent, to: .float32))
    return try importing.cast(raised, to: type)
  }

  /// Bounds are attributes before opset 11, operands since; either may be absent or known only at run time.
  private static func clip(_ importing: inout Importing, _ node: Node) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    if node.opset < 11 {
      let minimum = try node.float("min", default: -.infinity)
      return try importing.clip(data, minimum, try node.float("max", default: .infinity))
    }
    let lower = try importing.optionalTensor(node, 1)
    let upper = try importing.optionalTensor(node, 2)
    let minimum = lower.map { importing.constantFloat($0) } ?? -.infinity
    let maximum = upper.map { importing.constantFloat($0) } ?? .infinity
    if importing.element(data) == .float32, let minimum, let maximum {
      return try importing.clip(data, minimum, maximum)
    }
    var result = data
    if let lower {
      result = try importing.emit(.binary(.maximum, clamp: nil), result, importing.asScalar(lower))
    }
    if let upper {
      result = try importing.emit(.binary(.minimum, clamp: nil), result, importing.asScalar(upper))
    }
    return result
  }
}

extension Importing {
  mutating func binary(_ kind: Binary, _ node: Node) throws(Diagnostic) -> TensorID {
    try emit(.binary(kind, clamp: nil), tensor(node, 0), tensor(node, 1))
  }

  mutating func binary(_ kind: Binary, _ left: TensorID, _ right: TensorID) throws(Diagnostic) -> TensorID {
    try emit(.binary(kind, clamp: nil), left, right)
  }

  mutating func unary(_ kind: Unary, _ operand: TensorID) throws(Diagnostic) -> TensorID {
    try emit(.unary(kind), operand)
  }

  /// Any number of operands, two at a time.
  mutating func chain(_ kind: Binary, _ node: Node) throws(Diagnostic) -> TensorID {
    var result = try tensor(node, 0)
    for index in node.inputs.indices.dropFirst() {
      result = try emit(.binary(kind, clamp: nil), result, tensor(node, index))
    }
    return result
  }

  mutating func clip(_ data: TensorID, _ minimum: Float, _ maximum: Float) throws(Diagnostic) -> TensorID {
    if minimum == -.infinity && maximum == .infinity { return data }
    return try emit(.unary(.clip(minimum: minimum, maximum: maximum)), data)
  }

  /// A tensor of one element as a scalar, so that it broadcasts without adding axes.
  mutating func asScalar(_ id: TensorID) throws(Diagnostic) -> TensorID {
    rank(id) > 0 && shape(id).elementCountPerSample == 1 && !shape(id).hasBatch ? try reshape(id, to: []) : id
  }
}
