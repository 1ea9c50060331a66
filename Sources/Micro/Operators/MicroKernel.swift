/// One operator as TFLM has it: the row of a table that checks models, and that people read.
///
///     let conv = MicroKernel(of: .conv2D)
///     print(conv?.types ?? [], conv?.limits ?? [])
public struct MicroKernel: Sendable {
  public let code: BuiltinOperator
  public let operandCount: ClosedRange<Int>
  public let resultCount: ClosedRange<Int>
  /// Operands that may be absent although others follow.
  let optional: Set<Int>
  public let types: [TypeSignature]
  let rules: [KernelRule]

  init(
    _ code: BuiltinOperator, _ operands: ClosedRange<Int>, results: ClosedRange<Int> = 1...1,
    optional: Set<Int> = [], _ types: [TypeSignature], _ rules: [KernelRule] = []
  ) {
    self.code = code
    operandCount = operands
    resultCount = results
    self.optional = optional
    self.types = types
    self.rules = rules
  }

  /// nil for operators that TFLM has no kernel for.
  public init?(of code: BuiltinOperator) {
    guard let kernel = Self.table[code] else { return nil }
    self = kernel
  }

  /// Every operator that TFLM has, by its number.
  public static let all: [MicroKernel] = table.values.sorted { $0.code.rawValue < $1.code.rawValue }

  private static let table = Dictionary(
    uniqueKeysWithValues: (computing + elementwise + reducing + moving + joining + controlling).map {
      ($0.code, $0)
    })

  /// The custom operators that come with TFLM.
  public static let customNames: Set<String> = [
    "TFLM_DECODE", "CIRCULAR_BUFFER", "TFLite_Detection_PostProcess", "SignalDelay", "SignalEnergy",
    "SignalFftAutoScale", "SignalFilterBank", "SignalFilterBankLog", "SignalFilterBankSquareRoot",
    "SignalFilterBankSpectralSubtraction", "SignalFramer", "SignalIrfft", "SignalOverlapAdd", "SignalPCAN",
    "SignalRfft", "SignalStacker", "SignalWindow",
  ]

  /// Whether the operator takes any number of operands, from the least on.
  public var takesAnyNumber: Bool { operandCount.upperBound == Self.many }

  /// The file format's name: "CONV_2D".
  public var name: String { code.name }

  /// What a model must keep to beside the types, a sentence each.
  public var limits: [String] { rules.map(\.description).filter { !$0.isEmpty } }

  var countText: String {
    func count(_ range: ClosedRange<Int>, of noun: String) -> String {
      if range.lowerBound == range.upperBound { return "\(range.lowerBound) \(noun)" }
      return range.upperBound >= Self.many
        ? "\(range.lowerBound) or more \(noun)" : "\(range.lowerBound) to \(range.upperBound) \(noun)"
    }
    return "\(count(operandCount, of: "operands")) and \(count(resultCount, of: "results"))"
  }

  /// More operands or results than any operator has.
  static let many = 1 << 20
}

extension MicroKernel {
  private static let real: [MicroType] = [.float32]
  private static let upTo8: [MicroType] = [.float32, .int8]
  private static let upTo16: [MicroType] = [.float32, .int8, .int16]
  private static let upTo32: [MicroType] = [.float32, .int8, .int16, .int32]
  private static let everything: [MicroType] = [.float32, .int8, .int16, .int32, .int64, .uint8, .bool]

  private static let weighted: [TypeSignature] = [
    TypeSignature([.float32, .float32, .float32], .float32), TypeSignature([.int8, .int8, .int32], .int8),
    TypeSignature([.int8, .int4, .int32], .int8), TypeSignature([.int16, .int8, .int64], .int16),
    TypeSignature([.int16, .int8, .int32], .int16),
  ]

  // MARK: Layers with weights, and windows

