import Graph
import Micro

/// How an operator is added to a `MicroMutableOpResolver`.
struct ResolverMethod: Sendable, Hashable {
  /// "AddConv2D"
  var name: String

  /// Those that a model needs, each once, in alphabetical order.
  static func methods(of model: MicroModel) throws(Diagnostic) -> [ResolverMethod] {
    var names = Set<String>()
    var missing = Set<String>()
    for node in model.subgraphs.flatMap(\.operators) {
      let name = node.code == .custom ? customMethods[node.customName] : methods[node.code]
      if let name {
        names.insert("Add\(name)")
      } else {
        missing.insert(node.code == .custom ? node.customName : node.code.name)
      }
    }
    guard missing.isEmpty else {
      throw Diagnostic(
        .unsupported, "TFLM has no operator for \(missing.sorted().joined(separator: ", "))",
        hint: "`edgeopt ops` lists the operators that it has")
    }
    return names.sorted().map(ResolverMethod.init)
  }

  private static let customMethods = [
    "TFLM_DECODE": "Decode", "TFLite_Detection_PostProcess": "DetectionPostprocess", "ethos-u": "EthosU",
    "CIRCULAR_BUFFER": "CircularBuffer", "SignalDelay": "Delay", "SignalEnergy": "Energy",
    "SignalFftAutoScale": "FftAutoScale", "SignalFilterBank": "FilterBank",
    "SignalFilterBankLog": "FilterBankLog", "SignalFilterBankSquareRoot": "FilterBankSquareRoot",
    "SignalFilterBankSpectralSubtraction": "FilterBankSpectralSubtraction", "SignalFramer": "Framer",
    "SignalIrfft": "Irfft", "SignalOverlapAdd": "OverlapAdd", "SignalPCAN": "PCAN", "SignalRfft": "Rfft",
    "SignalStacker": "Stacker", "SignalWindow": "Window",
  ]

  private static let methods: [BuiltinOperator: String] = [
    .abs: "Abs", .add: "Add", .addN: "AddN", .argMax: "ArgMax", .argMin: "ArgMin",
    .assignVariable: "AssignVariable", .averagePool2D: "AveragePool2D", .batchMatmul: "BatchMatMul",
    .batchToSpaceND: "BatchToSpaceNd", .broadcastArgs: "BroadcastArgs", .broadcastTo: "BroadcastTo",
    .callOnce: "CallOnce", .cast: "Cast", .ceil: "Ceil", .concatenation: "Concatenation", .conv2D: "Conv2D",
    .cos: "Cos", .cumsum: "CumSum", .depthToSpace: "DepthToSpace", .depthwiseConv2D: "DepthwiseConv2D",
    .dequantize: "Dequantize", .div: "Div", .dynamicUpdateSlice: "DynamicUpdateSlice", .elu: "Elu",
    .embeddingLookup: "EmbeddingLookup", .equal: "Equal", .exp: "Exp", .expandDims: "ExpandDims",
    .fill: "Fill", .floor: "Floor", .floorDiv: "FloorDiv", .floorMod: "FloorMod",
    .fullyConnected: "FullyConnected", .gather: "Gather", .gatherND: "GatherNd", .greater: "Greater",
    .greaterEqual: "GreaterEqual", .hardSwish: "HardSwish", .if: "If", .l2Normalization: "L2Normalization",
    .l2Pool2D: "L2Pool2D", .leakyRelu: "LeakyRelu", .less: "Less", .lessEqual: "LessEqual", .log: "Log",
    .logicalAnd: "LogicalAnd", .logicalNot: "LogicalNot", .logicalOr: "LogicalOr", .logistic: "Logistic",
    .logSoftmax: "LogSoftmax", .maximum: "Maximum", .maxPool2D: "MaxPool2D", .mean: "Mean",
    .minimum: "Minimum", .mirrorPad: "MirrorPad", .mul: "Mul", .neg: "Neg", .notEqual: "NotEqual",
    .pack: "Pack", .pad: "Pad", .padv2: "PadV2", .prelu: "Prelu", .quantize: "Quantize",
    .readVariable: "ReadVariable", .reduceAll: "ReduceAll", .reduceMax: "ReduceMax", .reduceMin: "ReduceMin",
    .relu: "Relu", .relu6: "Relu6", .reshape: "Reshape", .resizeBilinear: "ResizeBilinear",
    .resizeNearestNeighbor: "ResizeNearestNeighbor", .reverseV2: "ReverseV2", .round: "Round",
    .rsqrt: "Rsqrt", .selectV2: "SelectV2", .shape: "Shape", .sin: "Sin", .slice: "Slice",
    .softmax: "Softmax", .spaceToBatchND: "SpaceToBatchNd", .spaceToDepth: "SpaceToDepth", .split: "Split",
    .splitV: "SplitV", .sqrt: "Sqrt", .square: "Square", .squaredDifference: "SquaredDifference",
    .squeeze: "Squeeze", .stridedSlice: "StridedSlice", .sub: "Sub", .sum: "Sum", .svdf: "Svdf",
    .tanh: "Tanh", .transpose: "Transpose", .transposeConv: "TransposeConv",
    .unidirectionalSequenceLstm: "UnidirectionalSequenceLSTM", .unpack: "Unpack", .varHandle: "VarHandle",
    .while: "While", .zerosLike: "ZerosLike",
  ]
}

/// An input or output as the C++ files show it.
struct FirmwarePort: Sendable {
  var name: String
  /// "input_image"
  var identifier: String
  var type: MicroType
  /// "int8_t"
  var cType: String
  var shape: [Int]
  var quantization: Quantization?
  var byteCount: Int

  var elementCount: Int { shape.reduce(1, *) }

  static func ports(_ model: MicroModel, _ indices: [Int], _ kind: String) throws(Diagnostic)
    -> [FirmwarePort]
  {
    let names = CName.identifiers(indices.map { "\(kind)_\(model.main.tensors[$0].name)" }, or: kind)
    var result: [FirmwarePort] = []
    for (index, identifier) in zip(indices, names) {
      let tensor = model.main.tensors[index]
      guard let cType = tensor.type.cName, let byteCount = tensor.byteCount else {
        throw Diagnostic(
          .unsupported, "\(kind) '\(tensor.name)' is \(tensor.type), which C++ has no type for")
      }
      result.append(
        FirmwarePort(
          name: tensor.name, identifier: identifier, type: tensor.type, cType: cType, shape: tensor.shape,
          quantization: tensor.quantization, byteCount: byteCount))
    }
    return result
  }
}

extension MicroType {
  /// The type of one element in C++.
  fileprivate var cName: String? {
    switch self {
    case .float32: "float"
    case .float64: "double"
    case .bool: "bool"
    case .int8: "int8_t"
    case .uint8: "uint8_t"
    case .int16: "int16_t"
    case .uint16: "uint16_t"
    case .int32: "int32_t"
    case .uint32: "uint32_t"
    case .int64: "int64_t"
    case .uint64: "uint64_t"
    default: nil
    }
  }

  /// The values that a quantized element can have.
  var quantizedRange: (low: Int, high: Int)? {
    switch self {
    case .int8: (-128, 127)
    case .uint8: (0, 255)
    case .int16: (-32768, 32767)
    default: nil
    }
  }
}
