import Graph

extension Exporting {
  /// Data with channels first, as ONNX has them.
  private mutating func channelsFirst(_ data: String, _ layout: DataLayout, rank: Int) -> String {
    layout == .channelsFirst ? data : transpose(data, [0, rank - 1] + Array(1..<(rank - 1)))
  }

  /// A result in the layout that the graph wants.
  private mutating func restored(_ result: String, _ layout: DataLayout, rank: Int) -> String {
    layout == .channelsFirst || result.isEmpty ? result : transpose(result, [0] + Array(2..<rank) + [1])
  }

  private func attributes(_ window: WindowGeometry) -> [String: ExportedNode.Attribute] {
    var attributes: [String: ExportedNode.Attribute] = [
      "kernel_shape": .ints(window.size), "strides": .ints(window.strides),
      "pads": .ints(window.padBefore + window.padAfter),
    ]
    if window.dilations.contains(where: { $0 != 1 }) { attributes["dilations"] = .ints(window.dilations) }
    return attributes
  }

  /// Cuts off what a negative padding leaves out, since ONNX's window operators only add; returns the window
  /// without it.
  private mutating func cropped(_ data: String, _ window: WindowGeometry) -> (String, WindowGeometry) {
    guard (window.padBefore + window.padAfter).contains(where: { $0 < 0 }) else { return (data, window) }
    let crop = Pad(
      mode: .constant, before: [0, 0] + window.padBefore.map { min(0, $0) },
      after: [0, 0] + window.padAfter.map { min(0, $0) })
    var rest = window
    rest.padBefore = window.padBefore.map { max(0, $0) }
    rest.padAfter = window.padAfter.map { max(0, $0) }
    return (pad(crop, data, value: ""), rest)
  }

  mutating func convolution(_ convolution: Convolution, _ node: Operator) -> String {
    let rank = type(node.inputs[0]!).shape.rank
    let turned = channelsFirst(name(of: node.inputs[0]!), convolution.layout, rank: rank)
    let (data, window) = cropped(turned, convolution.window)
    let filter = permuted(node.inputs[1]!, [0, rank - 1] + Array(1..<(rank - 1)))
    let bias = name(ofOptional: node.inputs.count > 2 ? node.inputs[2] : nil)
    var attributes = attributes(window)
    attributes["group"] = .int(convolution.groups)
    return restored(self.node("Conv", [data, filter, bias], attributes), convolution.layout, rank: rank)
  }

  mutating func transposedConvolution(_ convolution: TransposedConvolution, _ node: Operator) -> String {
    let rank = type(node.inputs[0]!).shape.rank
    let data = channelsFirst(name(of: node.inputs[0]!), convolution.layout, rank: rank)
    let filter = transposedFilter(node.inputs[1]!, groups: convolution.groups, rank: rank)
    let bias = name(ofOptional: node.inputs.count > 2 ? node.inputs[2] : nil)
    var attributes = attributes(convolution.window)
    attributes["group"] = .int(convolution.groups)
    // Negative padding makes the result larger, as output padding does behind.
    var outputPadding = convolution.outputPadding
    let window = convolution.window
    for axis in 0..<window.spatialRank where window.padAfter[axis] < 0 {
      outputPadding[axis] -= window.padAfter[axis]
    }
    attributes["pads"] = .ints(window.padBefore + window.padAfter.map { max(0, $0) })
    if outputPadding.contains(where: { $0 != 0 }) { attributes["output_padding"] = .ints(outputPadding) }
    return restored(
      self.node("ConvTranspose", [data, filter, bias], attributes), convolution.layout, rank: rank)
  }

  /// From `[O, spatial…, I/groups]` to ONNX's `[I, O/groups, spatial…]`.
  private mutating func transposedFilter(_ id: TensorID, groups: Int, rank: Int) -> String {
    let sizes = type(id).shape.perSample
    let (outputs, inputs) = (sizes[0] / groups, sizes[rank - 1])
    let window = Array(sizes[1..<(rank - 1)])
    let split = [groups, outputs] + window + [inputs]
    let permutation = [0, rank, 1] + Array(2..<rank)
    let merged = [groups * inputs, outputs] + window
    if let constant = graph[id].constant {
      return add(constant.reshaped(split).permuted(permutation).reshaped(merged), named: graph[id].name)
    }
    let parts = node("Reshape", [name(of: id), integers(split, "split")])
    return node("Reshape", [transpose(parts, permutation), integers(merged, "merged")])
  }

