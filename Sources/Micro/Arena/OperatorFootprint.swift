/// What an operator takes in the arena whatever its shapes are: its parsed options, and the state of its kernel.
struct OperatorFootprint: Sendable {
  struct Block: Sendable {
    var byteCount: Int
    var alignment: Int

    init(_ byteCount: Int, alignment: Int = 4) {
      self.byteCount = byteCount
      self.alignment = alignment
    }
  }

  /// An operand whose full description a kernel fetches while it prepares.
  enum Operand: Sendable {
    case input(Int)
    case output
    /// The output once more, when the data are int8.
    case outputOfInt8
  }

  var options: Block?
  /// Where one-byte enumerations make a difference.
  var optionsWithNarrowEnums: Block?
  var optionsInPython: Block?
  /// The kernel's state with 64-bit pointers, 32-bit pointers, and with compression compiled in.
  var state: Int?
  var narrowState: Int?
  var compressingState: Int?
  /// nil: every input and the first output, once.
  var fetched: [Operand]?

  init(
    _ options: Block? = nil, narrowEnums: Block? = nil, python: Block? = nil, state: Int? = nil,
    narrow: Int? = nil,
    compressing: Int? = nil, fetched: [Operand]? = nil
  ) {
    self.options = options
    optionsWithNarrowEnums = narrowEnums
    optionsInPython = python
    self.state = state
    narrowState = narrow
    compressingState = compressing
    self.fetched = fetched
  }

  func options(on platform: ArenaPlatform) -> Block? {
    switch platform {
    case .cortexM: optionsWithNarrowEnums ?? options
    case .pythonInterpreter: optionsInPython ?? options
    case .cortexMWideEnums, .host64: options
    }
  }

  func state(on platform: ArenaPlatform) -> Int? {
    switch platform {
    case .cortexM, .cortexMWideEnums: narrowState ?? state
    case .host64: state
    case .pythonInterpreter: compressingState ?? state
    }
  }
}

extension BuiltinOperator {
  /// nil for operators whose sizes are not known.
  var footprint: OperatorFootprint? { Self.footprints[self] }

  private typealias Row = OperatorFootprint

  private static let footprints: [BuiltinOperator: OperatorFootprint] =
    windows.merging(arithmetic) { first, _ in first }.merging(movement) { first, _ in first }
    .merging(functions) { first, _ in first }.merging(control) { first, _ in first }

  private static let convolutionOperands: [OperatorFootprint.Operand] = [
    .output, .input(0), .input(1), .input(0), .input(1), .input(2), .output,
  ]
  private static let reducedOperands: [OperatorFootprint.Operand] = [
    .input(0), .output, .input(1), .input(0), .input(1), .outputOfInt8,
  ]

  private static let windows: [BuiltinOperator: OperatorFootprint] = [
    .conv2D: Row(.init(28), state: 72, narrow: 56, compressing: 80, fetched: convolutionOperands),
    .depthwiseConv2D: Row(.init(28), state: 72, narrow: 56, compressing: 80, fetched: convolutionOperands),
    .transposeConv: Row(
      .init(20), narrowEnums: .init(16), state: 80, narrow: 72, compressing: 88,
      fetched: [.output, .input(2), .input(1), .input(2), .input(1), .input(3), .output]),
    .averagePool2D: Row(.init(40), state: 32),
    .maxPool2D: Row(.init(40), state: 32),
    .l2Pool2D: Row(.init(40)),
    .resizeBilinear: Row(.init(2, alignment: 1)),
    .resizeNearestNeighbor: Row(.init(2, alignment: 1)),
    .fullyConnected: Row(
      .init(16), narrowEnums: .init(5, alignment: 1), python: .init(32, alignment: 8), state: 64, narrow: 48,
      compressing: 72),
    .batchMatmul: Row(.init(3, alignment: 1), state: 32, narrow: 16),
    .svdf: Row(.init(12), narrowEnums: .init(8), state: 36),
    .unidirectionalSequenceLstm: Row(.init(16), state: 688),
    .embeddingLookup: Row(),
  ]

