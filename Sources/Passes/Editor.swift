import Graph

/// A graph that is being rewritten: knows who makes and who reads each tensor, in constant time per change.
///
/// Operators have stable indices while edited; the order is settled when the graph is handed back.
struct Editor {
  private(set) var graph: Graph
  private var nodes: [Operator?]
  private var makers: [Int?]
  /// Readers as they were added; may hold operators that have since gone or read something else.
  private var readerLists: [[Int]]
  private var useCounts: [Int]
  private var outputPorts: [TensorID: [Int]] = [:]
  private var touched: [Int] = []

  init(_ graph: Graph) {
    self.graph = graph
    nodes = graph.operators
    makers = [Int?](repeating: nil, count: graph.tensors.count)
    readerLists = [[Int]](repeating: [], count: graph.tensors.count)
    useCounts = [Int](repeating: 0, count: graph.tensors.count)
    self.graph.operators = []
    for (index, node) in graph.operators.enumerated() { link(node, at: index) }
    for (index, port) in graph.outputs.enumerated() {
      outputPorts[port.tensor, default: []].append(index)
      useCounts[port.tensor.index] += 1
    }
  }

  /// The graph, its operators in an order in which they can run, without what nobody reads.
  consuming func finish() -> Graph {
    graph.operators = orderedNodes()
    graph.removeUnused()
    graph.dropOptionalResults()
    graph.compact()
    return graph
  }

  var nodeCount: Int { nodes.count }
  func node(_ index: Int) -> Operator? { nodes[index] }
  func type(_ id: TensorID) -> TensorType { graph[id].type }
  func shape(_ id: TensorID) -> Shape { graph[id].shape }
  func constant(_ id: TensorID?) -> Constant? { id.flatMap { graph[$0].constant } }
  func isOutput(_ id: TensorID) -> Bool { outputPorts[id] != nil }
  /// Whether one operator operand (or one graph output) reads the tensor and nothing else does.
  func hasOneUse(_ id: TensorID) -> Bool { useCounts[id.index] == 1 }

  /// The operator that makes a tensor.
  func maker(_ id: TensorID?) -> (index: Int, node: Operator)? {
    guard let id, let index = makers[id.index], let node = nodes[index] else { return nil }
    return (index, node)
  }

  /// The operator that makes a tensor which nothing but the asking operator reads.
  func soleMaker(_ id: TensorID?) -> (index: Int, node: Operator)? {
    guard let id, hasOneUse(id), !isOutput(id) else { return nil }
    return maker(id)
  }

  mutating func readers(_ id: TensorID) -> [Int] {
    var seen = Set<Int>()
    // Forgetting stale entries here keeps the total work linear.
    readerLists[id.index] = readerLists[id.index].filter { index in
      nodes[index]?.inputs.contains(id) == true && seen.insert(index).inserted
    }
    return readerLists[id.index]
  }

  /// The operators that lie between a node's operands and the tensor `x`, outermost last.
  func interior(of node: Operator, to x: TensorID) -> [Int] {
    let limit = 24
    var found: [Int] = []
    var pending = node.inputs.compactMap { $0 }
    while let id = pending.popLast(), found.count < limit {
      guard id != x, let maker = maker(id), !found.contains(maker.index) else { continue }
      found.append(maker.index)
      pending += maker.node.inputs.compactMap { $0 }
    }
    return found.sorted()
  }

  mutating func addConstant(_ constant: Constant, name: String, origin: Origin? = nil) -> TensorID {
    let id = graph.addConstant(constant, name: name)
    if let origin { graph[id].origin = origin }
    makers.append(nil)
    readerLists.append([])
    useCounts.append(0)
    return id
  }

  /// Adds an operator with one result; `sources` are the source nodes that it stands for.
  mutating func emit(
    _ operation: Operation, inputs: [TensorID?], name: String, sources: [String]
  ) throws(Diagnostic) -> TensorID {
    let type = try operation.resultTypes(
      of: inputs.map { $0.map { graph[$0].type } }, resultCount: 1, at: sources.first ?? name)[0]
    let id = graph.addTensor(name, type, origin: Origin())
    makers.append(nil)
    readerLists.append([])
    useCounts.append(0)
    let node = Operator(operation, inputs: inputs, outputs: [id], sources: sources)
    nodes.append(node)
    link(node, at: nodes.count - 1)
    touched.append(nodes.count - 1)
    return id
  }

  /// Puts another operation with the same results in the place of operator `index`; false when the types of
  /// its results would differ, and then nothing happens.
  mutating func replace(
    _ index: Int, with operation: Operation, inputs: [TensorID?], absorbing absorbed: [Int]
  ) throws(Diagnostic) -> Bool {
    guard let old = nodes[index] else { return false }
    let types = try operation.resultTypes(
      of: inputs.map { $0.map { graph[$0].type } }, resultCount: old.outputs.count, at: old.sourceName)
    for case (let id?, let type) in zip(old.outputs, types) where graph[id].type != type { return false }
    let sources = mergedSources(of: absorbed, into: index)
    for case let input? in inputs { addReader(index, of: input) }
    nodes[index] = Operator(operation, inputs: inputs, outputs: old.outputs, sources: sources)
    for case let input? in old.inputs { dropUse(of: input) }
    touch(around: index)
    return true
  }

