import Datasets
import Graph
import ONNXFormat
import Storage

/// What `--input` gave for each of a model's inputs.
struct InputArguments {
  /// In the order of the model's inputs.
  let files: [ArrayFile]
  private let summary: ONNXModelSummary
  private var values: [String: TensorValue] = [:]

  init(model: String, arguments: [String]) throws(Diagnostic) {
    summary = try ONNXModelSummary(path: model)
    var paths: [String: String] = [:]
    for argument in arguments {
      let (name, path) = try Self.resolve(argument, summary.inputs)
      guard paths.updateValue(path, forKey: name) == nil else {
        throw Diagnostic(.usage, "input '\(name)' is given twice", hint: "keep one of them")
      }
    }
    let missing = summary.inputs.filter { paths[$0.name] == nil }
    guard missing.isEmpty else { throw Self.missing(missing, of: summary.inputs.count) }
    var files: [ArrayFile] = []
    for input in summary.inputs {
      let file = try ArrayFile(path: paths[input.name]!)
      try Self.check(file, for: input)
      let value = file.value()
      values[input.name] = TensorValue(type: input.type.elementType, sizes: value.sizes, bytes: value.bytes)
      files.append(file)
    }
    self.files = files
  }

  /// All shapes are those of the files, and inputs that decide shapes have their values.
  var importOptions: ImportOptions {
    var options = ImportOptions()
    for (name, value) in values {
      options.inputShapes[name] = value.sizes
      if value.type.isInteger || value.type == .bool { options.bindings[name] = value }
    }
    // A scalar or a float may decide shapes, too; the import takes what it needs.
    for input in summary.inputs where input.needsBinding { options.bindings[input.name] = values[input.name] }
    return options
  }

  /// The value in the layout of the graph's tensor.
  func value(for port: Port) -> TensorValue {
    let value = values[port.name]!
    return port.permutation.map { value.transposed($0) } ?? value
  }

  /// `NAME=FILE`, or `FILE` when the model has one input.
  private static func resolve(
    _ argument: String, _ inputs: [ONNXModelSummary.Value]
  ) throws(Diagnostic) -> (name: String, path: String) {
    let path = DataPath(argument: argument, inputs: inputs.map(\.name))
    if let name = path.input { return (name, path.path) }
    let names = inputs.map { "'\($0.name)'" }.joined(separator: ", ")
    if let sign = argument.lastIndex(of: "="), FileKind(of: argument) == .missing {
      throw Diagnostic(
        .usage, "the model has no input '\(argument[..<sign])'",
        hint: inputs.isEmpty ? "it has no inputs at all" : "its inputs: \(names)")
    }
    guard inputs.count == 1 else {
      throw Diagnostic(
        .usage, "'--input \(argument)' does not say for which input; the model has \(inputs.count)",
        hint: inputs.isEmpty ? "leave it out" : "write --input NAME=\(argument) with one of \(names)")
    }
    return (inputs[0].name, argument)
  }

  private static func missing(_ inputs: [ONNXModelSummary.Value], of count: Int) -> Diagnostic {
    let names = inputs.map { "'\($0.name)' (\($0.type.rawValue)\($0.shapeText))" }.joined(separator: ", ")
    return Diagnostic(
      .usage, "no value is given for \(inputs.count == 1 ? "input" : "the inputs") \(names)",
      hint: "add "
        + inputs.map { "--input \(count == 1 ? "" : "\($0.name)=")FILE.npy" }.joined(separator: " "))
  }

  private static func check(_ file: ArrayFile, for input: ONNXModelSummary.Value) throws(Diagnostic) {
    guard file.file.type == input.type.storedType else {
      let wanted = input.type.storedType.rawValue
      throw Diagnostic(
        .badData,
        "input '\(input.name)' is \(input.type.rawValue), '\(file.path)' holds \(file.file.type.rawValue)",
        hint: "save the array as \(wanted), in Python: np.save(\"FILE.npy\", x.astype(np.\(wanted)))")
    }
    guard let shape = input.shape else { return }
    let sizes = file.file.sizes
    let fits = zip(shape, sizes).allSatisfy { dimension, size in
      if case .fixed(let expected) = dimension { return expected == size }
      return true
    }
    guard shape.count == sizes.count, fits else {
      throw Diagnostic(
        .badData,
        "input '\(input.name)' is \(input.type.rawValue)\(input.shapeText), '\(file.path)' holds \(file.description)",
        hint: "save the array with the model's shape")
    }
  }
}

extension ONNXModelSummary.Value {
  var dimensionNames: [String] {
    (shape ?? []).compactMap { dimension in
      if case .named(let name) = dimension { name } else { nil }
    }
  }

  /// "[N, 3, height, ?]"
  var shapeText: String {
    guard let shape else { return "" }
    let sizes = shape.map { dimension in
      switch dimension {
      case .fixed(let size): String(size)
      case .named(let name): name
      case .unknown: "?"
      }
    }
    return "[" + sizes.joined(separator: ", ") + "]"
  }
}

extension SourceType {
  /// The type that a `.npy` file must have to feed a value of this type; numpy lacks some.
  var storedType: SourceType {
    switch self {
    case .bfloat16: .float32
    case .int4: .int8
    case .uint4: .uint8
    default: self
    }
  }
}
