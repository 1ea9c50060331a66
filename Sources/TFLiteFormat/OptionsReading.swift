import Micro

/// An options table as the operator understands it. A table that is absent or another operator's counts as all zeros,
/// as TFLM has it.
///
///     var reading = OptionsReading(record)
///     let options = reading.options(of: .softmax)
///     print(reading.problems)
struct OptionsReading {
  private let record: OptionsRecord
  /// What no operator understands, such as "padding 7".
  private(set) var problems: [String] = []

  init(_ record: OptionsRecord) { self.record = record }

  mutating func options(of code: BuiltinOperator) -> MicroOptions {
    let expected = code.optionsTable
    guard let known = Self.tables[expected] else {
      return record.table == 0 ? .none : .empty(union: record.table)
    }
    var reading = Fields(record.table == expected ? record : OptionsRecord(0))
    let options = known(&reading)
    problems += reading.problems
    return options
  }

  /// The fields of one table, in any order; those that it lacks are 0.
  private struct Fields {
    private let record: OptionsRecord
    var problems: [String] = []

    init(_ record: OptionsRecord) { self.record = record }

    func number(_ index: Int) -> Int { index < record.numbers.count ? record.numbers[index] : 0 }
    func flag(_ index: Int) -> Bool { number(index) != 0 }
    func real(_ index: Int) -> Float { index < record.reals.count ? record.reals[index] : 0 }
    func text(_ index: Int) -> String { index < record.texts.count ? record.texts[index] : "" }
    var list: [Int] { record.list }

    mutating func activation(_ index: Int) -> MicroActivation { member(index, "activation", .none) }
    mutating func padding(_ index: Int) -> MicroPadding { member(index, "padding", .same) }
    mutating func type(_ index: Int) -> MicroType { member(index, "element type", .float32) }

    private mutating func member<Member: RawRepresentable>(
      _ index: Int, _ name: String, _ fallback: Member
    ) -> Member where Member.RawValue == Int8 {
      if let value = Int8(exactly: number(index)), let member = Member(rawValue: value) { return member }
      problems.append("\(name) \(number(index))")
      return fallback
    }
  }

  /// One reading for each table with fields.
  private static let tables: [UInt8: @Sendable (inout Fields) -> MicroOptions] = [
    1: {
      .convolution(
        ConvolutionOptions(
          padding: $0.padding(0), strideWidth: $0.number(1), strideHeight: $0.number(2),
          dilationWidth: $0.number(4), dilationHeight: $0.number(5), activation: $0.activation(3),
          biasType: $0.type(6)))
    },
    2: {
      .depthwise(
        ConvolutionOptions(
          padding: $0.padding(0), strideWidth: $0.number(1), strideHeight: $0.number(2),
          dilationWidth: $0.number(5), dilationHeight: $0.number(6), activation: $0.activation(4)),
        depthMultiplier: $0.number(3))
    },
    49: {
      .transposedConvolution(
        ConvolutionOptions(
          padding: $0.padding(0), strideWidth: $0.number(1), strideHeight: $0.number(2),
          activation: $0.activation(3), biasType: $0.type(4)))
    },
    5: {
      .pool(
        PoolOptions(
          padding: $0.padding(0), strideWidth: $0.number(1), strideHeight: $0.number(2),
          filterWidth: $0.number(3), filterHeight: $0.number(4), activation: $0.activation(5)))
    },
    8: {
      .fullyConnected(
        FullyConnectedOptions(
          activation: $0.activation(0), keepsDimensions: $0.flag(2), asymmetricInputs: $0.flag(3),
          biasType: $0.type(4), weightsFormat: Int8(clamping: $0.number(1))))
    },
    101: { .batchMatMul(adjointX: $0.flag(0), adjointY: $0.flag(1), asymmetricInputs: $0.flag(2)) },
    6: { .svdf(rank: $0.number(0), activation: $0.activation(1), asymmetricInputs: $0.flag(2)) },
    71: {
      .lstm(
        LSTMOptions(
          activation: $0.activation(0), cellClip: $0.real(0), projectionClip: $0.real(1),
          isTimeMajor: $0.flag(1), asymmetricInputs: $0.flag(2), diagonalRecurrent: $0.flag(3)))
    },
    9: { .softmax(beta: $0.real(0)) },
    10: { .concatenation(axis: $0.number(0), activation: $0.activation(1)) },
    11: { .arithmetic(activation: $0.activation(0)) },
    12: { .arithmetic(activation: $0.activation(0)) },
    21: { .arithmetic(activation: $0.activation(0)) },
    28: { .arithmetic(activation: $0.activation(0)) },
    29: { .arithmetic(activation: $0.activation(0)) },
    15: { .resize(alignCorners: $0.flag(0), halfPixelCenters: $0.flag(1)) },
    74: { .resize(alignCorners: $0.flag(0), halfPixelCenters: $0.flag(1)) },
    17: { .reshape(newShape: $0.list) },
    30: { .squeeze(dimensions: $0.list) },
    19: { .blocks(size: $0.number(0)) },
    94: { .blocks(size: $0.number(0)) },
    23: { .gather(axis: $0.number(0), batchDimensions: $0.number(1)) },
    27: { .reduction(keepsDimensions: $0.flag(0)) },
    32: {
      .stridedSlice(
        StridedSliceOptions(
          beginMask: $0.number(0), endMask: $0.number(1), ellipsisMask: $0.number(2),
          newAxisMask: $0.number(3), shrinkAxisMask: $0.number(4), offset: $0.flag(5)))
    },
    35: { .split(count: $0.number(0)) },
    79: { .split(count: $0.number(0)) },
    37: { .cast(from: $0.type(0), to: $0.type(1)) },
    40: { .result(type: $0.type(0)) },
    57: { .result(type: $0.type(0)) },
    55: { .result(type: $0.type(0)) },
    59: { .pack(count: $0.number(0), axis: $0.number(1)) },
    64: { .unpack(count: $0.number(0), axis: $0.number(1)) },
    75: { .leakyRelu(alpha: $0.real(0)) },
    77: { .mirrorPad(isSymmetric: $0.flag(0)) },
    102: { .cumulativeSum(isExclusive: $0.flag(0), isReversed: $0.flag(1)) },
    116: { .gelu(isApproximate: $0.flag(0)) },
    92: { .conditional(thenSubgraph: $0.number(0), elseSubgraph: $0.number(1)) },
    93: { .loop(conditionSubgraph: $0.number(0), bodySubgraph: $0.number(1)) },
    103: { .callOnce(subgraph: $0.number(0)) },
    111: { .variable(container: $0.text(0), sharedName: $0.text(1)) },
  ]
}
