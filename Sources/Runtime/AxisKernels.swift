import Graph
import Storage
import TensorMath

extension Reduction {
  var function: ReductionFunction {
    switch self {
    case .sum: .sum
    case .mean: .mean
    case .maximum: .maximum
    case .minimum: .minimum
    case .product: .product
    case .l1: .l1
    case .l2: .l2
    case .sumOfSquares: .sumOfSquares
    case .logSum: .logSum
    case .logSumExp: .logSumExp
    }
  }
}

extension Binding {
  func reduce(_ kind: Reduction, axes: [Int]) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    let function = kind.function
    if x.type.isFloat {
      return { workers in function.apply(x.floats, sizes: x.sizes, axes: axes, into: y.floats, on: workers) }
    }
    return { workers in
      function.apply(x.type.scalar, x.bytes, sizes: x.sizes, axes: axes, into: y.bytes, on: workers)
    }
  }

  /// Operators that depend on the elements' order along an axis.
  func ordered() throws(Diagnostic) -> Kernel {
    let x = try input(0)
    let scalar = x.type.scalar
    switch step.operation {
    case .argExtreme(let maximum, let axis, _, let selectsLast):
      let extreme = ArgExtreme(isMaximum: maximum, selectsLast: selectsLast)
      let places = try output().elements(as: Int64.self)
      return { workers in
        extreme.apply(scalar, x.bytes, sizes: x.sizes, axis: axis, into: places, on: workers)
      }
    case .topK(let topK):
      let top = TopElements(count: topK.count, isLargest: topK.largest)
      var sizes = x.sizes
      sizes[topK.axis] = topK.count
      let values = wanted(0) ?? TensorValue(type: x.type, sizes: sizes)
      let places = (wanted(1) ?? TensorValue(type: .int64, sizes: sizes)).elements(as: Int64.self)
      return { workers in
        top.apply(
          scalar, x.bytes, sizes: x.sizes, axis: topK.axis, into: values.bytes, indices: places, on: workers)
      }
    case .cumulative(let cumulative):
      let cumulation = Cumulation(
        isProduct: cumulative.kind == .product, isExclusive: cumulative.exclusive,
        isReverse: cumulative.reverse)
      let y = try output()
      return { _ in cumulation.apply(scalar, x.bytes, sizes: x.sizes, axis: cumulative.axis, into: y.bytes) }
    default: throw cannotWork(on: x.type)
    }
  }

  func softmax(axis: Int, logarithmic: Bool) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    let softmax = Softmax(sizes: x.sizes, axis: axis, isLogarithmic: logarithmic)
    let (source, target) = (x.floats, y.floats)
    return { workers in softmax.apply(source, into: target, on: workers) }
  }
}

extension Composite {
  /// Whether a kernel computes this composite as it is; the others run as their expansion.
  var hasKernel: Bool {
    switch self {
    case .layerNormalization, .rmsNormalization, .groupNormalization, .localResponseNormalization: true
    case .depthToSpace, .spaceToDepth: false
    }
  }
}

extension Binding {
  func composite(_ composite: Composite) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    let (source, target) = (x.floats, y.floats)
    switch composite {
    case .layerNormalization(let axis, let epsilon):
      return try rowNormalization(axis: axis, epsilon: epsilon, isRootMeanSquare: false)
    case .rmsNormalization(let axis, let epsilon):
      return try rowNormalization(axis: axis, epsilon: epsilon, isRootMeanSquare: true)
    case .groupNormalization(let groups, let epsilon, _):
      let normalization = GroupNormalization(groups: groups, epsilon: epsilon)
      let (scale, bias) = (optional(1)?.floats, optional(2)?.floats)
      let (batch, channels) = (x.sizes[0], x.sizes[x.sizes.count - 1])
      let positions = Shape.elementCount(Array(x.sizes.dropFirst().dropLast()))
      return { workers in
        normalization.apply(
          source, batch: batch, positions: positions, channels: channels, scale: scale, bias: bias,
          into: target,
          on: workers)
      }
    case .localResponseNormalization(let size, let alpha, let beta, let bias, let axis):
      let normalization = LocalResponseNormalization(size: size, alpha: alpha, beta: beta, bias: bias)
      return { workers in normalization.apply(source, sizes: x.sizes, axis: axis, into: target, on: workers) }
    case .depthToSpace, .spaceToDepth:
      throw Diagnostic(.failed, "'\(step.name)' (\(composite.name)) was not expanded")
    }
  }

  /// Scale and bias may be smaller than a row (they broadcast); the kernel wants whole rows.
  private func rowNormalization(axis: Int, epsilon: Float, isRootMeanSquare: Bool) throws(Diagnostic)
    -> Kernel
  {
    let (x, y) = (try input(0), try output())
    let row = Array(x.sizes[axis...])
    let normalization = RowNormalization(
      count: Shape.elementCount(row), epsilon: epsilon, isRootMeanSquare: isRootMeanSquare)
    let (scale, bias) = (optional(1), optional(2))
    let (mean, inverse) = (wanted(1)?.floats, wanted(2)?.floats)
    let fitsRows = [scale, bias].allSatisfy {
      ($0?.elementCount ?? normalization.count) == normalization.count
    }
    if fitsRows {
      return { workers in
        normalization.apply(
          x.floats, scale: scale?.floats, bias: bias?.floats, into: y.floats, mean: mean,
          inverseDeviation: inverse,
          on: workers)
      }
    }
    return { workers in
      normalization.apply(x.floats, into: y.floats, mean: mean, inverseDeviation: inverse, on: workers)
      if let scale {
        BinaryFunction.multiply.apply(
          y.floats, y.sizes, scale.floats, scale.sizes, into: y.floats, on: workers)
      }
      if let bias {
        BinaryFunction.add.apply(y.floats, y.sizes, bias.floats, bias.sizes, into: y.floats, on: workers)
      }
    }
  }
}
