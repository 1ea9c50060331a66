import JSONText
import Arguments
import Datasets
import Graph
import Lowering
import Micro
import Quantization
import Reporting
import Runtime
import Storage
import TFLiteFormat

struct QuantizeCommand: Command {
  static let declaration = CommandDeclaration(
    name: "quantize",
    summary:
      "Makes a float model into an int8 .tflite that TensorFlow Lite Micro runs, and says what that costs.",
    discussion: """
      Ranges of activations are chosen on calibration samples; weights are rounded per output channel. The file, the \
      accuracy (with --data and --labels) and the memory that are reported are those of the device: its arithmetic is \
      computed bit for bit.

      Samples are prepared as for 'evaluate': stored values x become (x * S - mean) / std. The same model, samples and \
      options give the same bytes.

      Without --output the file is named after the model, in the current directory: model_int8.tflite.
      """,
    examples: [
      .init(
        "edgeopt quantize model.onnx --int8 --calib data/", "Writes model_int8.tflite and prints the table."),
      .init(
        "edgeopt quantize model.onnx --calib x.npy --scale 1/255 --data test_x.npy --labels test_y.npy",
        "Also measures the accuracy before and after."),
    ])

  @Argument("The float model, a .onnx file.", value: "MODEL", completion: .file(["onnx"])) var model: String
  @Option(
    "The file to write, a .tflite file.", short: "o", value: "OUT", completion: .file(["tflite"]),
    defaultText: "MODEL_int8.tflite")
  var output: String?
  @Flag("Overwrite files that exist.") var force = false
  @Flag("Weights and activations of 8 bits (the default).") var int8 = false
  @Flag("4-bit weights.", conflicts: ["int8", "int16x8"], isHidden: true) var int4 = false
  @Flag("16-bit activations.", name: "int16x8", conflicts: ["int8"], isHidden: true) var int16x8 = false
  @Flag(
    "One scale for each output channel of a weight; else one for all.", invertible: true)
  var perChannel = true
  @Flag(
    "Correct biases by what rounding does to the means of results.", invertible: true,
    defaultText: "on with --calib-method auto")
  var biasCorrection = false
  @Option("The type of the model's inputs.", value: "TYPE") var inputType = PortType.int8
  @Option("The type of the model's outputs.", value: "TYPE") var outputType = PortType.int8
  @Flag("Keep inputs and outputs in the model's own layout; else images get channels last.")
  var keepIoLayout = false
  @Option(
    "Use these ranges, which 'calibrate' wrote, in place of samples.", value: "FILE.json",
    completion: .file(["json"]))
  var ranges: String?
  @Option(
    "Where the device keeps activations: as its interpreter places them, or in a better order and at better places, "
      + "which are written into the file.", value: "PLAN")
  var memoryPlan = MemoryPlanName.greedy
  @Option(
    "Also write C++ sources for the firmware, as 'export' does.", value: "DIR", completion: .directory)
  var c: String?
  @Option(
    "Also write the quantized model as ONNX with QuantizeLinear and DequantizeLinear, for ONNX Runtime; float inputs and "
      + "outputs as the model has them.", value: "OUT.onnx", completion: .file(["onnx"]))
  var qdq: String?
  @OptionGroup("report") var reportFiles: ReportFiles
  @OptionGroup("device") var device: TargetOptions
  @OptionGroup("calibration") var calibration: CalibrationOptions
  @OptionGroup("data") var data: QuantizationDataOptions
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    for (name, isAsked) in [("int4", int4), ("int16x8", int16x8)] where isAsked {
      throw UsageError(
        "--\(name) is not there yet: version \(edgeopt.version) makes int8", hint: "leave it out")
    }
    // Models that are quantized already need no samples, which shows when the model is read.
    if !calibration.calib.isEmpty || ranges != nil { try calibration.check(ranges: ranges) }
    if data.labels != nil, data.data.isEmpty {
      throw UsageError("--labels needs --data", hint: "say where the labeled samples are: --data PATH")
    }
    _ = try calibration.method()
  }

  func run() throws { print(try produce()) }

  /// Does the work and writes the files.
  @discardableResult func produce() throws -> QuantizedModel {
    let targets = try checkTargets()
    var made = try make(.init(tellsLayers: common.json || reportFiles.isAsked))
    made.report.outputs = [.init(path: target, what: "the int8 model", bytes: made.file.count)]
    if let qdq { made.report.outputs.append(.init(path: qdq, what: "the int8 model as QDQ ONNX")) }
    if let c { made.report.outputs.append(.init(path: c, what: "C++ sources for the firmware")) }
    // The model last: where it is, everything else is.
    try made.qdq?.write()
    try made.firmware?.write()
    try targets.reports.write(made.report)
    try targets.model.write(made.file.array)
    return made
  }

  private func print(_ made: QuantizedModel) {
    if common.json { return Terminal.output.write(made.report.json.text()) }
    if common.quiet { return }
    // Warnings have been said.
    let text = TerminalReport(
      made.report, width: Terminal.output.tableWidth, listsTransposes: common.verbose, showsWarnings: false)
    Terminal.output.write(text.text())
  }

  // MARK: - Parts

  var outputs: [(flag: String, path: String?)] {
    [("--output", target), ("--qdq", qdq)] + reportFiles.report.map { ("--report", $0) }
  }

  /// The file to write.
  var target: String { output ?? defaultOutput }

  private struct Targets {
    var model: OutputTarget
    var reports: ReportFiles.Targets
  }

  /// Whether everything that is to be written may be, before any work is done.
  private func checkTargets() throws(Diagnostic) -> Targets {
    try OutputTarget.check(distinct: outputs)
    let inputs =
      [model] + [ranges].compactMap { $0 } + calibration.calib + data.data + [data.labels].compactMap { $0 }
    let target: OutputTarget
    if let output {
      guard ModelFormat(path: output) == .tflite || FileKind(of: output) == .other else {
        throw Diagnostic(
          .usage, "'\(output)' does not end in .tflite, the format that is written",
          hint: "give the output a name that ends in .tflite")
      }
      target = try OutputTarget(path: output, replaces: force, reading: inputs)
    } else {
      target = try OutputTarget(
        path: defaultOutput, replaces: force ? true : try isOurs(defaultOutput), reading: inputs)
    }
    if let path = qdq {
      guard path.lowercased().hasSuffix(".onnx") || FileKind(of: path) == .other else {
        throw Diagnostic(
          .usage, "'\(path)' does not end in .onnx, the format that --qdq writes",
          hint: "give the file a name that ends in .onnx")
      }
      _ = try OutputTarget(path: path, replaces: force, reading: inputs + [target.path])
    }
    return Targets(
      model: target, reports: try reportFiles.targets(replacing: force, reading: inputs + [target.path]))
  }

  private var defaultOutput: String { "\(ModelFormat.stem(of: model))_int8.tflite" }

  /// Whether the file was made from this model, so that it is replaced without a word.
  private func isOurs(_ path: String) throws(Diagnostic) -> Bool {
    guard case .file = FileKind(of: path), case .file = FileKind(of: model),
      let made = try? DeviceModel.read(path).model, let provenance = Provenance(of: made)
    else { return false }
    return provenance.lineage.stems(from: try ContentIdentity.digest(ofFile: model))
  }

}

/// `--input-type` and `--output-type`
enum PortType: String, CaseIterable, ArgumentValue {
  case int8, int16, float32

  var element: ElementType {
    switch self {
    case .int8: .int8
    case .int16: .int16
    case .float32: .float32
    }
  }
}
