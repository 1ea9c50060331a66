import Graph

// From records to operators.
extension Importing {
  /// Translates the nodes of a graph or function that `outputs` need.
  mutating func translate(_ nodes: [NodeRecord], outputs: [String]) throws(Diagnostic) {
    let sorted = try inOrder(nodes, for: outputs)
    try checkSupport(sorted)
    for node in sorted { try translate(node) }
  }

  private func inOrder(_ nodes: [NodeRecord], for outputs: [String]) throws(Diagnostic) -> [NodeRecord] {
    let absent = scopes.last?.absent ?? []
    let order = NodeOrder { name in isDefined(name) || absent.contains(name) }
    return NodeOrder.needed(try order.sorted(nodes), for: outputs)
  }

  mutating func translate(_ record: NodeRecord) throws(Diagnostic) {
    nodeCount += 1
    guard nodeCount <= ImportLimits.nodes else { throw ImportLimits.tooManyNodes }
    sources = [
      prefix
        + (record.name.isEmpty ? record.outputs.first { !$0.isEmpty } ?? record.operatorName : record.name)
    ]
    var inputs: [ImportedValue?] = []
    for name in record.inputs { inputs.append(name.isEmpty ? nil : try lookUp(name)) }
    let firstNew = graph.tensors.count
    let results: [ImportedValue?]
    if let key = function(for: record) {
      results = try inline(key, record, inputs: inputs)
    } else {
      results = try translate(record, inputs: inputs)
    }
    for (index, name) in record.outputs.enumerated() where !name.isEmpty {
      guard index < results.count, let value = results[index] else {
        throw Diagnostic(
          .unsupported,
          "'\(record.title)' (\(record.operatorName)) has an output number \(index + 1), which edgeopt does not make"
        )
      }
      try define(name, value, by: record.title)
      guard case .tensor(let id) = value else { continue }
      if id.index >= firstNew, graph[id].origin.name.isEmpty {
        graph[id].name = prefix + name
        graph[id].origin.name = prefix + name
      } else if graph[id].constant == nil, graph[id].origin.name != prefix + name {
        // Identities and the like make no tensor of their own.
        graph[id].origin.aliases.append(Origin(name: prefix + name))
      }
    }
  }

  private mutating func translate(_ record: NodeRecord, inputs: [ImportedValue?]) throws(Diagnostic)
    -> [ImportedValue?]
  {
    let domain = Domains.normalized(record.domain)
    let opset = opsets[domain] ?? 1
    guard let entry = OperatorRegistry.entry(domain: domain, name: record.operatorName) else {
      throw Diagnostic(.unsupported, "'\(record.title)' uses the unknown operator \(record.operatorName)")
    }
    let node = Node(record: record, opset: opset, inputs: inputs, attributes: resolvedAttributes(of: record))
    guard opset >= entry.firstOpset else {
      throw node.unsupported(
        "is an operator of opset \(opset); edgeopt reads it from opset \(entry.firstOpset) on",
        hint: "convert the model to a newer opset")
    }
    guard inputs.count <= entry.maximumInputs else {
      throw node.problem("has \(inputs.count) inputs; the operator takes at most \(entry.maximumInputs)")
    }
    if let results = try shapeArithmetic(node) { return results }
    return try entry.translate(&self, node)
  }

  /// Lists everything that is not supported at once.
  private func checkSupport(_ nodes: [NodeRecord]) throws(Diagnostic) {
    var unsupported: [String: [String]] = [:]
    var seen: Set<FunctionKey> = []
    var waiting = nodes
    while let node = waiting.popLast() {
      if let key = function(for: node) {
        if seen.insert(key).inserted { waiting += functions[key]?.nodes ?? [] }
        continue
      }
      let domain = Domains.normalized(node.domain)
      if OperatorRegistry.entry(domain: domain, name: node.operatorName) == nil {
        let name = domain.isEmpty ? node.operatorName : "\(domain).\(node.operatorName)"
        unsupported[name, default: []].append(node.title)
      }
    }
    if unsupported.isEmpty { return }
    let lines = unsupported.keys.sorted().map { name in
      let titles = unsupported[name]!.reversed()
      let shown = titles.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
      return "  \(name): \(shown)" + (titles.count > 10 ? " and \(titles.count - 10) more" : "")
    }
    throw Diagnostic(
      .unsupported,
      "the model uses operators that edgeopt does not know:\n" + lines.joined(separator: "\n"),
      hint: "'edgeopt ops' lists what is known; rewrite these parts of the model with such operators")
  }

  /// Translates the branch of a conditional that is taken.
  mutating func branch(_ record: GraphRecord, of node: Node) throws(Diagnostic) -> [ImportedValue?] {
    guard record.outputs.count >= node.outputCount else {
      throw node.problem("has \(node.outputCount) outputs, its branch only \(record.outputs.count)")
    }
    var scope = Scope(isClosed: false)
    for initializer in record.initializers { scope.initializers[initializer.name] = initializer }
    scopes.append(scope)
    let outer = sources
    try translate(record.nodes, outputs: record.outputs.map(\.name))
    sources = outer
    var results: [ImportedValue?] = []
    for output in record.outputs.prefix(node.outputCount) {
      guard let value = try lookUp(output.name) else {
        throw node.problem("has a branch that never makes its output '\(output.name)'")
      }
      results.append(value)
    }
    scopes.removeLast()
    return results
  }
}
