import Graph

/// What an ONNX name stands for while a model is imported.
enum ImportedValue {
  /// A tensor of the graph; constants are tensors with a value.
  case tensor(TensorID)
  /// Numbers that depend on the batch size. They exist only during import.
  case symbolic(SymbolicValue)
}

/// A small tensor of shape arithmetic.
struct SymbolicValue {
  var type: ElementType
  var sizes: [Int]
  var elements: [Scalar]

  /// The value as a constant, when the batch does not enter.
  var constant: TensorValue? {
    guard elements.allSatisfy(\.isConstant) else { return nil }
    if type == .float32 { return TensorValue(floats: elements.map { Float($0.constantPart) }, sizes: sizes) }
    let integers = elements.compactMap(\.integer)
    return integers.count == elements.count ? TensorValue(integers: integers, type: type, sizes: sizes) : nil
  }

  init(type: ElementType, sizes: [Int], elements: [Scalar]) {
    self.type = type
    self.sizes = sizes
    self.elements = elements
  }

  init(_ value: TensorValue) {
    type = value.type
    sizes = value.sizes
    if value.type == .float32 {
      elements = value.floats.array.map { Scalar(Double($0)) }
    } else {
      elements = value.integers.map { Scalar($0) }
    }
  }
}
