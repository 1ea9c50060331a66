import Graph

extension OperatorRegistry {
  static let resizing: [OperatorEntry] = [
    OperatorEntry("Upsample", since: 7, inputs: 2, shapeOperands: [1]) { importing, node throws(Diagnostic) in
      let scales = try node.opset < 9 ? node.floats("scales") : importing.floats(node, 1, "scales")
      return try ResizeTranslation(node, legacyScales: scales ?? []).emit(in: &importing)
    },
    OperatorEntry("Resize", since: 10, inputs: 4, shapeOperands: [1, 2, 3]) {
      importing, node throws(Diagnostic) in
      if node.opset < 11 {
        let scales = try importing.floats(node, 1, "scales") ?? []
        return try ResizeTranslation(node, legacyScales: scales).emit(in: &importing)
      }
      return try ResizeTranslation(
        node, region: try importing.floats(node, 1, "region") ?? [],
        scales: try importing.scalars(node, 2, "scales") ?? [],
        sizes: try importing.scalars(node, 3, "sizes") ?? []
      ).emit(in: &importing)
    },
  ]
}

/// Works out a Resize: opset 10 and Upsample have fewer attributes and another meaning of coordinates.
private struct ResizeTranslation {
  private let node: Node
  private let isLegacy: Bool
  private let region: [Float]
  private let scales: [Scalar]
  private let sizes: [Scalar]

  init(_ node: Node, legacyScales: [Float]) throws(Diagnostic) {
    self.node = node
    isLegacy = true
    region = []
    scales = legacyScales.map { Scalar(Double($0)) }
    sizes = []
  }

  init(_ node: Node, region: [Float], scales: [Scalar], sizes: [Scalar]) throws(Diagnostic) {
    self.node = node
    isLegacy = false
    self.region = region
    self.scales = scales
    self.sizes = sizes
  }

  func emit(in importing: inout Importing) throws(Diagnostic) -> TensorID {
    let data = try importing.tensor(node, 0)
    let shape = importing.shape(data)
    let listed = try node.integers("axes") ?? Array(0..<shape.rank)
    var axes: [Int] = []
    for axis in listed { axes.append(try node.axis(axis, rank: shape.rank)) }
    let coordinates = try self.coordinates()
    let region = try regionOfAxes(axes, rank: shape.rank, crops: coordinates == .cropAndResize)
    var resize = Resize(
      mode: try mode(), coordinates: coordinates, output: shape,
      scales: [Float](repeating: 1, count: shape.rank), region: coordinates == .cropAndResize ? region : [],
      extrapolation: try node.float("extrapolation_value", default: 0),
      excludesOutside: try node.flag("exclude_outside"), antialias: try node.flag("antialias"))
    if !sizes.isEmpty {
      try applySizes(to: &resize, shape, axes)
    } else {
      try applyScales(to: &resize, shape, axes, region)
    }
    if resize.output == shape, resize.scales.allSatisfy({ $0 == 1 }), coordinates != .cropAndResize {
      return data
    }
    if isLegacy, case .nearest = resize.mode { return try legacyNearest(resize, data, &importing) }
    return try importing.emit(.resize(resize), data)
  }

  /// Opset 10 rounds up along axes that shrink and down along the others.
  private func legacyNearest(
    _ resize: Resize, _ data: TensorID, _ importing: inout Importing
  ) throws(Diagnostic) -> TensorID {
    var result = data
    for shrinks in [true, false] {
      var part = resize
      part.mode = .nearest(shrinks ? .ceil : .floor)
      for axis in resize.scales.indices where (resize.scales[axis] < 1) != shrinks {
        part.scales[axis] = 1
        part.output[axis] = importing.shape(result)[axis]
      }
      if part.output != importing.shape(result) || part.scales.contains(where: { $0 != 1 }) {
        result = try importing.emit(.resize(part), result)
      }
    }
    return result
  }