  private static let computing: [MicroKernel] = [
    MicroKernel(
      .conv2D, 2...3, weighted,
      [
        .rank(0, 4...4), .rank(1, 4...4), .steps, .rescales, .weights(operand: 1, channelAxis: 0, bias: 2),
        .zeroPointIsZero(.int16), .groups, .activation, .shape(.wrong),
      ]),
    MicroKernel(
      .depthwiseConv2D, 2...3,
      weighted.filter { $0 != TypeSignature([.int16, .int8, .int32], .int16) },
      [
        .rank(0, 4...4), .rank(1, 4...4), .steps, .rescales, .weights(operand: 1, channelAxis: 3, bias: 2),
        .zeroPointIsZero(.int16), .depthMultiplier, .needsBias, .activation, .shape(.wrong),
      ]),
    MicroKernel(
      .transposeConv, 3...4,
      [
        TypeSignature([nil, .float32, .float32, .float32], .float32),
        TypeSignature([nil, .int8, .int8, .int32], .int8),
        TypeSignature([nil, .int8, .int16, .int64], .int16),
        TypeSignature([nil, .int8, .int16, .int16], .int16),
      ],
      [
        .rank(1, 4...4), .rank(2, 4...4), .steps, .rescales, .weights(operand: 1, channelAxis: 0, bias: 3),
        .zeroPointIsZero(.int16), .activation, .shape(.wrong),
      ]),
    MicroKernel(
      .fullyConnected, 2...3, weighted,
      [
        .rank(1, 2...2), .rescales, .denseWeights, .zeroPointIsZero(.int16), .activation,
        .shape(.wrong),
      ]),
    MicroKernel(
      .batchMatmul, 2...2, .each(upTo16),
      [.rank(0, 2...5), .rank(1, 2...5), .rescales, .perTensor, .zeroPointIsZero(.int16), .shape(.rejected)]),
    MicroKernel(
      .averagePool2D, 1...1, .each(upTo16),
      [.rank(0, 4...4), .steps, .sameNumbers([0], .rejected, within: 1e-6), .activation, .shape(.wrong)]),
    MicroKernel(
      .maxPool2D, 1...1, .each(upTo16),
      [.rank(0, 4...4), .steps, .sameNumbers([0], .rejected, within: 1e-6), .activation, .shape(.wrong)]),
    MicroKernel(.l2Pool2D, 1...1, .each(real), [.rank(0, 4...4), .steps, .activation, .shape(.wrong)]),
    MicroKernel(
      .unidirectionalSequenceLstm, 24...24, optional: Set(0..<24),
      [
        TypeSignature([.float32], .float32),
        TypeSignature(lstm(.int8, bias: .int32), .int8), TypeSignature(lstm(.int16, bias: .int64), .int16),
      ], [.lstm, .shape(.wrong)]),
    MicroKernel(
      .svdf, 5...5, optional: [3],
      [
        TypeSignature([.float32], .float32), TypeSignature([.int8, .int8, .int16, .int32, .int16], .int8),
        TypeSignature([.int8, .int8, .int8, .int32, .int8], .int8),
      ], [.rank(0, 2...2), .variable(4), .rescales, .shape(.wrong)]),
    MicroKernel(
      .embeddingLookup, 2...2,
      [
        TypeSignature([.int32, .float32], .float32), TypeSignature([.int32, .int8], .int8),
        TypeSignature([.int32, .int8], .float32),
      ], [.rank(0, 1...1), .shape(.wrong)]),
  ]

  private static func lstm(_ type: MicroType, bias: MicroType) -> [MicroType?] {
    [type] + [MicroType?](repeating: .int8, count: 8) + [nil, nil, nil]
      + [MicroType?](repeating: bias, count: 4) + [nil, nil, type, .int16, nil]
  }

  // MARK: Element by element

