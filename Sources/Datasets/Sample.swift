import Graph

/// What a sample ought to give.
public enum Label: Sendable {
  /// The index of the right class.
  case classIndex(Int)
  /// The right output, or one class index for each pixel.
  case array(TensorValue)
}

/// One sample, ready for the model.
public struct Sample: Sendable {
  /// What messages call it, such as `x.npy[3]` or `cat/7.png`.
  public var name: String
  /// A value for each input of the model, in the model's order, shaped as a batch of one.
  public var inputs: [TensorValue]
  public var label: Label?
}

/// Several samples, stacked.
public struct Batch: Sendable {
  public var names: [String]
  /// A value for each input of the model, in the model's order.
  public var inputs: [TensorValue]
  /// A label for each sample; empty without labels.
  public var labels: [Label]
}

/// What a model's input asks of the data.
public struct DataInput: Sendable, Hashable {
  public var name: String
  public var element: ElementType
  /// The shape as the outside knows it.
  public var shape: Shape
  /// How the model arranges this input's axes, when it is known (from the operators that take it).
  public var layout: SampleLayout?
  /// The sizes as the model itself stores them, where they are others than the outside knows.
  public var storedSizes: [Int]?

  public init(name: String, element: ElementType, shape: Shape, layout: SampleLayout? = nil) {
    self.name = name
    self.element = element
    self.shape = shape
    self.layout = layout
  }

  public init(_ port: Port, layout: SampleLayout? = nil) {
    self.init(
      name: port.name, element: port.declaredType.elementType, shape: port.declaredShape, layout: layout)
  }

  /// "[1, 8, 8, 1] or [1, 1, 8, 8]"
  var shapeText: String {
    guard let storedSizes, Shape(storedSizes) != shape else { return "\(shape)" }
    return "\(storedSizes) or \(shape)"
  }

  /// The axis along which samples are stacked: the open one, or a leading one of size 1.
  public var batchAxis: Int? { shape.batchAxis ?? (shape.rank > 0 && shape[0] == .fixed(1) ? 0 : nil) }

  /// The sizes of one sample without the batch axis.
  var sampleSizes: [Int] {
    var sizes = shape.perSample
    if let batchAxis, sizes[batchAxis] == 1 { sizes.remove(at: batchAxis) }
    return sizes
  }

  func sizes(batch: Int) -> [Int] {
    var sizes = shape.resolved(batch: batch)
    if shape.batchAxis == nil, let batchAxis { sizes[batchAxis] = batch }
    return sizes
  }
}
