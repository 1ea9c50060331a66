import Graph

extension Graph {
  /// The figures that tell one operator from another of its kind: "3×3 /2, 16 → 32".
  func detail(of node: Operator) -> String {
    func shape(_ place: Int) -> [Int]? {
      place < node.inputs.count ? node.inputs[place].map { self[$0].shape.perSample } : nil
    }
    switch node.operation {
    case .convolution(let convolution):
      return channels(shape(1), groups: convolution.groups, window: convolution.window)
    case .transposedConvolution(let convolution):
      return channels(shape(1), groups: convolution.groups, window: convolution.window)
    case .pool(let pool): return describe(pool.window)
    case .dense: return (shape(1)?.reversed().map(String.init) ?? []).joined(separator: " → ")
    case .transpose(let permutation): return permutation.map(String.init).joined(separator: " ")
    case .concat(let axis), .softmax(let axis, _), .gather(let axis), .split(let axis, _):
      return "axis \(axis)"
    case .reduce(_, let axes, _): return "axes " + axes.map(String.init).joined(separator: ", ")
    case .recurrent(let recurrent):
      let direction = recurrent.direction == .forward ? "" : ", \(recurrent.direction.rawValue)"
      return "\(recurrent.hiddenSize) units\(direction)"
    case .cast(let type): return "to \(type)"
    default: return ""
    }
  }

  private func channels(_ filter: [Int]?, groups: Int, window: WindowGeometry) -> String {
    guard let filter, let outputs = filter.first, let inputs = filter.last else { return describe(window) }
    let grouping = groups == 1 ? "" : inputs == 1 ? ", depthwise" : ", \(groups) groups"
    return "\(describe(window)), \(inputs * groups) → \(outputs)\(grouping)"
  }

  private func describe(_ window: WindowGeometry) -> String {
    var text = window.size.map(String.init).joined(separator: "×")
    if window.strides.contains(where: { $0 != 1 }) { text += " /" + sizes(window.strides) }
    if window.dilations.contains(where: { $0 != 1 }) { text += ", dilated " + sizes(window.dilations) }
    return text
  }

  /// "2" for equal sizes, "2×1" for others.
  private func sizes(_ values: [Int]) -> String {
    Set(values).count == 1 ? "\(values[0])" : values.map(String.init).joined(separator: "×")
  }
}

extension Shape {
  /// "N×32×32×3"; "scalar" without axes.
  public var dimensions: String { rank == 0 ? "scalar" : extents.map(\.description).joined(separator: "×") }
}
