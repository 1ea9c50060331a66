import Graph
import Lowering

/// Which tensors must have the same numbers on the device, because an operator copies or compares their integers.
///
///     let groups = TensorGroups(graph)
///     groups.members(of: groups[pooled])  // pooled, and the tensor that it was pooled from
struct TensorGroups: Sendable {
  let graph: Graph
  let rules: [OperatorRule]
  /// Operands that are requantized before their operator, because their numbers are fixed to others.
  private(set) var apart: Set<QuantizationPlan.Use> = []
  /// The numbers that a kernel computes for, by group.
  private(set) var fixed: [Int: OperatorRule.Result] = [:]
  /// For each tensor the representative of its group; −1 for tensors without numbers.
  private var parents: [Int]
  private var membersOf: [Int: [TensorID]] = [:]
  /// Tensors whose every number is a number of another member.
  private var copies: Set<TensorID> = []

  init(_ graph: Graph) {
    self.graph = graph
    rules = graph.quantizationRules()
    parents = graph.tensors.map { $0.element == .float32 && $0.constant == nil ? 0 : -1 }
    for index in parents.indices where parents[index] == 0 { parents[index] = index }
    joinCopies()
    joinShared()
    for tensor in graph.activations where isMember(tensor) {
      membersOf[root(tensor), default: []].append(tensor)
    }
    copies = findCopies()
  }

  /// The group of a tensor; nil for constants and for what is no real number.
  subscript(tensor: TensorID) -> Int? { isMember(tensor) ? root(tensor) : nil }

  func members(of group: Int) -> [TensorID] { membersOf[group] ?? [] }

  /// All groups, in the order of their first members.
  var all: [Int] { membersOf.keys.sorted { membersOf[$0]![0].index < membersOf[$1]![0].index } }

  /// Members whose numbers are not just those of other members.
  func sources(of group: Int) -> [TensorID] { members(of: group).filter { !copies.contains($0) } }

  /// Constants whose values must have a place in the group's range.
  private(set) var constants: [Int: [TensorID]] = [:]

  private func isMember(_ tensor: TensorID) -> Bool { parents[tensor.index] >= 0 }

  private func root(_ tensor: TensorID) -> Int {
    var index = tensor.index
    while parents[index] != index { index = parents[index] }
    return index
  }

  private mutating func join(_ first: TensorID, _ second: TensorID) {
    let (a, b) = (root(first), root(second))
    guard a != b else { return }
    let (low, high) = (min(a, b), max(a, b))
    parents[high] = low
    if let numbers = fixed.removeValue(forKey: high), fixed[low] == nil { fixed[low] = numbers }
    if let more = constants.removeValue(forKey: high) { constants[low, default: []] += more }
  }

  private mutating func joinCopies() {
    for (node, rule) in zip(graph.operators, rules) {
      for (output, result) in zip(node.outputs, rule.results) {
        guard let output, isMember(output) else { continue }
        switch result {
        case .fixed: fixed[root(output)] = result
        case .same(let operand):
          if let input = node.inputs[operand], isMember(input) { join(input, output) }
        case .free, .unquantized: break
        }
      }
    }
  }

  private mutating func joinShared() {
    for (index, (node, rule)) in zip(graph.operators, rules).enumerated() {
      guard let output = node.outputs.first ?? nil, isMember(output) else { continue }
      let operands = rule.operands.indices.filter { rule.operands[$0] == .shared }
      adoptFixed(node, operands, output)
      for operand in operands {
        guard let input = node.inputs[operand] else { continue }
        guard isMember(input) else {
          if graph[input].constant != nil { constants[root(output), default: []].append(input) }
          continue
        }
        if fixed[root(input)] != fixed[root(output)] {
          apart.insert(QuantizationPlan.Use(consumer: index, operand: operand))
        } else {
          join(input, output)
        }
      }
    }
  }

  /// When all operands are fixed to the same numbers, the result takes them too and nothing is requantized.
  private mutating func adoptFixed(_ node: Operator, _ operands: [Int], _ output: TensorID) {
    let inputs = operands.compactMap { node.inputs[$0] }
    guard let first = inputs.first, isMember(first), let numbers = fixed[root(first)],
      fixed[root(output)] == nil,
      inputs.allSatisfy({ isMember($0) && fixed[root($0)] == numbers })
    else { return }
    fixed[root(output)] = numbers
  }

  private func findCopies() -> Set<TensorID> {
    var result: Set<TensorID> = []
    for (node, rule) in zip(graph.operators, rules) {
      for (output, kind) in zip(node.outputs, rule.results) {
        guard let output, let group = self[output] else { continue }
        if case .same(let operand) = kind, let input = node.inputs[operand], self[input] == group {
          result.insert(output)
        }
        let shared = rule.operands.indices.filter { rule.operands[$0] == .shared }
        if case .concat = node.operation, !shared.isEmpty,
          shared.allSatisfy({ node.inputs[$0].map { self[$0] == group } ?? false })
        {
          result.insert(output)
        }
      }
    }
    return result
  }
}
