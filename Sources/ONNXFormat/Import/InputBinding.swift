import Graph

/// Finds the names whose values decide shapes, axes or amounts, so that they must be known at import.
struct InputBinding {
  private let functions: [FunctionKey: FunctionRecord]
  /// For each function, which of its inputs must be known.
  private var functionInputs: [FunctionKey: Set<Int>] = [:]
  /// Functions whose bodies are being looked at; how deep they may call each other is judged later.
  private var depth = 0

  init(functions: [FunctionKey: FunctionRecord]) { self.functions = functions }

  /// Every name in `nodes` that reaches a shape operand.
  mutating func names(deciding nodes: [NodeRecord]) -> Set<String> {
    var wanted: Set<String> = []
    for node in nodes.reversed() {
      let key = FunctionKey(domain: node.domain, name: node.operatorName, overload: node.overload)
      let entry =
        functions[key] == nil
        ? OperatorRegistry.entry(domain: Domains.normalized(node.domain), name: node.operatorName) : nil
      // A tensor's shape is known without its value.
      let stops = entry?.name == "Shape" || entry?.name == "Size"
      if !stops, node.outputs.contains(where: { !$0.isEmpty && wanted.contains($0) }) {
        wanted.formUnion(NodeOrder.names(readBy: node))
        continue
      }
      let indices = functions[key] != nil ? inputs(of: key) : Set(entry?.shapeOperands ?? [])
      for index in indices where index < node.inputs.count { wanted.insert(node.inputs[index]) }
      for attribute in node.attributes {
        if case .graph(let graph) = attribute.value { wanted.formUnion(names(deciding: graph.nodes)) }
      }
    }
    wanted.remove("")
    return wanted
  }

  private mutating func inputs(of key: FunctionKey) -> Set<Int> {
    if let known = functionInputs[key] { return known }
    guard let function = functions[key], depth < ImportLimits.callDepth else { return [] }
    // A function that calls itself finds this entry; it is refused later.
    functionInputs[key] = []
    depth += 1
    let wanted = names(deciding: function.nodes)
    depth -= 1
    let result = Set(function.header.inputs.indices.filter { wanted.contains(function.header.inputs[$0]) })
    functionInputs[key] = result
    return result
  }
}
