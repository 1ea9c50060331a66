import Graph

/// Walks over a graph and writes each operator as operators that the device has.
///
/// A rewrite writes its parts through ``add(_:_:for:into:)``, which looks at each part again, so rewrites only have to
/// know the next simpler form.
struct Legalizer {
  let target: LoweringTarget
  /// All tensors of the source, and new ones behind them; operators as far as they are written.
  var graph: Graph
  private let source: [Operator]
  var wide: Set<TensorID> = []
  private var rewrites: [Legalization.Rewrite] = []
  private var problems: [LegalizationProblem] = []
  /// The written operator that makes each tensor.
  private var makers: [TensorID: Int] = [:]
  /// Tensors of the source that turned out to be others.
  private var aliases: [TensorID: TensorID] = [:]
  /// Whether parts of a rewrite are looked at again.
  var rewritesParts = true
  /// The operators of the source that read each tensor.
  private var readers: [TensorID: [Int]] = [:]

  /// Computes what constants decide.
  let evaluator: (any ConstantEvaluator)?

  init(_ graph: Graph, target: LoweringTarget, evaluator: (any ConstantEvaluator)? = nil) {
    self.target = target
    self.evaluator = evaluator
    source = graph.operators
    self.graph = graph
    self.graph.operators = []
    readers = graph.consumers
  }

  mutating func run() throws(Diagnostic) -> Legalization {
    for node in source {
      var node = node
      node.inputs = node.inputs.map { $0.map(resolved) }
      try place(node)
    }
    if !problems.isEmpty { throw LegalizationProblem.diagnostic(problems) }
    for index in graph.outputs.indices { graph.outputs[index].tensor = resolved(graph.outputs[index].tensor) }
    graph.removeUnused()
    graph.passOnNames()
    try observeVerified()
    var result = Legalization(graph: graph, wide: wide, rewrites: rewrites, observation: graph)
    let kept = Set(graph.operators.flatMap { $0.outputs.compactMap { $0 } })
    result.wide.formIntersection(kept)
    try result.observeCellStates()
    return result
  }

  /// In debug builds: each rewrite left a graph that holds together.
  private func observeVerified() throws(Diagnostic) {
    #if DEBUG
      try graph.verify()
    #endif
  }

  // MARK: - Writing

  /// Writes an operator as it is, or what stands for it.
  mutating func place(_ node: Operator) throws(Diagnostic) {
    let before = problems.count
    if rewritesParts, try rewrite(node) { return }
    if problems.count == before, let problem = problem(with: node) { report(problem, at: node) }
    keep(node)
  }

  /// Writes an operator as it is.
  mutating func keep(_ node: Operator) {
    for case let output? in node.outputs { makers[output] = graph.operators.count }
    graph.operators.append(node)
  }

  /// Writes an operator that is a part of `node`; `result` names the tensor that it makes, where there is one already.
  @discardableResult
  mutating func add(
    _ operation: Operation, _ inputs: [TensorID?], for node: Operator, into result: TensorID? = nil
  ) throws(Diagnostic) -> TensorID {
    let type = try operation.resultTypes(
      of: inputs.map { $0.map { graph[$0].type } }, resultCount: 1, at: node.sourceName)[0]
    let id = result ?? graph.addTensor(partName(operation.name, of: node), type, origin: Origin())
    guard graph[id].type == type else {
      throw Diagnostic(
        .failed,
        "legalizing '\(node.sourceName)' (\(node.operation.name)) made \(type) where \(graph[id].type) was expected"
      )
    }
    try place(Operator(operation, inputs: inputs, outputs: [id], sources: node.sources))
    return resolved(id)
  }

  /// Writes a split; the parts in order.
  mutating func addSplit(
    _ data: TensorID, axis: Int, parts: [Extent], for node: Operator
  ) throws(Diagnostic) -> [TensorID] {
    let operation = Operation.split(axis: axis, parts: parts)
    let types = try operation.resultTypes(
      of: [graph[data].type], resultCount: parts.count, at: node.sourceName)
    let name = partName("split", of: node)
    let results = types.enumerated().map { graph.addTensor("\(name).\($0)", $1, origin: Origin()) }
    try place(Operator(operation, inputs: [data], outputs: results, sources: node.sources))
    return results.map { resolved($0) }
  }

  /// As ``add(_:_:for:into:)``, in int16 on an int8 device.
  @discardableResult
  mutating func addWide(
    _ operation: Operation, _ inputs: [TensorID?], for node: Operator, into result: TensorID? = nil
  ) throws(Diagnostic) -> TensorID {
    let id = try add(operation, inputs, for: node, into: result)
    if target == .int8 { wide.insert(id) }
    return id
  }

  /// `data` under another shape; nothing is written when it has been seen under that shape before.
  @discardableResult
  mutating func reshape(
    _ data: TensorID, to shape: Shape, for node: Operator, into result: TensorID? = nil
  ) throws(Diagnostic) -> TensorID {
    let root = reshapeRoot(data)
    if let result {
      try add(.reshape(shape), [root], for: node, into: result)
      return resolved(result)
    }
    if graph[root].shape == shape { return root }
    if graph[data].shape == shape { return data }
    if let constant = graph[root].constant, let sizes = shape.fixedSizes {
      return addConstant(constant.reshaped(sizes), name: graph[root].name, like: root)
    }
    return try add(.reshape(shape), [root], for: node)
  }

