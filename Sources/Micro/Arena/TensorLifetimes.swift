import Graph

/// From when to when a buffer holds something, in ticks of the interpreter's clock; both ends count.
public struct Lifetime: Sendable, Hashable {
  /// −1: nothing touches it.
  public var first: Int
  public var last: Int

  public init(first: Int, last: Int) {
    self.first = first
    self.last = last
  }

  static let never = Lifetime(first: -1, last: -1)

  public func overlaps(_ other: Lifetime) -> Bool { first <= other.last && other.first <= last }

  fileprivate mutating func create(at time: Int) { if first == -1 { first = time } }
  fileprivate mutating func use(at time: Int) { last = time }
}

/// What happens at a tick of the interpreter's clock.
public enum ArenaTick: Sendable, Hashable {
  case inputs
  case `operator`(subgraph: Int, index: Int)
  /// Control flow enters a subgraph.
  case entering(subgraph: Int)
}

/// When each tensor and each operator's scratch memory is in use.
struct TensorLifetimes: Sendable {
  /// By subgraph, then by tensor.
  private(set) var tensors: [[Lifetime]]
  /// By subgraph, then by operator: for its scratch memory.
  private(set) var operators: [[Lifetime]]
  private(set) var ticks: [ArenaTick] = [.inputs]

  init(_ model: MicroModel) throws(Diagnostic) {
    tensors = model.subgraphs.map { Array(repeating: .never, count: $0.tensors.count) }
    operators = model.subgraphs.map { Array(repeating: .never, count: $0.operators.count) }
    try walk(0, of: model, inside: [])
  }

  private var now: Int { ticks.count - 1 }

  private mutating func walk(_ place: Int, of model: MicroModel, inside: [Int]) throws(Diagnostic) {
    let subgraph = model.subgraphs[place]
    for input in subgraph.inputs {
      tensors[place][input].create(at: now)
      tensors[place][input].use(at: now)
    }
    for (index, node) in subgraph.operators.enumerated() {
      ticks.append(.operator(subgraph: place, index: index))
      for output in node.outputs { tensors[place][output].create(at: now) }
      let start = now
      for callee in node.callees {
        guard model.subgraphs.indices.contains(callee), callee != place, !inside.contains(callee) else {
          throw Diagnostic(
            .badData,
            "operator \(index) (\(node.code.name)) of subgraph \(place) calls subgraph \(callee), "
              + "which does not exist or is running already")
        }
        ticks.append(.entering(subgraph: callee))
        try walk(callee, of: model, inside: inside + [place])
      }
      for case let input? in node.inputs { tensors[place][input].use(at: now) }
      for output in node.outputs { tensors[place][output].use(at: now) }
      operators[place][index].create(at: start)
      operators[place][index].use(at: now)
    }
    for output in subgraph.outputs {
      tensors[place][output].create(at: now)
      tensors[place][output].use(at: now)
    }
  }
}

extension MicroOperator {
  /// The subgraphs that it runs, in order.
  var callees: [Int] {
    switch options {
    case .conditional(let then, let otherwise): [then, otherwise]
    case .loop(let condition, let body): [condition, body]
    case .callOnce(let subgraph): [subgraph]
    default: []
    }
  }
}
