import Graph

/// Writes a graph down in chosen modes: rewrites attributes, permutes constants, inserts what has to be transposed.
struct LayoutMaterialization {
  /// A stored form of a value.
  private struct Version {
    let arrangement: Arrangement
    let tensor: TensorID
  }

  private let problem: LayoutProblem
  private let choice: [Int]
  private var graph: Graph
  private var operators: [Operator] = []
  private var versions: [[Version]]
  /// Transposes of the source by the value that they turn; their names live on in what takes their place.
  private var transposes: [Int: [Operator]] = [:]
  private var takenNames = Set<TensorID>()
  private(set) var summary = PassSummary()

  init(_ problem: LayoutProblem, _ choice: [Int]) {
    self.problem = problem
    self.choice = choice
    graph = problem.graph
    versions = [[Version]](repeating: [], count: problem.values.count)
  }

  mutating func run() throws(Diagnostic) -> Graph {
    for node in problem.graph.operators {
      guard case .transpose = node.operation, let view = problem.views[node.outputs[0]!] else { continue }
      transposes[view.value, default: []].append(node)
      summary.count("transposes of the source removed")
    }
    for player in problem.players.indices {
      switch problem.players[player] {
      case .input(let index): writeInput(index, player)
      case .node(let index): try writeNode(index, player)
      case .output(let index): try writeOutput(index, player)
      }
    }
    keepSourcesOfTransposes()
    graph.operators = operators
    return graph
  }
}

extension LayoutMaterialization {
  /// A transpose that vanished lives on in the operator that makes its operand, or else in one that reads its result.
  private mutating func keepSourcesOfTransposes() {
    guard !transposes.isEmpty else { return }
    var makers: [TensorID: Int] = [:]
    var readers: [TensorID: Int] = [:]
    for (index, node) in operators.enumerated() {
      for case let output? in node.outputs { makers[output] = index }
      for case let input? in node.inputs where readers[input] == nil { readers[input] = index }
    }
    for (value, nodes) in transposes.sorted(by: { $0.key < $1.key }) {
      for node in nodes where makers[node.outputs[0]!] == nil {
        let stored = versions[value].map(\.tensor)
        guard let index = stored.compactMap({ makers[$0] }).first ?? stored.compactMap({ readers[$0] }).first
        else { continue }
        operators[index].sources += node.sources
      }
    }
  }

  private mutating func writeInput(_ index: Int, _ player: Int) {
    guard let arrangement = problem.mode(player, choice).results[0] else { return }
    store(graph.inputs[index].tensor, arrangement)
    graph.inputs[index].turn(by: arrangement, summary: &summary, notes: &graph.notes, what: "input")
  }

  private mutating func writeOutput(_ index: Int, _ player: Int) throws(Diagnostic) {
    let tensor = graph.outputs[index].tensor
    guard problem.views[tensor] != nil, let arrangement = problem.mode(player, choice).operands[0] else {
      return
    }
    graph.outputs[index].tensor = try fetch(tensor, arrangement, for: player)
    graph.outputs[index].turn(by: arrangement, summary: &summary, notes: &graph.notes, what: "output")
  }

  private mutating func writeNode(_ index: Int, _ player: Int) throws(Diagnostic) {
    var node = problem.graph.operators[index]
    let mode = problem.mode(player, choice)
    for (position, input) in node.inputs.enumerated() {
      guard let input else { continue }
      if let arrangement = mode.operands[position], problem.views[input] != nil {
        node.inputs[position] = try fetch(input, arrangement, for: player)
      }
    }
    try arrangeOperands(of: &node, mode, original: problem.graph.operators[index], player)
    node.operation = node.operation.rearranged(mode, target: problem.modes.target)
    for (position, output) in node.outputs.enumerated() {
      if let output, let arrangement = mode.results[position] { store(output, arrangement) }
    }
    operators.append(node)
  }

  /// Remembers that a tensor is now stored like this.
  private mutating func store(_ tensor: TensorID, _ arrangement: Arrangement) {
    guard let view = problem.views[tensor] else { return }
    versions[view.value].append(
      Version(arrangement: arrangement.original(of: view.permutation), tensor: tensor))
    describe(tensor, arrangement)
    takenNames.insert(tensor)
  }

