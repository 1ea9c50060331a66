import Graph
import Micro
import Storage

/// Ways to hurt a file, the same ones on every machine.
struct Damage {
  private var generator: SeededGenerator

  init(seed: Int) { generator = SeededGenerator(seed: seed) }

  mutating func below(_ count: Int) -> Int { generator.below(max(1, count)) }

  mutating func noise(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(below(256)) } }

  private mutating func strangeNumber() -> Int {
    [
      0, 1, 2, 3, 5, -1, -2, 7, 13, 64, 255, 1000, 65535, 65536, 1 << 24, 1 << 30, Int(Int32.max),
      Int(Int32.min),
    ][below(18)]
  }

  /// A copy with one to three wounds.
  mutating func wounded(_ source: [UInt8]) -> [UInt8] {
    var bytes = source
    for _ in 0..<(1 + below(3)) where bytes.count > 8 {
      let place = below(bytes.count)
      switch below(10) {
      case 0: bytes[place] ^= 1 << UInt8(below(8))
      case 1: bytes[place] = UInt8(below(256))
      case 2: bytes.removeSubrange(place...)
      case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
      case 4: bytes.insert(contentsOf: noise(1 + below(16)), at: place)
      case 5: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][below(5)]
      default:
        // Offsets, lengths and most numbers are words on multiples of 4.
        let word = min(place / 4 * 4, bytes.count - 4)
        withUnsafeBytes(of: Int32(clamping: strangeNumber()).littleEndian) { number in
          for offset in 0..<4 { bytes[word + offset] = number[offset] }
        }
      }
    }
    return bytes
  }

  /// A model with one to three strange numbers in it.
  mutating func twisted(_ source: MicroModel) -> MicroModel {
    var model = source
    for _ in 0..<(1 + below(3)) {
      if below(3) == 0 { twistTensor(&model.main) } else { twistOperator(&model.main) }
    }
    if below(20) == 0 { model.main.outputs.append(strangeNumber()) }
    if below(20) == 0 { model.main.inputs.append(below(model.main.tensors.count)) }
    return model
  }

  private mutating func twistTensor(_ subgraph: inout MicroSubgraph) {
    let place = below(subgraph.tensors.count)
    switch below(7) {
    case 0: subgraph.tensors[place].type = MicroType.allCases[below(MicroType.allCases.count)]
    case 1: subgraph.tensors[place].shape.append(strangeNumber())
    case 2:
      if !subgraph.tensors[place].shape.isEmpty {
        subgraph.tensors[place].shape[below(subgraph.tensors[place].shape.count)] = strangeNumber()
      }
    case 3: subgraph.tensors[place].data = View(noise(below(64)))
    case 4: subgraph.tensors[place].isVariable.toggle()
    case 5:
      let scales: [Float] = [0, -1, .nan, .infinity, 1e-30, 1e30]
      subgraph.tensors[place].quantization = Quantization(
        scales: [scales[below(6)]], zeroPoints: [strangeNumber()], axis: strangeNumber())
    default:
      subgraph.tensors[place].compression = MicroCompression(
        bitWidth: below(9), values: View(noise(below(300))))
    }
  }

  private mutating func twistOperator(_ subgraph: inout MicroSubgraph) {
    guard !subgraph.operators.isEmpty else { return }
    let place = below(subgraph.operators.count)
    let tensor = below(4) == 0 ? strangeNumber() : below(subgraph.tensors.count)
    switch below(7) {
    case 0: subgraph.operators[place].inputs.append(tensor)
    case 1:
      if !subgraph.operators[place].inputs.isEmpty {
        subgraph.operators[place].inputs[below(subgraph.operators[place].inputs.count)] =
          below(2) == 0 ? nil : tensor
      }
    case 2: subgraph.operators[place].outputs.append(tensor)
    case 3: subgraph.operators[place].intermediates.append(tensor)
    case 4: twistCode(&subgraph.operators[place])
    case 5: subgraph.operators[place].options = strangeOptions(subgraph.operators[place].code)
    default:
      if !subgraph.operators[place].inputs.isEmpty { subgraph.operators[place].inputs.removeLast() }
    }
  }

  private mutating func twistCode(_ op: inout MicroOperator) {
    op.code = BuiltinOperator.allCases[below(BuiltinOperator.allCases.count)]
    op.customName = op.code == .custom ? "TFLM_DECODE" : ""
    op.options = strangeOptions(op.code)
  }

  /// The operator's own table, with strange numbers.
  private mutating func strangeOptions(_ code: BuiltinOperator) -> MicroOptions {
    let n = (0..<6).map { _ in strangeNumber() }
    switch code {
    case .conv2D:
      return .convolution(
        ConvolutionOptions(
          padding: .valid, strideWidth: n[0], strideHeight: n[1], dilationWidth: n[2], dilationHeight: n[3]))
    case .depthwiseConv2D:
      return .depthwise(
        ConvolutionOptions(padding: .same, strideWidth: n[0], strideHeight: n[1], dilationWidth: n[2]),
        depthMultiplier: n[3])
    case .averagePool2D, .maxPool2D:
      return .pool(
        PoolOptions(
          padding: .valid, strideWidth: n[0], strideHeight: n[1], filterWidth: n[2], filterHeight: n[3]))
    case .concatenation: return .concatenation(axis: n[0], activation: .none)
    case .gather: return .gather(axis: n[0], batchDimensions: n[1])
    case .pack: return .pack(count: n[0], axis: n[1])
    case .unpack: return .unpack(count: n[0], axis: n[1])
    case .split, .splitV: return .split(count: n[0])
    case .stridedSlice:
      return .stridedSlice(StridedSliceOptions(beginMask: n[0], endMask: n[1], shrinkAxisMask: n[2]))
    case .spaceToDepth, .depthToSpace: return .blocks(size: n[0])
    case .svdf: return .svdf(rank: n[0], activation: .none, asymmetricInputs: false)
    case .if: return .conditional(thenSubgraph: n[0], elseSubgraph: n[1])
    case .while: return .loop(conditionSubgraph: n[0], bodySubgraph: n[1])
    case .callOnce: return .callOnce(subgraph: n[0])
    case .reshape: return .reshape(newShape: n)
    case .squeeze: return .squeeze(dimensions: n)
    default: return .none
    }
  }
}

