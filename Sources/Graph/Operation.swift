/// What an operator computes: the core operators, and composites that expand into them.
///
/// Axes are always non-negative and refer to the operand's own axes. Operands that ONNX gives as run-time tensors but
/// that decide shapes (axes, pads, sizes, k…) are attributes here: they are bound before a graph exists.
public enum Operation: Hashable, Sendable {
  // Element-wise. Inputs as the kinds say; `select` takes condition, then-value, else-value.
  case unary(Unary)
  case binary(Binary, clamp: FusedClamp?)
  case compare(Comparison)
  case select
  case cast(ElementType)

  // Movement.
  case reshape(Shape)
  /// Axis `i` of the result is axis `permutation[i]` of the operand.
  case transpose([Int])
  /// NumPy broadcasting to this shape.
  case broadcast(Shape)
  case tile([Int])
  case concat(axis: Int)
  /// One output per part.
  case split(axis: Int, parts: [Extent])
  indirect case slice(Slice)
  indirect case pad(Pad)
  /// Inputs: data, indices (negative ones count from the end).
  case gather(axis: Int)
  case gatherElements(axis: Int)
  case gatherND(batchDimensions: Int)
  /// Inputs: data, indices, updates.
  case scatterElements(axis: Int, ScatterReduction)
  case scatterND(ScatterReduction)
  /// Inputs: indices, values `[off, on]`; adds an axis of `depth`.
  case oneHot(axis: Int, depth: Int)
  /// Keeps the upper or lower triangle of the last two axes, shifted by `diagonal`.
  case triangle(upper: Bool, diagonal: Int)
  /// Inputs: data, sequence lengths.
  case reverseSequence(batchAxis: Int, timeAxis: Int)

  // Along axes.
  case reduce(Reduction, axes: [Int], keepsAxes: Bool)
  case argExtreme(maximum: Bool, axis: Int, keepsAxis: Bool, selectsLast: Bool)
  case topK(TopK)
  case cumulative(Cumulative)
  case softmax(axis: Int, logarithmic: Bool)

  // Linear algebra.
  /// `[…, M, K] × […, K, N]` with broadcasting of the leading axes (rank 1 operands as NumPy does).
  case matmul(transposesLeft: Bool, transposesRight: Bool)
  /// Inputs: data `[…, K]`, weights `[O, K]`, optional bias `[O]`.
  case dense(clamp: FusedClamp?)

  // Windows.
  indirect case convolution(Convolution)
  indirect case transposedConvolution(TransposedConvolution)
  indirect case pool(Pool)
  indirect case resize(Resize)

  // Recurrence.
  indirect case recurrent(Recurrent)

  // Integers for reals. Inputs: data, scale, optional zero point.
  case quantizeLinear(axis: Int?, blockSize: Int, ElementType)
  case dequantizeLinear(axis: Int?, blockSize: Int)

  /// An operator that some targets know as one and that expands into the core for all others.
  indirect case composite(Composite)
}

/// Operators with an expansion of their own (``Composite/expand(_:in:)``).
public enum Composite: Hashable, Sendable {
  /// Over all axes from `axis` on. Inputs: data, scale, optional bias. Outputs: result, mean?, 1/deviation?.
  case layerNormalization(axis: Int, epsilon: Float)
  /// Over all axes from `axis` on. Inputs: data, scale.
  case rmsNormalization(axis: Int, epsilon: Float)
  /// Over the spatial axes and the channels of a group. Inputs: data, scale `[C]`, bias `[C]`. Instance
  /// normalization has as many groups as channels.
  case groupNormalization(groups: Int, epsilon: Float, layout: DataLayout)
  /// Across neighboring channels. Input: data.
  case localResponseNormalization(size: Int, alpha: Float, beta: Float, bias: Float, channelAxis: Int)
  /// Moves blocks of channels into space. `depthFirst`: ONNX's DCR order, the only one of TFLite; else CRD.
  case depthToSpace(blockSize: Int, depthFirst: Bool, layout: DataLayout)
  case spaceToDepth(blockSize: Int, layout: DataLayout)
}

extension Operation {
  /// A short name for tables and messages: "convolution", "relu", "reduce mean".
  public var name: String {
    switch self {
    case .unary(let kind): String("\(kind)".prefix { $0 != "(" })
    case .binary(let kind, _): kind.rawValue
    case .compare(let kind): kind.rawValue
    case .reduce(let kind, _, _): "reduce \(kind.rawValue)"
    case .argExtreme(let maximum, _, _, _): maximum ? "argmax" : "argmin"
    case .softmax(_, let logarithmic): logarithmic ? "log softmax" : "softmax"
    case .convolution(let convolution): convolution.groups > 1 ? "grouped convolution" : "convolution"
    case .transposedConvolution: "transposed convolution"
    case .pool(let pool):
      switch pool.kind {
      case .maximum: "max pool"
      case .average: "average pool"
      case .lp: "lp pool"
      }
    case .recurrent(let recurrent):
      switch recurrent.kind {
      case .lstm: "lstm"
      case .gru: "gru"
      case .plain: "rnn"
      }
    case .cumulative(let cumulative): "cumulative \(cumulative.kind.rawValue)"
    case .composite(let composite): composite.name
    default: String("\(self)".prefix { $0 != "(" })
    }
  }

  /// The clamp that is fused into this operator, for the operators that can carry one.
  public var clamp: FusedClamp? {
    switch self {
    case .binary(_, let clamp), .dense(let clamp): clamp
    case .convolution(let convolution): convolution.clamp
    case .transposedConvolution(let convolution): convolution.clamp
    default: nil
    }
  }

  /// The layout of the operators that have one.
  public var layout: DataLayout? {
    switch self {
    case .convolution(let convolution): convolution.layout
    case .transposedConvolution(let convolution): convolution.layout
    case .pool(let pool): pool.layout
    case .composite(.groupNormalization(_, _, let layout)): layout
    case .composite(.depthToSpace(_, _, let layout)): layout
    case .composite(.spaceToDepth(_, let layout)): layout
    default: nil
    }
  }
}

extension Composite {
  public var name: String {
    switch self {
    case .layerNormalization: "layer normalization"
    case .rmsNormalization: "rms normalization"
    case .groupNormalization: "group normalization"
    case .localResponseNormalization: "local response normalization"
    case .depthToSpace: "depth to space"
    case .spaceToDepth: "space to depth"
    }
  }
}
