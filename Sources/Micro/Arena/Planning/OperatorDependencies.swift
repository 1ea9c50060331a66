/// What must run before what in a subgraph, and what each operator does to the memory in use.
struct OperatorDependencies: Sendable {
  /// By operator: those that must have run before it, and those that wait for it.
  private(set) var predecessors: [[Int]]
  private(set) var successors: [[Int]]
  /// By operator: the buffers that come to life with it, and the buffers that it is one of the last to need.
  private(set) var makes: [[Int]]
  private(set) var uses: [[Int]]
  /// Memory that only the operator itself needs.
  private(set) var scratch: [Int]
  private(set) var byteCounts: [Int]
  /// How many operators need a buffer; an output of the model is needed once more.
  private(set) var useCounts: [Int]
  /// The buffers that are there before the first operator runs.
  private(set) var given: [Int]

  var count: Int { predecessors.count }

  /// nil where the order of operators is more than the order of their data: state outside of tensors, tensors that
  /// are written twice, operators that are not known.
  init?(_ subgraph: MicroSubgraph, scratch: [Int]) {
    let count = subgraph.operators.count
    predecessors = Array(repeating: [], count: count)
    successors = predecessors
    makes = predecessors
    uses = predecessors
    self.scratch = scratch
    given = []
    byteCounts = subgraph.tensors.map { tensor in
      tensor.isConstant || tensor.isVariable ? 0 : (tensor.byteCount ?? 0).aligned(to: arenaAlignment)
    }
    useCounts = Array(repeating: 0, count: subgraph.tensors.count)

    var writer = [Int?](repeating: nil, count: subgraph.tensors.count)
    var lastUser = writer
    for (index, node) in subgraph.operators.enumerated() {
      guard node.code.isPure, node.code != .custom || node.customName == "TFLM_DECODE" else { return nil }
      var before = Set<Int>()
      for tensor in Set(node.inputs.compactMap { $0 }) {
        if let maker = writer[tensor] { before.insert(maker) }
        // State keeps its order of reading and writing.
        if subgraph.tensors[tensor].isVariable {
          if let user = lastUser[tensor] { before.insert(user) }
          lastUser[tensor] = index
        } else if byteCounts[tensor] > 0 {
          uses[index].append(tensor)
          useCounts[tensor] += 1
        }
      }
      for tensor in node.outputs {
        guard writer[tensor] == nil, !subgraph.inputs.contains(tensor), !subgraph.tensors[tensor].isVariable
        else { return nil }
        writer[tensor] = index
        if byteCounts[tensor] > 0 { makes[index].append(tensor) }
      }
      predecessors[index] = before.sorted()
      for other in predecessors[index] { successors[other].append(index) }
    }
    // A tensor that is read before it is written holds what the last invocation left there.
    for (index, node) in subgraph.operators.enumerated() {
      for case let tensor? in node.inputs {
        if let maker = writer[tensor], maker >= index { return nil }
      }
    }
    for tensor in Set(subgraph.outputs) { useCounts[tensor] += 1 }
    given = Set(subgraph.inputs).filter { byteCounts[$0] > 0 }.sorted()
  }

  /// The most bytes that are alive at one time when the operators run in this order.
  func peak(of order: [Int]) -> Int {
    var memory = MemoryInUse(self)
    return order.reduce(memory.byteCount) { peak, index in max(peak, memory.run(index, self)) }
  }

  /// No order gets below this: what the hungriest operator needs by itself.
  var bound: Int {
    (0..<count).map { index in
      let buffers = Set(uses[index] + makes[index])
      return buffers.reduce(scratch[index]) { $0 + byteCounts[$1] }
    }.max() ?? 0
  }
}

/// What is alive while operators run one after another.
struct MemoryInUse {
  private(set) var byteCount: Int
  private var remaining: [Int]

  init(_ dependencies: OperatorDependencies) {
    remaining = dependencies.useCounts
    byteCount = dependencies.given.reduce(0) { $0 + dependencies.byteCounts[$1] }
    // An input that nobody reads is gone after the first tick.
    for tensor in dependencies.given where remaining[tensor] == 0 {
      byteCount -= dependencies.byteCounts[tensor]
    }
  }

  /// Runs an operator and returns what is alive meanwhile.
  mutating func run(_ index: Int, _ dependencies: OperatorDependencies) -> Int {
    for tensor in dependencies.makes[index] { byteCount += dependencies.byteCounts[tensor] }
    let during = byteCount + dependencies.scratch[index]
    for tensor in dependencies.uses[index] {
      remaining[tensor] -= 1
      if remaining[tensor] == 0 { byteCount -= dependencies.byteCounts[tensor] }
    }
    for tensor in dependencies.makes[index] where remaining[tensor] == 0 {
      byteCount -= dependencies.byteCounts[tensor]
    }
    return during
  }
}

extension BuiltinOperator {
  /// Whether an operator is a function of its tensors alone, so that only their order matters.
  fileprivate var isPure: Bool {
    switch self {
    case .if, .while, .callOnce, .varHandle, .readVariable, .assignVariable, .call: false
    default: self == .custom || footprint != nil
    }
  }
}
