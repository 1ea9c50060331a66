import Datasets
import Graph
import MicroRuntime
import Storage

/// What `--input` gave for each input of a device model: one sample, or several stacked along the first axis.
struct DeviceInputs {
  let paths: [String]
  /// For each sample a value for each input, as the device stores it.
  let samples: [[TensorValue]]

  init(_ model: DeviceModel, arguments: [String]) throws(Diagnostic) {
    let ports = model.inputs.map(\.port)
    var files: [Int: ArrayFile] = [:]
    for argument in arguments {
      let (index, path) = try Self.resolve(argument, ports.map(\.name))
      guard files.updateValue(try ArrayFile(path: path), forKey: index) == nil else {
        throw Diagnostic(.usage, "input '\(ports[index].name)' is given twice", hint: "keep one of them")
      }
    }
    let missing = ports.indices.filter { files[$0] == nil }
    guard missing.isEmpty else {
      let names = missing.map { "'\(ports[$0].name)' (\(ports[$0].type)\(ports[$0].sizes))" }
      throw Diagnostic(
        .usage, "no value is given for input \(names.joined(separator: ", "))",
        hint: "add "
          + missing.map { "--input \(ports.count == 1 ? "" : "\(ports[$0].name)=")FILE.npy" }
          .joined(separator: " "))
    }
    var columns: [[TensorValue]] = []
    for (index, port) in ports.enumerated() { columns.append(try Self.samples(files[index]!, port)) }
    guard Set(columns.map(\.count)).count <= 1 else {
      let counts = zip(ports, columns).map { "'\($0.name)' has \($1.count)" }.joined(separator: ", ")
      throw Diagnostic(.badData, "the inputs have different numbers of samples: \(counts)")
    }
    paths = ports.indices.map { files[$0]!.path }
    samples = (0..<(columns.first?.count ?? 1)).map { sample in columns.map { $0[sample] } }
  }

  /// `NAME=FILE`, or `FILE` when the model has one input.
  private static func resolve(_ argument: String, _ names: [String]) throws(Diagnostic) -> (Int, String) {
    let path = DataPath(argument: argument, inputs: names)
    if let name = path.input, let index = names.firstIndex(of: name) { return (index, path.path) }
    let known = names.map { "'\($0)'" }.joined(separator: ", ")
    if let sign = argument.lastIndex(of: "="), FileKind(of: argument) == .missing {
      throw Diagnostic(
        .usage, "the model has no input '\(argument[..<sign])'",
        hint: names.isEmpty ? "it has no inputs at all" : "its inputs: \(known)")
    }
    guard names.count == 1 else {
      throw Diagnostic(
        .usage, "'--input \(argument)' does not say for which input; the model has \(names.count)",
        hint: names.isEmpty ? "leave it out" : "write --input NAME=\(argument) with one of \(known)")
    }
    return (0, argument)
  }

  /// The samples of one array, rounded to the port's type when they are real numbers.
  private static func samples(_ file: ArrayFile, _ port: MicroPort) throws(Diagnostic) -> [TensorValue] {
    let sizes = file.file.sizes
    let stacks =
      port.sizes.first == 1 && sizes.count == port.sizes.count
      && sizes.dropFirst().elementsEqual(port.sizes.dropFirst()) && (sizes.first ?? 0) > 0
    guard sizes == port.sizes || stacks else {
      let stacked = (["N"] + port.sizes.dropFirst().map(String.init)).joined(separator: ", ")
      let several = port.sizes.count > 1 && port.sizes[0] == 1 ? " or [\(stacked)]" : ""
      throw Diagnostic(
        .badData,
        "'\(file.path)' has the shape \(sizes); expected \(port.sizes)\(several) for input '\(port.name)'",
        hint: "save the array with the model's shape"
          + (several.isEmpty ? "" : "; several samples go along the first axis"))
    }
    let isReal = [.float16, .float32, .float64, .bfloat16].contains(file.file.type)
    guard isReal || file.file.type == SourceType(port.type) else {
      throw Diagnostic(
        .badData,
        "input '\(port.name)' is \(port.type), '\(file.path)' holds \(file.file.type.rawValue)",
        hint:
          "give \(port.type) numbers as the device has them, or float32 numbers, which are rounded to them")
    }
    let value = file.value()
    if isReal {
      for index in 0..<value.elementCount where !value.floats[index].isFinite {
        throw Diagnostic(
          .badData, "'\(file.path)' holds NaN or infinity (element \(index)), which has no \(port.type)",
          hint: "mend the data")
      }
    }
    let count = sizes == port.sizes ? 1 : sizes[0]
    let stride = value.bytes.count / count
    var result: [TensorValue] = []
    for index in 0..<count {
      let bytes = value.bytes[index * stride..<(index + 1) * stride]
      result.append(try port.quantized(TensorValue(type: value.type, sizes: port.sizes, bytes: bytes)))
    }
    return result
  }
}
