import Graph
import Micro
import Storage
import Testing

@testable import TFLiteFormat

/// What the writer makes of a model.
struct WriterTests {
  /// Two dense layers with the same weights.
  private var twins: MicroModel {
    var model = MicroModel()
    let grid = Quantization(scales: [0.5], zeroPoints: [0])
    var last = model.main.add(MicroTensor("x", .int8, [1, 4], quantization: grid))
    model.main.inputs = [last]
    for index in 0..<2 {
      let w = model.main.add(
        MicroTensor("w\(index)", .int8, [4, 4], quantization: grid, data: View((0..<16).map { UInt8($0) })))
      let y = model.main.add(MicroTensor("y\(index)", .int8, [1, 4], quantization: grid))
      model.main.operators.append(
        MicroOperator(
          .fullyConnected, inputs: [last, w, nil], outputs: [y],
          options: .fullyConnected(FullyConnectedOptions())))
      last = y
    }
    model.main.outputs = [last]
    return model
  }

  private func read(_ bytes: View<UInt8>) throws -> MicroModel {
    try TFLiteReader(bytes, name: "written").model()
  }

  @Test func equalConstantsShareABuffer() throws {
    let bytes = try TFLiteWriter(twins).bytes()
    let file = try #require(FlatFile(Storage(bytes: bytes.array)))
    // The empty one, the weights, and the version.
    #expect(file.model.buffer_count == 3)
    #expect(file.buffer(0).data.count == 0)
    #expect(file.model.opcode_count == 1)
  }

  @Test func codesAndVersionsAreLiteRTs() throws {
    var model = twins
    model.main.operators[1].code = .relu
    model.main.operators[1].inputs = [2]
    model.main.operators[1].options = .none
    let file = try #require(FlatFile(Storage(bytes: try TFLiteWriter(model).bytes().array)))
    #expect(file.opcode(0).code == 9 && file.opcode(0).deprecated_code == 9 && file.opcode(0).version == 4)
    #expect(file.opcode(1).code == 19 && file.opcode(1).version == 2)
    model.main.operators[1].code = .cumsum
    model.main.operators[1].inputs = [2, 1]
    let high = try #require(FlatFile(Storage(bytes: try TFLiteWriter(model).bytes().array)))
    #expect(high.opcode(1).code == 128 && high.opcode(1).deprecated_code == 127)
  }

  @Test func metadataComesBack() throws {
    var model = twins
    model.description = "made by hand"
    model.metadata = [MicroMetadata(name: "notes", bytes: View(Array("abc".utf8)))]
    let again = try read(try TFLiteWriter(model).bytes())
    #expect(again.description == "made by hand")
    #expect(again.metadata.map(\.name) == ["notes", "min_runtime_version"])
    #expect(again.metadata(named: "notes")?.array == Array("abc".utf8))
    let version = try #require(again.metadata(named: "min_runtime_version")?.array)
    #expect(version.count == 16 && String(decoding: version.prefix { $0 != 0 }, as: UTF8.self) == "1.14.0")
  }

  @Test func theSignatureNamesInputsAndOutputs() throws {
    let text = String(decoding: try TFLiteWriter(twins).bytes().array, as: UTF8.self)
    #expect(text.contains("serving_default"))
  }

  @Test func optionsOfAnotherOperatorAreRefused() {
    var model = twins
    model.main.operators[0].options = .softmax(beta: 1)
    let refusal = #expect(throws: Diagnostic.self) { try TFLiteWriter(model).bytes() }
    #expect(refusal?.message.contains("FULLY_CONNECTED") == true)
  }

  /// Every table of options, with numbers that are not its defaults.
  @Test(arguments: OptionsSample.all)
  func optionsComeBack(_ sample: OptionsSample) throws {
    var model = twins
    model.main.operators[1].code = sample.code
    model.main.operators[1].options = sample.options
    if case .conditional = sample.options {
      model.subgraphs += [MicroSubgraph(), MicroSubgraph(), MicroSubgraph()]
    }
    if case .loop = sample.options { model.subgraphs += [MicroSubgraph(), MicroSubgraph(), MicroSubgraph()] }
    if case .callOnce = sample.options {
      model.subgraphs += [MicroSubgraph(), MicroSubgraph(), MicroSubgraph()]
    }
    #expect(try read(try TFLiteWriter(model).bytes()).main.operators[1].options == sample.options)
  }
}

