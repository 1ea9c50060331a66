import CKernels
import Storage

/// A function of one float, applied to every element.
///
/// NaN stays NaN; infinities go where the limit goes. The transcendental functions are our own, so the bits are the
/// same on every machine.
///
///     ElementwiseFunction.clip(minimum: 0, maximum: 6).apply(x, into: y, on: workers)
public enum ElementwiseFunction: Sendable, Hashable {
  case absolute, negate, sign, reciprocal, squareRoot, reciprocalSquareRoot, square
  /// To an integer; `round` takes halves to even.
  case floor, ceil, round, trunc
  case exp, log, sin, cos, tan, asin, acos, atan
  case sinh, cosh, tanh, asinh, acosh, atanh, erf
  case sigmoid, softplus, relu
  case clip(minimum: Float, maximum: Float)
  case leakyRelu(alpha: Float)
  case elu(alpha: Float)
  case celu(alpha: Float)
  case selu(alpha: Float, gamma: Float)
  /// clip(alpha·x + beta, 0, 1)
  case hardSigmoid(alpha: Float, beta: Float)
  case hardSwish, softsign, mish
  /// x·Φ(x), by erf or by its tanh approximation.
  case gelu(tanhApproximation: Bool)
  /// x·sigmoid(alpha·x)
  case swish(alpha: Float)
  case thresholdedRelu(alpha: Float)
  case shrink(bias: Float, threshold: Float)
  /// scale·x + offset, rounded once.
  case affine(scale: Float, offset: Float)

  /// Sets `y` to the function of `x`, element by element; `y` may be `x`.
  public func apply(_ x: View<Float>, into y: View<Float>, on workers: Workers) {
    precondition(x.count == y.count, "x and y differ in size")
    let (kind, first, second) = kernel
    let run = workers.kernels.table.pointee.elementwise.pointee.unary
    let source = x.elementPointer
    let target = y.elementPointer
    workers.parallelFor(x.count, grain: isCheap ? 1 << 16 : 1 << 13) { range in
      run(kind, source + range.lowerBound, target + range.lowerBound, range.count, first, second)
    }
  }

  /// The function of one number, by the same kernel.
  public func callAsFunction(_ x: Float, kernels: KernelSet = .current) -> Float {
    let (kind, first, second) = kernel
    var x = x
    var y: Float = 0
    kernels.table.pointee.elementwise.pointee.unary(kind, &x, &y, 1, first, second)
    return y
  }

  /// Whether reading and writing takes longer than computing.
  private var isCheap: Bool {
    switch self {
    case .absolute, .negate, .sign, .reciprocal, .square, .floor, .ceil, .round, .trunc, .relu, .clip,
      .leakyRelu,
      .hardSigmoid, .hardSwish, .softsign, .thresholdedRelu, .shrink, .affine:
      true
    default: false
    }
  }

  private var kernel: (unary_function, Float, Float) {
    switch self {
    case .clip(let minimum, let maximum): (UNARY_CLIP, minimum, maximum)
    case .leakyRelu(let alpha): (UNARY_LEAKY_RELU, alpha, 0)
    case .elu(let alpha): (UNARY_ELU, alpha, 0)
    case .celu(let alpha): (UNARY_CELU, alpha, 0)
    case .selu(let alpha, let gamma): (UNARY_SELU, alpha, gamma)
    case .hardSigmoid(let alpha, let beta): (UNARY_HARD_SIGMOID, alpha, beta)
    case .swish(let alpha): (UNARY_SWISH, alpha, 0)
    case .thresholdedRelu(let alpha): (UNARY_THRESHOLDED_RELU, alpha, 0)
    case .shrink(let bias, let threshold): (UNARY_SHRINK, threshold, bias)
    case .affine(let scale, let offset): (UNARY_AFFINE, scale, offset)
    default: (plainKernel, 0, 0)
    }
  }

  private var plainKernel: unary_function {
    switch self {
    case .absolute: UNARY_ABS
    case .negate: UNARY_NEG
    case .sign: UNARY_SIGN
    case .reciprocal: UNARY_RECIPROCAL
    case .squareRoot: UNARY_SQRT
    case .reciprocalSquareRoot: UNARY_RSQRT
    case .square: UNARY_SQUARE
    case .floor: UNARY_FLOOR
    case .ceil: UNARY_CEIL
    case .round: UNARY_ROUND
    case .trunc: UNARY_TRUNC
    case .exp: UNARY_EXP
    case .log: UNARY_LOG
    case .sin: UNARY_SIN
    case .cos: UNARY_COS
    case .tan: UNARY_TAN
    case .asin: UNARY_ASIN
    case .acos: UNARY_ACOS
    case .atan: UNARY_ATAN
    case .sinh: UNARY_SINH
    case .cosh: UNARY_COSH
    case .tanh: UNARY_TANH
    case .asinh: UNARY_ASINH
    case .acosh: UNARY_ACOSH
    case .atanh: UNARY_ATANH
    case .erf: UNARY_ERF
    case .sigmoid: UNARY_SIGMOID
    case .softplus: UNARY_SOFTPLUS
    case .relu: UNARY_RELU
    case .hardSwish: UNARY_HARD_SWISH
    case .softsign: UNARY_SOFTSIGN
    case .mish: UNARY_MISH
    case .gelu(let approximates): approximates ? UNARY_GELU_TANH : UNARY_GELU_ERF
    case .clip, .leakyRelu, .elu, .celu, .selu, .hardSigmoid, .swish, .thresholdedRelu, .shrink, .affine:
      UNARY_AFFINE
    }
  }
}

/// Which numbers are not finite.
public enum Classification {
  /// 1 where `x` is NaN.
  public static func isNaN(_ x: View<Float>, into y: View<UInt8>, on workers: Workers) {
    precondition(x.count == y.count, "x and y differ in size")
    let kernels = workers.kernels.table.pointee.elementwise.pointee
    kernels.is_nan(x.elementPointer, y.elementPointer, x.count)
  }

  /// 1 where `x` is +∞ (when `positive`) or −∞ (when `negative`).
  public static func isInfinite(
    _ x: View<Float>, positive: Bool = true, negative: Bool = true, into y: View<UInt8>, on workers: Workers
  ) {
    precondition(x.count == y.count, "x and y differ in size")
    let kernels = workers.kernels.table.pointee.elementwise.pointee
    kernels.is_infinite(x.elementPointer, y.elementPointer, x.count, positive, negative)
  }
}
