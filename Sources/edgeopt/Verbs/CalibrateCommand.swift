import JSONText
import Arguments
import Datasets
import Graph
import Quantization
import Reporting

struct CalibrateCommand: Command {
  static let declaration = CommandDeclaration(
    name: "calibrate",
    summary: "Chooses the ranges of a model's tensors on samples, and writes them to a file.",
    discussion: """
      The file lists what was seen of each tensor and the range that was chosen for it, as JSON. \
      'quantize --ranges FILE' uses it in place of samples; ranges may be changed by hand before.
      """,
    examples: [
      .init("edgeopt calibrate model.onnx --calib data/ -o ranges.json", "Writes the ranges."),
      .init("edgeopt quantize model.onnx --ranges ranges.json", "Uses them."),
    ])

  @Argument("The float model, a .onnx file.", value: "MODEL", completion: .file(["onnx"])) var model: String
  @Flag("Keep inputs and outputs in the model's own layout; as for 'quantize'.") var keepIoLayout = false
  @OptionGroup("calibration") var calibration: CalibrationOptions
  @OptionGroup("data") var preparation: PreparationOptions
  @OptionGroup("model options") var modelOptions: ModelOptions
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    try calibration.check(ranges: nil)
    _ = try calibration.method()
  }

  func run() throws {
    let file = try chooseRanges()
    // A file holds what 'quantize' reads; people on a terminal get a table.
    let isDocument = common.json || output.output != nil
    let text = isDocument ? file.json.text() : table(file.ranges)
    try common.print(text, json: file.json, to: output)
    if let path = output.output, !common.quiet, !common.json {
      Terminal.output.write(
        "\(path): \(NumberFormat.count(file.ranges.entries.count, of: "range")) from "
          + "\(NumberFormat.count(file.ranges.sampleCount, of: "sample"))\n")
    }
  }

  /// Does the work; what comes of it is yet to be written. What is `reproduced` is made as the version that it names,
  /// with samples prepared as the options alone say.
  func chooseRanges(reproducing reproduced: Lineage? = nil) throws -> RangeFile {
    let workers = try common.workers()
    try output.check(reading: [model] + calibration.calib)
    var loader = try ModelLoader(path: model, modelOptions)
    loader.keepsPortLayout = keepIoLayout
    loader.verb = "calibrate"
    let settings = QuantizationJob.Settings(method: try calibration.method())
    let job = try QuantizationJob(loader, settings, workers: workers, isQuiet: common.quiet)
    var request = try calibration.request(
      inputs: job.fedInputs.map(\.name), preparation: preparation, seed: common.seed)
    request.readsSettingsFile = reproduced == nil
    let calibrated = try job.calibrate(request)
    for finding in calibrated.doctor.findings { common.warn(QuantizationWarning(finding)) }
    var lineage = try lineage(of: calibrated, fedInputs: job.fedInputs.map(\.name))
    if let reproduced { lineage.version = reproduced.version }
    return RangeFile(
      version: lineage.version, modelDigest: try ContentIdentity.digest(ofFile: model),
      calibrationDigest: calibrated.digest, ranges: calibrated.ranges,
      findings: calibrated.doctor.findings, lineage: lineage)
  }

  /// What decides the ranges, and what was read for them.
  private func lineage(
    of calibrated: QuantizationJob.Calibrated, fedInputs: [String]
  ) throws(Diagnostic) -> Lineage {
    var lineage = Lineage(verb: Self.declaration.name, options: calibration.choices)
    if keepIoLayout { lineage.options.append(.init(name: "keep-io-layout", value: true)) }
    try lineage.read(model: model, modelOptions)
    try lineage.read(
      samples: calibration.calib.map { DataPath(argument: $0, inputs: fedInputs) },
      calibrated.dataset.settings)
    return lineage
  }

  private func table(_ ranges: RangeTable) -> String {
    var table = Table([
      .text("tensor", isElastic: true), .number("least"), .number("greatest"), .number("from"), .number("to"),
      .text("choice"),
    ])
    func number(_ value: Float) -> String { NumberFormat.significant(Double(value), digits: 4) }
    for entry in ranges.entries {
      table.add(
        entry.tensor, number(entry.least), number(entry.greatest), number(entry.lower), number(entry.upper),
        "\(entry.choice)")
    }
    return table.text(width: Terminal.output.tableWidth)
  }
}
