import Graph
import Storage
import TensorMath

extension Unary {
  /// The kernel's name of a function from floats to floats; nil for the others.
  var floatFunction: ElementwiseFunction? {
    switch self {
    case .absolute: .absolute
    case .negate: .negate
    case .sign: .sign
    case .reciprocal: .reciprocal
    case .square: .square
    case .squareRoot: .squareRoot
    case .reciprocalSquareRoot: .reciprocalSquareRoot
    case .exp: .exp
    case .log: .log
    case .sin: .sin
    case .cos: .cos
    case .tan: .tan
    case .asin: .asin
    case .acos: .acos
    case .atan: .atan
    case .sinh: .sinh
    case .cosh: .cosh
    case .tanh: .tanh
    case .asinh: .asinh
    case .acosh: .acosh
    case .atanh: .atanh
    case .erf: .erf
    case .floor: .floor
    case .ceil: .ceil
    case .round: .round
    case .relu: .relu
    case .sigmoid: .sigmoid
    case .hardSwish: .hardSwish
    case .softplus: .softplus
    case .softsign: .softsign
    case .mish: .mish
    case .clip(let minimum, let maximum): .clip(minimum: minimum, maximum: maximum)
    case .leakyRelu(let alpha): .leakyRelu(alpha: alpha)
    case .elu(let alpha): .elu(alpha: alpha)
    case .celu(let alpha): .celu(alpha: alpha)
    case .selu(let alpha, let gamma): .selu(alpha: alpha, gamma: gamma)
    case .hardSigmoid(let alpha, let beta): .hardSigmoid(alpha: alpha, beta: beta)
    case .gelu(let approximates): .gelu(tanhApproximation: approximates)
    case .swish(let alpha): .swish(alpha: alpha)
    case .thresholdedRelu(let alpha): .thresholdedRelu(alpha: alpha)
    case .shrink(let bias, let threshold): .shrink(bias: bias, threshold: threshold)
    case .isNaN, .isInfinite, .not, .bitwiseNot: nil
    }
  }
}

extension Binary {
  /// The kernel's name of a function of two floats; nil for the others.
  var floatFunction: BinaryFunction? {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .power: .power
    case .modulo: .modulo
    case .remainder: .remainder
    case .maximum: .maximum
    case .minimum: .minimum
    case .prelu: .prelu
    case .and, .or, .xor, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight: nil
    }
  }

  /// The kernel's name of a function of two integers or truth values; nil for the others.
  var integerFunction: IntegerFunction? {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .power: .power
    case .modulo: .modulo
    case .remainder: .remainder
    case .maximum: .maximum
    case .minimum: .minimum
    case .and, .bitwiseAnd: .bitwiseAnd
    case .or, .bitwiseOr: .bitwiseOr
    case .xor, .bitwiseXor: .bitwiseXor
    case .shiftLeft: .shiftLeft
    case .shiftRight: .shiftRight
    case .prelu: nil
    }
  }
}

extension Comparison {
  var function: ComparisonFunction {
    switch self {
    case .equal: .equal
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    }
  }
}

extension ElementType {
  /// How kernels see elements of this type in memory.
  var scalar: ScalarType {
    switch self {
    case .bool: .bool
    case .int4, .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .uint16: .uint16
    case .int32: .int32
    case .uint32: .uint32
    case .int64: .int64
    case .uint64: .uint64
    case .float32: .float32
    }
  }
}

