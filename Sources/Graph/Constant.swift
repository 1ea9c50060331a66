import Storage

/// What a file says its elements are; wider than ``ElementType`` because files hold float16 and double too.
public enum SourceType: String, Sendable, Hashable, Codable {
  case bool, int4, uint4, int8, uint8, int16, uint16, int32, uint32, int64, uint64
  case float16, bfloat16, float32, float64

  /// Bits an element takes in the source's bytes.
  public var bitCount: Int {
    switch self {
    case .int4, .uint4: 4
    case .bool, .int8, .uint8: 8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float32: 32
    case .int64, .uint64, .float64: 64
    }
  }

  /// The type that elements have inside the graph.
  public var elementType: ElementType {
    switch self {
    case .float16, .bfloat16, .float32, .float64: .float32
    case .uint4: .uint8
    default: ElementType(rawValue: rawValue)!
    }
  }

  public init(_ type: ElementType) { self = SourceType(rawValue: type.rawValue)! }

  /// Bytes that `count` elements take in a file.
  public func byteCount(elements count: Int) -> Int { (count * bitCount + 7) / 8 }
}

/// The value of a constant tensor: source bytes (mapped from a file, or owned) plus what has since been done to
/// them. The elements are made real on use and can be dropped again; the source stays where it is.
///
///     let filter = Constant(source).permuted([0, 2, 3, 1])
///     let value = filter.realized()
public struct Constant: Sendable {
  /// The bytes as the file holds them.
  public struct Source: Sendable {
    public let name: String
    public let type: SourceType
    public let sizes: [Int]
    public let bytes: View<UInt8>

    public init(name: String, type: SourceType, sizes: [Int], bytes: View<UInt8>) {
      precondition(bytes.count == type.byteCount(elements: Shape.elementCount(sizes)))
      self.name = name
      self.type = type
      self.sizes = sizes
      self.bytes = bytes
    }
  }

  /// One thing done to the elements, in order.
  public enum Step: Sendable, Hashable {
    /// Axis `i` of the result is axis `permutation[i]` of what was there.
    case permute([Int])
    case reshape([Int])
    case slice(axis: Int, Range<Int>)
    /// Element times `factors[index along axis]`.
    case scale(axis: Int, factors: [Float])
    /// (integer − zero point) × scale, with one of each or one for each index along an axis.
    case dequantize(axis: Int?, scales: [Float], zeroPoints: [Int])
  }

  public let source: Source
  public private(set) var steps: [Step] = []
  public private(set) var sizes: [Int]

  public init(_ source: Source) {
    self.source = source
    sizes = source.sizes
  }

  public init(_ value: TensorValue, name: String = "") {
    self.init(Source(name: name, type: SourceType(value.type), sizes: value.sizes, bytes: value.bytes))
  }

  /// The type of the realized elements.
  public var type: ElementType {
    for case .dequantize in steps { return .float32 }
    return source.type.elementType
  }
  public var elementCount: Int { Shape.elementCount(sizes) }

  public func permuted(_ permutation: [Int]) -> Constant {
    if permutation == Array(permutation.indices) { return self }
    return adding(.permute(permutation), sizes: permutation.map { sizes[$0] })
  }

  public func reshaped(_ newSizes: [Int]) -> Constant {
    precondition(Shape.elementCount(newSizes) == elementCount)
    return newSizes == sizes ? self : adding(.reshape(newSizes), sizes: newSizes)
  }

  public func sliced(axis: Int, _ range: Range<Int>) -> Constant {
    precondition(range.upperBound <= sizes[axis])
    var newSizes = sizes
    newSizes[axis] = range.count
    return adding(.slice(axis: axis, range), sizes: newSizes)
  }

  public func scaled(axis: Int, factors: [Float]) -> Constant {
    precondition(factors.count == sizes[axis] && type == .float32)
    return adding(.scale(axis: axis, factors: factors), sizes: sizes)
  }

  /// The real numbers that the integers stand for.
  public func dequantized(axis: Int?, scales: [Float], zeroPoints: [Int]) -> Constant {
    precondition(!type.isFloat && scales.count == zeroPoints.count)
    precondition(scales.count == (axis.map { sizes[$0] } ?? 1))
    return adding(.dequantize(axis: axis, scales: scales, zeroPoints: zeroPoints), sizes: sizes)
  }

  private func adding(_ step: Step, sizes: [Int]) -> Constant {
    var copy = self
    copy.steps.append(step)
    copy.sizes = sizes
    return copy
  }

  /// The elements. Shares the source's memory when nothing has to change.
  public func realized() -> TensorValue {
    steps.reduce(source.decoded()) { value, step in value.applying(step) }
  }
}
