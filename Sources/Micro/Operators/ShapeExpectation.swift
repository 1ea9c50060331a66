/// What an operator makes of the shapes of its operands.
enum ExpectedShape: CustomStringConvertible {
  case exactly([Int])
  /// Any shape of so many elements: kernels that only count.
  case elements(Int)
  /// The operands do not go together.
  case none(String)

  func fits(_ shape: [Int]) -> Bool {
    switch self {
    case .exactly(let expected):
      // Leading and trailing extents of 1 may come and go only where kernels count; here they compare.
      shape == expected
    case .elements(let count):
      shape.contains(-1)
        ? shape.filter { $0 == -1 }.count == 1
        : count < MicroTensor.uncountable && MicroTensor.elementCount(of: shape) == count
    case .none: false
    }
  }

  var description: String {
    switch self {
    case .exactly(let shape): "\(shape)"
    case .elements(let count): count < MicroTensor.uncountable ? "\(count) elements" : "too large a tensor"
    case .none(let reason): "nothing: \(reason)"
    }
  }
}

/// The shapes of an operator's results, by its operands and settings.
struct ShapeExpectation {
  let use: OperatorUse

  init(_ use: OperatorUse) { self.use = use }

  private func shape(_ place: Int) -> [Int] { use.operand(place)?.shape ?? [] }
  private func count(_ shape: [Int]) -> Int { MicroTensor.elementCount(of: shape) }

  /// nil where they cannot be told, as when they depend on values.
  var shapes: [ExpectedShape]? {
    let data = shape(0)
    if use.operands.contains(where: { $0?.shape.contains { $0 < 0 } ?? false }) { return nil }
    switch use.op.code {
    case .conv2D, .depthwiseConv2D, .averagePool2D, .maxPool2D, .l2Pool2D: return window.map { [$0] }
    case .transposeConv: return transposedConvolution.map { [$0] }
    case .fullyConnected: return fullyConnected.map { [$0] }
    case .batchMatmul: return matrixProduct.map { [$0] }
    case .svdf, .embeddingLookup, .unidirectionalSequenceLstm: return layer.map { [$0] }
    case .add, .sub, .mul, .div, .squaredDifference, .maximum, .minimum, .floorDiv, .floorMod, .prelu, .equal,
      .notEqual, .greater, .greaterEqual, .less, .lessEqual, .logicalAnd, .logicalOr, .selectV2, .addN:
      return [broadcast]
    case .mean, .sum, .reduceMax, .reduceMin, .reduceAll, .argMax, .argMin:
      return reduced.map { [.elements($0)] }
    case .transpose: return use.integers(1).flatMap(transposed).map { [.exactly($0)] }
    case .pad, .padv2, .mirrorPad: return use.integers(1).flatMap(padded).map { [.exactly($0)] }
    case .concatenation, .pack: return joined.map { [$0] }
    case .split, .splitV, .unpack: return parts
    case .slice: return sliced.map { [$0] }
    case .stridedSlice: return stridedSlice.map { [.elements($0)] }
    case .gather, .gatherND: return gathered.map { [.elements($0)] }
    case .spaceToDepth, .depthToSpace: return blocks.map { [$0] }
    case .resizeBilinear, .resizeNearestNeighbor:
      guard let size = use.integers(1), size.count == 2, data.count == 4 else { return nil }
      return [.exactly([data[0], size[0], size[1], data[3]])]
    case .broadcastTo: return use.integers(1).map { [.exactly($0)] }
    case .fill: return use.integers(0).map { [.exactly($0)] }
    case .expandDims, .reshape, .squeeze: return [.elements(count(data))]
    default: return [.elements(count(data))]
    }
  }

  // MARK: Windows

  private var window: ExpectedShape? {
    let (data, weights) = (shape(0), shape(1))
    guard data.count == 4 else { return nil }
    switch use.op.options {
    case .convolution(let options), .depthwise(let options, _):
      guard weights.count == 4 else { return nil }
      let channels = use.op.code == .conv2D ? weights[0] : weights[3]
      let height = Self.extent(
        data[1], weights[1], options.strideHeight, options.dilationHeight, options.padding)
      let width = Self.extent(
        data[2], weights[2], options.strideWidth, options.dilationWidth, options.padding)
      return .exactly([data[0], height, width, channels])
    case .pool(let options):
      let height = Self.extent(data[1], options.filterHeight, options.strideHeight, 1, options.padding)
      let width = Self.extent(data[2], options.filterWidth, options.strideWidth, 1, options.padding)
      return .exactly([data[0], height, width, data[3]])
    default: return nil
    }
  }

