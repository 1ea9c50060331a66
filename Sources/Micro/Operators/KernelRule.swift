/// What one kernel asks of the operators that it runs, beside the element types.
enum KernelRule: Sendable {
  typealias Consequence = MicroProblem.Consequence

  // Extents.
  case rank(Int, ClosedRange<Int>)
  /// Of every operand, for float alone.
  case floatRank(Int)
  /// Strides, dilations and windows are positive.
  case steps
  case groups
  case depthMultiplier
  case blockSize
  case permutation
  case atMostOperands(Int)
  case axis
  /// The declared shape of each result is the one that the operator makes.
  case shape(Consequence)

  // Operands that decide.
  case constant([Int])
  case variable(Int)
  case indices
  case innermostIndices
  case sliceMasks
  case resizeModes
  case needsBias

  // Activations.
  /// Only some of them take effect.
  case activation
  case noActivation

  // Scales and zero points.
  /// Integers need scales, as the kernel computes with them.
  case rescales
  case perTensor
  case plainIntegers
  case zeroPointIsZero(MicroType)
  /// Integers of these operands are taken over as they are.
  case sameNumbers([Int], Consequence, within: Float)
  case sameNumbersAmongOperands
  case sameNumbersOfAll
  case resultNumbers(MicroType, Float, Int)
  case softmaxNumbers
  case softmaxScale
  case hardSwishScale
  case sumLimits
  case comparedScales
  case wideSum
  case weights(operand: Int, channelAxis: Int, bias: Int)
  case denseWeights
  case lstm

  func findings(_ use: OperatorUse) -> [Finding] {
    switch self {
    case .rank, .floatRank, .steps, .groups, .depthMultiplier, .blockSize, .permutation, .atMostOperands,
      .axis,
      .shape:
      use.extentFindings(self)
    case .constant, .variable, .indices, .innermostIndices, .sliceMasks, .resizeModes, .needsBias,
      .activation,
      .noActivation:
      use.settingFindings(self)
    case .weights(let operand, let axis, let bias): use.weightFindings(operand, channelAxis: axis, bias: bias)
    case .denseWeights: use.denseWeightFindings()
    case .lstm: use.lstmFindings()
    default: use.numberFindings(self)
    }
  }
}

extension KernelRule: CustomStringConvertible {
  /// A sentence for people; empty for what goes without saying.
  var description: String {
    switch self {
    case .rank(let operand, let ranks) where ranks.upperBound == MicroKernel.many:
      "operand \(operand) has \(ranks.lowerBound == 1 ? "an axis" : "\(ranks.lowerBound) axes") or more"
    case .rank(let operand, let ranks) where ranks.lowerBound == ranks.upperBound:
      "operand \(operand) has \(ranks.lowerBound) \(ranks.lowerBound == 1 ? "axis" : "axes")"
    case .rank(let operand, let ranks) where ranks.lowerBound == 0:
      "operand \(operand) has at most \(ranks.upperBound) axes"
    case .rank(let operand, let ranks):
      "operand \(operand) has \(ranks.lowerBound) to \(ranks.upperBound) axes"
    case .floatRank(let rank): "float operands have at most \(rank) axes"
    case .groups: "channels divide into groups"
    case .depthMultiplier: "results have as many channels as input channels times the depth multiplier"
    case .atMostOperands(let count): "at most \(count) operands"
    case .constant(let operands):
      "constant: operand\(operands.count > 1 ? "s" : "") \(operands.map(String.init).joined(separator: ", "))"
    case .variable(let operand): "operand \(operand) is a variable"
    case .indices: "constant indices are in range"
    case .innermostIndices: "at most 5 indices to an element"
    case .sliceMasks: "no ellipsis mask and no new-axis mask"
    case .resizeModes: "half-pixel centers and aligned corners exclude each other"
    case .needsBias: "integer data needs a bias"
    case .activation: "fused: NONE, RELU, RELU_N1_TO_1, RELU6"
    case .noActivation: "nothing fused"
    case .perTensor: "one scale for a whole tensor"
    case .plainIntegers: "int32 has no scale"
    case .zeroPointIsZero(let type): "the zero point of \(type) is 0"
    case .sameNumbers, .sameNumbersOfAll: "one scale and zero point for operands and results"
    case .sameNumbersAmongOperands: "one scale and zero point for all operands"
    case .resultNumbers(let type, let scale, let zeroPoint):
      "the \(type) result has scale 1/\(Int((1 / scale).rounded())) and zero point \(zeroPoint)"
    case .softmaxNumbers: "the result has scale 1/256 and zero point -128 (int8), 1/32768 and 0 (int16)"
    case .softmaxScale: "beta times the input's scale is over 2^-26"
    case .hardSwishScale: "the result's scale is over 1/128 of the input's"
    case .sumLimits: "twice the greater input scale is less than 2^20 (int16: 2^15) result scales"
    case .comparedScales: "int8 scales are less than 1"
    case .wideSum: "at most 65,536 int16 numbers to a sum"
    case .weights(_, let axis, _):
      "weights have zero point 0 and one scale, or one for each index of axis \(axis)"
    case .denseWeights:
      "the bias scale is the product of the others within 2 % of the result's; int4 has one scale"
    case .lstm: "24 operands; no peephole, projection, layer norm; the state has the result's numbers"
    case .steps, .blockSize, .permutation, .axis, .shape, .rescales: ""
    }
  }
}
