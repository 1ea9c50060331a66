import Datasets
import Graph
import JSONText
import Lowering
import Micro
import Quantization
import Reporting
import Runtime
import Storage
import TFLiteFormat
import Targets
import TensorMath

extension QuantizeCommand {
  /// Does the work and writes nothing; says no more than progress and warnings.
  func make(_ wishes: QuantizedModel.Wishes = .init()) throws -> QuantizedModel {
    var watch = Stopwatch()
    let profile = try self.device.profile()
    let workers = try common.workers()
    let job = try job(workers)
    for step in job.passes { common.detail("pass \(step.pass): \(step.summary)") }
    watch.lap("reading")
    let (ranges, calibrated) = try chooseRanges(job, readsSettingsFile: wishes.reproduces == nil)
    watch.lap("calibrating")
    let samples = calibrated?.dataset
    let made = try job.quantize(ranges.ranges)
    var lineage = try lineage(job, ranges, calibrated)
    if let reproduced = wishes.reproduces { lineage.version = reproduced.version }
    let provenance = Provenance(
      lineage, calibrationDigest: ranges.calibrationDigest,
      calibrationSamples: samples?.count ?? ranges.ranges.sampleCount, graph: made.legal.graph)
    let (file, device, plan) = try finish(made.lowered.model, provenance)
    let arena = ArenaReport(device.model)
    var facts = QuantizationFacts(job: job, made: made, calibrated: calibrated, plan: plan)
    facts.paths = self.ranges.map { [$0] } ?? calibration.calib
    facts.method = calibration.calib.isEmpty ? "given" : "\(try calibration.method())"
    facts.digest = ranges.calibrationDigest
    var report = Report(
      verb: Self.declaration.name, name: ModelFormat.stem(of: model),
      tool: .init(version: edgeopt.version, arithmetic: DeviceModel.arithmetic))
    report.before = Report.Model(graph: job.graph, file: try Report.FileFacts(path: model))
    report.after = Report.Model(device, file: Report.FileFacts(path: target, bytes: file), arena: arena)
    facts.tell(&report)
    report.target = report.after.flatMap { profile?.fit(of: $0, work: Workload(DeviceCost(device.model))) }
    watch.lap("quantizing")

    var qdqModel = try qdq.map { (path) throws(Diagnostic) in try QDQModel(made, path: path) }
    if let samples { try qdqModel?.compare(with: device, on: samples, workers: workers) }
    report.qdq = qdqModel?.facts
    let outputs = DeviceOutput.outputs(of: job.legal.graph, as: made.legal.graph)
    if wishes.reproduces == nil { try compareOutputs(job, device, outputs, calibrated, &report) }
    if wishes.measures { try measure(job, device, outputs, &report) }
    watch.lap("measuring")
    if wishes.tellsLayers {
      let layers = QuantizedLayers(
        job: job, made: made, device: device, samples: try samples ?? evaluationSamples(job))
      report.layers = try layers.layers()
      watch.lap("looking at layers")
    }
    let firmware = try c.map { (path) throws(Diagnostic) in
      try FirmwareFolder(
        path: path, device: device, bytes: file, name: ModelFormat.stem(of: target), dataset: samples,
        seed: common.seed, replaces: force, inputs: [model] + calibration.calib, outputs: self.outputs)
    }
    let rate = report.run.samplesPerSecond
    report.run = watch.record(workers)
    report.run.samplesPerSecond = rate
    return QuantizedModel(
      file: file, device: device, ranges: made.ranges, report: report, arena: arena, qdq: qdqModel,
      firmware: firmware)
  }

  // MARK: - Parts

  private func settings(_ method: CalibrationMethod) -> QuantizationJob.Settings {
    var settings = QuantizationJob.Settings(method: method)
    settings.isPerChannel = perChannel
    settings.correctsBiases = $biasCorrection
    settings.inputType = inputType.element
    settings.outputType = outputType.element
    return settings
  }

  private func job(_ workers: Workers) throws -> QuantizationJob {
    var loader = try ModelLoader(path: model, modelOptions)
    loader.keepsPortLayout = keepIoLayout
    loader.verb = "quantize"
    return try QuantizationJob(
      loader, settings(try calibration.method()), workers: workers, isQuiet: common.quiet)
  }

  /// Ranges from samples (which are then there to compare outputs on), or from a file.
  private func chooseRanges(_ job: QuantizationJob, readsSettingsFile: Bool) throws -> (
    RangeFile, QuantizationJob.Calibrated?
  ) {
    let digest = try ContentIdentity.digest(ofFile: model)
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
    var request = try calibrationRequest(job)
    request.readsSettingsFile = readsSettingsFile
    let calibrated = try job.calibrate(request)
    // Notes stand in the result.
    for finding in calibrated.doctor.findings where finding.severity == .warning {
      common.warn(QuantizationWarning(finding))
    }
    common.detail("calibrated in \(NumberFormat.duration(seconds: calibrated.seconds))")
    let file = RangeFile(
      version: edgeopt.version, modelDigest: digest, calibrationDigest: calibrated.digest,
      ranges: calibrated.ranges)
    return (file, calibrated)
  }

