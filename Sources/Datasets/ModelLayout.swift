import Graph

extension DataInput {
  /// What input `port` of `graph` asks, with the layout that its first window operator shows.
  ///
  ///     let data = try Dataset(request, for: graph.inputs.map { DataInput($0, of: graph) })
  public init(_ port: Port, of graph: Graph) {
    self.init(port, layout: Self.layout(of: port, in: graph))
  }

  /// Follows the input through element-wise operators and transposes to the first window operator: where that has its
  /// channels, the input has them. nil when there is none or something else comes first.
  private static func layout(of port: Port, in graph: Graph) -> SampleLayout? {
    let rank = port.declaredShape.rank
    guard rank == 3 || rank == 4 else { return nil }
    var tensor = port.tensor
    // Axis `i` of the tensor at hand is axis `axes[i]` of the declared shape.
    var axes = port.permutation ?? Array(0..<rank)
    while let node = graph.operators.first(where: { $0.inputs.contains(tensor) }) {
      if let layout = node.operation.layout {
        guard node.inputs.first == tensor, axes.count == rank else { return nil }
        return named(channelAxis: axes[layout.channelAxis(rank: rank)], rank: rank)
      }
      guard let result = node.outputs.first ?? nil else { return nil }
      switch node.operation {
      case .unary, .binary, .cast, .pad, .quantizeLinear, .dequantizeLinear:
        guard graph[result].shape.rank == rank else { return nil }
      case .transpose(let permutation): axes = permutation.map { axes[$0] }
      default: return nil
      }
      tensor = result
    }
    return nil
  }

  private static func named(channelAxis: Int, rank: Int) -> SampleLayout? {
    switch (channelAxis, rank) {
    case (1, 3): .ncw
    case (1, 4): .nchw
    case (2, 3): .nwc
    case (3, 4): .nhwc
    default: nil
    }
  }
}