extension Binding {
  func unary(_ kind: Unary) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    guard x.type.isFloat else { return try integerUnary(kind, x, y) }
    switch kind {
    case .isNaN:
      return { workers in Classification.isNaN(x.floats, into: y.bytes, on: workers) }
    case .isInfinite(let positive, let negative):
      return { workers in
        Classification.isInfinite(
          x.floats, positive: positive, negative: negative, into: y.bytes, on: workers)
      }
    default:
      guard let function = kind.floatFunction else { throw cannotWork(on: x.type) }
      let (source, target) = (x.floats, y.floats)
      return { workers in function.apply(source, into: target, on: workers) }
    }
  }

  private func integerUnary(_ kind: Unary, _ x: TensorValue, _ y: TensorValue) throws(Diagnostic) -> Kernel {
    func plain(_ function: IntegerUnaryFunction) -> Kernel {
      return { workers in function.apply(x.type.scalar, x.bytes, into: y.bytes, on: workers) }
    }
    switch kind {
    case .absolute: return plain(.absolute)
    case .negate: return plain(.negate)
    case .sign: return plain(.sign)
    case .bitwiseNot: return plain(.bitwiseNot)
    case .not: return plain(.not)
    case .floor, .ceil, .round: return { _ in y.bytes.copy(from: x.bytes) }
    case .isNaN, .isInfinite: return { _ in y.bytes.fill(0) }
    case .square:
      return { workers in
        IntegerFunction.multiply.apply(
          x.type.scalar, x.bytes, x.sizes, x.bytes, x.sizes, into: y.bytes, on: workers)
      }
    case .relu: return integerClip(x, y, FusedClamp(minimum: 0, maximum: .infinity))
    case .clip(let minimum, let maximum):
      return integerClip(x, y, FusedClamp(minimum: minimum, maximum: maximum))
    default: throw cannotWork(on: x.type)
    }
  }

  /// Bounds that lie outside the type bind nothing; NaN neither.
  private func integerClip(_ x: TensorValue, _ y: TensorValue, _ clamp: FusedClamp) -> Kernel {
    guard let range = x.type.integerRange else { return { _ in y.bytes.copy(from: x.bytes) } }
    func bound(_ value: Float, _ otherwise: Int) -> TensorValue {
      let whole =
        value.isNaN ? otherwise : Int(exactly: value) ?? (value > 0 ? range.upperBound : range.lowerBound)
      return TensorValue(
        integers: [min(max(whole, range.lowerBound), range.upperBound)], type: x.type, sizes: [])
    }
    let low = bound(clamp.minimum.rounded(.up), range.lowerBound)
    let high = bound(clamp.maximum.rounded(.down), range.upperBound)
    // The upper half of uint64 lies beyond every bound that an Int can tell.
    let bindsAbove = x.type != .uint64 || high.integer(at: 0) != range.upperBound
    let scalar = x.type.scalar
    return { workers in
      IntegerFunction.maximum.apply(scalar, x.bytes, x.sizes, low.bytes, [], into: y.bytes, on: workers)
      if bindsAbove {
        IntegerFunction.minimum.apply(scalar, y.bytes, y.sizes, high.bytes, [], into: y.bytes, on: workers)
      }
    }
  }

  func binary(_ kind: Binary) throws(Diagnostic) -> Kernel {
    let (a, b, y) = (try input(0), try input(1), try output())
    if a.type != b.type, kind == .power { return mixedPower(a, b, y) }
    if a.type.isFloat {
      guard let function = kind.floatFunction else { throw cannotWork(on: a.type) }
      let (left, right, target) = (a.floats, b.floats, y.floats)
      let clamp = step.clampRange
      return { workers in
        function.apply(
          left, a.sizes, right, b.sizes, into: target, low: clamp.lowerBound, high: clamp.upperBound,
          on: workers)
      }
    }
    guard let function = kind.integerFunction else { throw cannotWork(on: a.type) }
    let clip = step.clamp.map { integerClip(y, y, $0) }
    return { workers throws(Diagnostic) in
      function.apply(a.type.scalar, a.bytes, a.sizes, b.bytes, b.sizes, into: y.bytes, on: workers)
      if let clip { try clip(workers) }
    }
  }

  /// A base and an exponent of different types: whole exponents keep integers exact, all else goes through floats.
  private func mixedPower(_ a: TensorValue, _ b: TensorValue, _ y: TensorValue) -> Kernel {
    let clamp = step.clampRange
    return { workers in
      let exponents = b.converted(to: .float32)
      if !a.type.isFloat, exponents.floats.array.allSatisfy({ $0 == $0.rounded(.towardZero) }) {
        let whole = b.converted(to: a.type)
        IntegerFunction.power.apply(
          a.type.scalar, a.bytes, a.sizes, whole.bytes, b.sizes, into: y.bytes, on: workers)
        return
      }
      let bases = a.converted(to: .float32)
      let powers = y.type.isFloat ? y : TensorValue(type: .float32, sizes: y.sizes)
      BinaryFunction.power.apply(
        bases.floats, a.sizes, exponents.floats, b.sizes, into: powers.floats, low: clamp.lowerBound,
        high: clamp.upperBound, on: workers)
      if !y.type.isFloat { Cast.apply(powers.bytes, .float32, to: y.type.scalar, into: y.bytes) }
    }
  }

  func compare(_ kind: Comparison) throws(Diagnostic) -> Kernel {
    let (a, b, y) = (try input(0), try input(1), try output())
    let function = kind.function
    if a.type.isFloat {
      return { workers in function.apply(a.floats, a.sizes, b.floats, b.sizes, into: y.bytes, on: workers) }
    }
    return { workers in
      function.apply(a.type.scalar, a.bytes, a.sizes, b.bytes, b.sizes, into: y.bytes, on: workers)
    }
  }

  func select() throws(Diagnostic) -> Kernel {
    let (condition, a, b, y) = (try input(0), try input(1), try input(2), try output())
    return { workers in
      Select.apply(
        condition.bytes, condition.sizes, a.bytes, a.sizes, b.bytes, b.sizes,
        elementByteCount: y.type.byteCount,
        into: y.bytes, on: workers)
    }
  }

  func cast() throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    return { _ in Cast.apply(x.bytes, x.type.scalar, to: y.type.scalar, into: y.bytes) }
  }
}

extension TensorValue {
  /// The same numbers as another type.
  func converted(to type: ElementType) -> TensorValue {
    if type == self.type { return self }
    let result = TensorValue(type: type, sizes: sizes)
    Cast.apply(bytes, self.type.scalar, to: type.scalar, into: result.bytes)
    return result
  }
}
