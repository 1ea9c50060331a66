import Graph

extension Legalizer {
  /// Borders that repeat elements of the data: the data between slices of itself.
  mutating func rewritePad(_ pad: Pad, _ node: Operator) throws(Diagnostic) -> Bool {
    guard pad.mode == .edge || pad.mode == .wrap || (pad.mode == .reflect && !isMirror(pad, node)),
      let data = node.inputs[0], let result = node.outputs[0]
    else { return false }
    let axes = shape(data).extents.indices.filter { pad.before[$0] != 0 || pad.after[$0] != 0 }
    var value = data
    for (place, axis) in axes.enumerated() {
      let count = shape(value)[axis].perSample
      let rows = (-pad.before[axis]..<count + pad.after[axis]).map { pad.mode.source(of: $0, in: count) }
      value = try pick(
        rows, of: value, axis: axis, for: node, into: place == axes.count - 1 ? result : nil)
    }
    if axes.isEmpty { try forward(result, to: data, for: node) }
    record("\(pad.mode.rawValue) padding from slices of the data", node)
    return true
  }

  /// Whether the device's MIRROR_PAD does it: only up to the data's own extent, on a rank that it takes.
  private func isMirror(_ pad: Pad, _ node: Operator) -> Bool {
    guard let data = node.inputs[0] else { return false }
    return zip(pad.before, zip(pad.after, shape(data).perSample)).allSatisfy {
      $0 < max($1.1, 1) && $1.0 < max($1.1, 1)
    }
  }

  /// These rows along an axis: slices side by side where they are few runs, a gather else.
  mutating func pick(
    _ rows: [Int], of data: TensorID, axis: Int, for node: Operator, into result: TensorID?
  ) throws(Diagnostic) -> TensorID {
    let runs = Self.runs(rows)
    guard runs.count <= 10 else {
      return try add(.gather(axis: axis), [data, addIndices(rows, [rows.count])], for: node, into: result)
    }
    var parts: [TensorID] = []
    for run in runs {
      let slice = Slice(of: shape(data), axis: axis, start: run.lowerBound, count: run.count)
      let isWhole = run.count == shape(data)[axis].perSample
      parts.append(
        isWhole
          ? data : try add(.slice(slice), [data], for: node, into: runs.count == 1 ? result : nil))
    }
    if parts.count == 1 {
      if let result, parts[0] == data { try forward(result, to: data, for: node) }
      return parts[0]
    }
    return try add(.concat(axis: axis), parts, for: node, into: result)
  }

  private static func runs(_ rows: [Int]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for row in rows {
      if let last = runs.last, last.upperBound == row {
        runs[runs.count - 1] = last.lowerBound..<row + 1
      } else {
        runs.append(row..<row + 1)
      }
    }
    return runs
  }
}

extension Pad.Mode {
  /// The row of the data that a row of the padded data repeats.
  fileprivate func source(of row: Int, in count: Int) -> Int {
    switch self {
    case .edge, .constant: return min(max(row, 0), count - 1)
    case .wrap: return ((row % count) + count) % count
    case .reflect:
      if count == 1 { return 0 }
      let period = 2 * (count - 1)
      let place = ((row % period) + period) % period
      return place < count ? place : period - place
    }
  }
}
