import Datasets
import Graph
import Lowering
import Micro
import Quantization
import Reporting
import Runtime
import Storage
import TensorMath

/// The layers of a model that was just quantized, beside those of the float model.
///
///     report.layers = try QuantizedLayers(job: job, made: made, device: device, samples: samples).layers()
struct QuantizedLayers {
  let job: QuantizationJob
  let made: QuantizationJob.Made
  let device: DeviceModel
  /// nil where there are none: then nothing is told of errors.
  let samples: Dataset?
  /// The device's operator that does the work of each of the graph's; nil where there is none.
  private let places: [Int?]
  private let makers: [Int: Int]

  /// Multiply-accumulates that go into the shares of the error: some seconds.
  private static let shareBudget = 1.2e11
  /// A network with more for a single sample is not asked which layer makes which part of the error.
  private static let shareLimit = 1e12
  private static let sharedSamples = 16
  private static let memoryLimit = 1 << 30

  init(job: QuantizationJob, made: QuantizationJob.Made, device: DeviceModel, samples: Dataset?) {
    self.job = job
    self.made = made
    self.device = device
    self.samples = samples.flatMap { $0.count > 0 ? $0 : nil }
    var makers: [Int: Int] = [:]
    for (index, node) in device.model.main.operators.enumerated() {
      for output in node.outputs { makers[output] = index }
    }
    self.makers = makers
    // The device's operators may have been put into another order since; their tensors keep their places.
    let costs = DeviceCost(made.lowered.model).layers
    let operators = made.lowered.model.main.operators
    places = made.lowered.operatorRanges.map { range in
      guard let last = range.last else { return nil }
      let main = range.reduce(last) { costs[$1].macs > costs[$0].macs ? $1 : $0 }
      return operators[main].outputs.first.flatMap { makers[$0] }
    }
  }

  func layers() throws(Diagnostic) -> [Report.Layer] {
    var facts = LayerFacts(device)
    nameSources(&facts)
    describeWeights(&facts)
    if let samples {
      let program = try Runtime.Program(made.legal.graph, fusesSteps: false)
      let comparison = TensorComparison(.float(program), device, pairs: pairs, workers: job.workers)
      facts.add(try comparison.run(samples, at: TensorComparison.places(of: samples.count, macs: macs)))
      try shareErrors(samples, &facts)
    }
    explainRanges(&facts)
    return facts.layers
  }

  private var graph: Graph { made.legal.graph }
  private var macs: Int { ModelCost(graph).macs }

  /// For each of the device's tensors the graph's: the last where several are one, as a clamp that the integers' own ends
  /// take over.
  private var pairs: [Int: Int] {
    var result: [Int: Int] = [:]
    let inputs = graph.inputs.map(\.tensor)
    for id in inputs + graph.operators.flatMap({ $0.outputs.compactMap { $0 } }) {
      if let tensor = made.lowered.tensorIndex[id] { result[tensor] = id.index }
    }
    return result
  }

  /// The file that was read back does not say which nodes its operators stand for.
  private func nameSources(_ facts: inout LayerFacts) {
    for node in made.lowered.model.main.operators {
      guard let output = node.outputs.first, let index = makers[output] else { continue }
      facts[index].nodes = node.sources
    }
  }

  private func describeWeights(_ facts: inout LayerFacts) {
    var counted = Set<TensorID>()
    for (node, place) in zip(graph.operators, places) {
      guard let place else { continue }
      let constants = node.inputs.compactMap { $0 }.filter { graph[$0].constant != nil }
      let bytes = constants.filter { counted.insert($0).inserted }.reduce(0) {
        $0 + graph[$1].shape.elementCountPerSample * graph[$1].element.byteCount
      }
      facts[place].bytesBefore = (facts[place].bytesBefore ?? 0) + bytes
      let weights = constants.filter { graph[$0].element == .float32 }.max {
        graph[$0].shape.elementCountPerSample < graph[$1].shape.elementCountPerSample
      }
      // The float model's numbers, in place of the rounded ones.
      guard let range = facts[place].weights, let value = weights.flatMap({ graph[$0].constant?.realized() }),
        let lower = range.lower, let upper = range.upper, Extremes(of: value.floats).isFinite
      else { continue }
      facts[place].weights = Report.Histogram(ValueHistogram(of: value.floats), (lower, upper))
    }
  }

  private func shareErrors(_ samples: Dataset, _ facts: inout LayerFacts) throws(Diagnostic) {
    let errors = try LayerErrors(graph, made.plan)
    let work = Double(errors.operators.count) * Double(macs)
    guard work <= Self.shareLimit, errors.keptByteCount <= Self.memoryLimit else { return }
    let count = min(Self.sharedSamples, max(1, Int(Self.shareBudget / max(1, work))), samples.count)
    let progress = SharedProgress(
      Progress("errors of layers", total: count * errors.operators.count, isQuiet: job.isQuiet))
    defer { progress.finish() }
    let found = try errors.measure(
      CalibrationSamples(samples, for: graph), at: TensorComparison.spread(count, over: samples.count),
      threads: job.workers.threads
    ) { progress.advance(to: $0) }
    let total = found.reduce(0, +)
    guard total > 0, total.isFinite else { return }
    for index in facts.layers.indices { facts[index].errorShare = 0 }
    for (error, place) in zip(found, places) {
      if let place { facts[place].errorShare! += error / total }
    }
  }

  private func explainRanges(_ facts: inout LayerFacts) {
    for (id, entry) in made.ranges.entries(in: graph) {
      guard let tensor = made.lowered.tensorIndex[id], let index = makers[tensor],
        device.model.main.operators[index].outputs.first == tensor, var range = facts[index].range
      else { continue }
      range.choice = "\(entry.choice)"
      range.reason = entry.reason.isEmpty ? nil : entry.reason
      // What several tensors share was seen in all of them.
      if entry.sharing.isEmpty {
        range.least = min(range.least ?? .infinity, Double(entry.least))
        range.greatest = max(range.greatest ?? -.infinity, Double(entry.greatest))
      }
      facts[index].range = range
    }
  }
}
