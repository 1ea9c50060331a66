import CKernels
import Storage

/// Interpolation along every axis, as ONNX defines it.
///
///     Resizing(
///       sizes: [1, 8, 8, 3], output: [1, 16, 16, 3], scales: [1, 2, 2, 1], mode: .linear, coordinates: .halfPixel
///     ).apply(.float32, x, into: y, on: workers)
public struct Resizing: Sendable, Hashable {
  public enum Mode: Sendable, Hashable {
    case nearest(Rounding)
    case linear
    case cubic(coefficient: Float)
  }
  public enum Rounding: String, Sendable, Hashable {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor, ceil
  }
  /// How a place in the result becomes a place in the operand.
  public enum Coordinates: String, Sendable, Hashable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case cropAndResize = "tf_crop_and_resize"
    case tfHalfPixelForNearest = "tf_half_pixel_for_nn"
  }

  public var sizes, output: [Int]
  public var scales: [Float]
  public var mode: Mode
  public var coordinates: Coordinates
  /// For `cropAndResize`: start and end along each axis, where 0 and 1 are the first and the last element.
  public var region: [(start: Float, end: Float)] {
    get { zip(regionStarts, regionEnds).map { ($0, $1) } }
    set {
      regionStarts = newValue.map(\.start)
      regionEnds = newValue.map(\.end)
    }
  }
  private var regionStarts, regionEnds: [Float]
  /// For `cropAndResize`: the value of places outside the operand.
  public var extrapolation: Float
  /// Gives neighbors outside the operand no weight, instead of repeating the border.
  public var excludesOutside: Bool
  /// Widens the filter where the result is smaller.
  public var antialias: Bool

  public init(
    sizes: [Int], output: [Int], scales: [Float], mode: Mode, coordinates: Coordinates,
    region: [(start: Float, end: Float)] = [], extrapolation: Float = 0, excludesOutside: Bool = false,
    antialias: Bool = false
  ) {
    precondition(sizes.count == output.count && scales.count == sizes.count, "one scale per axis")
    precondition(coordinates != .cropAndResize || region.count == sizes.count, "one region per axis")
    self.sizes = sizes
    self.output = output
    self.scales = scales
    self.mode = mode
    self.coordinates = coordinates
    regionStarts = region.map(\.start)
    regionEnds = region.map(\.end)
    self.extrapolation = extrapolation
    self.excludesOutside = excludesOutside
    self.antialias = antialias
  }

  /// Resizes floats; with `nearest`, elements of any type.
  public func apply(_ type: ScalarType, _ x: View<UInt8>, into y: View<UInt8>, on workers: Workers) {
    precondition(x.count == sizes.reduce(1, *) * type.byteCount, "x does not have the given sizes")
    precondition(y.count == output.reduce(1, *) * type.byteCount, "y does not have the output's sizes")
    guard y.count > 0, x.count > 0 else { return }
    if case .nearest(let rounding) = mode {
      nearest(rounding, type, x, into: y, on: workers)
    } else {
      precondition(type == .float32, "only floats interpolate")
      interpolate(x.reinterpreted(as: Float.self), into: y.reinterpreted(as: Float.self), on: workers)
    }
  }

  // MARK: Places

  /// Whether nothing happens along an axis.
  private func keeps(_ axis: Int) -> Bool {
    sizes[axis] == output[axis] && scales[axis] == 1 && coordinates != .cropAndResize
  }

  /// The exact factor behind a scale that was rounded to float.
  private func scale(_ axis: Int) -> Double {
    let (before, after) = (Double(sizes[axis]), Double(output[axis]))
    return Float(after / before) == scales[axis] ? after / before : Double(scales[axis])
  }

  /// Where result index `index` lies in the operand, or nil when the extrapolation value belongs there.
  private func place(_ index: Int, _ axis: Int) -> Double? {
    let (x, scale, extent) = (Double(index), scale(axis), Double(sizes[axis]))
    let width = scale * extent
    switch coordinates {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      let offset = extent / 2 * (1 - Double(output[axis]) / width)
      return offset + (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return width == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .alignCorners: return width == 1 ? 0 : x * (extent - 1) / (width - 1)
    case .asymmetric: return x / scale
    case .tfHalfPixelForNearest: return (x + 0.5) / scale
    case .cropAndResize:
      let (start, end) = (Double(regionStarts[axis]), Double(regionEnds[axis]))
      let span = (end - start) * (extent - 1)
      let place = (width == 1 ? span / 2 : x * span / (width - 1)) + start * (extent - 1)
      return place < 0 || place > extent - 1 ? nil : place
    }
  }

  private func nearest(
    _ rounding: Rounding, _ type: ScalarType, _ x: View<UInt8>, into y: View<UInt8>, on workers: Workers
  ) {
    let tables = sizes.indices.map { axis -> [Int] in
      if keeps(axis) { return Array(0..<sizes[axis]) }
      return (0..<output[axis]).map { index in
        guard let place = place(index, axis) else { return AxisMap.outside }
        return min(max(0, rounding.index(place)), sizes[axis] - 1)
      }
    }
    let fill = View<UInt8>(count: type.byteCount)
    Cast.apply(View<Float>([extrapolation]).bytes, .float32, to: type, into: fill)
    AxisMap(sizes: sizes, tables: tables)
      .apply(x, elementByteCount: type.byteCount, fill: fill, into: y, on: workers)
  }

  // MARK: Weights

  /// What one result index takes: neighboring operand indices (the border repeats) and their weights.
  private struct Neighbors {
    var indices: [Int]
    var weights: [Float]
  }

  /// nil where the extrapolation value belongs.
  private func neighbors(_ index: Int, _ axis: Int) -> Neighbors? {
    guard let place = place(index, axis) else { return nil }
    let floor = place.rounded(.down)
    // The ratio is in (0, 1]: on an element, it is the right one of two.
    let left = floor == place ? Int(floor) - 1 : Int(floor)
    let ratio = place - Double(left)
    var weights = antialias ? smoothed(ratio, scale: min(1, scale(axis))) : sharp(ratio)
    let half = weights.count / 2
    let first = min(max(left - half + 1, -half), sizes[axis] - 1 + half - weights.count + 1)
    if excludesOutside {
      for offset in weights.indices where !(0..<sizes[axis]).contains(first + offset) { weights[offset] = 0 }
      let sum = weights.reduce(0, +)
      for offset in weights.indices { weights[offset] /= sum }
    }
    return Neighbors(
      indices: weights.indices.map { min(max(0, first + $0), sizes[axis] - 1) },
      weights: weights.map(Float.init))
  }

  private func sharp(_ ratio: Double) -> [Double] {
    guard case .cubic(let coefficient) = mode else { return [1 - ratio, ratio] }
    return [ratio + 1, ratio, 1 - ratio, 2 - ratio].map { Resizing.cubic($0, Double(coefficient)) }
  }

  private func smoothed(_ ratio: Double, scale: Double) -> [Double] {
    let reach: Double = if case .cubic = mode { 2 } else { 1 }
    let start = Int((-reach / scale).rounded(.down)) + 1
    var weights = (start..<(2 - start)).map { offset -> Double in
      let distance = abs(Double(offset) - ratio) * scale
      guard case .cubic(let coefficient) = mode else { return max(0, 1 - distance) }
      return Resizing.cubic(distance, Double(coefficient))
    }
    let sum = weights.reduce(0, +)
    for index in weights.indices { weights[index] /= sum }
    return weights
  }

  /// The cubic convolution kernel at a distance ≥ 0.
  private static func cubic(_ x: Double, _ a: Double) -> Double {
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }

  // MARK: Interpolation

  /// One axis after the other, innermost first.
  private func interpolate(_ x: View<Float>, into y: View<Float>, on workers: Workers) {
    let axes = sizes.indices.reversed().filter { !keeps($0) }
    guard let last = axes.last else { return y.copy(from: x) }
    var current = x
    var extents = sizes
    for axis in axes {
      let outer = extents[..<axis].reduce(1, *)
      let inner = extents[(axis + 1)...].reduce(1, *)
      extents[axis] = output[axis]
      let target = axis == last ? y : View<Float>(count: extents.reduce(1, *))
      interpolate(current, axis, outer: outer, inner: inner, into: target, on: workers)
      current = target
    }
  }

  private func interpolate(
    _ x: View<Float>, _ axis: Int, outer: Int, inner: Int, into y: View<Float>, on workers: Workers
  ) {
    let table = (0..<output[axis]).map { neighbors($0, axis) }
    let run = workers.kernels.table.pointee.elementwise.pointee.weighted_sum
    let (source, target) = (UnsafePointer(x.elementPointer), y.elementPointer)
    let (before, after) = (sizes[axis], output[axis])
    let most = table.map { $0?.indices.count ?? 0 }.max() ?? 0
    workers.parallelFor(outer * after, grain: max(1, (1 << 13) / (inner * max(1, most)))) { range in
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: most + 1) { rows in
        for item in range {
          let to = target + item * inner
          guard let neighbors = table[item % after] else {
            to.update(repeating: extrapolation, count: inner)
            continue
          }
          let base = source + item / after * before * inner
          for (tap, index) in neighbors.indices.enumerated() { rows[tap] = base + index * inner }
          run(rows.baseAddress!, neighbors.weights, neighbors.indices.count, to, inner)
        }
      }
    }
  }
}

extension Resizing.Rounding {
  /// The element that stands for a place between elements.
  func index(_ place: Double) -> Int {
    switch self {
    case .floor: Int(place.rounded(.down))
    case .ceil: Int(place.rounded(.up))
    case .preferFloor: Int((place - 0.5).rounded(.up))
    case .preferCeil: Int((place + 0.5).rounded(.down))
    }
  }
}
