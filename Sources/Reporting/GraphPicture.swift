import Graph

/// A picture of a graph as SVG: a box for each operator, edges that carry shapes, the data flowing downward. Deep
/// graphs are folded into columns, as text in a newspaper.
///
///     let svg = GraphPicture(graph).svg()
public struct GraphPicture: Sendable {
  struct Box: Sendable {
    var lines: [String]
    var family: Family
    var tooltip: String
    var width: Double
    var height: Double { Double(14 + 15 * lines.count) }
  }
  struct Edge: Sendable {
    var from: Int
    var to: Int
    /// The shape, at the first edge of each tensor.
    var label: String?
  }

  private(set) var boxes: [Box] = []
  private(set) var edges: [Edge] = []
  private let title: String
  private let subtitle: String

  public init(_ graph: Graph) {
    let cost = ModelCost(graph)
    title = graph.source.path.split(separator: "/").last.map(String.init) ?? graph.name
    subtitle =
      "\(NumberFormat.count(graph.operators.count, of: "operator")), \(NumberFormat.count(cost.parameters)) parameters, "
      + "\(NumberFormat.count(cost.macs)) multiply-accumulates a sample"
    var maker: [TensorID: Int] = [:]
    for port in graph.inputs {
      maker[port.tensor] = boxes.count
      boxes.append(Self.portBox("input", port, graph))
    }
    var labeled = Set<TensorID>()
    func connect(_ tensor: TensorID, to target: Int) {
      guard let source = maker[tensor], source != target else { return }
      let label = labeled.insert(tensor).inserted ? graph[tensor].shape.dimensions : nil
      edges.append(Edge(from: source, to: target, label: label))
    }
    for (node, layer) in zip(graph.operators, cost.layers) {
      let index = boxes.count
      boxes.append(Self.operatorBox(node, layer, graph))
      for case let input? in node.inputs { connect(input, to: index) }
      for case let output? in node.outputs { maker[output] = index }
    }
    for port in graph.outputs {
      boxes.append(Self.portBox("output", port, graph))
      connect(port.tensor, to: boxes.count - 1)
    }
  }

  private static func portBox(_ kind: String, _ port: Port, _ graph: Graph) -> Box {
    let lines = [kind, port.name.shortened(to: 30)]
    let tooltip = "\(kind) '\(port.name)': \(port.declaredType.rawValue) \(port.declaredShape)"
    return Box(lines: lines, family: .port, tooltip: tooltip, width: width(of: lines))
  }

  private static func operatorBox(_ node: Operator, _ layer: LayerCost, _ graph: Graph) -> Box {
    let detail = graph.detail(of: node)
    let lines = [layer.operatorName] + (detail.isEmpty ? [] : [detail]) + [layer.name.shortened(to: 30)]
    let tooltip = """
      \(node.sources.joined(separator: ", "))
      output \(layer.outputShape.dimensions)
      \(NumberFormat.count(layer.parameters)) parameters, \(NumberFormat.count(layer.macs)) MACs, \
      \(NumberFormat.bytes(layer.activationBytes)) of results
      """
    return Box(lines: lines, family: Family(node.operation), tooltip: tooltip, width: width(of: lines))
  }

  private static func width(of lines: [String]) -> Double {
    let widest = lines.enumerated().map { Double($1.count) * ($0 == 0 ? 7.4 : 6.1) }.max() ?? 0
    return max(90, widest + 24)
  }

  /// The picture.
  public func svg() -> String {
    var layoutEdges: [GraphLayout.Edge] = []
    for edge in edges { layoutEdges.append(.init(from: edge.from, to: edge.to)) }
    let layout = GraphLayout(boxes: boxes.map { GraphLayout.Box(width: $0.width) }, edges: layoutEdges)
    let columns = ColumnFold(layout, boxes: boxes)
    var labelCounts: [Int: Int] = [:]
    for edge in edges where edge.label != nil { labelCounts[edge.from, default: 0] += 1 }
    var drawing = Drawing()
    drawing.text(24, 28, title.shortened(to: 90), style: "title")
    drawing.text(24, 47, subtitle, style: "sub")
    for route in layout.routes { drawing.drawEdge(along: route, columns) }
    for (index, box) in boxes.enumerated() { drawing.draw(box, at: columns.center(of: index)) }
    for (edge, route) in zip(edges, layout.routes) {
      guard let label = edge.label else { continue }
      // One result is labeled where it leaves its box; several are told apart where they arrive.
      let isAlone = labelCounts[edge.from] == 1
      let start = columns.bottom(of: route[0])
      let arrival = columns.top(of: route[1])
      let turnsRight = layout.nodes[route[0]].below.map { below in
        columns.detour(from: route[0], to: below) == nil ? columns.center(of: below).x - start.x : 0
      }
      // Beside the edges, on the side to which they do not bend.
      let isLeft = isAlone && turnsRight.allSatisfy { $0 > -1 } && turnsRight.contains { $0 > 4 }
      drawing.label(label, at: isAlone ? start : (arrival.x, arrival.y - 24), isLeft: isLeft)
    }
    return drawing.document(width: columns.width, height: columns.height)
  }
}

/// Families of operators, by color.
enum Family: String, CaseIterable, Sendable {
  case port, linear, pooling, elementwise, movement, normalization, recurrent

  init(_ operation: Operation) {
    switch operation {
    case .convolution, .transposedConvolution, .dense, .matmul: self = .linear
    case .pool, .reduce, .argExtreme, .topK, .cumulative: self = .pooling
    case .unary, .binary, .compare, .select, .cast, .quantizeLinear, .dequantizeLinear: self = .elementwise
    case .softmax: self = .normalization
    case .recurrent: self = .recurrent
    case .composite(.depthToSpace), .composite(.spaceToDepth): self = .movement
    case .composite: self = .normalization
    default: self = .movement
    }
  }

  /// Fill and border.
  var colors: (fill: String, border: String) {
    switch self {
    case .port: ("#334155", "#1e293b")
    case .linear: ("#dbeafe", "#60a5fa")
    case .pooling: ("#dcfce7", "#4ade80")
    case .elementwise: ("#fef3c7", "#fbbf24")
    case .movement: ("#f1f5f9", "#94a3b8")
    case .normalization: ("#fae8ff", "#d08bf0")
    case .recurrent: ("#ede9fe", "#a78bfa")
    }
  }
}