  private static let elementwise: [MicroKernel] = [
    MicroKernel(
      .add, 2...2, .each(upTo32), [.rescales, .plainIntegers, .sumLimits, .activation, .shape(.wrong)]),
    MicroKernel(
      .sub, 2...2, .each(upTo32),
      [.rescales, .plainIntegers, .sumLimits, .zeroPointIsZero(.int16), .activation, .shape(.wrong)]),
    MicroKernel(
      .mul, 2...2, .each(upTo32), [.rescales, .zeroPointIsZero(.int16), .activation, .shape(.wrong)]),
    MicroKernel(.div, 2...2, .each([.float32, .int8, .int32]), [.rescales, .activation, .shape(.wrong)]),
    MicroKernel(
      .squaredDifference, 2...2, .each(upTo32), [.rescales, .zeroPointIsZero(.int16), .shape(.wrong)]),
    MicroKernel(
      .addN, 2...many, .each(upTo8), [.sameNumbersAmongOperands, .rescales, .shape(.wrong)]),
    MicroKernel(
      .maximum, 2...2, .each([.float32, .int8, .int16, .int32, .int64]),
      [.sameNumbers([0, 1], .wrong, within: 0), .shape(.wrong)]),
    MicroKernel(
      .minimum, 2...2, .each([.float32, .int8, .int16, .int32, .int64]),
      [.sameNumbers([0, 1], .wrong, within: 0), .shape(.wrong)]),
    MicroKernel(.relu, 1...1, .each(upTo16), [.rescales, .zeroPointIsZero(.int16), .shape(.wrong)]),
    MicroKernel(.relu6, 1...1, .each(upTo16), [.sameNumbers([0], .wrong, within: 0), .shape(.wrong)]),
    MicroKernel(.leakyRelu, 1...1, .each(upTo16), [.rescales, .shape(.wrong)]),
    MicroKernel(
      .prelu, 2...2,
      [
        TypeSignature([.float32], .float32), TypeSignature([.int8], .int8),
        TypeSignature([.int16, .int8], .int16),
      ], [.rescales, .floatRank(4), .shape(.wrong)]),
    MicroKernel(.elu, 1...1, .each(upTo8), [.rescales, .shape(.wrong)]),
    MicroKernel(.hardSwish, 1...1, .each(upTo8), [.rescales, .hardSwishScale, .shape(.wrong)]),
    MicroKernel(
      .logistic, 1...1, .each(upTo16),
      [
        .rescales, .resultNumbers(.int8, 1 / 256, -128), .resultNumbers(.int16, 1 / 32768, 0),
        .zeroPointIsZero(.int16), .shape(.wrong),
      ]),
    MicroKernel(
      .tanh, 1...1, .each(upTo16),
      [
        .rescales, .resultNumbers(.int8, 1 / 128, 0), .resultNumbers(.int16, 1 / 32768, 0),
        .zeroPointIsZero(.int16), .shape(.wrong),
      ]),
    MicroKernel(
      .softmax, 1...1, .each(upTo16) + [TypeSignature([.int8], .int16)],
      [.rank(0, 1...many), .rescales, .softmaxNumbers, .softmaxScale, .shape(.wrong)]),
    MicroKernel(
      .logSoftmax, 1...1, .each(upTo8),
      [.rank(0, 1...many), .rescales, .resultNumbers(.int8, 16 / 256, 127), .shape(.wrong)]),
    MicroKernel(
      .l2Normalization, 1...1, .each(upTo8),
      [.rank(0, 1...4), .noActivation, .rescales, .resultNumbers(.int8, 1 / 128, 0), .shape(.wrong)]),
    MicroKernel(.abs, 1...1, .each(upTo16), [.rescales, .shape(.wrong)]),
    // Its int8 and int16 kernels end with an error at the first number that is not positive.
    MicroKernel(.rsqrt, 1...1, .each(upTo16), [.rescales, .shape(.wrong)]),
    MicroKernel(.neg, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.sin, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.cos, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.log, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.sqrt, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.square, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.exp, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.floor, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.ceil, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.round, 1...1, .each(real), [.shape(.wrong)]),
    MicroKernel(.floorDiv, 2...2, .each(real), [.shape(.wrong)]),
    MicroKernel(.floorMod, 2...2, .each(real), [.shape(.wrong)]),
    MicroKernel(.logicalAnd, 2...2, .each([.bool]), [.shape(.wrong)]),
    MicroKernel(.logicalOr, 2...2, .each([.bool]), [.shape(.wrong)]),
    MicroKernel(.logicalNot, 1...1, .each([.bool]), [.shape(.wrong)]),
    comparison(.equal, extra: [.bool]), comparison(.notEqual, extra: [.bool]), comparison(.greater),
    comparison(.greaterEqual), comparison(.less), comparison(.lessEqual),
    MicroKernel(
      .selectV2, 3...3, upTo16.map { TypeSignature([.bool, $0], $0) },
      [.sameNumbers([1, 2], .wrong, within: 0), .shape(.wrong)]),
    MicroKernel(.zerosLike, 1...1, .each([.float32, .int8, .int32, .int64]), [.shape(.wrong)]),
    MicroKernel(
      .quantize, 1...1,
      [
        (.float32, [.int8, .int16]), (.int8, [.int8, .int16, .int32, .uint8]),
        (.int16, [.int8, .int16, .int32]),
        (.int32, [.int8, .int16]), (.uint8, [.int8]),
      ].flatMap { (from: MicroType, to: [MicroType]) in to.map { TypeSignature([from], $0) } },
      [.rescales, .perTensor, .shape(.wrong)]),
    MicroKernel(
      .dequantize, 1...1, [MicroType.int8, .int16, .uint8].map { TypeSignature([$0], .float32) },
      [.rescales, .perTensor, .shape(.wrong)]),
    MicroKernel(
      .cast, 1...1,
      castable.flatMap { from in castable.map { TypeSignature([from], $0) } }, [.shape(.wrong)]),
  ]

