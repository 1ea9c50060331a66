import Graph

extension Legalizer {
  /// Interpolations that the device does not know: along each axis rows are picked, or mixed by a matrix.
  mutating func rewriteResize(_ resize: Resize, _ node: Operator) throws(Diagnostic) -> Bool {
    guard let data = node.inputs[0], let result = node.outputs[0], !isNative(resize, shape(data)),
      let evaluator, graph[data].element.isFloat,
      resize.coordinates != .cropAndResize || resize.extrapolation == 0
    else { return false }
    let axes = shape(data).extents.indices.filter {
      shape(data)[$0] != resize.output[$0] || resize.scales[$0] != 1
        || resize.coordinates == .cropAndResize && resize.region[$0] != .init(start: 0, end: 1)
    }
    var value = data
    for (place, axis) in axes.enumerated() {
      let last = place == axes.count - 1 ? result : nil
      let matrix = try matrix(of: resize, axis: axis, count: shape(data)[axis].perSample, evaluator)
      if let rows = matrix.pickedRows {
        value = try pick(rows, of: value, axis: axis, for: node, into: last)
      } else {
        value = try mix(value, by: matrix, axis: axis, node, into: last)
      }
    }
    if axes.isEmpty { try forward(result, to: data, for: node) }
    record("resize by an interpolation matrix along each axis", node)
    return true
  }

  /// Whether one of the device's two resizes takes the same elements with the same weights.
  private func isNative(_ resize: Resize, _ data: Shape) -> Bool {
    guard data.rank == 4, data[0] == resize.output[0], data[3] == resize.output[3],
      resize.coordinates != .cropAndResize
    else { return false }
    let axes = (1...2).map {
      SampledAxis(
        input: data[$0].perSample, output: resize.output[$0].perSample, scale: resize.scales[$0])
    }
    if resize.antialias, axes.contains(where: { $0.output < $0.input }) { return false }
    return SampledAxis.modes.contains { mode in
      switch resize.mode {
      case .cubic: false
      case .linear:
        !(mode.0 && mode.1) && axes.allSatisfy { $0.agrees(linear: resize.coordinates, mode.0, mode.1) }
      case .nearest(let rounding):
        axes.allSatisfy { $0.agrees(nearest: resize.coordinates, rounding, mode.0, mode.1) }
      }
    }
  }

  /// What the resize does along one axis, `[output, input]`: its effect on the unit vectors.
  private func matrix(
    of resize: Resize, axis: Int, count: Int, _ evaluator: any ConstantEvaluator
  ) throws(Diagnostic) -> TensorValue {
    var single = resize
    let output = resize.output[axis].perSample
    single.output = Shape([output, count])
    single.scales = [resize.scales[axis], 1]
    if !resize.region.isEmpty { single.region = [resize.region[axis], .init(start: 0, end: 1)] }
    var unit = [Float](repeating: 0, count: count * count)
    for index in 0..<count { unit[index * count + index] = 1 }
    return try evaluator.evaluate(
      .resize(single), inputs: [TensorValue(floats: unit, sizes: [count, count])],
      resultTypes: [TensorType(.float32, single.output)])[0]
  }

  /// The matrix times the data along an axis: a dense layer on the axis brought to the end.
  private mutating func mix(
    _ data: TensorID, by matrix: TensorValue, axis: Int, _ node: Operator, into result: TensorID?
  ) throws(Diagnostic) -> TensorID {
    var permutation = Array(0..<shape(data).rank)
    permutation.swapAt(axis, permutation.count - 1)
    let turned = try add(.transpose(permutation), [data], for: node)
    let filter = addConstant(Constant(matrix), name: "interpolation")
    let mixed = try add(.dense(clamp: nil), [turned, filter], for: node)
    return try add(.transpose(permutation), [mixed], for: node, into: result)
  }
}

extension TensorValue {
  /// For a matrix that picks one input for each output, their places.
  fileprivate var pickedRows: [Int]? {
    let (rows, columns) = (sizes[0], sizes[1])
    var picked: [Int] = []
    for row in 0..<rows {
      let ones = (0..<columns).filter { floats[row * columns + $0] != 0 }
      guard ones.count == 1, floats[row * columns + ones[0]] == 1 else { return nil }
      picked.append(ones[0])
    }
    return picked
  }
}
