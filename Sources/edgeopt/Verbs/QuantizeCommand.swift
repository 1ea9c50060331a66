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
  @Option("Also write the report, as JSON.", value: "PATH", completion: .file(["json"])) var report: String?
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

  func run() throws {
    let start = ContinuousClock.now
    let workers = try common.workers()
    let targets = try checkTargets()
    var loader = try ModelLoader(path: model, modelOptions)
    loader.keepsPortLayout = keepIoLayout
    loader.verb = "quantize"
    var settings = QuantizationJob.Settings(method: try calibration.method())
    settings.isPerChannel = perChannel
    settings.correctsBiases = $biasCorrection
    settings.inputType = inputType.element
    settings.outputType = outputType.element
    let job = try QuantizationJob(loader, settings, workers: workers, isQuiet: common.quiet)
    for step in job.passes { common.detail("pass \(step.pass): \(step.summary)") }
    let (ranges, calibrated) = try chooseRanges(job)
    let samples = calibrated?.dataset
    let made = try job.quantize(ranges.ranges)
    let provenance = Provenance(
      version: edgeopt.version, modelDigest: ranges.modelDigest,
      calibrationDigest: ranges.calibrationDigest,
      calibrationSamples: samples?.count ?? ranges.ranges.sampleCount,
      recipe: recipe, graph: made.legal.graph)
    let (file, device, plan) = try finish(made.lowered.model, provenance)
    var report = QuantizationReport(
      model: model, output: targets.model.path, floatByteCount: job.graph.source.byteCount,
      byteCount: file.count, floatCost: ModelCost(job.graph), device: device,
      arena: ArenaReport(device.model), memoryPlan: plan, settings: settings,
      calibration: .init(
        paths: self.ranges.map { [$0] } ?? calibration.calib,
        samples: samples?.count ?? made.ranges.sampleCount,
        totalSamples: samples?.totalCount, ranges: made.ranges, doctor: calibrated?.doctor),
      rewrites: made.legal.rewrites,
      notes: made.legal.graph.notes + made.notes + made.lowered.notes, warnings: [], provenance: provenance)
    report.qdq = try targets.qdq.map { (target) throws(Diagnostic) in try QDQModel(made, path: target.path) }
    if let samples { try report.qdq?.compare(with: device, on: samples, workers: workers) }
    try measure(
      job, DeviceOutput.outputs(of: job.legal.graph, as: made.legal.graph), samples, &report)
    let firmware = try c.map { (path) throws(Diagnostic) in
      try FirmwareFolder(
        path: path, device: device, bytes: file, name: stem(of: targets.model.path), dataset: samples,
        seed: common.seed, replaces: force, inputs: [model] + calibration.calib, outputs: outputs)
    }
    if let c { report.alsoWritten.append((c, "C++ sources for the firmware")) }
    if let path = self.report { report.alsoWritten.append((path, "this report as JSON")) }
    report.seconds = (ContinuousClock.now - start).inSeconds
    // The model last: where it is, everything else is.
    try report.qdq?.write()
    try firmware?.write()
    try targets.report?.write(Array(report.json.text().utf8))
    try targets.model.write(file.array)
    print(report)
  }

  // MARK: - Parts

  /// Ranges from samples (which are then there to compare outputs on), or from a file.
  private func chooseRanges(_ job: QuantizationJob) throws -> (
    RangeFile, QuantizationJob.Calibrated?
  ) {
    let digest = try Provenance.digest(ofFile: model)
    if let ranges {
      let file = try RangeFile(path: ranges)
      guard file.modelDigest == digest else {
        throw Diagnostic(
          .badData, "the ranges in '\(ranges)' are those of another model, not of '\(model)'",
          hint: "make them again: edgeopt calibrate \(model) --calib PATH -o \(ranges) --force")
      }
      try file.check(job.legal, path: ranges)
      return (file, nil)
    }
    if calibration.calib.isEmpty {
      guard job.isQuantizedAlready else { throw CalibrationOptions.missing }
      let file = RangeFile(
        version: edgeopt.version, modelDigest: digest, calibrationDigest: nil, ranges: RangeTable())
      return (file, nil)
    }
    let calibrated = try job.calibrate(
      try calibration.request(
        inputs: job.fedInputs.map(\.name), preparation: data.preparation, seed: common.seed))
    for finding in calibrated.doctor.findings { common.warn(QuantizationWarning(finding)) }
    common.detail("calibrated in \(NumberFormat.duration(seconds: calibrated.seconds))")
    let file = RangeFile(
      version: edgeopt.version, modelDigest: digest, calibrationDigest: calibrated.digest,
      ranges: calibrated.ranges)
    return (file, calibrated)
  }

  private var outputs: [(flag: String, path: String?)] {
    [("--output", output ?? defaultOutput), ("--qdq", qdq), ("--report", report)]
  }

  private struct Targets {
    var model: OutputTarget
    var report: OutputTarget?
    var qdq: OutputTarget?
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
    let qdqTarget = try qdq.map { (path) throws(Diagnostic) in
      guard path.lowercased().hasSuffix(".onnx") || FileKind(of: path) == .other else {
        throw Diagnostic(
          .usage, "'\(path)' does not end in .onnx, the format that --qdq writes",
          hint: "give the file a name that ends in .onnx")
      }
      return try OutputTarget(path: path, replaces: force, reading: inputs + [target.path])
    }
    return Targets(
      model: target,
      report: try report.map { (path) throws(Diagnostic) in
        try OutputTarget(path: path, replaces: force, reading: inputs + [target.path])
      },
      qdq: qdqTarget)
  }

  private var defaultOutput: String { "\(stem(of: model))_int8.tflite" }

  /// A file's name without the ending of a model.
  private func stem(of path: String) -> String {
    let name = Folder.lastComponent(of: path)
    let ending = [".onnx", ".tflite"].first { name.lowercased().hasSuffix($0) }
    return String(name.dropLast(ending?.count ?? 0))
  }

  /// Whether the file was made from this model, so that it is replaced without a word.
  private func isOurs(_ path: String) throws(Diagnostic) -> Bool {
    guard case .file = FileKind(of: path), case .file = FileKind(of: model),
      let made = try? DeviceModel.read(path).model, let provenance = Provenance(of: made)
    else { return false }
    return provenance.modelDigest == (try Provenance.digest(ofFile: model))
  }

  /// The choices that decide the bytes, apart from the model and the samples.
  private var recipe: [JSON.Member] {
    var members: [JSON.Member] = [
      .init(name: "precision", value: "int8"),
      .init(name: "calib-method", value: .string(calibration.calibMethod.rawValue)),
      .init(name: "per-channel", value: .bool(perChannel)),
      .init(name: "input-type", value: .string(inputType.rawValue)),
      .init(name: "output-type", value: .string(outputType.rawValue)),
    ]
    if let percentile = calibration.percentile {
      members.append(.init(name: "percentile", value: .number(percentile)))
    }
    if memoryPlan != .greedy {
      members.append(.init(name: "memory-plan", value: .string(memoryPlan.rawValue)))
    }
    if keepIoLayout { members.append(.init(name: "keep-io-layout", value: true)) }
    if let samples = calibration.samples {
      members.append(.init(name: "samples", value: .integer(samples)))
      members.append(.init(name: "seed", value: .integer(common.seed)))
    }
    if let corrects = $biasCorrection {
      members.append(.init(name: "bias-correction", value: .bool(corrects)))
    }
    if let skip = calibration.skip { members.append(.init(name: "skip", value: .integer(skip))) }
    return members
  }

  /// The file's bytes, and the model as it is read back from them.
  private func finish(
    _ model: MicroModel, _ provenance: Provenance
  ) throws(Diagnostic) -> (file: View<UInt8>, device: DeviceModel, plan: MemoryPlanSummary?) {
    var model = model
    var plan: MemoryPlanSummary?
    if memoryPlan == .best { (model, plan) = try model.optimizingMemory(.cortexM) }
    model.description = "edgeopt \(edgeopt.version)"
    model.metadata.append(provenance.metadata)
    let bytes = try TFLiteWriter(model).bytes()
    let name = output ?? defaultOutput
    let read = try TFLiteReader(bytes, name: name).model()
    let device = try DeviceModel(read, path: name, byteCount: bytes.count, provenance: provenance)
    return (bytes, device, plan)
  }

  /// What the outputs, and with labels the accuracy, are on the device.
  private func measure(
    _ job: QuantizationJob, _ outputs: [DeviceOutput], _ samples: Dataset?,
    _ report: inout QuantizationReport
  ) throws(Diagnostic) {
    let program = try Runtime.Program(job.graph)
    if let samples {
      report.fidelity = try OutputFidelity(
        of: report.device, outputs, beside: program, on: samples, workers: job.workers)
      let hasFindings = report.calibration.doctor?.findings.isEmpty == false
      if let warning = QuantizationWarning(report.fidelity, hasFindings: hasFindings) {
        report.warnings.append(warning)
      }
    }
    guard let request = try data.request(inputs: job.fedInputs.map(\.name), seed: common.seed) else { return }
    let dataset = try job.dataset(request)
    guard let metric = try data.metric(for: dataset) else {
      report.warnings.append(
        QuantizationWarning("the accuracy was not measured: --data has no labels", hint: "add --labels PATH"))
      return
    }
    let output = try data.outputIndex(in: job.graph.outputs.map(\.name))
    var before = Evaluation(
      program: program, dataset: dataset, output: output, metric: metric, workers: job.workers,
      isQuiet: common.quiet)
    let after = DeviceEvaluation(
      model: report.device, dataset: dataset, workers: job.workers, isQuiet: common.quiet,
      title: "evaluating int8")
    report.accuracy = QuantizationReport.Accuracy(
      float: try before.run(), device: try after.measure(metric, output: outputs[output]))
  }

  private func print(_ report: QuantizationReport) {
    report.warnings.forEach(common.warn)
    if common.json { return Terminal.output.write(report.json.text()) }
    if common.quiet { return }
    Terminal.output.write(report.text(width: Terminal.output.tableWidth, listsTransposes: common.verbose))
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
