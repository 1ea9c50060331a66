import Datasets
import Graph
import Lowering
import Micro
import Passes
import Quantization
import Reporting
import Runtime
import Storage
import TFLiteFormat
import TensorMath

/// A float model on its way to the device: read, made legal, calibrated, planned, lowered.
///
///     var job = try QuantizationJob(loader, settings, workers: workers)
///     let ranges = try job.calibrate(request)
///     let made = try job.quantize(ranges)
struct QuantizationJob {
  struct Settings {
    var method = CalibrationMethod.auto
    var isPerChannel = true
    /// nil: where the method does it by itself.
    var correctsBiases: Bool?
    var inputType = ElementType.int8
    var outputType = ElementType.int8
  }

  /// What calibration found.
  struct Calibrated {
    var ranges: RangeTable
    var doctor: DoctorReport
    var dataset: Dataset
    /// Of the samples, as the model got them.
    var digest: String
    var seconds: Double
  }

  /// The model for the device, and how it came about.
  struct Made {
    /// What was lowered: outputs that join branches of very different ranges are split.
    var legal: Legalization
    var lowered: LoweredModel
    var ranges: RangeTable
    var notes: [String]
    /// How the graph was lowered.
    var plan: QuantizationPlan
  }

  let loader: ModelLoader
  let settings: Settings
  let workers: Workers
  let isQuiet: Bool
  /// What evaluation before quantization runs.
  let graph: Graph
  let passes: [(pass: String, summary: PassSummary)]
  let legal: Legalization

  init(_ loader: ModelLoader, _ settings: Settings, workers: Workers, isQuiet: Bool) throws(Diagnostic) {
    var loader = loader
    loader.importOptions.batch = .symbolic
    loader.purpose = .quantization
    self.loader = loader
    self.settings = settings
    self.workers = workers
    self.isQuiet = isQuiet
    let loaded = try loader.load()
    graph = loaded.graph
    passes = loaded.passes
    legal = try loaded.graph.legalized(for: .int8, evaluator: FloatEvaluator())
  }

  /// Whether the file has scales of its own.
  var isQuantizedAlready: Bool {
    graph.tensors.contains { $0.quantization != nil && $0.constant == nil }
  }

  /// The inputs that samples feed.
  var fedInputs: [Port] { graph.inputs.filter { graph[$0.tensor].constant == nil } }

  func dataset(_ request: DataRequest) throws(Diagnostic) -> Dataset {
    try Dataset(request, for: fedInputs.map { DataInput($0, layout: graph.dataLayout(of: $0)) })
  }

  // MARK: - Stages

  /// Sees what the tensors hold on the samples, and chooses their ranges.
  func calibrate(_ request: DataRequest) throws(Diagnostic) -> Calibrated {
    let start = ContinuousClock.now
    let dataset = try dataset(request)
    let digests = SampleDigests(count: dataset.count)
    let samples = digests.watching(CalibrationSamples(dataset, for: legal.graph))
    let shared = SharedProgress(Progress("calibrating", total: dataset.count, isQuiet: isQuiet))
    defer { shared.finish() }
    var calibration = try ModelCalibration(legal, method: settings.method)
    calibration.isPerChannel = settings.isPerChannel
    if let corrects = settings.correctsBiases {
      calibration.correctsBiases = corrects
    } else if isQuantizedAlready {
      // The file's biases belong to its scales.
      calibration.correctsBiases = false
    }
    let found = try calibration.run(samples, threads: workers.threads) { shared.advance(to: $0) }
    return Calibrated(
      ranges: found.ranges, doctor: found.doctor, dataset: dataset, digest: digests.digest,
      seconds: (ContinuousClock.now - start).inSeconds)
  }

  /// The model for the device, with these ranges.
  func quantize(_ ranges: RangeTable) throws(Diagnostic) -> Made {
    var ranges = ranges
    // Ranges from a file may come with corrections.
    if settings.correctsBiases == false { ranges.corrections = [] }
    var options = QuantizerOptions()
    options.isPerChannel = settings.isPerChannel
    let legal = ranges.suited(legal)
    let (plan, notes) = try Quantizer(legal).plan(ranges, options)
    let lowered = try Lowering(
      evaluator: FloatEvaluator(), plan: plan, inputType: settings.inputType,
      outputType: settings.outputType, keepsPortShapes: loader.keepsPortLayout
    ).lower(legal.graph)
    return Made(legal: legal, lowered: lowered, ranges: ranges, notes: notes, plan: plan)
  }
}

/// Progress that several threads report to.
final class SharedProgress: @unchecked Sendable {
  // Unchecked: `progress` is touched with `monitor` locked only.
  private let monitor = Monitor()
  private var progress: Progress

  init(_ progress: Progress) { self.progress = progress }

  func advance(to done: Int) {
    monitor.lock()
    defer { monitor.unlock() }
    progress.advance(to: done)
  }

  func finish() {
    monitor.lock()
    defer { monitor.unlock() }
    progress.finish()
  }
}

/// The digest of all samples that calibration reads, whatever thread reads them and however often.
final class SampleDigests: @unchecked Sendable {
  // Unchecked: `digests` is touched with `monitor` locked only.
  private let monitor = Monitor()
  private var digests: [[UInt8]?]

  init(count: Int) { digests = Array(repeating: nil, count: count) }

  /// The same samples; what is read of them is digested.
  func watching(_ samples: CalibrationSamples) -> CalibrationSamples {
    CalibrationSamples(count: samples.count, name: samples.name) { range throws(Diagnostic) in
      let values = try samples.batch(range)
      self.add(values, range)
      return values
    }
  }

  private func add(_ values: [TensorValue], _ range: Range<Int>) {
    for (place, index) in range.enumerated() where isMissing(index) {
      var digest = SHA256()
      for value in values {
        // Samples lie one behind the other where they can be stacked at all; else the range is a single one.
        let size = value.bytes.count / range.count
        digest.add(value.bytes[place * size..<(place + 1) * size])
      }
      set(digest.bytes, at: index)
    }
  }

  private func isMissing(_ index: Int) -> Bool {
    monitor.lock()
    defer { monitor.unlock() }
    return digests[index] == nil
  }

  private func set(_ digest: [UInt8], at index: Int) {
    monitor.lock()
    defer { monitor.unlock() }
    digests[index] = digest
  }

  var digest: String {
    monitor.lock()
    defer { monitor.unlock() }
    var all = SHA256()
    for case let digest? in digests { all.add(digest) }
    return all.hexadecimal
  }
}
