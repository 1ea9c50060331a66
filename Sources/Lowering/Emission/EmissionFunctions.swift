import Graph
import Micro
import Storage

extension Emission {
  mutating func emit(_ kind: Unary) throws(Refusal) {
    let input = try operand(0)
    guard let id = node.inputs[0], isReal(id), let result = node.outputs[0], isReal(result) else {
      return try emitPlain(kind, input)
    }
    if case .clip(let minimum, let maximum) = kind {
      return try emitClip(input, FusedClamp(minimum: minimum, maximum: maximum))
    }
    if arithmetic == .float32 { return try emitFloat(kind, input) }
    if let native = try emitNative(kind, input) { return try bind(0, native) }
    guard arithmetic == .int8 else {
      throw Refusal("'\(node.operation.name)' has no int16 form", hint: "let its operand and result be int8")
    }
    try bind(0, try emitTable(node.operation, input))
  }

  /// The device's own operator for a function on integers; nil when there is none.
  private mutating func emitNative(_ kind: Unary, _ input: Value) throws(Refusal) -> Value? {
    let (numbers, shape) = (resultNumbers(), deviceShape(input))
    let wide = arithmetic == .int16
    switch kind {
    case .relu: return addSameShape(.relu, input, to: numbers)
    case .sigmoid:
      return addSameShape(.logistic, try symmetric(input), to: Numbers(wide ? .unit16 : .probability))
    case .tanh: return addSameShape(.tanh, try symmetric(input), to: Numbers(wide ? .unit16 : .signedUnit))
    case .leakyRelu(let alpha): return addSameShape(.leakyRelu, input, to: numbers, .leakyRelu(alpha: alpha))
    case .elu(1) where !wide: return addSameShape(.elu, input, to: numbers)
    case .hardSwish where !wide && input.numbers.scale / 128 < numbers.scale:
      return addSameShape(.hardSwish, input, to: numbers, .empty(union: 91))
    case .absolute: return addSameShape(.abs, input, to: numbers, .empty(union: 78))
    case .negate:
      let minusOne = constant(integers: [-1], shape: [], Numbers(type: arithmetic.type, scale: 1))
      return add(.mul, [stored(input), minusOne], to: numbers, shape, .arithmetic(activation: .none))
    case .square:
      return add(.mul, [stored(input), stored(input)], to: numbers, shape, .arithmetic(activation: .none))
    case .reciprocalSquareRoot where wide: return addSameShape(.rsqrt, input, to: numbers)
    default: return nil
    }
  }

  private mutating func emitFloat(_ kind: Unary, _ input: Value) throws(Refusal) {
    let direct: (BuiltinOperator, MicroOptions)? =
      switch kind {
      case .relu: (.relu, .none)
      case .sigmoid: (.logistic, .none)
      case .tanh: (.tanh, .none)
      case .leakyRelu(let alpha): (.leakyRelu, .leakyRelu(alpha: alpha))
      case .elu(1): (.elu, .none)
      case .hardSwish: (.hardSwish, .empty(union: 91))
      case .absolute: (.abs, .empty(union: 78))
      case .negate: (.neg, .empty(union: 42))
      case .square: (.square, .empty(union: 66))
      case .squareRoot: (.sqrt, .none)
      case .reciprocalSquareRoot: (.rsqrt, .none)
      case .exp: (.exp, .empty(union: 33))
      case .log: (.log, .none)
      case .sin: (.sin, .none)
      case .cos: (.cos, .empty(union: 84))
      case .floor: (.floor, .none)
      case .ceil: (.ceil, .none)
      case .round: (.round, .none)
      default: nil
      }
    if let (code, options) = direct {
      return try bind(0, addSameShape(code, input, to: .float32, options))
    }
    try bind(0, try composedFloat(kind, input))
  }

  /// Float functions that are a few of the device's operators.
  private mutating func composedFloat(_ kind: Unary, _ input: Value) throws(Refusal) -> Value {
    let plain = MicroOptions.arithmetic(activation: .none)
    let (x, shape) = (stored(input), deviceShape(input))
    switch kind {
    case .reciprocal:
      return add(.div, [constant(real: 1, .float32), x], to: .float32, shape, plain)
    case .swish(let alpha):
      var scaled = x
      if alpha != 1 {
        scaled = add(.mul, [x, constant(real: alpha, .float32)], to: .float32, shape, plain)
      }
      let gate = add(.logistic, [scaled], to: .float32, shape)
      return add(.mul, [x, gate], to: .float32, shape, plain)
    case .hardSigmoid(let alpha, let beta):
      let scaled = add(.mul, [x, constant(real: alpha, .float32)], to: .float32, shape, plain)
      let moved = add(.add, [scaled, constant(real: beta, .float32)], to: .float32, shape, plain)
      return clamped(moved, FusedClamp(minimum: 0, maximum: 1))
    case .softsign:
      let magnitude = add(.abs, [x], to: .float32, shape, .empty(union: 78))
      let divisor = add(.add, [magnitude, constant(real: 1, .float32)], to: .float32, shape, plain)
      return add(.div, [x, divisor], to: .float32, shape, plain)
    default:
      throw Refusal("'\(node.operation.name)' has no float kernel", hint: "quantize the model: int8 takes it")
    }
  }

