extension Graph {
  /// The graph as readable text, one operator a line:
  ///
  ///     %4 'relu1' float32[N, 8, 8, 16] = convolution(%0, %1, %2)  ; conv1, relu1
  public func dump() -> String {
    var lines = ["graph '\(name)'"]
    for port in inputs { lines.append("  input  \(port.tensor) '\(port.name)' \(self[port.tensor].type)") }
    var named = Set<TensorID>()
    for node in operators {
      for case let input? in node.inputs where named.insert(input).inserted {
        guard let constant = self[input].constant else { continue }
        lines.append("  const  \(input) '\(self[input].name)' \(self[input].type)\(constant.preview)")
      }
      lines.append("  " + describe(node))
    }
    for port in outputs { lines.append("  output \(port.tensor) '\(port.name)' \(self[port.tensor].type)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func describe(_ node: Operator) -> String {
    let results = node.outputs.map { $0.map { "\($0) '\(self[$0].name)' \(self[$0].type)" } ?? "_" }
    let operands = node.inputs.map { $0?.description ?? "_" }.joined(separator: ", ")
    let text = "\(results.joined(separator: ", ")) = \(node.operation)(\(operands))"
    return text.replacing("Graph.", with: "") + "  ; " + node.sources.joined(separator: ", ")
  }
}

extension Constant {
  /// The elements of a small constant, for dumps.
  fileprivate var preview: String {
    guard elementCount <= 8 else { return "" }
    let value = realized()
    let elements = value.type.isFloat ? value.floats.array.map { "\($0)" } : value.integers.map { "\($0)" }
    return " = [" + elements.joined(separator: ", ") + "]"
  }
}
