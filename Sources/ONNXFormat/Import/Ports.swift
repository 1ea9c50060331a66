import Graph

/// Settles the shapes of a model's inputs from what the file declares and what the caller says.
struct InputShapes {
  private let options: ImportOptions
  private var problems: [String] = []
  private var hints: [String] = []
  /// Names of dimensions that are the batch.
  private var batchNames: Set<String> = []

  init(options: ImportOptions) { self.options = options }

  /// A shape per input. All unfixed dimensions are reported at once.
  mutating func resolve(_ inputs: [ValueRecord]) throws(Diagnostic) -> [Shape] {
    for input in inputs {
      if options.inputShapes[input.name] == nil, case .named(let name)? = input.dimensions?.first,
        options.dimensions[name] == nil
      {
        batchNames.insert(name)
      }
    }
    let known = Set(inputs.map(\.name))
    for name in options.inputShapes.keys.sorted() where !known.contains(name) {
      throw Diagnostic(
        .usage, "--input-shape names '\(name)', which is not an input of the model",
        hint: "its inputs are: \(inputs.map(\.name).joined(separator: ", "))")
    }
    var shapes: [Shape] = []
    for input in inputs { shapes.append(try resolve(input)) }
    if !problems.isEmpty {
      throw Diagnostic(
        .usage,
        "the model has dimensions without a size:\n" + problems.map { "  " + $0 }.joined(separator: "\n"),
        hint: "add " + hints.joined(separator: " "))
    }
    return shapes
  }

  private mutating func resolve(_ input: ValueRecord) throws(Diagnostic) -> Shape {
    let given = options.inputShapes[input.name]
    guard let dimensions = input.dimensions ?? given?.map({ .fixed($0) }) else {
      problems.append("input '\(input.name)' declares no shape")
      hint("--input-shape \(input.name)=…")
      return Shape([Int]())
    }
    guard dimensions.count <= ImportLimits.rank else {
      throw Diagnostic(
        .unsupported,
        "input '\(input.name)' has \(dimensions.count) dimensions, the limit is \(ImportLimits.rank)")
    }
    if let given, given.count != dimensions.count {
      throw Diagnostic(
        .usage,
        "--input-shape gives '\(input.name)' \(given.count) dimensions, the model declares \(dimensions.count)"
      )
    }
    var extents: [Extent] = []
    for (axis, dimension) in dimensions.enumerated() {
      extents.append(try extent(dimension, axis: axis, given: given?[axis], input))
    }
    let shape = Shape(extents)
    guard shape.elementCountPerSample <= Shape.maximumElementCount else {
      throw Diagnostic(
        .badData,
        "input '\(input.name)' has shape \(shape), more than \(Shape.maximumElementCount) elements",
        hint: "give a smaller one with --input-shape \(input.name)=…")
    }
    return shape
  }

  private mutating func extent(
    _ dimension: ValueRecord.Dimension, axis: Int, given: Int?, _ input: ValueRecord
  ) throws(Diagnostic) -> Extent {
    let mayBeBatch = axis == 0 && options.batch == .symbolic && (input.dimensions?.count ?? 0) > 1
    if let given {
      if case .fixed(let size) = dimension, size != given, size > 0 || input.dimensions != nil {
        throw Diagnostic(
          .usage,
          "--input-shape gives dimension \(axis) of '\(input.name)' the size \(given), the model fixes it to \(size)"
        )
      }
      return try fixed(given, mayBeBatch, input)
    }
    switch dimension {
    case .fixed(let size): return try fixed(size, mayBeBatch, input)
    case .named(let name):
      if let size = options.dimensions[name] { return try fixed(size, mayBeBatch, input) }
      if batchNames.contains(name) { return .batch(1) }
      problems.append("input '\(input.name)', dimension \(axis) ('\(name)')")
      hint("--dim \(name)=…")
    case .unknown:
      if axis == 0 { return .batch(1) }
      problems.append("input '\(input.name)', dimension \(axis)")
      let sizes = (input.dimensions ?? []).enumerated().map { index, dimension in
        if case .fixed(let size) = dimension { return "\(size)" }
        return index == 0 ? "1" : "…"
      }
      hint("--input-shape \(input.name)=\(sizes.joined(separator: ","))")
    }
    return .fixed(1)
  }