  /// Gives a tensor the stored shape, and its origin the way back.
  private mutating func describe(_ tensor: TensorID, _ arrangement: Arrangement) {
    if arrangement.isIdentity { return }
    graph[tensor].type.shape = graph[tensor].shape.permuted(arrangement.order)
    graph[tensor].origin.rearrange(arrangement)
    summary.count("tensors rearranged")
  }
}

extension LayoutMaterialization {
  /// The tensor as its reader wants it: a stored version, or a new one.
  private mutating func fetch(
    _ tensor: TensorID, _ arrangement: Arrangement, for reader: Int
  ) throws(Diagnostic) -> TensorID {
    let view = problem.views[tensor]!
    let wanted = arrangement.original(of: view.permutation)
    if let version = versions[view.value].first(where: { $0.arrangement == wanted }) {
      noteName(of: tensor, arrangement, on: version.tensor)
      return version.tensor
    }
    let shape = problem.graph[problem.values[view.value].tensor].shape
    let order = wanted.memoryOrder(shape)
    let result: TensorID
    if let version = versions[view.value].first(where: { $0.arrangement.memoryOrder(shape) == order }) {
      result = try append(
        .reshape(shape.permuted(wanted.order)), to: version.tensor, as: tensor, arrangement, for: reader)
    } else {
      let made = try plainInside(versions[view.value][0], wanted, view.value, shape, for: reader)
      result = try move(made, to: wanted, shape, as: tensor, arrangement, for: reader)
      noteTranspose(of: view.value, shape, for: reader)
    }
    versions[view.value].append(Version(arrangement: wanted, tensor: result))
    return result
  }

  /// A version that can be moved in one step: where both sides reorder an axis inside, differently, an intermediate
  /// version that does not.
  private mutating func plainInside(
    _ version: Version, _ wanted: Arrangement, _ value: Int, _ shape: Shape, for reader: Int
  ) throws(Diagnostic) -> Version {
    let clashes = version.arrangement.inner.contains { axis, shuffle in
      wanted.inner[axis].map { $0 != shuffle } ?? false
    }
    guard clashes else { return version }
    let plain = Arrangement(version.arrangement.order)
    let tensor = try move(version, to: plain, shape, as: nil, plain, for: reader)
    versions[value].append(Version(arrangement: plain, tensor: tensor))
    return versions[value].last!
  }

  /// Turns the parts of axes that are reordered inside, too: reshape to parts, transpose, reshape back.
  private mutating func move(
    _ version: Version, to wanted: Arrangement, _ shape: Shape, as tensor: TensorID?,
    _ arrangement: Arrangement,
    for reader: Int
  ) throws(Diagnostic) -> TensorID {
    let parts = MovedParts(shape, from: version.arrangement, to: wanted)
    var current = version.tensor
    if parts.stored != graph[current].shape {
      current = try append(.reshape(parts.stored), to: current, as: nil, arrangement, for: reader)
    }
    let last = parts.moved == shape.permuted(wanted.order)
    current = try append(
      .transpose(parts.permutation), to: current, as: last ? tensor : nil, arrangement, for: reader)
    if last { return current }
    return try append(
      .reshape(shape.permuted(wanted.order)), to: current, as: tensor, arrangement, for: reader)
  }

  /// Adds an operator that makes (a version of) `tensor`. The first version of a transpose's result keeps its name.
  private mutating func append(
    _ operation: Operation, to operand: TensorID, as tensor: TensorID?, _ arrangement: Arrangement,
    for reader: Int
  ) throws(Diagnostic) -> TensorID {
    let sources = sources(for: reader, tensor)
    let type = try operation.resultTypes(of: [graph[operand].type], resultCount: 1, at: sources[0])[0]
    let result: TensorID
    if let tensor, takenNames.insert(tensor).inserted {
      describe(tensor, arrangement)
      result = tensor
    } else {
      result = graph.addTensor("\(graph[operand].name)/moved", type, origin: Origin())
    }
    operators.append(Operator(operation, inputs: [operand], outputs: [result], sources: sources))
    return result
  }

  private func sources(for reader: Int, _ tensor: TensorID?) -> [String] {
    if let tensor, let view = problem.views[tensor],
      let node = transposes[view.value]?.first(where: { $0.outputs[0] == tensor })
    {
      return node.sources
    }
    switch problem.players[reader] {
    case .node(let index): return problem.graph.operators[index].sources
    case .output(let index): return ["output '\(graph.outputs[index].name)'"]
    case .input(let index): return ["input '\(graph.inputs[index].name)'"]
    }
  }

