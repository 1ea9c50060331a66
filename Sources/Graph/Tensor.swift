/// Names a tensor inside its graph.
public struct TensorID: Hashable, Sendable, CustomStringConvertible {
  public let index: Int
  public init(_ index: Int) { self.index = index }
  public var description: String { "%\(index)" }
}

/// What shape inference knows of a tensor.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  public var element: ElementType
  public var shape: Shape
  public init(_ element: ElementType, _ shape: Shape) {
    self.element = element
    self.shape = shape
  }
  public var description: String { "\(element)\(shape)" }
}

/// How integers stand for real numbers: real = scale × (integer − zero point), per tensor or along one axis.
public struct Quantization: Hashable, Sendable {
  public var scales: [Float]
  public var zeroPoints: [Int]
  /// The axis that the scales belong to; nil for one scale.
  public var axis: Int?

  public init(scales: [Float], zeroPoints: [Int], axis: Int? = nil) {
    precondition(scales.count == zeroPoints.count && (axis != nil || scales.count == 1))
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }
}

/// One value in a graph: a constant, an input, or what an operator makes.
public struct Tensor: Sendable {
  public var name: String
  public var type: TensorType
  /// The value, when it is known before execution.
  public var constant: Constant?
  public var quantization: Quantization?
  public var origin: Origin

  public init(
    name: String, type: TensorType, constant: Constant? = nil, quantization: Quantization? = nil,
    origin: Origin? = nil
  ) {
    self.name = name
    self.type = type
    self.constant = constant
    self.quantization = quantization
    self.origin = origin ?? Origin(name: name)
  }

  public var shape: Shape { type.shape }
  public var element: ElementType { type.element }
}

/// A graph input or output as the outside world knows it.
public struct Port: Hashable, Sendable {
  public var tensor: TensorID
  /// The name in the source file; never changed by passes.
  public var name: String
  /// The element type the file declared (double and float16 ports are float32 inside).
  public var declaredType: SourceType
  /// The shape the file declared, resolved: the outside view. Differs from the tensor's shape when the layout changed.
  public var declaredShape: Shape
  /// Axis `i` of the tensor is axis `permutation[i]` of the declared shape; nil when they agree.
  public var permutation: [Int]?

  public init(
    tensor: TensorID, name: String, declaredType: SourceType, declaredShape: Shape, permutation: [Int]? = nil
  ) {
    self.tensor = tensor
    self.name = name
    self.declaredType = declaredType
    self.declaredShape = declaredShape
    self.permutation = permutation
  }
}