  /// A clip: rescaled like a RELU, or by the ends of the result's own range.
  private mutating func emitClip(_ input: Value, _ clamp: FusedClamp) throws(Refusal) {
    let numbers = resultNumbers()
    let (activation, rest) = activation(for: clamp, in: numbers)
    switch activation {
    case .relu: try bind(0, clamped(addSameShape(.relu, input, to: numbers), rest))
    case .relu6:
      try bind(0, addSameShape(.relu6, try convert(input, to: numbers), to: numbers))
    case .reluN1To1: try bind(0, clamped(try convert(input, to: numbers), activation.clamp))
    default: try bind(0, clamped(try convert(input, to: numbers), rest))
    }
  }

  /// Truth values and integers that stand for themselves.
  private mutating func emitPlain(_ kind: Unary, _ input: Value) throws(Refusal) {
    switch (kind, input.numbers.type) {
    case (.not, .bool): try bind(0, addSameShape(.logicalNot, input, to: .bool, .empty(union: 63)))
    case (.negate, .int32):
      let minusOne = constant(integers: [-1], shape: [], .int32)
      let options = MicroOptions.arithmetic(activation: .none)
      try bind(0, add(.mul, [stored(input), minusOne], to: .int32, deviceShape(input), options))
    default: throw Refusal("'\(node.operation.name)' has no kernel for \(input.numbers.type)")
    }
  }

  /// int16 logistic and tanh take no zero point; nothing else in int16 has one either.
  private func symmetric(_ input: Value) throws(Refusal) -> Value {
    guard input.numbers.type != .int16 || input.numbers.zeroPoint == 0 else {
      throw Refusal("has an int16 operand with the zero point \(input.numbers.zeroPoint)")
    }
    return input
  }

  /// Results with those outside of the function's domain replaced by the nearest inside: an operand that ends at the
  /// domain's border is rounded to either side of it.
  private static func nearestInDomain(_ results: View<Float>) -> [Float] {
    let known = (0..<results.count).filter { !results[$0].isNaN }
    return (0..<results.count).map { entry in
      let nearest = known.min { abs($0 - entry) < abs($1 - entry) }
      return nearest.map { results[$0] } ?? 0
    }
  }

  /// Any function of one int8 number, exact to half a step: a table of its 256 results.
  /// `others` are the operation's further operands.
  mutating func emitTable(
    _ operation: Operation, _ input: Value, beside others: [TensorValue?] = []
  ) throws(Refusal) -> Value {
    let numbers = resultNumbers()
    let source = input.numbers
    let points = (-128...127).map { Float(Double(source.scale) * Double($0 - source.zeroPoint)) }
    let results: [TensorValue]
    do {
      results = try settings.evaluator.evaluate(
        operation, inputs: [TensorValue(floats: points, sizes: [256])] + others,
        resultTypes: [TensorType(.float32, Shape([256]))])
    } catch { throw Refusal("its table cannot be computed: \(error.message)") }
    let entries = Self.nearestInDomain(results[0].floats).map(numbers.clipped)
    let table = constant(integers: entries, shape: [256], numbers)
    let shape = deviceShape(input)
    // The same steps from 128 higher are places in the table: one copy as int32, not two as CAST and ADD take.
    let places = Numbers(type: .int32, scale: source.scale, zeroPoint: source.zeroPoint + 128)
    let index = addSameShape(.quantize, input, to: places, .empty(union: 89))
    return add(.gather, [table, index], to: numbers, shape, .gather(axis: 0, batchDimensions: 0))
  }
}

/// Element-wise operators keep whatever shape the device's tensor has.
extension Emission {
  func deviceShape(_ value: Value) -> [Int] { device.tensors[value.tensor].shape }

  func stored(_ value: Value) -> Value {
    Value(tensor: value.tensor, shape: deviceShape(value), numbers: value.numbers)
  }

  mutating func addSameShape(
    _ code: BuiltinOperator, _ input: Value, to numbers: Numbers, _ options: MicroOptions = .none
  ) -> Value {
    add(code, [stored(input)], to: numbers, deviceShape(input), options)
  }
}