  /// What was a transpose in the source lives on as another name of the stored tensor.
  private mutating func noteName(of tensor: TensorID, _ arrangement: Arrangement, on version: TensorID) {
    guard tensor != version, takenNames.insert(tensor).inserted else { return }
    var origin = graph[tensor].origin
    if origin.name.isEmpty { return }
    origin.rearrange(arrangement)
    graph[version].origin.aliases.append(origin)
  }
}

extension LayoutMaterialization {
  /// Constants follow the data for free; operands of lower rank get their unit axes where the result has them.
  private mutating func arrangeOperands(
    of node: inout Operator, _ mode: LayoutMode, original: Operator, _ player: Int
  ) throws(Diagnostic) {
    switch original.operation {
    case .unary, .binary, .compare, .select, .cast:
      guard let result = mode.results[0], !result.isIdentity else { return }
      try arrangeBroadcast(&node, result, original, player)
    case .concat, .gatherElements, .scatterElements:
      guard let result = mode.results[0], !result.isIdentity else { return }
      for position in node.inputs.indices {
        guard let input = node.inputs[position], let constant = graph[input].constant else { continue }
        node.inputs[position] = addConstant(constant.arranged(result), from: input, result)
      }
    case .dense:
      arrangeWeights(of: &node, data: mode.operands[0]!, result: mode.results[0]!)
    case .composite(.layerNormalization(let axis, _)), .composite(.rmsNormalization(let axis, _)):
      guard let data = mode.operands[0], !data.isIdentity else { return }
      for position in node.inputs.indices.dropFirst() {
        guard let input = node.inputs[position], let constant = graph[input].constant else { continue }
        let arranged = constant.arranged(data)
        let sizes = arranged.sizes.suffix(max(constant.sizes.count, data.rank - axis))
        node.inputs[position] = addConstant(arranged.reshaped(Array(sizes)), from: input, nil)
      }
    case .recurrent:
      arrangeStates(of: &node, mode)
    default: return
    }
  }

  private mutating func arrangeBroadcast(
    _ node: inout Operator, _ result: Arrangement, _ original: Operator, _ player: Int
  ) throws(Diagnostic) {
    let hasFullOperand = original.inputs.contains { id in
      id.map { graph[$0].constant == nil && graph[$0].shape.rank == result.rank } ?? false
    }
    for position in node.inputs.indices {
      guard let input = node.inputs[position] else { continue }
      if let constant = graph[input].constant {
        if constant.elementCount == 1 { continue }
        let arranged = constant.arranged(result)
        node.inputs[position] = addConstant(
          hasFullOperand ? arranged.withoutLeadingUnits() : arranged, from: input, nil)
        continue
      }
      let shape = graph[input].shape
      let lead = result.rank - shape.rank
      guard lead > 0, result.order.prefix(lead).sorted() != Array(0..<lead) else { continue }
      var rest = shape.extents[...]
      let full = Shape(result.order.map { $0 < lead ? 1 : rest.removeFirst() })
      node.inputs[position] = try append(
        .reshape(full), to: input, as: nil, .identity(full.rank), for: player)
    }
  }

  private mutating func arrangeWeights(of node: inout Operator, data: Arrangement, result: Arrangement) {
    let last = data.rank - 1
    func arrangement(_ rank: Int, _ shuffles: [Int: AxisOrder?]) -> Arrangement {
      Arrangement(Array(0..<rank), inner: shuffles.compactMapValues { $0 })
    }
    let (columns, rows) = (data.inner[last], result.inner[last])
    let shuffles = [arrangement(2, [0: rows, 1: columns]), arrangement(1, [0: rows])]
    for (position, shuffle) in zip(node.inputs.indices.dropFirst(), shuffles) {
      guard let input = node.inputs[position], let constant = graph[input].constant, !shuffle.isIdentity
      else {
        continue
      }
      node.inputs[position] = addConstant(constant.arranged(shuffle), from: input, shuffle)
    }
  }

