import Graph
import Storage

/// An import under way: the graph so far, and what every name stands for.
struct Importing {
  let options: ImportOptions
  let evaluator: any ConstantEvaluator
  var graph: Graph
  var tensors: TensorReader
  var functions: [FunctionKey: FunctionRecord] = [:]
  /// Names of the graph or function being translated, innermost last. A conditional's branch sees all scopes down
  /// to the nearest function.
  var scopes: [Scope] = [Scope(isClosed: true)]
  /// Versions of the operator sets in force, by domain.
  var opsets: [String: Int] = [:]
  /// Functions being translated, outermost first.
  var calls: [FunctionKey] = []
  /// What the names of the current function's tensors begin with.
  var prefix = ""
  var nodeCount = 0
  /// The node being translated, for operators' sources.
  var sources: [String] = []
  /// Attributes of the innermost function call, for references to them.
  var callAttributes: [String: AttributeValue] = [:]
  var checkedWeights: Set<TensorID> = []
  /// Tensors that repeat one number, too large to be folded: the number.
  var fills: [TensorID: TensorID] = [:]
  /// What constant folding may still cost.
  var byteBudget = ImportLimits.foldedBytesInAll
  var productBudget = ImportLimits.foldedProducts

  struct Scope {
    /// A function's scope sees nothing around it.
    var isClosed: Bool
    /// Inputs that the caller left out.
    var absent: Set<String> = []
    var values: [String: ImportedValue] = [:]
    /// Constants that nobody has used yet.
    var initializers: [String: TensorRecord] = [:]
  }

  init(options: ImportOptions, evaluator: any ConstantEvaluator, graph: Graph, tensors: TensorReader) {
    self.options = options
    self.evaluator = evaluator
    self.graph = graph
    self.tensors = tensors
  }

  // MARK: Names

  func isDefined(_ name: String) -> Bool {
    for scope in scopes.reversed() {
      if scope.values[name] != nil || scope.initializers[name] != nil { return true }
      if scope.isClosed { break }
    }
    return false
  }

  mutating func lookUp(_ name: String) throws(Diagnostic) -> ImportedValue? {
    for index in scopes.indices.reversed() {
      if let value = scopes[index].values[name] { return value }
      if let record = scopes[index].initializers.removeValue(forKey: name) {
        let value = ImportedValue.tensor(try addConstant(record, name: name))
        scopes[index].values[name] = value
        return value
      }
      if scopes[index].isClosed { break }
    }
    return nil
  }

  mutating func define(_ name: String, _ value: ImportedValue, by title: String) throws(Diagnostic) {
    guard scopes[scopes.count - 1].values.updateValue(value, forKey: name) == nil else {
      throw Diagnostic(
        .badData, "'\(title)' makes '\(name)', which is already defined",
        hint: "every value of an ONNX graph has one maker; the exporter is at fault")
    }
  }

  mutating func addConstant(_ record: TensorRecord, name: String) throws(Diagnostic) -> TensorID {
    let constant = Constant(try tensors.source(record))
    return graph.addConstant(constant, name: prefix + name)
  }

  // MARK: Tensors

  func type(_ id: TensorID) -> TensorType { graph[id].type }
  func shape(_ id: TensorID) -> Shape { graph[id].shape }
  func rank(_ id: TensorID) -> Int { graph[id].shape.rank }
  func element(_ id: TensorID) -> ElementType { graph[id].element }
  func constant(_ id: TensorID) -> Constant? { graph[id].constant }

  /// A constant of ours.
  mutating func constant(_ value: TensorValue) -> TensorID {
    let id = graph.addConstant(Constant(value), name: prefix + "constant\(graph.tensors.count)")
    graph[id].origin = Origin()
    return id
  }

  mutating func scalar(_ value: Float) -> TensorID { constant(TensorValue(floats: [value], sizes: [])) }

  /// A scalar of the given type, for arithmetic with tensors of that type.
  mutating func scalar(_ value: Int, _ type: ElementType) -> TensorID {
    type == .float32
      ? scalar(Float(value)) : constant(TensorValue(integers: [value], type: type, sizes: []))
  }

  /// Turns shape arithmetic back into a tensor; where the batch enters, it stays symbolic.
  mutating func imported(_ value: SymbolicValue) -> ImportedValue {
    value.constant.map { .tensor(constant($0)) } ?? .symbolic(value)
  }

  // MARK: Operators

  /// Adds an operator with one result, or folds it when everything that enters is known.
  mutating func emit(_ operation: Operation, _ inputs: TensorID?...) throws(Diagnostic) -> TensorID {
    try emit(operation, inputs, wanted: [true])[0]!
  }

  mutating func emit(
    _ operation: Operation, _ inputs: [TensorID?], wanted: [Bool]
  ) throws(Diagnostic) -> [TensorID?] {
    try checkElements(operation, inputs)
    if let folded = try fold(operation, inputs, wanted: wanted) { return folded }
    guard graph.operators.count < 4 * ImportLimits.nodes else { throw ImportLimits.tooManyNodes }
    let base = graph.tensors.count
    let names = wanted.enumerated().map { index, isWanted in
      isWanted ? "\(prefix)\(sources.first ?? "")/\(operation.name) \(base + index)" : nil
    }
    let results = try graph.append(operation, inputs: inputs, names: names, sources: sources)
    for case let result? in results { graph[result].origin = Origin() }
    if case .broadcast = operation, let source = inputs[0], rank(source) == 0, let result = results[0] {
      fills[result] = source
    }
    return results
  }
}
