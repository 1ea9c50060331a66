import Datasets
import Graph
import MicroRuntime
import Reporting
import Storage
import TensorMath

/// Runs samples through a device model, many at a time, and hands out what it makes in their order.
struct DeviceEvaluation {
  let model: DeviceModel
  let dataset: Dataset
  let workers: Workers
  let isQuiet: Bool
  var title = "evaluating"

  /// What waits for one another: enough that no thread idles, few enough that memory stays small.
  private var blockSize: Int {
    let perSample = dataset.inputs.reduce(0) { $0 + $1.shape.elementCountPerSample * 8 }
    return max(workers.threads, min(64 * workers.threads, (16 << 20) / max(1, perSample)))
  }

  /// Calls `deliver` for each sample with its name, the device's outputs as they are, and the label.
  func run(
    _ deliver: (_ name: String, _ outputs: [TensorValue], _ label: Label?) throws(Diagnostic) -> Void
  ) throws(Diagnostic) -> Double {
    let runner = MicroBatchRunner(model.program, workers: workers)
    var progress = Progress(title, total: dataset.count, isQuiet: isQuiet)
    defer { progress.finish() }
    let start = ContinuousClock.now
    var next = 0
    while next < dataset.count {
      let range = next..<min(next + blockSize, dataset.count)
      let samples = try read(range)
      let outputs = try runner.run(samples.map(\.inputs))
      for (sample, outputs) in zip(samples, outputs) { try deliver(sample.name, outputs, sample.label) }
      next = range.upperBound
      progress.advance(to: next)
    }
    return (ContinuousClock.now - start).inSeconds
  }

  /// The samples as the device stores them, read and rounded on all threads.
  private func read(_ range: Range<Int>) throws(Diagnostic) -> [Sample] {
    try workers.map(range) { index throws(Diagnostic) in
      var sample = try dataset.sample(at: index)
      sample.inputs = try model.stored(sample.inputs)
      return sample
    }
  }

  /// The metric of one output over all samples.
  func measure(_ metric: MetricKind?, output: DeviceOutput, outputs folder: SampleFolder? = nil)
    throws(Diagnostic) -> Evaluation.Result
  {
    var measured = metric.map { Metric($0) }
    let seconds = try run { name, outputs, label throws(Diagnostic) in
      try folder?.append(outputs)
      guard measured != nil, let label else { return }
      try measured!.add(output.real(outputs, of: model), label: label, name: name)
    }
    try folder?.finish()
    return Evaluation.Result(
      metric: measured?.result, samples: dataset.count, seconds: seconds, threads: workers.threads, batch: 1,
      instructionSet: workers.kernels.name)
  }
}

extension Workers {
  /// `body` for each index on all threads, results in order; the first failure in that order is thrown.
  func map<Value: Sendable>(
    _ range: Range<Int>, _ body: (Int) throws(Diagnostic) -> Value
  ) throws(Diagnostic) -> [Value] {
    let results = Slots<Value>(count: range.count)
    parallelFor(range.count) { part in
      for index in part {
        do throws(Diagnostic) {
          results.set(.success(try body(range.lowerBound + index)), at: index)
        } catch {
          results.set(.failure(error), at: index)
        }
      }
    }
    return try results.all()
  }
}

/// A place for each result of parallel work.
private final class Slots<Value: Sendable>: @unchecked Sendable {
  // Unchecked: `values` is touched with `monitor` locked only.
  private let monitor = Monitor()
  private var values: [Result<Value, Diagnostic>?]

  init(count: Int) { values = Array(repeating: nil, count: count) }

  func set(_ value: Result<Value, Diagnostic>, at index: Int) {
    monitor.lock()
    defer { monitor.unlock() }
    values[index] = value
  }

  func all() throws(Diagnostic) -> [Value] {
    var results: [Value] = []
    for case let value? in values { results.append(try value.get()) }
    return results
  }
}