  /// The tensor that `data` is a view of.
  func reshapeRoot(_ data: TensorID) -> TensorID {
    var id = data
    while let maker = maker(id), case .reshape = maker.operation, let input = maker.inputs[0] { id = input }
    return id
  }

  mutating func addConstant(_ constant: Constant, name: String, like source: TensorID? = nil) -> TensorID {
    let id = graph.addConstant(constant, name: name)
    graph[id].origin = Origin(name: source.map { graph[$0].origin.name } ?? "")
    graph[id].quantization = source.flatMap { graph[$0].quantization }
    return id
  }

  mutating func addConstant(_ floats: [Float], _ sizes: [Int], name: String) -> TensorID {
    addConstant(Constant(TensorValue(floats: floats, sizes: sizes)), name: name)
  }

  mutating func scalar(_ value: Float) -> TensorID { addConstant([value], [], name: "\(value)") }

  mutating func addIndices(_ indices: [Int], _ sizes: [Int]) -> TensorID {
    let value = TensorValue(integers: indices, type: .int32, sizes: sizes)
    return addConstant(Constant(value), name: "indices")
  }

  /// Makes everyone who reads `result` read `id` instead.
  mutating func forward(_ result: TensorID, to id: TensorID, for node: Operator) throws(Diagnostic) {
    let isPort = graph.isInput(id) || graph[id].constant != nil
    if graph.isOutput(result), isPort {
      keep(Operator(.reshape(graph[id].shape), inputs: [id], outputs: [result], sources: node.sources))
      return
    }
    aliases[result] = id
    graph[id].origin.aliases.append(graph[result].origin)
  }

  mutating func record(_ what: String, _ node: Operator, _ accuracy: Legalization.Accuracy = .exact) {
    if let index = rewrites.lastIndex(where: { $0.what == what && $0.accuracy == accuracy }) {
      for name in node.sources where !rewrites[index].nodes.contains(name) {
        rewrites[index].nodes.append(name)
      }
    } else {
      rewrites.append(.init(what, nodes: node.sources, accuracy: accuracy))
    }
  }

  mutating func report(_ problem: (reason: String, suggestion: String), at node: Operator) {
    let found = LegalizationProblem(
      node: node.sourceName, operation: node.operation.name, reason: problem.reason,
      suggestion: problem.suggestion)
    if !problems.contains(found) { problems.append(found) }
  }

  // MARK: - Looking

  func resolved(_ id: TensorID) -> TensorID {
    var id = id
    while let next = aliases[id] { id = next }
    return id
  }

  func shape(_ id: TensorID) -> Shape { graph[id].shape }
  func constant(_ id: TensorID?) -> Constant? { id.flatMap { graph[$0].constant } }

  /// The written operator that makes a tensor.
  func maker(_ id: TensorID) -> Operator? { makers[id].map { graph.operators[$0] } }

  /// The operators of the source that read a tensor.
  func sourceReaders(_ id: TensorID) -> [Operator] { readers[id, default: []].map { source[$0] } }

  /// The only element of a float constant.
  func scalarValue(_ id: TensorID?) -> Float? {
    guard let constant = constant(id), constant.type == .float32, constant.elementCount == 1 else {
      return nil
    }
    return constant.realized().floats[0]
  }

  private func partName(_ part: String, of node: Operator) -> String {
    let whole = node.outputs.compactMap { $0 }.first.map { graph[$0].name } ?? node.sourceName
    return "\(whole)/\(part) \(graph.tensors.count)"
  }
}

/// One operator that the device does not have.
struct LegalizationProblem: Hashable {
  var node: String
  var operation: String
  var reason: String
  var suggestion: String

  static func diagnostic(_ problems: [LegalizationProblem]) -> Diagnostic {
    let count = problems.count == 1 ? "1 operator" : "\(problems.count) operators"
    let lines = problems.map { "  '\($0.node)' (\($0.operation)) \($0.reason)" }
    var hints: [String] = []
    for problem in problems where !hints.contains(problem.suggestion) { hints.append(problem.suggestion) }
    return Diagnostic(
      .unsupported,
      "\(count) cannot run on TensorFlow Lite Micro:\n" + lines.joined(separator: "\n"),
      hint: hints.joined(separator: "\n  "))
  }
}

extension Graph {
  /// Gives the names of source tensors that are gone to the reshaped tensors that replaced them.
  mutating func passOnNames() {
    var made = Set(inputs.map(\.tensor))
    for node in operators { for case let output? in node.outputs { made.insert(output) } }
    for node in operators {
      for case let output? in node.outputs where self[output].origin.name.isEmpty {
        guard let heir = self[output].origin.aliases.first(where: { !$0.name.isEmpty }) else { continue }
        let taken = tensors.indices.contains { tensors[$0].name == heir.name && made.contains(TensorID($0)) }
        guard !taken, heir.permutation.map({ $0.count == self[output].shape.rank }) ?? true else { continue }
        self[output].name = heir.name
        self[output].origin = heir
      }
    }
  }
}
