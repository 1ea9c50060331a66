import Datasets
import Graph
import Micro
import MicroRuntime
import Storage
import TFLiteFormat

/// A `.tflite` model, ready to run on samples that are prepared as for the model that it was made from.
///
///     let model = try DeviceModel(path: "model.tflite")
///     let outputs = try model.program.makeSession().run(model.stored(sample.inputs))
struct DeviceModel {
  let path: String
  let byteCount: Int
  let program: MicroProgram
  let inputs: [DevicePort]
  let outputs: [DevicePort]
  let provenance: Provenance?

  /// Whose numbers are computed.
  static let arithmetic = "TensorFlow Lite Micro's reference kernels (2026-10-23, 8f6596d)"

  var model: MicroModel { program.model }

  init(path: String) throws(Diagnostic) {
    let (model, byteCount) = try Self.read(path)
    try self.init(model, path: path, byteCount: byteCount, provenance: Provenance(of: model))
  }

  init(_ model: MicroModel, path: String, byteCount: Int, provenance: Provenance?) throws(Diagnostic) {
    self.path = path
    self.byteCount = byteCount
    self.provenance = provenance
    program = try MicroProgram(model)
    inputs = Self.ports(program.inputs, provenance?.inputs)
    outputs = Self.ports(program.outputs, provenance?.outputs)
  }

  /// A file's model, which may be one that does not run.
  static func read(_ path: String) throws(Diagnostic) -> (model: MicroModel, byteCount: Int) {
    let model = try TFLiteReader(path: path).model()
    guard case .file(let byteCount) = FileKind(of: path) else { return (model, 0) }
    return (model, byteCount)
  }

  private static func ports(_ ports: [MicroPort], _ sources: [ProvenancePort]?) -> [DevicePort] {
    ports.enumerated().map { index, port in
      let source = sources.flatMap { $0.count == ports.count ? $0[index] : nil }
      return DevicePort(port: port, source: source)
    }
  }

  /// What the model's inputs ask of data.
  var dataInputs: [DataInput] {
    inputs.map { input in
      var wanted = DataInput(
        name: input.port.name, element: input.takesRealNumbers ? .float32 : input.port.type,
        shape: Shape(input.declaredSizes), layout: dataLayout(of: input))
      wanted.storedSizes = input.port.sizes
      return wanted
    }
  }

  /// Where the operators that take an input want channels last.
  private func dataLayout(of input: DevicePort) -> SampleLayout? {
    guard [3, 4].contains(input.port.sizes.count), input.declaredSizes.count == input.port.sizes.count else {
      return nil
    }
    let graph = model.main
    var pending = [input.port.tensor]
    var seen = Set(pending)
    while let tensor = pending.popLast() {
      for node in graph.operators where node.inputs.contains(tensor) {
        switch node.code {
        case .conv2D, .depthwiseConv2D, .averagePool2D, .maxPool2D, .transposeConv:
          let isSwapped = input.permutation != nil
          return input.port.sizes.count == 4 ? (isSwapped ? .nchw : .nhwc) : (isSwapped ? .ncw : .nwc)
        case .quantize, .pad, .add, .sub, .mul:
          for output in node.outputs where seen.insert(output).inserted { pending.append(output) }
        default: break
        }
      }
    }
    return nil
  }

  /// A sample's values in the types, sizes and layout of the model's inputs.
  func stored(_ values: [TensorValue]) throws(Diagnostic) -> [TensorValue] {
    var result: [TensorValue] = []
    for (input, value) in zip(inputs, values) { result.append(try input.stored(value)) }
    return result
  }
}

/// An input or output of a device model, and how it lay in the model that it was made from.
struct DevicePort {
  var port: MicroPort
  /// The sizes in the source's layout.
  let declaredSizes: [Int]
  /// Axis `i` of what the device stores is axis `permutation[i]` of the source's tensor, unit axes apart; nil when they
  /// agree or nothing is known.
  let permutation: [Int]?

  init(port: MicroPort, source: ProvenancePort?) {
    self.port = port
    // A file may say anything of itself.
    guard let source, Shape.elementCount(source.sourceShape) == Shape.elementCount(port.sizes),
      source.permutation.map({ $0.sorted() == Array(source.sourceShape.indices) }) ?? true
    else {
      (declaredSizes, permutation) = (port.sizes, nil)
      return
    }
    (declaredSizes, permutation) = (source.sourceShape, source.permutation)
  }

  /// Whether its integers stand for real numbers, or it holds real numbers itself.
  var takesRealNumbers: Bool { port.type.isFloat || port.quantization.map { $0.scales[0] > 0 } ?? false }

  /// A value in the source's layout as the device stores it: permuted, and rounded as the device's code does.
  func stored(_ value: TensorValue) throws(Diagnostic) -> TensorValue {
    if value.type == .int64, port.type == .int32 { return try stored(value.narrowed(as: port.name)) }
    return try port.quantized((permutation.map { value.transposed($0) } ?? value).reshaped(port.sizes))
  }

  /// The real numbers of what the device made, in the source's layout.
  func real(_ value: TensorValue) -> TensorValue {
    let numbers = port.dequantized(value)
    guard let permutation else { return numbers.reshaped(declaredSizes) }
    return numbers.reshaped(permutation.map { declaredSizes[$0] }).restored(from: permutation)
  }
}

extension TensorValue {
  /// Integers of ONNX models have 64 bits, the device's 32.
  fileprivate func narrowed(as name: String) throws(Diagnostic) -> TensorValue {
    let integers = (0..<Shape.elementCount(sizes)).map { integer(at: $0) }
    guard integers.allSatisfy({ Int32(exactly: $0) != nil }) else {
      throw Diagnostic(.badData, "the values of '\(name)' do not fit 32 bits, which the device has")
    }
    return TensorValue(integers: integers, type: .int32, sizes: sizes)
  }
}