struct OptionsSample: Sendable {
  var code: BuiltinOperator
  var options: MicroOptions

  private static let window = ConvolutionOptions(
    padding: .valid, strideWidth: 2, strideHeight: 3, dilationWidth: 4, dilationHeight: 5, activation: .relu6)

  static let all: [OptionsSample] = [
    (.conv2D, .convolution(window.with(bias: .int32))),
    (.depthwiseConv2D, .depthwise(window, depthMultiplier: 6)),
    (
      .transposeConv,
      .transposedConvolution(
        ConvolutionOptions(
          padding: .valid, strideWidth: 2, strideHeight: 3, activation: .relu, biasType: .int32))
    ),
    (
      .maxPool2D,
      .pool(
        PoolOptions(
          padding: .valid, strideWidth: 2, strideHeight: 3, filterWidth: 4, filterHeight: 5,
          activation: .reluN1To1))
    ),
    (
      .fullyConnected,
      .fullyConnected(
        FullyConnectedOptions(
          activation: .relu, keepsDimensions: true, asymmetricInputs: true, biasType: .int32, weightsFormat: 1
        ))
    ),
    (.softmax, .softmax(beta: 0.75)), (.concatenation, .concatenation(axis: -2, activation: .relu)),
    (.add, .arithmetic(activation: .relu)), (.sub, .arithmetic(activation: .relu6)),
    (.mul, .arithmetic(activation: .reluN1To1)), (.div, .arithmetic(activation: .relu)),
    (.l2Normalization, .arithmetic(activation: .tanh)),
    (.resizeBilinear, .resize(alignCorners: true, halfPixelCenters: false)),
    (.resizeNearestNeighbor, .resize(alignCorners: false, halfPixelCenters: true)),
    (.reshape, .reshape(newShape: [2, -1])), (.squeeze, .squeeze(dimensions: [0, 2])),
    (.spaceToDepth, .blocks(size: 2)), (.depthToSpace, .blocks(size: 3)),
    (.gather, .gather(axis: 2, batchDimensions: 1)), (.mean, .reduction(keepsDimensions: true)),
    (
      .stridedSlice,
      .stridedSlice(
        StridedSliceOptions(
          beginMask: 1, endMask: 2, ellipsisMask: 3, newAxisMask: 4, shrinkAxisMask: 5, offset: true))
    ),
    (.split, .split(count: 3)), (.splitV, .split(count: 4)), (.cast, .cast(from: .int8, to: .int32)),
    (.argMax, .result(type: .int32)), (.argMin, .result(type: .int64)), (.shape, .result(type: .int32)),
    (.pack, .pack(count: 3, axis: -1)), (.unpack, .unpack(count: 2, axis: 1)),
    (
      .unidirectionalSequenceLstm,
      .lstm(
        LSTMOptions(
          activation: .tanh, cellClip: 3, projectionClip: 4, isTimeMajor: true, asymmetricInputs: true,
          diagonalRecurrent: true))
    ),
    (.svdf, .svdf(rank: 2, activation: .relu, asymmetricInputs: true)),
    (.leakyRelu, .leakyRelu(alpha: 0.125)),
    (.mirrorPad, .mirrorPad(isSymmetric: true)),
    (.batchMatmul, .batchMatMul(adjointX: true, adjointY: false, asymmetricInputs: true)),
    (.cumsum, .cumulativeSum(isExclusive: false, isReversed: true)), (.gelu, .gelu(isApproximate: true)),
    (.if, .conditional(thenSubgraph: 1, elseSubgraph: 2)),
    (.while, .loop(conditionSubgraph: 2, bodySubgraph: 1)),
    (.callOnce, .callOnce(subgraph: 3)), (.varHandle, .variable(container: "box", sharedName: "state")),
    (.quantize, .empty(union: 89)), (.logistic, .none),
  ].map { OptionsSample(code: $0, options: $1) }
}

extension ConvolutionOptions {
  fileprivate func with(bias: MicroType) -> ConvolutionOptions {
    var copy = self
    copy.biasType = bias
    return copy
  }
}