  private static let arithmetic: [BuiltinOperator: OperatorFootprint] = [
    .add: Row(.init(8), narrowEnums: .init(2, alignment: 1), state: 60),
    .sub: Row(.init(8), narrowEnums: .init(2, alignment: 1), state: 52),
    .mul: Row(.init(4), narrowEnums: .init(1, alignment: 1), state: 36),
    .div: Row(.init(4), narrowEnums: .init(1, alignment: 1), state: 28),
    .addN: Row(),
    .squaredDifference: Row(state: 112),
    .maximum: Row(), .minimum: Row(), .floorDiv: Row(), .floorMod: Row(),
    .logicalAnd: Row(), .logicalOr: Row(), .logicalNot: Row(),
    .equal: Row(state: 32), .notEqual: Row(state: 32), .greater: Row(state: 32),
    .greaterEqual: Row(state: 32),
    .less: Row(state: 32), .lessEqual: Row(state: 32),
    .selectV2: Row(state: 1),
    .mean: Row(.init(1, alignment: 1), state: 44, fetched: reducedOperands),
    .sum: Row(.init(1, alignment: 1), state: 44, fetched: reducedOperands),
    .reduceMax: Row(.init(1, alignment: 1), state: 44),
    .reduceMin: Row(.init(1, alignment: 1), state: 44),
    .reduceAll: Row(.init(1, alignment: 1), state: 44),
    .argMax: Row(.init(4), narrowEnums: .init(1, alignment: 1)),
    .argMin: Row(.init(4), narrowEnums: .init(1, alignment: 1)),
    .cumsum: Row(.init(2, alignment: 1)),
    .l2Normalization: Row(.init(4), narrowEnums: .init(1, alignment: 1), state: 4),
  ]

  private static let movement: [BuiltinOperator: OperatorFootprint] = [
    .concatenation: Row(.init(8), state: 40, narrow: 24, compressing: 80),
    .reshape: Row(.init(36)), .squeeze: Row(.init(36)), .expandDims: Row(),
    .transpose: Row(), .slice: Row(), .reverseV2: Row(), .broadcastTo: Row(), .fill: Row(), .zerosLike: Row(),
    .stridedSlice: Row(.init(24), state: 84),
    .split: Row(.init(4)), .splitV: Row(.init(4)), .pack: Row(.init(8)), .unpack: Row(.init(8)),
    .gather: Row(.init(8)), .gatherND: Row(),
    .pad: Row(state: 56), .padv2: Row(state: 56),
    .mirrorPad: Row(.init(4), narrowEnums: .init(1, alignment: 1), state: 20),
    .spaceToBatchND: Row(state: 4), .batchToSpaceND: Row(),
    .depthToSpace: Row(.init(4)), .spaceToDepth: Row(.init(4)),
    .shape: Row(.init(4), narrowEnums: .init(1, alignment: 1)),
    .cast: Row(.init(8), narrowEnums: .init(2, alignment: 1)),
    .quantize: Row(state: 32), .dequantize: Row(state: 32),
    .dynamicUpdateSlice: Row(), .broadcastArgs: Row(),
  ]

  private static let functions: [BuiltinOperator: OperatorFootprint] = [
    .softmax: Row(.init(4), state: 80, narrow: 56),
    .logSoftmax: Row(),
    .logistic: Row(state: 16),
    .tanh: Row(state: 16, fetched: [.input(0), .output, .input(0)]),
    .relu: Row(state: 28),
    .relu6: Row(state: 8, fetched: [.input(0)]),
    .leakyRelu: Row(.init(4), state: 24),
    .prelu: Row(state: 28),
    .hardSwish: Row(state: 20),
    .elu: Row(state: 256),
    .abs: Row(state: 28), .rsqrt: Row(state: 28),
    .neg: Row(), .sin: Row(), .cos: Row(), .log: Row(), .exp: Row(), .sqrt: Row(), .square: Row(),
    .floor: Row(), .ceil: Row(), .round: Row(),
  ]

  private static let control: [BuiltinOperator: OperatorFootprint] = [
    .if: Row(.init(8), state: 8, fetched: [.input(0)]),
    .while: Row(.init(8), state: 8, fetched: []),
    .callOnce: Row(.init(4), state: 8, fetched: []),
  ]
}
