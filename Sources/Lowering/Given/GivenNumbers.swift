import Graph
import Passes

extension Graph {
  /// The float network inside a model that was quantized before, whose tensors remember the scales that the file gives
  /// them (int8, in ``Tensor/quantization``).
  ///
  /// A tensor that is quantized and dequantized at once is the tensor itself. Constants keep their integers by
  /// themselves (``Constant/integers``). What int8 cannot follow is dropped and told. Runs before any other pass.
  ///
  ///     let (network, notes) = graph.takingGivenNumbers()
  public func takingGivenNumbers() -> (graph: Graph, notes: [String]) {
    var taking = GivenNumbers(self)
    taking.run()
    return (taking.graph, taking.notes)
  }
}

extension Pass {
  /// ``Graph/takingGivenNumbers()`` in front of a pipeline; what it has to tell goes into the graph's notes.
  ///
  ///     pipeline.passes.insert(.givenNumbers, at: 0)
  public static let givenNumbers = Pass(
    name: "given-numbers", summary: "scales that the file gives are remembered beside a float network"
  ) { graph throws(Diagnostic) in
    let before = graph.operators.count
    let (network, notes) = graph.takingGivenNumbers()
    graph = network
    graph.notes += notes
    return PassSummary(["quantizations taken": before - graph.operators.count])
  }
}

/// The work of ``Graph/takingGivenNumbers()``.
private struct GivenNumbers {
  var graph: Graph
  var notes: [String] = []
  /// Integer tensors, the real tensor that each stands for, and how.
  private var sources: [TensorID: (real: TensorID, grid: Grid)] = [:]
  private var replacements: [TensorID: TensorID] = [:]

  /// Results of operators that a RELU may have followed, and what they are behind it.
  private var clippable: Set<TensorID> = []
  private var rectified: [TensorID: TensorID] = [:]

  /// A scale and zero point as the file has them.
  private struct Grid: Equatable {
    var scale: Float
    var zeroPoint: Int
    var type: ElementType

    /// The same numbers in int8; nil for other widths.
    var int8: Quantization? {
      switch type {
      case .int8: Quantization(scales: [scale], zeroPoints: [zeroPoint])
      case .uint8: Quantization(scales: [scale], zeroPoints: [zeroPoint - 128])
      default: nil
      }
    }
  }

  init(_ graph: Graph) { self.graph = graph }

  mutating func run() {
    let nodes = graph.operators
    graph.operators = []
    for var node in nodes {
      node.inputs = node.inputs.map { $0.map { replacements[$0] ?? $0 } }
      if take(node) { continue }
      graph.operators.append(node)
      switch node.operation {
      case .convolution, .transposedConvolution, .dense, .matmul, .binary:
        if let result = node.outputs[0] { clippable.insert(result) }
      default: break
      }
    }
    for index in graph.outputs.indices {
      let port = graph.outputs[index].tensor
      if let integers = sources[port] {
        graph.outputs[index].tensor = rectified[integers.real] ?? integers.real
        graph.outputs[index].declaredType = .float32
      } else if let real = replacements[port] {
        graph.outputs[index].tensor = real
      }
    }
    for index in graph.inputs.indices {
      guard let real = realInputs[graph.inputs[index].tensor] else { continue }
      graph.inputs[index].tensor = real
      graph.inputs[index].declaredType = .float32
    }
    graph.removeUnused()
  }

  /// Inputs that come as integers, and the real tensors that they stand for.
  private var realInputs: [TensorID: TensorID] = [:]

  /// Whether the operator only changed the form of a tensor and is gone.
  private mutating func take(_ node: Operator) -> Bool {
    switch node.operation {
    case .quantizeLinear(nil, 0, let type):
      guard let data = node.inputs[0], let result = node.outputs[0], let grid = grid(of: node, type) else {
        return false
      }
      sources[result] = (data, grid)
      give(grid, to: data)
      // It stays for readers that want the integers; without any it is removed as unused.
      return false
    case .dequantizeLinear(nil, 0):
      guard let data = node.inputs[0], let result = node.outputs[0],
        let grid = grid(of: node, graph[data].element)
      else { return false }
      if let source = sources[data], source.grid == grid {
        let real = clipped(source.real, grid, into: result, node)
        replacements[result] = real
        if real != result { graph[real].origin.aliases.append(graph[result].origin) }
        return true
      }
      guard graph.isInput(data), graph[data].constant == nil, realInputs[data] == nil else { return false }
      realInputs[data] = result
      give(grid, to: result)
      return true
    case .reshape, .transpose, .slice, .pool:
      move(node)
      return false
    default: return false
    }
  }

  /// What moves integers moves the real numbers that they stand for just as well. The operator on integers stays for
  /// readers that want them.
  private mutating func move(_ node: Operator) {
    guard let data = node.inputs[0], let source = sources[data], node.outputs.count == 1,
      let result = node.outputs[0], graph[source.real].element.isFloat
    else { return }
    var real = source.real
    if source.grid.int8?.zeroPoints == [-128], clippable.contains(real) {
      let fresh = graph.addTensor("\(graph[data].name)/real", graph[real].type, origin: graph[real].origin)
      real = clipped(real, source.grid, into: fresh, node)
    }
    let moved = graph.addTensor(
      graph[result].name, TensorType(.float32, graph[result].shape), origin: graph[result].origin)
    graph.operators.append(
      Operator(
        node.operation, inputs: [real] + node.inputs.dropFirst(), outputs: [moved], sources: node.sources))
    give(source.grid, to: moved)
    sources[result] = (moved, source.grid)
  }

  /// Integers that begin at zero clip what is below. Quantizers rely on that and leave a RELU out before them, so that
  /// one is put back: the float network has to be the same network.
  private mutating func clipped(
    _ real: TensorID, _ grid: Grid, into result: TensorID, _ node: Operator
  ) -> TensorID {
    guard grid.int8?.zeroPoints == [-128], clippable.contains(real) else { return real }
    if let known = rectified[real] { return known }
    rectified[real] = result
    graph[result].origin = graph[real].origin
    graph[result].quantization = graph[real].quantization
    graph.operators.append(
      Operator(.unary(.relu), inputs: [real], outputs: [result], sources: node.sources))
    return result
  }

  private mutating func give(_ grid: Grid, to tensor: TensorID) {
    guard let int8 = grid.int8 else {
      notes.append("'\(graph[tensor].name)' is \(grid.type) in the file; its numbers are chosen anew")
      return
    }
    guard let known = graph[tensor].quantization else {
      graph[tensor].quantization = int8
      graph[tensor].origin.quantization = int8
      return
    }
    if known != int8 {
      notes.append("'\(graph[tensor].name)' is quantized twice in the file; the first scale is kept")
    }
  }

  private func grid(of node: Operator, _ type: ElementType) -> Grid? {
    guard node.inputs.count > 1, let scale = node.inputs[1].flatMap({ graph[$0].constant })?.realized(),
      scale.type.isFloat, scale.elementCount == 1
    else { return nil }
    var zeroPoint = 0
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let zero = graph[id].constant?.realized() else { return nil }
      zeroPoint = zero.integer(at: 0)
    }
    return Grid(scale: scale.floats[0], zeroPoint: zeroPoint, type: type)
  }
}
