import Graph
import Storage
import TensorMath

extension Binding {
  func resize(_ resize: Resize) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    for (size, scale) in zip(y.sizes, resize.scales) where !(Float(size) / scale).isInside(1e9) {
      throw problem("has scales \(resize.scales) for a result of \(y.sizes)")
    }
    guard resize.coordinates != .cropAndResize || resize.region.count == x.sizes.count,
      resize.region.allSatisfy({ $0.start.isInside(1e6) && $0.end.isInside(1e6) })
    else {
      throw problem("has a region of interest beyond all bounds")
    }
    let resizing = Resizing(
      sizes: x.sizes, output: y.sizes, scales: resize.scales, mode: resize.mode.kernel,
      coordinates: resize.coordinates.kernel, region: resize.region.map { ($0.start, $0.end) },
      extrapolation: resize.extrapolation, excludesOutside: resize.excludesOutside,
      antialias: resize.antialias)
    let scalar = x.type.scalar
    if case .nearest = resize.mode {
      return { workers in resizing.apply(scalar, x.bytes, into: y.bytes, on: workers) }
    }
    if x.type.isFloat { return { workers in resizing.apply(.float32, x.bytes, into: y.bytes, on: workers) } }
    // Integers interpolate as floats, rounded to the nearest.
    let range = x.type.integerRange ?? 0...1
    return { workers in
      let wide = TensorValue(type: .float32, sizes: y.sizes)
      resizing.apply(.float32, x.converted(to: .float32).bytes, into: wide.bytes, on: workers)
      ElementwiseFunction.round.apply(wide.floats, into: wide.floats, on: workers)
      let clip = ElementwiseFunction.clip(minimum: Float(range.lowerBound), maximum: Float(range.upperBound))
      clip.apply(wide.floats, into: wide.floats, on: workers)
      Cast.apply(wide.bytes, .float32, to: scalar, into: y.bytes)
    }
  }
}

extension Float {
  /// NaN is not.
  fileprivate func isInside(_ bound: Float) -> Bool { abs(self) <= bound }
}

extension Resize.Mode {
  fileprivate var kernel: Resizing.Mode {
    switch self {
    case .nearest(let rounding):
      switch rounding {
      case .preferFloor: .nearest(.preferFloor)
      case .preferCeil: .nearest(.preferCeil)
      case .floor: .nearest(.floor)
      case .ceil: .nearest(.ceil)
      }
    case .linear: .linear
    case .cubic(let coefficient): .cubic(coefficient: coefficient)
    }
  }
}

extension Resize.Coordinates {
  fileprivate var kernel: Resizing.Coordinates {
    switch self {
    case .halfPixel: .halfPixel
    case .halfPixelSymmetric: .halfPixelSymmetric
    case .pytorchHalfPixel: .pytorchHalfPixel
    case .alignCorners: .alignCorners
    case .asymmetric: .asymmetric
    case .cropAndResize: .cropAndResize
    case .tfHalfPixelForNearest: .tfHalfPixelForNearest
    }
  }
}