  mutating func pool(_ pool: Pool, _ node: Operator) -> [String] {
    let rank = type(node.inputs[0]!).shape.rank
    let data = channelsFirst(name(of: node.inputs[0]!), pool.layout, rank: rank)
    var attributes = attributes(pool.window)
    if roundsUp(pool, type(node.inputs[0]!).shape) { attributes["ceil_mode"] = .int(1) }
    var wanted = [true]
    let operation: String
    switch pool.kind {
    case .maximum:
      operation = "MaxPool"
      wanted = node.outputs.map { $0 != nil }
      if pool.columnMajorPositions { attributes["storage_order"] = .int(1) }
    case .average(let countsPadding):
      operation = "AveragePool"
      attributes["count_include_pad"] = .flag(countsPadding)
      if attributes["dilations"] != nil { require(opset: 19) }
    case .lp(let power):
      operation = "LpPool"
      attributes["p"] = .int(power)
    }
    // ONNX's first result cannot be left out.
    wanted[0] = true
    var results: [String] = []
    for result in nodes(operation, [data], attributes, wanted: wanted) {
      results.append(restored(result, pool.layout, rank: rank))
    }
    return results
  }

  /// Whether rounding up makes any window that rounding down would not. Where a further window would lie in the
  /// padding alone, it does not count, which the shape inference of ONNX has learned late.
  private mutating func roundsUp(_ pool: Pool, _ shape: Shape) -> Bool {
    guard pool.roundsUp else { return false }
    let window = pool.window
    var counts = false
    var isCut = false
    for (index, axis) in pool.layout.spatialAxes(rank: shape.rank).enumerated() {
      let size = shape[axis].perSample
      let room = size + window.padBefore[index] + window.padAfter[index] - window.span(index)
      if room % window.strides[index] == 0 { continue }
      let start = (room / window.strides[index] + 1) * window.strides[index]
      if start < size + window.padBefore[index] { counts = true } else { isCut = true }
    }
    if counts, isCut { require(opset: 22) }
    return counts
  }

  mutating func resize(_ resize: Resize, _ node: Operator) throws(Diagnostic) -> String {
    let shape = type(node.inputs[0]!).shape
    var attributes: [String: ExportedNode.Attribute] = [:]
    var coordinates = resize.coordinates
    switch resize.mode {
    case .nearest(let rounding):
      attributes["mode"] = .string("nearest")
      var rounding = rounding
      if coordinates == .tfHalfPixelForNearest {
        // Half a pixel less, rounded half up instead of down, is the same.
        guard rounding == .floor else {
          throw problem("rounds '\(rounding.rawValue)' in tf_half_pixel_for_nn")
        }
        coordinates = .halfPixel
        rounding = .preferCeil
      }
      attributes["nearest_mode"] = .string(rounding.rawValue)
    case .linear: attributes["mode"] = .string("linear")
    case .cubic(let coefficient):
      attributes["mode"] = .string("cubic")
      attributes["cubic_coeff_a"] = .float(coefficient)
    }
    if coordinates == .tfHalfPixelForNearest { throw problem("uses tf_half_pixel_for_nn without 'nearest'") }
    if coordinates == .halfPixelSymmetric { require(opset: 19) }
    attributes["coordinate_transformation_mode"] = .string(coordinates.rawValue)
    if resize.excludesOutside { attributes["exclude_outside"] = .int(1) }
    if resize.antialias { attributes["antialias"] = .int(1) }
    var region = ""
    if coordinates == .cropAndResize {
      attributes["extrapolation_value"] = .float(resize.extrapolation)
      let bounds = resize.region.map(\.start) + resize.region.map(\.end)
      region = constant(TensorValue(floats: bounds, sizes: [bounds.count]), "region")
    }
    let data = name(of: node.inputs[0]!)
    if followsFromScales(resize, shape) {
      let scales = constant(TensorValue(floats: resize.scales, sizes: [resize.scales.count]), "scales")
      return self.node("Resize", [data, region, scales], attributes)
    }
    return self.node("Resize", [data, region, "", try extents(resize.output.extents, "sizes")], attributes)
  }

  /// Whether the extents are those that ONNX computes from the scales.
  private func followsFromScales(_ resize: Resize, _ shape: Shape) -> Bool {
    for axis in 0..<shape.rank {
      if shape[axis] == resize.output[axis], resize.scales[axis] == 1 { continue }
      guard let size = shape[axis].fixedValue, let wanted = resize.output[axis].fixedValue else {
        return false
      }
      var factor = resize.scales[axis]
      if resize.coordinates == .cropAndResize, resize.region.indices.contains(axis) {
        factor *= resize.region[axis].end - resize.region[axis].start
      }
      guard Float(wanted) == (Float(size) * factor).rounded(.down) else { return false }
    }
    return true
  }
}
