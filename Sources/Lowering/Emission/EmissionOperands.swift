import Graph
import Micro
import Storage

extension Emission {
  /// What the current operator computes with: the type of its results, float where an operand is that has no
  /// integers for it. Operators without real results go by their operands.
  func neededArithmetic() -> Arithmetic {
    guard plan != nil else { return .float32 }
    let results = node.outputs.compactMap { $0 }.filter(isReal).map { Arithmetic(numbers(of: $0).type) }
    var operands: [Arithmetic] = []
    for (operand, input) in node.inputs.enumerated() {
      guard let input, graph[input].constant == nil, isReal(input) else { continue }
      operands.append(Arithmetic(usedNumbers(operand, input).type))
    }
    if operands.contains(.float32) { return .float32 }
    let widest = results.max() ?? operands.max() ?? .int8
    let isWideByOperands = widest == .int16 && results.isEmpty
    return isWideByOperands && !graph.quantizationRule(of: node).takesInt16 ? .int8 : widest
  }

  /// Whether a tensor holds real numbers, in whatever form.
  func isReal(_ id: TensorID) -> Bool { graph[id].element.isFloat || numbers(of: id).isQuantized }

  func usedNumbers(_ operand: Int, _ id: TensorID) -> Numbers {
    let use = QuantizationPlan.Use(consumer: site, operand: operand)
    return plan?.requantized[use].map(Numbers.init) ?? numbers(of: id)
  }

  func hasOperand(_ operand: Int) -> Bool { operandID(operand) != nil }

  func operandID(_ operand: Int) -> TensorID? {
    node.inputs.indices.contains(operand) ? node.inputs[operand] : nil
  }

  func constantOperand(_ operand: Int) -> Constant? { operandID(operand).flatMap { graph[$0].constant } }

  func needed(_ operand: Int) throws(Refusal) -> TensorID {
    guard let id = operandID(operand) else { throw Refusal("operand \(operand + 1) is missing") }
    return id
  }

  /// The shape of a result of the current operator.
  func resultShape(_ result: Int = 0) -> [Int] { node.outputs[result].map { shape(of: $0) } ?? [] }

  /// The numbers in which a result is computed: those of the plan when they fit what the operator computes with.
  func resultNumbers(_ result: Int = 0) -> Numbers {
    guard let id = node.outputs[result] else { return Numbers(type: arithmetic.type) }
    return fitting(numbers(of: id))
  }

  /// These numbers in the type that the operator computes with.
  func fitting(_ numbers: Numbers) -> Numbers {
    switch (arithmetic, numbers.isQuantized) {
    case (.float32, true): .float32
    case (.int16, true) where numbers.type == .int8: numbers.widened
    case (.int8, true) where numbers.type == .int16: numbers.narrowed
    default: numbers
    }
  }

  /// An operand in the type that the operator computes with.
  mutating func operand(_ operand: Int) throws(Refusal) -> Value {
    let id = try needed(operand)
    if graph[id].constant != nil { return try constantValue(operand, id) }
    guard let value = values[id] else {
      throw Refusal("operand \(operand + 1) is not made before it is read")
    }
    guard isReal(id) else { return value }
    return try convert(value, to: fitting(usedNumbers(operand, id)))
  }

  /// An operand in these numbers.
  mutating func operand(_ operand: Int, as numbers: Numbers) throws(Refusal) -> Value {
    let id = try needed(operand)
    if let constant = graph[id].constant {
      return constant.type.isFloat ? rounded(constant, id, numbers) : try plain(constant, id)
    }
    guard let value = values[id] else {
      throw Refusal("operand \(operand + 1) is not made before it is read")
    }
    return isReal(id) ? try convert(value, to: numbers) : value
  }

  /// Refuses what the operator cannot do in int16.
  func refuseInt16() throws(Refusal) {
    if arithmetic == .int16 {
      throw Refusal("has no int16 form", hint: "let its operands and results be int8")
    }
  }
}

/// Constants.
extension Emission {
  private mutating func constantValue(_ operand: Int, _ id: TensorID) throws(Refusal) -> Value {
    let constant = graph[id].constant!
    guard constant.type.isFloat else { return try plain(constant, id) }
    return rounded(constant, id, ownNumbers(constant.realized().floats))
  }