  private static let castable: [MicroType] = [.float32, .int8, .int16, .int32, .bool, .uint32]

  private static func comparison(_ code: BuiltinOperator, extra: [MicroType] = []) -> MicroKernel {
    // int16 GREATER loads, but its kernel never sets the numbers that it compares with.
    MicroKernel(
      code, 2...2, ([.float32, .int8, .int32, .int64] + extra).map { TypeSignature([$0], .bool) },
      [.rescales, .comparedScales, .shape(.wrong)])
  }

  // MARK: Along axes

  private static let reducing: [MicroKernel] = [
    MicroKernel(.mean, 2...2, .each(upTo16, then: [.int32]), [.rescales, .wideSum, .shape(.wrong)]),
    MicroKernel(.sum, 2...2, .each(upTo16, then: [.int32]), [.rescales, .wideSum, .shape(.wrong)]),
    MicroKernel(
      .reduceMax, 2...2, .each(upTo8, then: [.int32]),
      [.sameNumbers([0], .rejected, within: 0), .shape(.wrong)]),
    MicroKernel(
      .reduceMin, 2...2, .each(upTo8, then: [.int32]),
      [.sameNumbers([0], .rejected, within: 0), .shape(.wrong)]),
    MicroKernel(.reduceAll, 2...2, .each([.bool], then: [.int32]), [.shape(.wrong)]),
    MicroKernel(.argMax, 2...2, upTo8.map { TypeSignature([$0, .int32], .int32) }, [.shape(.wrong)]),
    MicroKernel(.argMin, 2...2, upTo8.map { TypeSignature([$0, .int32], .int32) }, [.shape(.wrong)]),
    MicroKernel(.cumsum, 2...2, .each(upTo8, then: [.int32]), [.rescales, .shape(.wrong)]),
  ]

  // MARK: Movement

  private static let copies = KernelRule.sameNumbers([0], .wrong, within: 0)

