import Graph

extension Exporting {
  mutating func movement(_ node: Operator) throws(Diagnostic) -> [String] {
    let data = name(of: node.inputs[0]!)
    let shape = type(node.inputs[0]!).shape
    switch node.operation {
    case .reshape(let target): return [try reshape(data, from: shape, to: target)]
    case .transpose(let permutation): return [transpose(data, permutation)]
    case .broadcast(let target): return [self.node("Expand", [data, try expansion(of: shape, to: target)])]
    case .tile(let repeats): return [self.node("Tile", [data, integers(repeats, "repeats")])]
    case .concat(let axis): return [self.node("Concat", operands(node), ["axis": .int(axis)])]
    case .split(let axis, let parts):
      let sizes = try extents(parts, "parts")
      return nodes(
        "Split", [data, sizes], ["axis": .int(axis)], wanted: [Bool](repeating: true, count: parts.count))
    case .slice(let slice): return [try self.slice(slice, data, shape)]
    case .pad(let pad):
      return [self.pad(pad, data, value: name(ofOptional: node.inputs.count > 1 ? node.inputs[1] : nil))]
    default: throw problem("is no movement")
    }
  }

  mutating func transpose(_ data: String, _ permutation: [Int]) -> String {
    if permutation == Array(permutation.indices) { return data }
    return node("Transpose", [data], ["perm": .ints(permutation)])
  }

  /// Lets one extent follow from the others where the batch enters, so that any batch size runs.
  mutating func reshape(_ data: String, from shape: Shape, to target: Shape) throws(Diagnostic) -> String {
    let hasZero = target.extents.contains(.fixed(0))
    if !target.hasBatch {
      return node(
        "Reshape", [data, integers(target.perSample, "shape")], hasZero ? ["allowzero": .int(1)] : [:])
    }
    guard !hasZero else {
      return node("Reshape", [data, try extents(target.extents, "shape")], ["allowzero": .int(1)])
    }
    var sizes: [Int] = []
    for (axis, extent) in target.extents.enumerated() {
      if let size = extent.fixedValue {
        sizes.append(size)
      } else if !sizes.contains(-1) {
        sizes.append(-1)
      } else if axis < shape.rank, shape[axis] == extent {
        sizes.append(0)
      } else {
        return node("Reshape", [data, try extents(target.extents, "shape")])
      }
    }
    return node("Reshape", [data, integers(sizes, "shape")])
  }

  /// The shape operand of Expand: where the data have the extent already, 1 keeps it.
  private mutating func expansion(of shape: Shape, to target: Shape) throws(Diagnostic) -> String {
    let offset = target.rank - shape.rank
    var extents = target.extents
    for axis in 0..<shape.rank where shape[axis] == target[offset + axis] { extents[offset + axis] = 1 }
    return try self.extents(extents, "shape")
  }

  private mutating func slice(_ slice: Slice, _ data: String, _ shape: Shape) throws(Diagnostic) -> String {
    var (starts, ends, axes, steps): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    for axis in 0..<shape.rank {
      let step = slice.steps[axis]
      guard slice.counts[axis] != shape[axis] || step < 0 else { continue }
      guard let count = slice.counts[axis].fixedValue else { throw problem("takes a part of the batch") }
      let start = slice.starts[axis]
      // Far before the first element, since −1 would mean the last one.
      let end = step > 0 ? start + max(0, count - 1) * step + min(1, count) : start + (count - 1) * step - 1
      axes.append(axis)
      starts.append(start)
      steps.append(step)
      ends.append(count == 0 ? start : end < 0 ? Int(Int32.min) : end)
    }
    if axes.isEmpty { return data }
    return node(
      "Slice",
      [
        data, integers(starts, "starts"), integers(ends, "ends"), integers(axes, "axes"),
        integers(steps, "steps"),
      ])
  }

  mutating func pad(_ pad: Pad, _ data: String, value: String) -> String {
    if pad.mode == .wrap { require(opset: 19) }
    let amounts = integers(pad.before + pad.after, "pads")
    return node("Pad", [data, amounts, value], ["mode": .string(pad.mode.rawValue)])
  }

  mutating func indexed(_ node: Operator) -> String {
    var inputs = operands(node)
    switch node.operation {
    case .gather(let axis): return self.node("Gather", inputs, ["axis": .int(axis)])
    case .gatherElements(let axis): return self.node("GatherElements", inputs, ["axis": .int(axis)])
    case .gatherND(let dimensions): return self.node("GatherND", inputs, ["batch_dims": .int(dimensions)])
    case .scatterElements(let axis, let reduction):
      return self.node("ScatterElements", inputs, reduction.attributes.merging(["axis": .int(axis)]) { $1 })
    case .scatterND(let reduction): return self.node("ScatterND", inputs, reduction.attributes)
    case .oneHot(let axis, let depth):
      if type(node.inputs[0]!).shape.rank == 0 {
        // ONNX takes no scalar index; a vector of one has the same result with an axis more.
        let vector = self.node("Reshape", [inputs[0], integers([1], "shape")])
        let rows = self.node("OneHot", [vector, integers([depth], "depth"), inputs[1]], ["axis": .int(1)])
        return self.node("Reshape", [rows, integers([depth], "shape")])
      }
      return self.node("OneHot", [inputs[0], integers([depth], "depth"), inputs[1]], ["axis": .int(axis)])
    case .triangle(let upper, let diagonal):
      let shift = constant(TensorValue(int64s: [diagonal], sizes: []), "diagonal")
      return self.node("Trilu", [inputs[0], shift], ["upper": .flag(upper)])
    case .reverseSequence(let batchAxis, let timeAxis):
      if type(node.inputs[1]!).element != .int64 {
        inputs[1] = self.node("Cast", [inputs[1]], ["to": .int(DataTypes.number(of: .int64))])
      }
      return self.node(
        "ReverseSequence", inputs, ["batch_axis": .int(batchAxis), "time_axis": .int(timeAxis)])
    default: return inputs[0]
    }
  }
}

extension ScatterReduction {
  fileprivate var attributes: [String: ExportedNode.Attribute] {
    switch self {
    case .none: [:]
    case .add: ["reduction": .string("add")]
    case .multiply: ["reduction": .string("mul")]
    case .maximum: ["reduction": .string("max")]
    case .minimum: ["reduction": .string("min")]
    }
  }
}