  private func calibrationRequest(_ job: QuantizationJob) throws(Diagnostic) -> DataRequest {
    try calibration.request(
      inputs: job.fedInputs.map(\.name), preparation: data.preparation, seed: common.seed)
  }

  /// What decides the bytes, and what was read for them.
  private func lineage(
    _ job: QuantizationJob, _ ranges: RangeFile, _ calibrated: QuantizationJob.Calibrated?
  ) throws -> Lineage {
    var options: [JSON.Member] = [
      .init(name: "precision", value: "int8"), .init(name: "per-channel", value: .bool(perChannel)),
      .init(name: "input-type", value: .string(inputType.rawValue)),
      .init(name: "output-type", value: .string(outputType.rawValue)),
    ]
    if calibrated != nil { options += calibration.choices }
    if memoryPlan != .greedy {
      options.append(.init(name: "memory-plan", value: .string(memoryPlan.rawValue)))
    }
    if keepIoLayout { options.append(.init(name: "keep-io-layout", value: true)) }
    if let corrects = $biasCorrection {
      options.append(.init(name: "bias-correction", value: .bool(corrects)))
    }
    var lineage = Lineage(verb: Self.declaration.name, options: options)
    try lineage.read(model: model, modelOptions)
    if let path = self.ranges {
      lineage.sources.append(
        try Lineage.Source(.ranges, path: path, madeBy: ranges.lineage?.leavingOut(lineage.sources)))
    }
    if let calibrated {
      try lineage.read(samples: calibrationRequest(job).paths, calibrated.dataset.settings)
    }
    return lineage
  }

  /// The file's bytes, and the model as it is read back from them.
  private func finish(
    _ model: MicroModel, _ provenance: Provenance
  ) throws(Diagnostic) -> (file: View<UInt8>, device: DeviceModel, plan: MemoryPlanSummary?) {
    var model = model
    var plan: MemoryPlanSummary?
    if memoryPlan == .best { (model, plan) = try model.optimizingMemory(.cortexM) }
    model.description = "edgeopt \(provenance.version)"
    model.metadata.append(provenance.metadata)
    let bytes = try TFLiteWriter(model).bytes()
    let name = target
    let read = try TFLiteReader(bytes, name: name).model()
    let device = try DeviceModel(read, path: name, byteCount: bytes.count, provenance: provenance)
    return (bytes, device, plan)
  }

  /// How near the outputs are to the float model's on samples of the calibration.
  private func compareOutputs(
    _ job: QuantizationJob, _ device: DeviceModel, _ outputs: [DeviceOutput],
    _ calibrated: QuantizationJob.Calibrated?, _ report: inout Report
  ) throws(Diagnostic) {
    guard let calibrated,
      let fidelity = try OutputFidelity(
        of: device, outputs, beside: try Runtime.Program(job.graph), on: calibrated.dataset,
        workers: job.workers)
    else { return }
    var quality = report.quality ?? Report.Quality()
    // A document has no word for NaN: what is no number would be read back as no error at all.
    quality.outputSqnr = fidelity.decibels > -.infinity ? fidelity.decibels : nil
    quality.outputSqnrSamples = fidelity.samples
    report.quality = quality
    let hasFindings = !calibrated.doctor.findings.isEmpty
    if let warning = QuantizationWarning(fidelity, hasFindings: hasFindings) {
      common.warn(warning)
      report.warnings.append(warning.fact)
    }
  }

  /// nil without data.
  private func evaluationSamples(_ job: QuantizationJob) throws(Diagnostic) -> Dataset? {
    try data.request(inputs: job.fedInputs.map(\.name), seed: common.seed)
      .map { (request) throws(Diagnostic) in try job.dataset(request) }
  }

  /// What the accuracy is on the device, and what it was; without labels how far the two agree.
  private func measure(
    _ job: QuantizationJob, _ device: DeviceModel, _ outputs: [DeviceOutput], _ report: inout Report
  ) throws(Diagnostic) {
    guard let dataset = try evaluationSamples(job) else { return }
    let metric = try data.metric(for: dataset)
    if metric == nil {
      let warning = QuantizationWarning(
        "the accuracy was not measured: --data has no labels", hint: "add --labels PATH")
      common.warn(warning)
      report.warnings.append(warning.fact)
    }
    let output = try data.outputIndex(in: job.graph.outputs.map(\.name))
    var evaluation = PairedEvaluation(
      before: try EvaluatedModel(
        try Runtime.Program(job.graph), on: dataset, output: output, workers: job.workers),
      after: EvaluatedModel(device, outputs: outputs, on: dataset, output: output, workers: job.workers),
      metric: metric, workers: job.workers)
    evaluation.data = data.data
    evaluation.seed = common.seed
    evaluation.isQuiet = common.quiet
    evaluation.title = "evaluating float and int8"
    let found = try evaluation.run()
    var quality = found.quality
    // What calibration tells is about samples that need no labels, and always there.
    if let sqnr = report.quality?.outputSqnr {
      quality.outputSqnr = sqnr
      quality.outputSqnrSamples = report.quality?.outputSqnrSamples
    }
    report.quality = quality
    report.run.samplesPerSecond = found.samplesPerSecond
  }
}
