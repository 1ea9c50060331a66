extension ShapeExpectation {
  private func shape(_ place: Int) -> [Int] { use.operand(place)?.shape ?? [] }

  func transposed(_ order: [Int]) -> [Int]? {
    let data = shape(0)
    return order.allSatisfy(data.indices.contains) ? order.map { data[$0] } : nil
  }

  func padded(_ amounts: [Int]) -> [Int]? {
    let data = shape(0)
    guard amounts.count == 2 * data.count else { return [] }
    return data.indices.map { data[$0] + amounts[2 * $0] + amounts[2 * $0 + 1] }
  }

  var joined: ExpectedShape? {
    let shapes = use.operands.compactMap { $0?.shape }
    guard let first = shapes.first else { return nil }
    switch use.op.options {
    case .concatenation(let axis, _):
      let place = axis < 0 ? axis + first.count : axis
      guard first.indices.contains(place) else { return nil }
      var result = first
      result[place] = 0
      for shape in shapes {
        var rest = shape
        guard shape.count == first.count else { return ExpectedShape.none("its operands differ in rank") }
        rest[place] = 0
        guard rest.enumerated().allSatisfy({ $0.offset == place || $0.element == first[$0.offset] }) else {
          return ExpectedShape.none("its operands differ beside axis \(place)")
        }
        result[place] += shape[place]
      }
      return .exactly(result)
    case .pack(_, let axis):
      let place = axis < 0 ? axis + first.count + 1 : axis
      guard (0...first.count).contains(place), shapes.allSatisfy({ $0 == first }) else {
        return ExpectedShape.none("its operands differ, or there is no axis \(axis)")
      }
      return .exactly(Array(first[..<place]) + [shapes.count] + first[place...])
    default: return nil
    }
  }

  /// Every part, where their sizes follow from the operands.
  var parts: [ExpectedShape]? {
    let count = use.results.count
    switch use.op.code {
    case .split:
      let data = shape(1)
      guard let axis = use.integers(0)?.first, count > 0 else { return nil }
      let place = axis < 0 ? axis + data.count : axis
      guard data.indices.contains(place), data[place] % count == 0 else {
        return [.none("\(data) does not divide into \(count) along axis \(axis)")]
      }
      var part = data
      part[place] /= count
      return [ExpectedShape](repeating: .exactly(part), count: count)
    case .unpack:
      let data = shape(0)
      guard case .unpack(_, let axis) = use.op.options else { return nil }
      let place = axis < 0 ? axis + data.count : axis
      guard data.indices.contains(place), data[place] == count else {
        return [.none("\(data) does not come apart into \(count) along axis \(axis)")]
      }
      var part = data
      part.remove(at: place)
      return [ExpectedShape](repeating: .exactly(part), count: count)
    default:
      let data = shape(0)
      guard let axis = use.integers(2)?.first else { return nil }
      let place = axis < 0 ? axis + data.count : axis
      let sizes = use.results.map { $0.shape.indices.contains(place) ? $0.shape[place] : 0 }
      guard data.indices.contains(place), sizes.reduce(0, +) == data[place] else {
        return [.none("\(sizes) do not add up to axis \(axis) of \(data)")]
      }
      return sizes.map { size in
        var part = data
        part[place] = size
        return .exactly(part)
      }
    }
  }

  var sliced: ExpectedShape? {
    let data = shape(0)
    guard let begins = use.integers(1), let sizes = use.integers(2) else { return nil }
    guard begins.count == data.count, sizes.count == data.count else {
      return ExpectedShape.none("it has \(begins.count) begins for \(data.count) axes")
    }
    var result: [Int] = []
    for axis in data.indices {
      let size = sizes[axis] == -1 ? data[axis] - begins[axis] : sizes[axis]
      guard begins[axis] >= 0, size >= 0, begins[axis] + size <= data[axis] else {
        return ExpectedShape.none("\(begins[axis]) and \(size) leave axis \(axis) of \(data)")
      }
      result.append(size)
    }
    return .exactly(result)
  }

  /// How many elements remain; removed axes have one index, so they do not count.
  var stridedSlice: Int? {
    let data = shape(0)
    guard let begins = use.integers(1), let ends = use.integers(2), let strides = use.integers(3),
      case .stridedSlice(let options) = use.op.options, options.ellipsisMask == 0, options.newAxisMask == 0,
      begins.count <= data.count, ends.count == begins.count, strides.count == begins.count,
      !strides.contains(0)
    else { return nil }
    var extents: [Int] = []
    for axis in data.indices {
      guard begins.indices.contains(axis) else {
        extents.append(data[axis])
        continue
      }
      if options.shrinkAxisMask >> axis & 1 == 1 { continue }
      let (size, stride) = (data[axis], strides[axis])
      func clamped(_ index: Int) -> Int {
        let place = index < 0 ? index + size : index
        return stride > 0 ? min(max(place, 0), size) : min(max(place, -1), size - 1)
      }
      let begin =
        options.beginMask >> axis & 1 == 1 ? (stride > 0 ? 0 : size - 1) : clamped(begins[axis])
      let end = options.endMask >> axis & 1 == 1 ? (stride > 0 ? size : -1) : clamped(ends[axis])
      extents.append(max(0, (end - begin + stride - (stride > 0 ? 1 : -1)) / stride))
    }
    return MicroTensor.elementCount(of: extents)
  }

  /// How many elements are gathered.
  var gathered: Int? {
    let (data, indices) = (shape(0), shape(1))
    let count = { (shape: [Int]) in MicroTensor.elementCount(of: shape) }
    if use.op.code == .gatherND {
      guard let depth = indices.last, depth <= data.count else { return nil }
      return count(Array(indices.dropLast()) + data.dropFirst(depth))
    }
    guard case .gather(let axis, let batch) = use.op.options else { return nil }
    let place = axis < 0 ? axis + data.count : axis
    let shared = batch < 0 ? batch + indices.count : batch
    guard data.indices.contains(place), (0...min(place, indices.count)).contains(shared) else { return nil }
    return count(Array(data[..<place]) + indices.dropFirst(shared) + data[(place + 1)...])
  }

  var blocks: ExpectedShape? {
    let data = shape(0)
    guard data.count == 4, case .blocks(let size) = use.op.options, size > 0 else { return nil }
    if use.op.code == .depthToSpace {
      guard data[3] % (size * size) == 0 else {
        return ExpectedShape.none("\(data[3]) channels are not blocks")
      }
      return .exactly([data[0], data[1] * size, data[2] * size, data[3] / (size * size)])
    }
    guard data[1] % size == 0, data[2] % size == 0 else {
      return ExpectedShape.none("\(data) has no such blocks")
    }
    let depth = MicroTensor.elementCount(of: [data[3], size, size])
    guard depth < MicroTensor.uncountable else {
      return ExpectedShape.none("blocks of \(size) are too large")
    }
    return .exactly([data[0], data[1] / size, data[2] / size, depth])
  }
}
