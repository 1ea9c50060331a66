import Graph
import Micro
import Storage

extension Emission {
  mutating func emit(_ kind: Binary, clamp: FusedClamp?) throws(Refusal) {
    guard let result = node.outputs[0], isReal(result) else { return try emitPlain(kind) }
    switch kind {
    case .add: try emitArithmetic(.add, try operand(0), try operand(1), clamp)
    case .subtract: try emitArithmetic(.sub, try operand(0), try operand(1), clamp)
    case .multiply: try emitArithmetic(.mul, try factor(0), try factor(1), clamp)
    case .divide: try emitQuotient(clamp)
    case .maximum, .minimum:
      let numbers = resultNumbers()
      let operands = [try operand(0, as: numbers), try operand(1, as: numbers)]
      let code = kind == .maximum ? BuiltinOperator.maximum : .minimum
      let made = try addBroadcast(code, operands, to: numbers, .empty(union: 39))
      try bind(0, clamped(made, clamp))
    case .power where arithmetic == .int8 && constantOperand(1)?.elementCount == 1:
      let exponent = constantOperand(1)?.realized()
      try bind(0, try emitTable(node.operation, try operand(0), beside: [exponent]))
    case .prelu:
      let slope = try slope()
      let made = try addBroadcast(.prelu, [try operand(0), slope], to: resultNumbers(), .none)
      try bind(0, clamped(made, clamp))
    default:
      throw Refusal("'\(kind.rawValue)' has no kernel for real numbers")
    }
  }

  private mutating func emitArithmetic(
    _ code: BuiltinOperator, _ left: Value, _ right: Value, _ clamp: FusedClamp?
  ) throws(Refusal) {
    let numbers = resultNumbers()
    let (activation, rest) = activation(for: clamp, in: numbers)
    if numbers.isQuantized, code != .mul {
      let limit = numbers.type == .int16 ? numbers.scale * 0x1p15 : numbers.scale * 0x1p20
      guard 2 * max(left.numbers.scale, right.numbers.scale) < limit else {
        throw Refusal(
          "has operands of scale \(max(left.numbers.scale, right.numbers.scale)) and a result of "
            + "\(numbers.scale), which the kernel cannot add", hint: "give the result a wider range")
      }
    }
    let made = try addBroadcast(code, [left, right], to: numbers, .arithmetic(activation: activation))
    try bind(0, clamped(made, rest))
  }

  /// A factor. A constant that is ±c everywhere is ±1 steps of c, so that multiplying by it loses nothing.
  private mutating func factor(_ index: Int) throws(Refusal) -> Value {
    guard let constant = constantOperand(index), let id = operandID(index), constant.type.isFloat,
      arithmetic != .float32
    else { return try operand(index) }
    let elements = constant.realized().floats
    guard elements.count > 0 else { return try operand(index) }
    let magnitude = elements[0].magnitude
    guard magnitude > 0, magnitude.isFinite,
      (0..<elements.count).allSatisfy({ elements[$0].magnitude == magnitude })
    else { return try operand(index) }
    return rounded(constant, id, Numbers(type: arithmetic.type, scale: magnitude))
  }

  /// Floats divide; integers multiply by the reciprocal of a constant.
  private mutating func emitQuotient(_ clamp: FusedClamp?) throws(Refusal) {
    if arithmetic == .float32 {
      return try emitArithmetic(.div, try operand(0), try operand(1), clamp)
    }
    guard let divisor = constantOperand(1), divisor.type.isFloat else {
      throw Refusal(
        "divides by what is computed while the model runs, which has no exact int8 form",
        hint: "multiply by a reciprocal instead, or keep the layer in float32")
    }
    let elements = divisor.realized().floats
    let reciprocals = TensorValue(type: .float32, sizes: divisor.sizes)
    for index in 0..<elements.count {
      guard elements[index] != 0 else { throw Refusal("divides by zero") }
      reciprocals.floats[index] = 1 / elements[index]
    }
    let magnitude = elements.count > 0 ? reciprocals.floats[0].magnitude : 0
    let isOne = (0..<elements.count).allSatisfy { reciprocals.floats[$0].magnitude == magnitude }
    let numbers =
      isOne && magnitude > 0
      ? Numbers(type: arithmetic.type, scale: magnitude) : ownNumbers(reciprocals.floats)
    let right = addConstant(
      graph[operandID(1)!].name, reciprocals.rounded(to: numbers), numbers.quantization)
    let factor = Value(tensor: right.tensor, shape: right.shape, numbers: numbers)
    try emitArithmetic(.mul, try operand(0), factor, clamp)
  }

  /// The slope of a PRELU: int8 even beside int16 data.
  private mutating func slope() throws(Refusal) -> Value {
    guard arithmetic == .int16 else { return try operand(1) }
    guard let constant = constantOperand(1), let id = operandID(1) else {
      throw Refusal("has an int16 slope that is computed while the model runs")
    }
    arithmetic = .int8
    defer { arithmetic = .int16 }
    return rounded(constant, id, ownNumbers(constant.realized().floats))
  }