  private static let moving: [MicroKernel] = [
    MicroKernel(.reshape, 1...2, .each(everything, then: [nil]), [copies, .shape(.rejected)]),
    MicroKernel(.squeeze, 1...1, .each(everything), [copies, .shape(.rejected)]),
    MicroKernel(.expandDims, 2...2, .each(upTo16, then: [.int32]), [.constant([1]), copies, .shape(.wrong)]),
    MicroKernel(
      .transpose, 2...2, .each(upTo16, then: [.int32]),
      [.rank(0, 0...5), .constant([1]), .permutation, copies, .shape(.wrong)]),
    MicroKernel(
      .pad, 2...2, .each(upTo32, then: [.int32]),
      [.rank(0, 0...5), .constant([1]), copies, .zeroPointIsZero(.int16), .shape(.rejected)]),
    MicroKernel(
      .padv2, 3...3, upTo32.map { TypeSignature([$0, .int32, $0], $0) },
      [.rank(0, 0...5), .constant([1]), .sameNumbers([0, 2], .rejected, within: 0), .shape(.rejected)]),
    MicroKernel(.mirrorPad, 2...2, .each(upTo8, then: [.int32]), [copies, .shape(.wrong)]),
    MicroKernel(
      .slice, 3...3, .each([.float32, .int8, .int16, .int32, .bool], then: [.int32, .int32]),
      [.rank(0, 0...5), copies, .shape(.wrong)]),
    MicroKernel(
      .stridedSlice, 4...4, .each([.float32, .int8, .int16, .int32, .bool], then: [.int32]),
      [.rank(0, 0...4), .constant([1, 2, 3]), .sliceMasks, copies, .shape(.rejected)]),
    MicroKernel(.gather, 2...2, .each(upTo8, then: [.int32]), [.indices, copies, .shape(.wrong)]),
    MicroKernel(.gatherND, 2...2, .each(upTo8, then: [.int32]), [.innermostIndices, copies, .shape(.wrong)]),
    MicroKernel(
      .spaceToDepth, 1...1, .each(upTo8), [.rank(0, 4...4), .blockSize, copies, .shape(.rejected)]),
    MicroKernel(
      .depthToSpace, 1...1, .each(upTo8), [.rank(0, 4...4), .blockSize, copies, .shape(.rejected)]),
    MicroKernel(.spaceToBatchND, 3...3, .each(upTo8, then: [.int32]), [.rank(0, 3...4), copies]),
    MicroKernel(.batchToSpaceND, 3...3, .each(upTo8, then: [.int32]), [.rank(0, 3...4), copies]),
    MicroKernel(
      .resizeBilinear, 2...2, .each(upTo8, then: [.int32]),
      [.rank(0, 4...4), .constant([1]), .resizeModes, copies, .shape(.wrong)]),
    MicroKernel(
      .resizeNearestNeighbor, 2...2, .each(upTo16, then: [.int32]),
      [.rank(0, 4...4), .constant([1]), copies, .shape(.wrong)]),
    MicroKernel(.reverseV2, 2...2, .each(everything, then: [.int32]), [copies, .shape(.wrong)]),
    MicroKernel(
      .broadcastTo, 2...2, .each(everything, then: [nil]),
      [.rank(0, 0...5), .constant([1]), copies, .shape(.wrong)]),
    MicroKernel(.dynamicUpdateSlice, 3...3, upTo32.map { TypeSignature([$0, $0, nil], $0) }, [copies]),
  ]

  // MARK: Several tensors into one and back, shapes

  private static let joining: [MicroKernel] = [
    MicroKernel(
      .concatenation, 1...many, .each([.float32, .int8, .int16, .int32, .int64, .bool]),
      [
        .atMostOperands(10), .axis, .noActivation, .sameNumbersOfAll, .zeroPointIsZero(.int16),
        .shape(.wrong),
      ]),
    MicroKernel(
      .split, 2...2, results: 1...many, upTo32.map { TypeSignature([.int32, $0], $0) },
      [.constant([0]), .sameNumbers([1], .wrong, within: 0), .shape(.wrong)]),
    MicroKernel(
      .splitV, 3...3, results: 1...many, upTo32.map { TypeSignature([$0, nil, .int32], $0) },
      [.constant([2]), copies, .shape(.wrong)]),
    MicroKernel(
      .pack, 1...many, .each([.float32, .int8, .int16, .int32, .int64]), [.sameNumbersOfAll, .shape(.wrong)]),
    MicroKernel(.unpack, 1...1, results: 1...many, .each(upTo32), [copies, .shape(.wrong)]),
    MicroKernel(.shape, 1...1, [TypeSignature([nil], .int32)]),
    MicroKernel(
      .fill, 2...2, [MicroType.float32, .int8, .int32].map { TypeSignature([nil, $0], $0) },
      [.constant([0]), .sameNumbers([1], .wrong, within: 0), .shape(.wrong)]),
    MicroKernel(.broadcastArgs, 2...2, [TypeSignature([.int32], .int32), TypeSignature([.int64], .int64)]),
  ]

  // MARK: Control flow and state

  private static let anything = [TypeSignature([nil], nil)]

  private static let controlling: [MicroKernel] = [
    MicroKernel(.if, 1...many, results: 0...many, [TypeSignature([.bool, nil], nil)]),
    MicroKernel(.while, 0...many, results: 0...many, anything),
    MicroKernel(.callOnce, 0...0, results: 0...0, anything),
    MicroKernel(.varHandle, 0...0, [TypeSignature([nil], .resource)]),
    MicroKernel(.readVariable, 1...1, [TypeSignature([.resource], nil)]),
    MicroKernel(.assignVariable, 2...2, results: 0...0, [TypeSignature([.resource, nil], nil)]),
  ]
}

extension [TypeSignature] {
  fileprivate static func each(_ types: [MicroType], then others: [MicroType?] = []) -> [TypeSignature] {
    TypeSignature.each(types, then: others)
  }
}