  private func fixed(_ size: Int, _ mayBeBatch: Bool, _ input: ValueRecord) throws(Diagnostic) -> Extent {
    guard size >= 0, size <= Shape.maximumElementCount else {
      throw Diagnostic(
        .badData,
        "input '\(input.name)' has a dimension of \(size); expected 0 to \(Shape.maximumElementCount)",
        hint: "the file is damaged; export the model again")
    }
    return size == 1 && mayBeBatch ? .batch(1) : .fixed(size)
  }

  private mutating func hint(_ flag: String) {
    if !hints.contains(flag) { hints.append(flag) }
  }
}

extension Importing {
  /// Adds the graph's inputs. Inputs that decide shapes become constants where the caller gives their value.
  mutating func addInputs(_ records: [ValueRecord], deciding: Set<String>) throws(Diagnostic) {
    var settler = InputShapes(options: boundShapes(records, deciding))
    let shapes = try settler.resolve(records)
    for (record, shape) in zip(records, shapes) {
      if let kind = record.otherKind {
        throw Diagnostic(.unsupported, "input '\(record.name)' is a \(kind); edgeopt takes tensors only")
      }
      let declared = try DataTypes.sourceType(record.dataType, of: "input '\(record.name)'")
      let type = TensorType(declared.elementType, shape)
      var bound: Constant?
      if deciding.contains(record.name), let value = options.bindings[record.name] {
        bound = Constant(try checked(value, type, record.name), name: record.name)
      }
      let boundType = bound.map { TensorType($0.type, Shape($0.sizes)) } ?? type
      let id = graph.addTensor(record.name, boundType, constant: bound)
      try define(record.name, .tensor(id), by: "the input list")
      graph.inputs.append(
        Port(tensor: id, name: record.name, declaredType: declared, declaredShape: boundType.shape))
    }
  }

  /// A bound value also settles its input's open dimensions.
  private func boundShapes(_ records: [ValueRecord], _ deciding: Set<String>) -> ImportOptions {
    var options = options
    for record in records where deciding.contains(record.name) && options.inputShapes[record.name] == nil {
      guard let value = options.bindings[record.name] else { continue }
      let declared = record.dimensions?.count ?? value.sizes.count
      if declared == value.sizes.count { options.inputShapes[record.name] = value.sizes }
    }
    return options
  }

  private func checked(_ value: TensorValue, _ type: TensorType, _ name: String) throws(Diagnostic)
    -> TensorValue
  {
    // A declared batch of 1 may have been made symbolic; a bound value settles it.
    guard value.type == type.element, value.sizes == type.shape.perSample else {
      throw Diagnostic(
        .usage, "the value for '\(name)' is \(value.type)\(value.sizes); the model declares \(type)",
        hint: "save the array with the type and shape that the model declares")
    }
    return value
  }

  mutating func addOutputs(_ records: [ValueRecord]) throws(Diagnostic) {
    var names: Set<String> = []
    for record in records {
      guard names.insert(record.name).inserted else {
        throw Diagnostic(.badData, "the model names output '\(record.name)' twice")
      }
      guard let value = try lookUp(record.name) else {
        throw Diagnostic(
          .badData, "output '\(record.name)' is made by no node",
          hint: "the model is incomplete; export it again")
      }
      let id: TensorID
      switch value {
      case .tensor(let tensor): id = tensor
      case .symbolic:
        throw Diagnostic(
          .unsupported, "output '\(record.name)' is the batch size, or computed from it",
          hint: Self.fixBatchHint)
      }
      var declared = SourceType(element(id))
      if record.dataType != 0, record.otherKind == nil {
        declared = try DataTypes.sourceType(record.dataType, of: "output '\(record.name)'")
        guard declared.elementType == element(id) else {
          throw Diagnostic(
            .badData,
            "output '\(record.name)' is declared as \(declared.rawValue), but the graph makes \(element(id).rawValue)",
            hint: "the model is inconsistent; export it again")
        }
      }
      graph.outputs.append(
        Port(tensor: id, name: record.name, declaredType: declared, declaredShape: shape(id)))
    }
  }
}