  /// Integers that stand for themselves, and truth values.
  private mutating func emitPlain(_ kind: Binary) throws(Refusal) {
    let operands = [try operand(0), try operand(1)]
    let isBool = operands[0].numbers.type == .bool
    let numbers = isBool ? Numbers.bool : operands[0].numbers
    let plain = MicroOptions.arithmetic(activation: .none)
    let (code, options): (BuiltinOperator, MicroOptions) =
      switch (kind, isBool) {
      case (.and, true): (.logicalAnd, .empty(union: 62))
      case (.or, true): (.logicalOr, .empty(union: 60))
      case (.xor, true): (.notEqual, .empty(union: 54))
      case (.add, false): (.add, plain)
      case (.subtract, false): (.sub, plain)
      case (.multiply, false): (.mul, plain)
      case (.maximum, false): (.maximum, .empty(union: 39))
      case (.minimum, false): (.minimum, .empty(union: 39))
      default: throw Refusal("'\(kind.rawValue)' has no kernel for \(numbers.type)")
      }
    try bind(0, try addBroadcast(code, operands, to: numbers, options))
  }

  mutating func emit(_ comparison: Comparison) throws(Refusal) {
    try refuseInt16()
    let operands = [try operand(0), try operand(1)]
    for operand in operands where operand.numbers.isQuantized && operand.numbers.scale >= 1 {
      throw Refusal("compares numbers of scale \(operand.numbers.scale); the kernel takes scales below 1")
    }
    let (code, union): (BuiltinOperator, UInt8) =
      switch comparison {
      case .equal: (.equal, 53)
      case .less: (.less, 41)
      case .lessOrEqual: (.lessEqual, 46)
      case .greater: (.greater, 44)
      case .greaterOrEqual: (.greaterEqual, 45)
      }
    try bind(0, try addBroadcast(code, operands, to: .bool, .empty(union: union)))
  }

  mutating func emitSelect() throws(Refusal) {
    let numbers = resultNumbers()
    guard numbers.isQuantized || numbers.type == .float32 else {
      throw Refusal("selects between \(numbers.type) values; the device selects real numbers only")
    }
    let operands = [try operand(0), try operand(1, as: numbers), try operand(2, as: numbers)]
    try bind(0, try addBroadcast(.selectV2, operands, to: numbers, .empty(union: 98)))
  }

  /// An operator whose operands broadcast against each other to the current result's shape.
  ///
  /// Axes along which all operands behave alike become one where the rank would be too high for the kernel.
  mutating func addBroadcast(
    _ code: BuiltinOperator, _ operands: [Value], to numbers: Numbers, _ options: MicroOptions
  ) throws(Refusal) -> Value {
    let shape = resultShape()
    if operands.allSatisfy({ $0.shape == shape }) {
      let shapes = operands.map { deviceShape($0) }
      // The same elements in the same order, whatever the shape they have in common.
      if shapes.allSatisfy({ $0 == shapes[0] }) {
        let flat = operands.map { Value(tensor: $0.tensor, shape: shapes[0], numbers: $0.numbers) }
        return add(code, flat, to: numbers, shapes[0], options)
      }
      return add(code, operands, to: numbers, shape, options)
    }
    if shape.count <= code.broadcastRank { return add(code, operands, to: numbers, shape, options) }
    let merged = mergedForBroadcast(operands.map(\.shape), shape)
    guard merged.shape.count <= code.broadcastRank else {
      throw Refusal(
        "broadcasts along \(merged.shape.count) axes; the device takes up to \(code.broadcastRank)")
    }
    let viewed = zip(operands, merged.operands).map {
      Value(tensor: $0.tensor, shape: $1, numbers: $0.numbers)
    }
    return add(code, viewed, to: numbers, merged.shape, options)
  }

  private func mergedForBroadcast(_ shapes: [[Int]], _ shape: [Int]) -> (operands: [[Int]], shape: [Int]) {
    let filled = shapes.map { [Int](repeating: 1, count: shape.count - $0.count) + $0 }
    var operands = shapes.map { _ in [Int]() }
    var merged: [Int] = []
    var last: [Bool]?
    for axis in shape.indices where shape[axis] != 1 {
      let spread = filled.map { $0[axis] == 1 }
      if spread == last {
        merged[merged.count - 1] *= shape[axis]
        for index in operands.indices { operands[index][merged.count - 1] *= filled[index][axis] }
      } else {
        merged.append(shape[axis])
        for index in operands.indices { operands[index].append(filled[index][axis]) }
        last = spread
      }
    }
    return (operands, merged)
  }
}

extension BuiltinOperator {
  /// The highest rank at which the kernel broadcasts.
  fileprivate var broadcastRank: Int {
    switch self {
    case .add, .sub, .mul, .div: 6
    case .maximum, .minimum, .selectV2: 5
    default: 4
    }
  }
}