  private static func extent(
    _ size: Int, _ window: Int, _ stride: Int, _ dilation: Int, _ padding: MicroPadding
  ) -> Int {
    guard stride > 0, dilation > 0, window > 0 else { return 0 }
    let reach = padding == .same ? 1 : (window - 1) * dilation + 1
    return size < reach ? 0 : (size - reach) / stride + 1
  }

  /// The result's height and width are the model's choice.
  private var transposedConvolution: ExpectedShape? {
    let (weights, data) = (shape(1), shape(2))
    guard weights.count == 4, data.count == 4, let result = use.result?.shape, result.count == 4 else {
      return nil
    }
    guard weights[3] == data[3] else {
      return ExpectedShape.none("its weights are for \(weights[3]) channels, the data has \(data[3])")
    }
    return .exactly([data[0], result[1], result[2], weights[0]])
  }

  // MARK: Products

  private var fullyConnected: ExpectedShape? {
    let (data, weights) = (shape(0), shape(1))
    guard weights.count == 2, weights[1] > 0 else { return nil }
    guard count(data) % weights[1] == 0 else {
      return ExpectedShape.none("\(count(data)) numbers do not divide into rows of \(weights[1])")
    }
    if let last = use.result?.shape.last, last != weights[0] {
      return ExpectedShape.none("rows of \(weights[0])")
    }
    return .elements(count([count(data) / weights[1], weights[0]]))
  }

  private var matrixProduct: ExpectedShape? {
    let (left, right) = (shape(0), shape(1))
    guard left.count >= 2, right.count >= 2, case .batchMatMul(let adjointX, let adjointY, _) = use.op.options
    else {
      return nil
    }
    let (rows, inner) = adjointX ? (left.last!, left[left.count - 2]) : (left[left.count - 2], left.last!)
    let (deep, columns) =
      adjointY ? (right.last!, right[right.count - 2]) : (right[right.count - 2], right.last!)
    guard inner == deep, let outer = Self.broadcast([Array(left.dropLast(2)), Array(right.dropLast(2))])
    else {
      return ExpectedShape.none("\(left) and \(right) do not multiply")
    }
    return .exactly(outer + [rows, columns])
  }

  private var layer: ExpectedShape? {
    switch use.op.code {
    case .embeddingLookup:
      let table = shape(1)
      return table.isEmpty ? nil : .exactly(shape(0) + table.dropFirst())
    case .svdf:
      guard case .svdf(let rank, _, _) = use.op.options, rank > 0, shape(0).count == 2,
        let filters = shape(1).first,
        shape(1).count == 2, shape(1)[1] == shape(0)[1]
      else { return ExpectedShape.none("its weights, rank and data do not go together") }
      return .exactly([shape(0)[0], filters / rank])
    default:
      let (data, weights) = (shape(0), shape(1))
      guard data.count == 3, weights.count == 2, weights[1] == data[2], shape(5) == [weights[0], weights[0]]
      else {
        return ExpectedShape.none("its weights and data do not go together")
      }
      return .exactly([data[0], data[1], weights[0]])
    }
  }

  // MARK: Element by element

  /// Shapes that stretch to a common one, as NumPy does it.
  static func broadcast(_ shapes: [[Int]]) -> [Int]? {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, extent) in shape.enumerated() {
        let place = rank - shape.count + axis
        if extent == 1 || extent == result[place] { continue }
        guard result[place] == 1 else { return nil }
        result[place] = extent
      }
    }
    return result
  }

  private var broadcast: ExpectedShape {
    let shapes = use.operands.compactMap { $0?.shape }
    guard let shape = Self.broadcast(shapes) else {
      return .none("\(shapes.map { "\($0)" }.joined(separator: " and ")) do not go together")
    }
    return .elements(count(shape))
  }

  /// How many elements remain.
  private var reduced: Int? {
    let data = shape(0)
    guard let axes = use.integers(1) else { return nil }
    let removed = Set(axes.map { $0 < 0 ? $0 + data.count : $0 })
    guard removed.allSatisfy(data.indices.contains) else { return -1 }
    return count(data.indices.filter { !removed.contains($0) }.map { data[$0] })
  }
}
