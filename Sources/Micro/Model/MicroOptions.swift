/// What an operator's options table says. Cases that several operators share are named after what they hold.
public enum MicroOptions: Sendable, Hashable {
  /// No table: all of an operator's settings are in its tensors.
  case none
  /// A table without fields, or one that TFLM never reads; the number is its id in the file's union.
  case empty(union: UInt8)
  case convolution(ConvolutionOptions)
  case depthwise(ConvolutionOptions, depthMultiplier: Int)
  case transposedConvolution(ConvolutionOptions)
  case pool(PoolOptions)
  case fullyConnected(FullyConnectedOptions)
  case softmax(beta: Float)
  case concatenation(axis: Int, activation: MicroActivation)
  /// ADD, SUB, MUL, DIV and L2_NORMALIZATION.
  case arithmetic(activation: MicroActivation)
  /// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
  case resize(alignCorners: Bool, halfPixelCenters: Bool)
  case reshape(newShape: [Int])
  /// SPACE_TO_DEPTH and DEPTH_TO_SPACE.
  case blocks(size: Int)
  case gather(axis: Int, batchDimensions: Int)
  /// MEAN, SUM and the REDUCE operators.
  case reduction(keepsDimensions: Bool)
  case squeeze(dimensions: [Int])
  case stridedSlice(StridedSliceOptions)
  /// SPLIT and SPLIT_V.
  case split(count: Int)
  case cast(from: MicroType, to: MicroType)
  /// ARG_MAX, ARG_MIN and SHAPE.
  case result(type: MicroType)
  case pack(count: Int, axis: Int)
  case unpack(count: Int, axis: Int)
  case lstm(LSTMOptions)
  case svdf(rank: Int, activation: MicroActivation, asymmetricInputs: Bool)
  case leakyRelu(alpha: Float)
  case mirrorPad(isSymmetric: Bool)
  case batchMatMul(adjointX: Bool, adjointY: Bool, asymmetricInputs: Bool)
  case cumulativeSum(isExclusive: Bool, isReversed: Bool)
  case gelu(isApproximate: Bool)
  case conditional(thenSubgraph: Int, elseSubgraph: Int)
  case loop(conditionSubgraph: Int, bodySubgraph: Int)
  case callOnce(subgraph: Int)
  case variable(container: String, sharedName: String)
}

/// The activation that an operator applies to its result; raw values are those of the file.
public enum MicroActivation: Int8, Sendable, Hashable, CaseIterable {
  case none = 0
  case relu, reluN1To1, relu6, tanh, signBit
}

/// How a window treats the border; raw values are those of the file.
public enum MicroPadding: Int8, Sendable, Hashable, CaseIterable {
  case same = 0
  case valid
}

/// CONV_2D, DEPTHWISE_CONV_2D and TRANSPOSE_CONV.
public struct ConvolutionOptions: Sendable, Hashable {
  public var padding: MicroPadding
  public var strideWidth: Int
  public var strideHeight: Int
  public var dilationWidth: Int
  public var dilationHeight: Int
  public var activation: MicroActivation
  /// Read only for int16 data without a bias tensor.
  public var biasType: MicroType

  public init(
    padding: MicroPadding, strideWidth: Int = 1, strideHeight: Int = 1, dilationWidth: Int = 1,
    dilationHeight: Int = 1,
    activation: MicroActivation = .none, biasType: MicroType = .float32
  ) {
    self.padding = padding
    self.strideWidth = strideWidth
    self.strideHeight = strideHeight
    self.dilationWidth = dilationWidth
    self.dilationHeight = dilationHeight
    self.activation = activation
    self.biasType = biasType
  }
}

/// AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D.
public struct PoolOptions: Sendable, Hashable {
  public var padding: MicroPadding
  public var strideWidth: Int
  public var strideHeight: Int
  public var filterWidth: Int
  public var filterHeight: Int
  public var activation: MicroActivation

  public init(
    padding: MicroPadding, strideWidth: Int, strideHeight: Int, filterWidth: Int, filterHeight: Int,
    activation: MicroActivation = .none
  ) {
    self.padding = padding
    self.strideWidth = strideWidth
    self.strideHeight = strideHeight
    self.filterWidth = filterWidth
    self.filterHeight = filterHeight
    self.activation = activation
  }
}

public struct FullyConnectedOptions: Sendable, Hashable {
  public var activation: MicroActivation
  public var keepsDimensions: Bool
  public var asymmetricInputs: Bool
  /// Read only for int16 data without a bias tensor.
  public var biasType: MicroType
  /// Any but 0 is a packing that TFLM does not know.
  public var weightsFormat: Int8

  public init(
    activation: MicroActivation = .none, keepsDimensions: Bool = false, asymmetricInputs: Bool = false,
    biasType: MicroType = .float32, weightsFormat: Int8 = 0
  ) {
    self.activation = activation
    self.keepsDimensions = keepsDimensions
    self.asymmetricInputs = asymmetricInputs
    self.biasType = biasType
    self.weightsFormat = weightsFormat
  }
}

public struct StridedSliceOptions: Sendable, Hashable {
  public var beginMask: Int
  public var endMask: Int
  public var ellipsisMask: Int
  public var newAxisMask: Int
  public var shrinkAxisMask: Int
  public var offset: Bool

  public init(
    beginMask: Int = 0, endMask: Int = 0, ellipsisMask: Int = 0, newAxisMask: Int = 0,
    shrinkAxisMask: Int = 0,
    offset: Bool = false
  ) {
    self.beginMask = beginMask
    self.endMask = endMask
    self.ellipsisMask = ellipsisMask
    self.newAxisMask = newAxisMask
    self.shrinkAxisMask = shrinkAxisMask
    self.offset = offset
  }
}

/// UNIDIRECTIONAL_SEQUENCE_LSTM.
public struct LSTMOptions: Sendable, Hashable {
  public var activation: MicroActivation
  public var cellClip: Float
  public var projectionClip: Float
  public var isTimeMajor: Bool
  public var asymmetricInputs: Bool
  public var diagonalRecurrent: Bool

  public init(
    activation: MicroActivation = .tanh, cellClip: Float = 0, projectionClip: Float = 0,
    isTimeMajor: Bool = false,
    asymmetricInputs: Bool = false, diagonalRecurrent: Bool = false
  ) {
    self.activation = activation
    self.cellClip = cellClip
    self.projectionClip = projectionClip
    self.isTimeMajor = isTimeMajor
    self.asymmetricInputs = asymmetricInputs
    self.diagonalRecurrent = diagonalRecurrent
  }
}
