import Graph
import Storage

/// A constant on its way into a file. The elements are made when they are written and not kept.
struct ExportedConstant {
  let name: String
  let constant: Constant

  init(name: String, _ constant: Constant) {
    self.name = name
    self.constant = constant.simplified
  }

  /// Whether the source's bytes are what the file takes.
  private var isVerbatim: Bool {
    constant.steps.allSatisfy(\.keepsOrder) && constant.source.type == SourceType(constant.type)
      && constant.type != .int4
  }

  /// int4 is packed in files, two elements a byte.
  var byteCount: Int {
    constant.type == .int4 ? (constant.elementCount + 1) / 2 : constant.elementCount * constant.type.byteCount
  }

  /// The fields of ONNX's TensorProto up to the elements, whose bytes follow.
  var front: MessageBytes {
    var tensor = MessageBytes()
    for size in constant.sizes { tensor.number(1, size) }
    tensor.number(2, DataTypes.number(of: SourceType(constant.type)))
    tensor.text(8, name)
    tensor.begin(9, byteCount: byteCount)
    return tensor
  }

  func write(to file: OutputFile) throws(StorageError) {
    if isVerbatim {
      let bytes = constant.source.bytes
      // Piece by piece, giving back the pages of the mapped source.
      let step = 4 << 20
      for start in stride(from: 0, to: bytes.count, by: step) {
        try file.write(bytes[start..<min(bytes.count, start + step)])
        bytes.storage.release(byteOffset: 0, byteCount: bytes.storage.byteCount)
      }
      return
    }
    let value = constant.realized()
    if constant.type != .int4 {
      try file.write(value.bytes)
      return
    }
    let packed = View<UInt8>(count: byteCount)
    for index in 0..<value.elementCount {
      packed[index / 2] |= (value.bytes[index] & 15) << (index % 2 == 0 ? 0 : 4)
    }
    try file.write(packed)
  }
}

extension Constant.Step {
  /// Whether the elements stay in their order.
  fileprivate var keepsOrder: Bool {
    if case .reshape = self { return true }
    return false
  }
}

extension Constant {
  /// The same elements with fewer steps: permutations that follow each other are one, and one that moves nothing is
  /// none. What an import turned, an export turns back without touching the elements.
  var simplified: Constant {
    var result = Constant(source)
    var rest = steps[...]
    while let step = rest.popFirst() {
      switch step {
      case .permute(let permutation):
        var total = permutation
        while case .permute(let next)? = rest.first {
          total = next.map { total[$0] }
          rest.removeFirst()
        }
        let moved = total.filter { result.sizes[$0] != 1 }
        let sizes = total.map { result.sizes[$0] }
        // Unit axes may change places without any element doing so.
        result = moved == moved.sorted() ? result.reshaped(sizes) : result.permuted(total)
      case .reshape(let sizes): result = result.reshaped(sizes)
      case .slice(let axis, let range): result = result.sliced(axis: axis, range)
      case .scale(let axis, let factors): result = result.scaled(axis: axis, factors: factors)
      case .dequantize(let axis, let scales, let zeroPoints):
        result = result.dequantized(axis: axis, scales: scales, zeroPoints: zeroPoints)
      }
    }
    return result.steps.count < steps.count ? result.simplified : result
  }
}