  private func mode() throws(Diagnostic) -> Resize.Mode {
    switch try node.string("mode", default: "nearest") {
    case "nearest":
      let name = isLegacy ? "floor" : try node.string("nearest_mode", default: "round_prefer_floor")
      guard let rounding = Resize.Rounding(rawValue: name) else {
        throw node.unsupported("has nearest_mode '\(name)'")
      }
      return .nearest(rounding)
    case "linear", "bilinear": return .linear
    case "cubic": return .cubic(coefficient: try node.float("cubic_coeff_a", default: -0.75))
    case let other: throw node.unsupported("has mode '\(other)'; known are nearest, linear and cubic")
    }
  }

  private func coordinates() throws(Diagnostic) -> Resize.Coordinates {
    if isLegacy { return .asymmetric }
    let name = try node.string("coordinate_transformation_mode", default: "half_pixel")
    guard let coordinates = Resize.Coordinates(rawValue: name) else {
      throw node.unsupported("has coordinate_transformation_mode '\(name)'")
    }
    return coordinates
  }

  /// Starts and ends for all axes; the whole axis where none is given.
  private func regionOfAxes(_ axes: [Int], rank: Int, crops: Bool) throws(Diagnostic) -> [Resize
    .ClosedFloatRange]
  {
    var result = [Resize.ClosedFloatRange](repeating: .init(start: 0, end: 1), count: rank)
    guard crops else { return result }
    guard region.count == 2 * axes.count, region.allSatisfy(\.isFinite) else {
      throw node.problem("has a region of \(region.count) numbers for \(axes.count) axes")
    }
    for (index, axis) in axes.enumerated() {
      result[axis] = .init(start: region[index], end: region[axes.count + index])
    }
    return result
  }

  private func applyScales(
    to resize: inout Resize, _ shape: Shape, _ axes: [Int], _ region: [Resize.ClosedFloatRange]
  ) throws(Diagnostic) {
    guard scales.count == axes.count else {
      throw node.problem("has \(scales.count) scales for \(axes.count) axes")
    }
    for (axis, scalar) in zip(axes, scales) {
      let scale = Float(scalar.constantPart)
      guard scalar.isConstant, scale > 0, scale.isFinite else {
        throw node.problem("has the scale \(scale); expected a positive number")
      }
      guard let size = shape[axis].fixedValue else {
        guard scale == 1 else { throw node.unsupported("resizes the batch axis") }
        continue
      }
      let part = resize.coordinates == .cropAndResize ? region[axis].end - region[axis].start : 1
      resize.output[axis] = .fixed(try extent(Float(size) * part * scale, roundsUp: false))
      resize.scales[axis] = scale
    }
  }

  private func extent(_ value: Float, roundsUp: Bool) throws(Diagnostic) -> Int {
    guard value >= 0, value < Float(Shape.maximumElementCount) else {
      throw node.problem("resizes an axis to \(value)")
    }
    return Int(roundsUp ? (value + 0.5).rounded(.down) : value.rounded(.down))
  }

  private func applySizes(to resize: inout Resize, _ shape: Shape, _ axes: [Int]) throws(Diagnostic) {
    guard sizes.count == axes.count else {
      throw node.problem("has \(sizes.count) sizes for \(axes.count) axes")
    }
    for (axis, scalar) in zip(axes, sizes) {
      guard let size = shape[axis].fixedValue else {
        guard scalar.extent == shape[axis] || scalar.integer == shape[axis].perSample else {
          throw node.unsupported("resizes the batch axis")
        }
        continue
      }
      guard let target = scalar.integer, target >= 0, target <= Shape.maximumElementCount else {
        throw node.problem("has a size that is not known or not sensible")
      }
      resize.output[axis] = .fixed(target)
      resize.scales[axis] = size == 0 ? 1 : Float(target) / Float(size)
    }
    let policy = try node.string("keep_aspect_ratio_policy", default: "stretch")
    guard policy != "stretch" else { return }
    guard policy == "not_larger" || policy == "not_smaller" else {
      throw node.problem("has keep_aspect_ratio_policy '\(policy)'")
    }
    let factors = axes.filter { !shape[$0].isBatch }.map { resize.scales[$0] }
    guard let factor = policy == "not_larger" ? factors.min() : factors.max() else { return }
    for axis in axes {
      guard let size = shape[axis].fixedValue else { continue }
      resize.scales[axis] = factor
      resize.output[axis] = .fixed(try extent(Float(size) * factor, roundsUp: true))
    }
  }
}