  /// Makes everyone who reads the first result of operator `index` read `id` instead.
  mutating func forward(_ index: Int, to id: TensorID, absorbing absorbed: [Int]) {
    guard var node = nodes[index], let old = node.outputs[0], old != id else { return }
    let readers = readers(old)
    for reader in readers {
      let count = nodes[reader]!.inputs.count { $0 == old }
      nodes[reader]!.inputs = nodes[reader]!.inputs.map { $0 == old ? id : $0 }
      for _ in 0..<count { addReader(reader, of: id) }
    }
    for port in outputPorts.removeValue(forKey: old) ?? [] {
      graph.outputs[port].tensor = id
      outputPorts[id, default: []].append(port)
      useCounts[id.index] += 1
    }
    useCounts[old.index] = 0
    touched += readers
    node.sources = mergedSources(of: absorbed, into: index)
    inheritNames(of: node, old: old, by: id, readers: readers)
    removeIfUnused(index)
  }

  /// Writes into a tensor's origin what happened to it.
  mutating func note(_ change: String, on id: TensorID) { graph[id].origin.changes.append(change) }

  /// Operators that changed since the last call, or whose neighborhood did.
  mutating func takeTouched() -> [Int] {
    defer { touched = [] }
    return touched
  }
}

extension Editor {
  private mutating func link(_ node: Operator, at index: Int) {
    for case let input? in node.inputs { addReader(index, of: input) }
    for case let output? in node.outputs { makers[output.index] = index }
  }

  private mutating func addReader(_ reader: Int, of id: TensorID) {
    if readerLists[id.index].last != reader { readerLists[id.index].append(reader) }
    useCounts[id.index] += 1
  }

  private mutating func dropUse(of id: TensorID) {
    useCounts[id.index] -= 1
    guard let maker = makers[id.index] else { return }
    if useCounts[id.index] == 0 { removeIfUnused(maker) } else { touched.append(maker) }
    // What became the only reader may now absorb its maker.
    if useCounts[id.index] == 1 { touched += readers(id) }
  }

  private mutating func removeIfUnused(_ index: Int) {
    var pending = [index]
    while let index = pending.popLast() {
      guard let node = nodes[index] else { continue }
      if node.outputs.contains(where: { $0.map { useCounts[$0.index] > 0 } ?? false }) { continue }
      nodes[index] = nil
      for case let input? in node.inputs {
        useCounts[input.index] -= 1
        if useCounts[input.index] == 0, let maker = makers[input.index] { pending.append(maker) }
        if useCounts[input.index] == 1 { touched += readers(input) }
      }
    }
  }

  private mutating func touch(around index: Int) {
    guard let node = nodes[index] else { return }
    touched.append(index)
    for case let output? in node.outputs { touched += readers(output) }
    for case let input? in node.inputs { if let maker = makers[input.index] { touched.append(maker) } }
  }

  /// Lists move from operators that die instead of being copied, so that a chain of a million stays linear.
  private mutating func mergedSources(of absorbed: [Int], into index: Int) -> [String] {
    var lists: [[String]] = []
    for other in absorbed + [index] {
      guard let node = nodes[other] else { continue }
      lists.append(node.sources)
      let dies = other == index || node.outputs.allSatisfy { $0.map { useCounts[$0.index] <= 1 } ?? true }
      if dies { nodes[other]!.sources = [] }
    }
    guard var merged = lists.first else { return [] }
    lists[0] = []
    for list in lists.dropFirst() {
      for source in list where merged.last != source { merged.append(source) }
    }
    return merged
  }

  private mutating func inheritNames(of node: Operator, old: TensorID, by id: TensorID, readers: [Int]) {
    let origin = graph[old].origin
    if graph[id].origin.name.isEmpty, graph[id].constant == nil, !origin.name.isEmpty {
      graph[id].name = graph[old].name
      graph[id].origin = origin
    } else if !origin.name.isEmpty {
      graph[id].origin.aliases.append(origin)
    }
    if let maker = makers[id.index], nodes[maker] != nil {
      nodes[maker]!.sources += node.sources
    } else if let reader = readers.first {
      nodes[reader]!.sources += node.sources
    }
  }

  /// Depth first from each operator in its old place; what it needs comes just before it.
  private func orderedNodes() -> [Operator] {
    var ordered: [Operator] = []
    var done = [Bool](repeating: false, count: nodes.count)
    var opened = [Bool](repeating: false, count: nodes.count)
    for start in nodes.indices where nodes[start] != nil && !done[start] {
      var stack = [start]
      while let index = stack.last {
        if done[index] {
          stack.removeLast()
          continue
        }
        if opened[index] {
          done[index] = true
          ordered.append(nodes[index]!)
          stack.removeLast()
          continue
        }
        opened[index] = true
        for case let input? in nodes[index]!.inputs.reversed() {
          if let maker = makers[input.index], nodes[maker] != nil, !done[maker] { stack.append(maker) }
        }
      }
    }
    return ordered
  }
}

extension Graph {
  /// Forgets optional results that nobody reads: positions of a max pool, states of a recurrence.
  fileprivate mutating func dropOptionalResults() {
    var wanted = Set(outputs.map(\.tensor))
    for node in operators { for case let input? in node.inputs { wanted.insert(input) } }
    for index in operators.indices {
      let first: Int
      switch operators[index].operation {
      case .pool, .composite: first = 1
      case .recurrent: first = 0
      default: continue
      }
      for result in operators[index].outputs.indices.dropFirst(first) {
        if let id = operators[index].outputs[result], !wanted.contains(id) {
          operators[index].outputs[result] = nil
        }
      }
      while operators[index].outputs.count > 1, operators[index].outputs.last! == nil {
        operators[index].outputs.removeLast()
      }
    }
  }
}
