import Storage

extension Constant.Source {
  /// The elements in the graph's type: the same bytes where the widths agree, a converted copy else.
  func decoded() -> TensorValue {
    let count = Shape.elementCount(sizes)
    switch type {
    case .float16:
      let halves = bytes.reinterpreted(as: UInt16.self)
      return floats(count) { Float(Float16(bitPattern: halves[$0])) }
    case .bfloat16:
      let halves = bytes.reinterpreted(as: UInt16.self)
      return floats(count) { Float(bitPattern: UInt32(halves[$0]) << 16) }
    case .float64:
      let doubles = bytes.reinterpreted(as: Double.self)
      return floats(count) { Float(doubles[$0]) }
    case .int4, .uint4:
      let value = TensorValue(type: type.elementType, sizes: sizes)
      for index in 0..<count {
        let nibble = (bytes[index / 2] >> (index % 2 == 0 ? 0 : 4)) & 15
        value.bytes[index] = type == .int4 && nibble > 7 ? nibble | 0xF0 : nibble
      }
      return value
    default:
      return TensorValue(type: type.elementType, sizes: sizes, bytes: bytes)
    }
  }

  private func floats(_ count: Int, _ element: (Int) -> Float) -> TensorValue {
    let value = TensorValue(type: .float32, sizes: sizes)
    let target = value.floats
    for index in 0..<count { target[index] = element(index) }
    return value
  }
}

extension TensorValue {
  func applying(_ step: Constant.Step) -> TensorValue {
    switch step {
    case .permute(let permutation): permuted(permutation)
    case .reshape(let sizes): reshaped(sizes)
    case .slice(let axis, let range): sliced(axis: axis, range)
    case .scale(let axis, let factors): scaled(axis: axis, factors: factors)
    case .dequantize(let axis, let scales, let zeroPoints):
      dequantized(axis: axis, scales: scales, zeroPoints: zeroPoints)
    }
  }

  /// Axis `i` of the result is axis `permutation[i]` of this value.
  public func permuted(_ permutation: [Int]) -> TensorValue {
    let newSizes = permutation.map { sizes[$0] }
    let result = TensorValue(type: type, sizes: newSizes)
    switch type.byteCount {
    case 1: Self.permute(elements(as: UInt8.self), sizes, permutation, into: result.elements(as: UInt8.self))
    case 2:
      Self.permute(elements(as: UInt16.self), sizes, permutation, into: result.elements(as: UInt16.self))
    case 4:
      Self.permute(elements(as: UInt32.self), sizes, permutation, into: result.elements(as: UInt32.self))
    default:
      Self.permute(elements(as: UInt64.self), sizes, permutation, into: result.elements(as: UInt64.self))
    }
    return result
  }

  private static func permute<Element>(
    _ source: View<Element>, _ sizes: [Int], _ permutation: [Int], into target: View<Element>
  ) {
    let strides = Shape.strides(sizes)
    let newSizes = permutation.map { sizes[$0] }
    let steps = permutation.map { strides[$0] }
    if target.count == 0 { return }
    guard let inner = newSizes.last, let innerStep = steps.last else {
      target[0] = source[0]
      return
    }
    var index = [Int](repeating: 0, count: newSizes.count)
    var base = 0
    var written = 0
    while written < target.count {
      for position in 0..<inner { target[written + position] = source[base + position * innerStep] }
      written += inner
      var axis = newSizes.count - 2
      while axis >= 0 {
        index[axis] += 1
        base += steps[axis]
        if index[axis] < newSizes[axis] { break }
        base -= steps[axis] * newSizes[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }

  /// The elements whose index along `axis` lies in `range`.
  public func sliced(axis: Int, _ range: Range<Int>) -> TensorValue {
    var newSizes = sizes
    newSizes[axis] = range.count
    let width = type.byteCount * Shape.elementCount(Array(sizes[(axis + 1)...]))
    let outer = Shape.elementCount(Array(sizes[..<axis]))
    let result = TensorValue(type: type, sizes: newSizes)
    for row in 0..<outer {
      let from = (row * sizes[axis] + range.lowerBound) * width
      let to = row * range.count * width
      result.bytes[to..<to + range.count * width].copy(from: bytes[from..<from + range.count * width])
    }
    return result
  }

  func scaled(axis: Int, factors: [Float]) -> TensorValue {
    let result = TensorValue(type: .float32, sizes: sizes)
    let inner = Shape.elementCount(Array(sizes[(axis + 1)...]))
    let source = floats
    let target = result.floats
    for index in 0..<source.count {
      target[index] = source[index] * factors[index / max(1, inner) % factors.count]
    }
    return result
  }

  package func dequantized(axis: Int?, scales: [Float], zeroPoints: [Int]) -> TensorValue {
    let result = TensorValue(type: .float32, sizes: sizes)
    let inner = max(1, axis.map { Shape.elementCount(Array(sizes[($0 + 1)...])) } ?? elementCount)
    let target = result.floats
    for index in 0..<target.count {
      let channel = index / inner % scales.count
      target[index] = Float(integer(at: index) &- zeroPoints[channel]) * scales[channel]
    }
    return result
  }
}