/// Files that are right in every table and wrong as a whole.
enum HostileFile {
  /// One subgraph with `count` times the same tensor, whose shape has `rank` extents of 1.
  static func sharedTensors(count: Int, rank: Int) -> [UInt8] {
    var file: [UInt8] = []
    func word(_ value: Int) { withUnsafeBytes(of: Int32(clamping: value).littleEndian) { file += $0 } }
    func short(_ value: Int) { withUnsafeBytes(of: UInt16(clamping: value).littleEndian) { file += $0 } }
    // Positions, in order: head, model, list of subgraphs, subgraph, list of tensors, tensor, shape. The tables for
    // fields stand before their table.
    let model = 8 + 16
    let subgraphs = model + 12
    let subgraph = subgraphs + 8 + 8
    let tensors = subgraph + 8
    let tensor = tensors + 4 + 4 * count + 8
    let shape = tensor + 8
    word(model)
    file += Array("TFL3".utf8)
    // Fields of the model: version at 4, no codes, subgraphs at 8.
    for value in [10, 12, 4, 0, 8] { short(value) }
    file += [UInt8](repeating: 0, count: 6)
    word(16)
    word(3)
    word(subgraphs - (model + 8))
    word(1)
    word(subgraph - (subgraphs + 4))
    for value in [6, 8, 4, 0] { short(value) }
    word(8)
    word(tensors - (subgraph + 4))
    word(count)
    for index in 0..<count { word(tensor - (tensors + 4 + 4 * index)) }
    for value in [6, 8, 4, 0] { short(value) }
    word(8)
    word(shape - (tensor + 4))
    word(rank)
    for _ in 0..<rank { word(1) }
    return file
  }
}
