extension Constant {
  /// The integers and scales behind real numbers that a file gives as integers; nil when something was done to them that
  /// integers cannot follow.
  ///
  ///     if let (integers, quantization) = filter.integers { … }  // the file's own int8 weights
  public var integers: (value: TensorValue, quantization: Quantization)? {
    var value = Constant(source).realized()
    guard value.type.isInteger else { return nil }
    var quantization: Quantization?
    for step in steps {
      if case .dequantize(let axis, let scales, let zeroPoints) = step {
        quantization = Quantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
        continue
      }
      if let known = quantization {
        guard let next = known.following(step, sizes: value.sizes) else { return nil }
        quantization = next
      }
      if !step.isScaling { value = value.applying(step) }
    }
    return quantization.map { (value, $0) }
  }
}

extension Constant.Step {
  fileprivate var isScaling: Bool {
    if case .scale = self { return true }
    return false
  }
}

extension Quantization {
  /// What becomes of the scales when this is done to the elements; nil when nothing can.
  fileprivate func following(_ step: Constant.Step, sizes: [Int]) -> Quantization? {
    switch (step, axis) {
    case (.permute(let permutation), let axis?):
      return Quantization(
        scales: scales, zeroPoints: zeroPoints, axis: permutation.firstIndex(of: axis))
    case (.slice(let cut, let range), let axis?):
      guard cut == axis else { return self }
      return Quantization(scales: Array(scales[range]), zeroPoints: Array(zeroPoints[range]), axis: axis)
    case (.reshape(let shape), let axis?):
      // The axis is still one when what lies before and behind it keeps its number of elements.
      let before = Shape.elementCount(Array(sizes[..<axis]))
      let place = shape.indices.first {
        Shape.elementCount(Array(shape[..<$0])) == before && shape[$0] == sizes[axis]
      }
      return place.map { Quantization(scales: scales, zeroPoints: zeroPoints, axis: $0) }
    case (.scale(let scaled, let factors), _):
      guard axis == nil || axis == scaled, factors.allSatisfy({ $0 > 0 }) else { return nil }
      let all = factors.indices.map { factors[$0] * (axis == nil ? scales[0] : scales[$0]) }
      let points = factors.indices.map { axis == nil ? zeroPoints[0] : zeroPoints[$0] }
      return Quantization(scales: all, zeroPoints: points, axis: scaled)
    default: return axis == nil ? self : nil
    }
  }
}
