import Graph
import Micro
import Storage

/// Constants that are stored as indices into tables of few values, the highest bit of an index first.
struct LookupTable {
  /// Bits of an index, 1 to 7.
  var bits: Int
  /// The tables, one for each channel or one for all.
  var values: View<UInt8>
  /// Values from one channel's table to the next one's.
  var stride: Int

  init(bits: Int, values: View<UInt8>, stride: Int) {
    self.bits = bits
    self.values = values
    self.stride = stride
  }

  /// The tables of a tensor that is stored this way.
  init(_ compression: MicroCompression, of tensor: MicroTensor) {
    let channels = max(1, tensor.quantization?.scales.count ?? 1)
    let width = tensor.type.byteCount ?? 1
    self.init(
      bits: compression.bitWidth, values: compression.values,
      stride: compression.values.count / width / channels)
  }

  /// The elements of a tensor with this type, shape and scales.
  func unpacked(_ indices: View<UInt8>, of tensor: MicroTensor) throws(Diagnostic) -> View<UInt8> {
    let (count, name) = (tensor.elementCount, tensor.name)
    guard let width = tensor.type.byteCount, tensor.type != .int4 else {
      throw Diagnostic(.unsupported, "'\(name)' is \(tensor.type), which TFLM does not decompress")
    }
    guard (1...7).contains(bits), indices.count * 8 >= count * bits else {
      throw Diagnostic(.badData, "'\(name)' of shape \(tensor.shape) has too few indices of \(bits) bits")
    }
    let channels = max(1, tensor.quantization?.scales.count ?? 1)
    let axis = tensor.quantization?.axis ?? 0
    guard channels == 1 || axis == 0 || axis == tensor.shape.count - 1, count % channels == 0 else {
      throw Diagnostic(
        .unsupported, "'\(name)' has tables along axis \(axis), which TFLM does not decompress")
    }
    let isLast = channels > 1 && axis != 0
    let elements = View<UInt8>(count: count * width)
    for element in 0..<count {
      var index = 0
      for bit in element * bits..<(element + 1) * bits {
        index = index << 1 | Int(indices[bit / 8] >> UInt8(7 - bit % 8) & 1)
      }
      let channel = isLast ? element % channels : element / (count / channels)
      let entry = (channel * stride + index) * width
      guard index < stride, entry + width <= values.count else {
        throw Diagnostic(.badData, "'\(name)' has an index of \(index), its table \(stride) values")
      }
      for byte in 0..<width { elements[element * width + byte] = values[entry + byte] }
    }
    return elements
  }
}

extension OperatorContext {
  /// The constants that a TFLM_DECODE makes; nil for other operators.
  func decodedOutputs() throws(Diagnostic) -> [View<UInt8>]? {
    guard operation.code == .custom, operation.customName == "TFLM_DECODE" else { return nil }
    try require(
      operation.inputs.count == 2 * operation.outputs.count, "it does not have two operands for each result")
    var decoded: [View<UInt8>] = []
    for (number, output) in operation.outputs.enumerated() {
      let (indices, ancillary) = (try input(2 * number), try input(2 * number + 1))
      guard let packed = indices.constant, let header = ancillary.constant else {
        throw unsupported("its operands are not constant")
      }
      try require(header.count >= 16, "its second operand has \(header.count) bytes, fewer than its header")
      try requireSupported(
        header[1] == 1 && header[4] == 1 && (header[0] == 0 || header[0] == 2),
        "its packing (type \(header[0]), version \(header[1])) is neither a lookup table nor pruning of version 1"
      )
      let values = header[16..<header.count]
      if header[0] == 0 {
        let table = LookupTable(bits: Int(header[5] & 7), values: values, stride: Int(header[6]))
        decoded.append(try table.unpacked(packed, of: tensors[output]))
      } else {
        decoded.append(try unpruned(packed, values, tensors[output]))
      }
    }
    return decoded
  }

  /// A bit for each element, the highest of a byte first, says whether its value is given; the others are the zero point.
  private func unpruned(
    _ mask: View<UInt8>, _ values: View<UInt8>, _ tensor: MicroTensor
  ) throws(Diagnostic) -> View<UInt8> {
    let zeroPoints = tensor.quantization?.zeroPoints ?? []
    guard let width = tensor.type.byteCount, tensor.type == .int8 || zeroPoints.allSatisfy({ $0 == 0 }) else {
      throw unsupported("'\(tensor.name)' is \(tensor.type) with a zero point, which TFLM does not unpack")
    }
    let count = tensor.elementCount
    try require(mask.count * 8 >= count, "its mask has \(mask.count) bytes for \(count) elements")
    let elements = View<UInt8>(count: count * width)
    elements.fill(UInt8(truncatingIfNeeded: zeroPoints.first ?? 0))
    var next = 0
    for element in 0..<count where mask[element / 8] >> UInt8(7 - element % 8) & 1 == 1 {
      try require(next + width <= values.count, "it has fewer values than its mask says")
      elements[element * width..<(element + 1) * width].copy(from: values[next..<next + width])
      next += width
    }
    return elements
  }
}
