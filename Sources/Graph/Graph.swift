/// One operator in a graph.
public struct Operator: Sendable {
  public var operation: Operation
  /// Operands in order; nil where an optional one is absent.
  public var inputs: [TensorID?]
  /// Results in order; nil where an optional one is not wanted.
  public var outputs: [TensorID?]
  /// The source file's nodes that this operator stands for; passes append when they merge operators.
  public var sources: [String]

  public init(_ operation: Operation, inputs: [TensorID?], outputs: [TensorID?], sources: [String] = []) {
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
    self.sources = sources
  }

  /// The first source name, for messages.
  public var sourceName: String { sources.first ?? "" }
}

/// What the graph was read from.
public struct SourceInfo: Hashable, Sendable {
  public var path: String
  public var format: String
  public var producer: String
  public var opset: Int
  public var irVersion: Int
  public var byteCount: Int

  public init(
    path: String = "", format: String = "", producer: String = "", opset: Int = 0, irVersion: Int = 0,
    byteCount: Int = 0
  ) {
    self.path = path
    self.format = format
    self.producer = producer
    self.opset = opset
    self.irVersion = irVersion
    self.byteCount = byteCount
  }
}

/// A network: tensors, and operators in an order in which they can run.
///
///     var graph = Graph(name: "tiny")
///     let x = graph.addTensor("x", TensorType(.float32, [.batch(1), 4]))
///     let y = try graph.append(.unary(.relu), inputs: [x], names: ["y"], sources: ["relu0"])[0]!
public struct Graph: Sendable {
  public var name: String
  public private(set) var tensors: [Tensor] = []
  /// In execution order: a tensor is made before it is used.
  public var operators: [Operator] = []
  public var inputs: [Port] = []
  public var outputs: [Port] = []
  public var source = SourceInfo()
  /// What passes want the user to know: "transpose left before 'head': …".
  public var notes: [String] = []

  public init(name: String = "") { self.name = name }

  public subscript(id: TensorID) -> Tensor {
    get { tensors[id.index] }
    _modify { yield &tensors[id.index] }
  }

  /// Adds a tensor that an input, a constant or an operator will define.
  @discardableResult
  public mutating func addTensor(
    _ name: String, _ type: TensorType, constant: Constant? = nil, origin: Origin? = nil
  ) -> TensorID {
    tensors.append(Tensor(name: name, type: type, constant: constant, origin: origin))
    return TensorID(tensors.count - 1)
  }

  /// Adds a tensor with a known value.
  @discardableResult
  public mutating func addConstant(_ constant: Constant, name: String) -> TensorID {
    addTensor(name, TensorType(constant.type, Shape(constant.sizes)), constant: constant)
  }

  /// Adds an operator at the end, infers its results' types and adds a tensor for each result.
  ///
  /// `names` gives the results' names; nil for an optional result that nobody wants.
  public mutating func append(
    _ operation: Operation, inputs: [TensorID?], names: [String?], sources: [String]
  ) throws(Diagnostic) -> [TensorID?] {
    let types = try operation.resultTypes(
      of: inputs.map { $0.map { self[$0].type } }, resultCount: names.count,
      at: sources.first ?? names.first.flatMap { $0 } ?? "")
    var results: [TensorID?] = []
    for (index, name) in names.enumerated() {
      results.append(name.map { addTensor($0, types[index]) })
    }
    operators.append(Operator(operation, inputs: inputs, outputs: results, sources: sources))
    return results
  }

  /// For each tensor the indices of the operators that read it, in order (once per operand).
  public var consumers: [TensorID: [Int]] {
    var result: [TensorID: [Int]] = [:]
    for (index, node) in operators.enumerated() {
      for case let input? in node.inputs { result[input, default: []].append(index) }
    }
    return result
  }

  public func isInput(_ id: TensorID) -> Bool { inputs.contains { $0.tensor == id } }
  public func isOutput(_ id: TensorID) -> Bool { outputs.contains { $0.tensor == id } }

  /// Removes operators whose results nobody reads, and forgets results that nobody reads.
  public mutating func removeUnused() {
    var wanted = Set(outputs.map(\.tensor))
    var kept: [Operator] = []
    for node in operators.reversed() {
      guard node.outputs.contains(where: { $0.map(wanted.contains) ?? false }) else { continue }
      for case let input? in node.inputs { wanted.insert(input) }
      kept.append(node)
    }
    operators = kept.reversed()
  }

  /// Renumbers tensors so that none is left that nothing refers to.
  public mutating func compact() {
    var map: [TensorID: TensorID] = [:]
    var newTensors: [Tensor] = []
    func renumber(_ id: TensorID) -> TensorID {
      if let known = map[id] { return known }
      newTensors.append(tensors[id.index])
      let new = TensorID(newTensors.count - 1)
      map[id] = new
      return new
    }
    for index in inputs.indices { inputs[index].tensor = renumber(inputs[index].tensor) }
    for index in operators.indices {
      operators[index].inputs = operators[index].inputs.map { $0.map(renumber) }
      operators[index].outputs = operators[index].outputs.map { $0.map(renumber) }
    }
    for index in outputs.indices { outputs[index].tensor = renumber(outputs[index].tensor) }
    tensors = newTensors
  }
}
