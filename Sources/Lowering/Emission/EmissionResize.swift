import Graph
import Micro

extension Emission {
  mutating func emit(_ resize: Resize) throws(Refusal) {
    let whole = try operand(0)
    let (view, changed) = try plane(whole, to: resultShape())
    let axes = changed.map {
      SampledAxis(input: whole.shape[$0], output: resultShape()[$0], scale: resize.scales[$0])
    }
    let shrinks = axes.contains { $0.output < $0.input }
    guard !(resize.antialias && shrinks) else { throw Refusal("smooths what it shrinks (antialias)") }
    guard resize.coordinates != .cropAndResize else { throw Refusal("crops and resizes at once") }
    let flags: (alignsCorners: Bool, halfPixel: Bool)?
    let code: BuiltinOperator
    switch resize.mode {
    case .cubic: throw Refusal("resizes by cubic curves, which the device does not know")
    case .linear:
      try refuseInt16()
      code = .resizeBilinear
      flags = SampledAxis.modes.first { mode in
        !(mode.0 && mode.1)
          && axes.allSatisfy { $0.agrees(linear: resize.coordinates, mode.0, mode.1) }
      }
    case .nearest(let rounding):
      code = .resizeNearestNeighbor
      flags = SampledAxis.modes.first { mode in
        axes.allSatisfy { $0.agrees(nearest: resize.coordinates, rounding, mode.0, mode.1) }
      }
    }
    guard let flags else {
      throw Refusal(
        "resizes with coordinates '\(resize.coordinates.rawValue)' in a way that the device does not know")
    }
    let size = constant(integers: view.output, shape: [2], .int32)
    let options = MicroOptions.resize(
      alignCorners: flags.alignsCorners, halfPixelCenters: flags.halfPixel)
    let shape = [view.input.shape[0]] + view.output + [view.input.shape[3]]
    try bind(0, add(code, [view.input, size], to: whole.numbers, shape, options))
  }

  /// The value as pictures whose rows and columns are the axes that change: what lies before them is the batch, what
  /// lies behind them are the channels.
  private func plane(
    _ value: Value, to shape: [Int]
  ) throws(Refusal) -> (view: (input: Value, output: [Int]), axes: [Int]) {
    var axes = value.shape.indices.filter { value.shape[$0] != shape[$0] }
    // A picture that keeps one of its extents is taken as it is.
    if value.rank == 4, axes.allSatisfy({ $0 == 1 || $0 == 2 }) { axes = [1, 2] }
    guard axes.count <= 2, let first = axes.first, let last = axes.last, last - first <= 1 else {
      throw Refusal("resizes \(value.shape) to \(shape); the device resizes two neighboring axes")
    }
    let sizes = axes.count == 2 ? (value.shape[first], value.shape[last]) : (value.shape[first], 1)
    let batch = value.shape[..<first].reduce(1, *)
    let channels = value.shape[(last + 1)...].reduce(1, *)
    let input = Value(
      tensor: value.tensor, shape: [batch, sizes.0, sizes.1, channels], numbers: value.numbers)
    return ((input, axes.count == 2 ? [shape[first], shape[last]] : [shape[first], 1]), axes)
  }

}

/// Where one axis of a resized tensor takes its elements from, by ONNX and on the device.
struct SampledAxis {
  /// (corners aligned, half-pixel centers), simplest first.
  static let modes = [(false, false), (false, true), (true, false), (true, true)]

  var input: Int
  var output: Int
  /// As the model gives it.
  var scale: Float

  /// Whether linear interpolation weighs the same elements alike.
  func agrees(linear coordinates: Resize.Coordinates, _ alignsCorners: Bool, _ halfPixel: Bool) -> Bool {
    (0..<output).allSatisfy { index in
      let limit = Double(input - 1)
      let wanted = min(max(position(index, coordinates), 0), limit)
      let found = min(max(devicePosition(index, alignsCorners, halfPixel), 0), limit)
      return (wanted - found).magnitude < 1e-5 * Double(input)
    }
  }

  /// Whether the nearest elements are the same ones.
  func agrees(
    nearest coordinates: Resize.Coordinates, _ rounding: Resize.Rounding, _ alignsCorners: Bool,
    _ halfPixel: Bool
  ) -> Bool {
    (0..<output).allSatisfy { index in
      let exact = position(index, coordinates)
      let nearest =
        switch rounding {
        case .floor: exact.rounded(.down)
        case .ceil: exact.rounded(.up)
        case .preferFloor: (exact - 0.5).rounded(.up)
        case .preferCeil: (exact + 0.5).rounded(.down)
        }
      return min(max(Int(nearest), 0), input - 1) == deviceNearest(index, alignsCorners, halfPixel)
    }
  }

  private func position(_ index: Int, _ coordinates: Resize.Coordinates) -> Double {
    let (place, factor) = (Double(index), Double(scale))
    switch coordinates {
    case .halfPixel, .tfHalfPixelForNearest:
      return (place + 0.5) / factor - (coordinates == .halfPixel ? 0.5 : 0)
    case .pytorchHalfPixel: return output > 1 ? (place + 0.5) / factor - 0.5 : 0
    case .halfPixelSymmetric:
      let adjustment = Double(output) / (factor * Double(input))
      let center = Double(input) / 2
      return center * (1 - adjustment) + (place + 0.5) / factor - 0.5
    case .alignCorners: return output > 1 ? place * Double(input - 1) / Double(output - 1) : 0
    case .asymmetric, .cropAndResize: return place / factor
    }
  }

  private func devicePosition(_ index: Int, _ alignsCorners: Bool, _ halfPixel: Bool) -> Double {
    let ratio =
      alignsCorners && output > 1
      ? Double(input - 1) / Double(output - 1) : Double(input) / Double(output)
    return halfPixel ? (Double(index) + 0.5) * ratio - 0.5 : Double(index) * ratio
  }

  /// In the kernel's single precision.
  private func deviceNearest(_ index: Int, _ alignsCorners: Bool, _ halfPixel: Bool) -> Int {
    let ratio =
      alignsCorners && output > 1
      ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
    let place = (Float(index) + (halfPixel ? 0.5 : 0)) * ratio
    let rounded = alignsCorners ? place.rounded(.toNearestOrAwayFromZero) : place.rounded(.down)
    return max(0, min(Int(rounded), input - 1))
  }
}