  /// Numbers for a constant by its own range. A single value is a whole number of steps, so that nothing is lost.
  func ownNumbers(_ elements: View<Float>) -> Numbers {
    guard arithmetic != .float32 else { return .float32 }
    var (least, greatest) = (Float(0), Float(0))
    for index in 0..<elements.count {
      least = min(least, elements[index])
      greatest = max(greatest, elements[index])
    }
    let magnitude = max(-least, greatest)
    guard magnitude > 0, magnitude.isFinite else { return Numbers(type: arithmetic.type, scale: 1) }
    let steps: Float = arithmetic == .int16 ? 32767 : 127
    if arithmetic == .int16 || least == -greatest || elements.allAre(magnitude) {
      return Numbers(type: arithmetic.type, scale: magnitude / steps)
    }
    let scale = (greatest - least) / 255
    let zeroPoint = (-128 - least / scale).rounded(.toNearestOrAwayFromZero)
    return Numbers(type: .int8, scale: scale, zeroPoint: min(127, max(-128, Int(zeroPoint))))
  }

  /// A float constant in these numbers.
  mutating func rounded(_ constant: Constant, _ id: TensorID, _ numbers: Numbers) -> Value {
    self.constant(.tensor(id, permutation: [], numbers), name: graph[id].name) {
      constant.type.isFloat ? constant.realized().rounded(to: numbers) : constant.realized()
    }
  }

  /// An integer constant as int32, or truth values.
  mutating func plain(_ constant: Constant, _ id: TensorID) throws(Refusal) -> Value {
    let numbers = Numbers(plain: constant.type)
    let value = constant.realized()
    guard numbers.type == .int32, value.type != .int32 else {
      return self.constant(.tensor(id, permutation: [], numbers), name: graph[id].name) { value }
    }
    let integers = value.integers
    guard integers.allSatisfy({ Int32(exactly: $0) != nil }) else {
      throw Refusal("has integers beyond 32 bits in its constant '\(graph[id].name)'")
    }
    return self.constant(.tensor(id, permutation: [], numbers), name: graph[id].name) {
      TensorValue(integers: integers, type: .int32, sizes: constant.sizes)
    }
  }

  /// A list of integers, one for all who need the same.
  mutating func constant(integers: [Int], shape: [Int], _ numbers: Numbers) -> Value {
    constant(.integers(integers, shape: shape, numbers), name: "") {
      TensorValue(integers: integers, type: numbers.type.element ?? .int32, sizes: shape)
    }
  }

  /// One real number in these numbers.
  mutating func constant(real: Float, _ numbers: Numbers) -> Value {
    if numbers.isQuantized { return constant(integers: [numbers.clipped(real)], shape: [], numbers) }
    return constant(.floats([real.bitPattern], shape: [], numbers), name: "") {
      TensorValue(floats: [real], sizes: [])
    }
  }

  /// One real number by its own range.
  mutating func constant(ownReal real: Float) -> Value {
    constant(real: real, ownNumbers(View<Float>([real])))
  }

  mutating func constant(_ key: ConstantKey, name: String, _ make: () -> TensorValue) -> Value {
    if let known = constants[key] { return known }
    let numbers =
      switch key {
      case .integers(_, _, let numbers), .floats(_, _, let numbers), .tensor(_, _, let numbers): numbers
      }
    let value = make()
    let tensor = device.add(
      MicroTensor(
        unique(name), numbers.type, value.sizes, quantization: numbers.quantization, data: value.bytes))
    let made = Value(tensor: tensor, shape: value.sizes, numbers: numbers)
    constants[key] = made
    return made
  }
}

extension View<Float> {
  /// Whether every element has this magnitude or is zero.
  fileprivate func allAre(_ magnitude: Float) -> Bool {
    for index in 0..<count where self[index].magnitude != magnitude && self[index] != 0 { return false }
    return true
  }
}

extension TensorValue {
  /// Real numbers as integers (or as they are).
  func rounded(to numbers: Numbers) -> TensorValue {
    guard numbers.isQuantized, let element = numbers.type.element else { return self }
    let result = TensorValue(type: element, sizes: sizes)
    let source = floats
    for index in 0..<source.count { result.setInteger(numbers.clipped(source[index]), at: index) }
    return result
  }
}
