extension Operation {
  /// The types of the results for operands of these types, or what does not fit.
  ///
  /// `node` names the source's node in messages. Some operators have optional results, so the caller says how many
  /// it wants (`resultCount`).
  public func resultTypes(
    of inputs: [TensorType?], resultCount: Int, at node: String
  ) throws(Diagnostic) -> [TensorType] {
    let operands = Operands(operation: self, types: inputs, node: node)
    let types: [TensorType]
    switch self {
    case .unary(let kind): types = [try operands.unary(kind)]
    case .binary(let kind, _): types = [try operands.binary(kind)]
    case .compare, .select: types = [try operands.comparison(self)]
    case .cast(let element): types = [TensorType(element, try operands.shape(0))]
    case .reshape, .transpose, .broadcast, .tile, .concat, .split, .slice, .pad:
      types = try operands.movement(self)
    case .gather, .gatherElements, .gatherND, .scatterElements, .scatterND, .oneHot, .triangle,
      .reverseSequence:
      types = [try operands.indexed(self)]
    case .reduce, .argExtreme, .topK, .cumulative, .softmax:
      types = try operands.alongAxes(self)
    case .matmul(let left, let right):
      types = [try operands.matmul(transposesLeft: left, transposesRight: right)]
    case .dense: types = [try operands.dense()]
    case .convolution(let convolution): types = [try operands.convolution(convolution)]
    case .transposedConvolution(let convolution): types = [try operands.transposedConvolution(convolution)]
    case .pool(let pool): types = try operands.pool(pool)
    case .resize(let resize): types = [try operands.resize(resize)]
    case .recurrent(let recurrent): types = try operands.recurrent(recurrent)
    case .quantizeLinear(_, _, let element): types = [TensorType(element, try operands.shape(0))]
    case .dequantizeLinear: types = [TensorType(.float32, try operands.shape(0))]
    case .composite(let composite): types = try operands.composite(composite)
    }
    guard types.count >= resultCount else {
      throw operands.problem("has \(resultCount) results; it makes at most \(types.count)")
    }
    for type in types.prefix(resultCount) {
      guard type.shape.rank <= Shape.maximumRank else {
        throw operands.problem(
          "would make a tensor of rank \(type.shape.rank); the most is \(Shape.maximumRank)")
      }
      guard type.shape.elementCountPerSample <= Shape.maximumElementCount else {
        throw operands.problem(
          "would make a tensor of shape \(type.shape), more than \(Shape.maximumElementCount) elements")
      }
    }
    return Array(types.prefix(resultCount))
  }
}

/// The operands of one operator while its results are inferred; words for what does not fit.
struct Operands {
  let operation: Operation
  let types: [TensorType?]
  let node: String

  func problem(_ text: String, hint: String? = nil) -> Diagnostic {
    let subject = node.isEmpty ? "a '\(operation.name)' operator" : "'\(node)' (\(operation.name))"
    return Diagnostic(.badData, "\(subject) \(text)", hint: hint)
  }

  func type(_ index: Int) throws(Diagnostic) -> TensorType {
    guard index < types.count, let type = types[index] else {
      throw problem("lacks its operand number \(index + 1)")
    }
    return type
  }

  func optional(_ index: Int) -> TensorType? { index < types.count ? types[index] : nil }
  func shape(_ index: Int) throws(Diagnostic) -> Shape { try type(index).shape }

  func check(axis: Int, rank: Int) throws(Diagnostic) {
    guard axis >= 0 && axis < rank else {
      throw problem("names axis \(axis) of a tensor of rank \(rank)")
    }
  }

  func broadcast(_ shapes: [Shape]) throws(Diagnostic) -> Shape {
    let rank = shapes.map(\.rank).max() ?? 0
    var extents = [Extent](repeating: 1, count: rank)
    for shape in shapes {
      let offset = rank - shape.rank
      for axis in 0..<shape.rank {
        let extent = shape[axis]
        if extent == 1 { continue }
        guard extents[offset + axis] == 1 || extents[offset + axis] == extent else {
          let list = shapes.map(\.description).joined(separator: " and ")
          throw problem("cannot broadcast shapes \(list)")
        }
        extents[offset + axis] = extent
      }
    }
    return Shape(extents)
  }
}

extension Operands {
  func unary(_ kind: Unary) throws(Diagnostic) -> TensorType {
    let operand = try type(0)
    switch kind {
    case .isNaN, .isInfinite:
      return TensorType(.bool, operand.shape)
    case .not:
      guard operand.element == .bool else { throw problem("needs a bool operand, found \(operand.element)") }
    case .bitwiseNot:
      guard operand.element.isInteger else {
        throw problem("needs an integer operand, found \(operand.element)")
      }
    case .absolute, .negate, .sign, .relu, .square, .clip, .floor, .ceil, .round:
      guard operand.element != .bool else { throw problem("cannot work on bool") }
    default:
      guard operand.element.isFloat else { throw problem("needs a float operand, found \(operand.element)") }
    }
    return operand
  }

  func sameElement(_ first: TensorType, _ second: TensorType) throws(Diagnostic) {
    guard first.element == second.element else {
      throw problem(
        "mixes element types \(first.element) and \(second.element)", hint: "insert a Cast in the model")
    }
  }

  func binary(_ kind: Binary) throws(Diagnostic) -> TensorType {
    let (left, right) = (try type(0), try type(1))
    // A power or a shift may have an exponent of another type.
    if kind != .power { try sameElement(left, right) }
    switch kind {
    case .and, .or, .xor:
      guard left.element == .bool else { throw problem("needs bool operands, found \(left.element)") }
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight:
      guard left.element.isInteger else { throw problem("needs integer operands, found \(left.element)") }
    default:
      guard left.element != .bool else { throw problem("cannot work on bool") }
    }
    return TensorType(left.element, try broadcast([left.shape, right.shape]))
  }

  func comparison(_ operation: Operation) throws(Diagnostic) -> TensorType {
    if case .select = operation {
      let (condition, then, otherwise) = (try type(0), try type(1), try type(2))
      guard condition.element == .bool else {
        throw problem("needs a bool condition, found \(condition.element)")
      }
      try sameElement(then, otherwise)
      return TensorType(then.element, try broadcast([condition.shape, then.shape, otherwise.shape]))
    }
    let (left, right) = (try type(0), try type(1))
    try sameElement(left, right)
    return TensorType(.bool, try broadcast([left.shape, right.shape]))
  }
}