  private mutating func arrangeStates(of node: inout Operator, _ mode: LayoutMode) {
    guard let data = mode.operands[0], !data.isIdentity else { return }
    for position in node.inputs.indices where position == 5 || position == 6 {
      guard let input = node.inputs[position], let constant = graph[input].constant else { continue }
      let turned = Arrangement([1, 0, 2])
      node.inputs[position] = addConstant(constant.arranged(turned), from: input, turned)
    }
  }

  private mutating func addConstant(
    _ constant: Constant, from source: TensorID, _ arrangement: Arrangement?
  ) -> TensorID {
    var origin = graph[source].origin
    if let arrangement { origin.rearrange(arrangement) } else { origin.permutation = nil }
    let id = graph.addConstant(constant, name: graph[source].name)
    graph[id].origin = origin
    return id
  }
}

extension LayoutMaterialization {
  /// Says which transpose is left, and between whom.
  private mutating func noteTranspose(of value: Int, _ shape: Shape, for reader: Int) {
    summary.count("transposes left")
    let maker = problem.values[value].maker.player
    let name = problem.graph[problem.values[value].tensor].name
    graph.notes.append(
      "transpose left of '\(name)' \(shape): \(reason(maker)); \(reason(reader))")
  }

  private func reason(_ player: Int) -> String {
    switch problem.players[player] {
    case .input(let index): return "input '\(graph.inputs[index].name)' keeps its layout"
    case .output(let index): return "output '\(graph.outputs[index].name)' keeps its layout"
    case .node(let index):
      let node = problem.graph.operators[index]
      let subject = "'\(node.sourceName)' (\(node.operation.name))"
      if node.operation.layout != nil { return "\(subject) works on images" }
      if problem.options[player].count > 1 { return "\(subject) follows its neighbors" }
      switch node.operation {
      case .reshape: return "\(subject) joins or divides axes that lie apart in the other layout"
      case .matmul, .dense: return "\(subject) multiplies along its last axes"
      default: return "\(subject) takes its axes in the source's order"
      }
    }
  }
}

/// How stored elements move from one arrangement to another, axes taken apart where they are reordered inside.
private struct MovedParts {
  /// The stored shape in parts, before and after.
  let stored: Shape
  let moved: Shape
  let permutation: [Int]

  init(_ shape: Shape, from old: Arrangement, to new: Arrangement) {
    let parts = (0..<shape.rank).map { axis in
      (old.inner[axis] ?? new.inner[axis])?.sizes.map(Extent.fixed) ?? [shape[axis]]
    }
    let before = Self.sequence(old, parts)
    let after = Self.sequence(new, parts)
    stored = Shape(before.map { parts[$0.axis][$0.part] })
    moved = Shape(after.map { parts[$0.axis][$0.part] })
    permutation = after.map { part in before.firstIndex { $0 == part }! }
  }

  private struct Part: Equatable {
    let axis: Int
    let part: Int
  }

  private static func sequence(_ arrangement: Arrangement, _ parts: [[Extent]]) -> [Part] {
    arrangement.order.flatMap { axis in
      (arrangement.inner[axis]?.order ?? Array(parts[axis].indices)).map { Part(axis: axis, part: $0) }
    }
  }
}

extension Origin {
  /// Adds an arrangement to the way back to the source's axes.
  fileprivate mutating func rearrange(_ arrangement: Arrangement) {
    if arrangement.isIdentity { return }
    let plain = Array(arrangement.order.indices)
    let before = permutation ?? plain
    let after = arrangement.order.map { before[$0] }
    permutation = after == plain ? nil : after
    for (axis, shuffle) in arrangement.inner.sorted(by: { $0.key < $1.key }) {
      reorderings.append(AxisReordering(axis: before[axis], sizes: shuffle.sizes, order: shuffle.order))
    }
    for index in aliases.indices { aliases[index].rearrange(arrangement) }
  }
}

extension Port {
  fileprivate mutating func turn(
    by arrangement: Arrangement, summary: inout PassSummary, notes: inout [String], what: String
  ) {
    if arrangement.isIdentity { return }
    let before = permutation ?? Array(arrangement.order.indices)
    let after = arrangement.order.map { before[$0] }
    permutation = after == Array(after.indices) ? nil : after
    summary.count("ports turned")
    notes.append(
      "\(what) '\(name)' is \(declaredShape.permuted(after)) in place of \(declaredShape) (--keep-io-layout keeps it)"
    )
  }
}
