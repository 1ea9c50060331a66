import JSONText
import Datasets
import Graph
import Passes
import Reporting
import Runtime
import Storage
import TensorMath

/// Runs a program over a data set and gathers a metric.
struct Evaluation {
  let program: Runtime.Program
  let dataset: Dataset
  /// The output that is measured.
  let output: Int
  let metric: MetricKind?
  let workers: Workers
  let isQuiet: Bool

  struct Result {
    var metric: MetricResult?
    var samples: Int
    var seconds: Double
    var threads: Int
    var batch: Int
    var instructionSet: String
  }

  mutating func run(outputs folder: SampleFolder? = nil) throws(Diagnostic) -> Result {
    // Samples that may influence one another are fed one by one, as the data set stands for.
    let isBatched = program.graph.batchIndependence().isIndependent
    let runner = try BatchRunner(program, threads: workers.threads, batch: isBatched ? nil : 1)
    var measured = metric.map { Metric($0) }
    var next = 0
    var done = 0
    var waiting: [Batch] = []
    var progress = Progress("evaluating", total: dataset.count, isQuiet: isQuiet)
    let port = program.graph.outputs[output]
    let start = ContinuousClock.now
    defer { progress.finish() }
    try runner.run { count throws(Diagnostic) -> SampleBatch? in
      guard next < dataset.count else { return nil }
      let range = next..<min(next + count, dataset.count)
      next = range.upperBound
      var batch = try dataset.batch(range)
      let inputs = program.values(of: batch.inputs)
      batch.inputs = []
      waiting.append(batch)
      return SampleBatch(inputs: inputs, count: range.count)
    } deliver: { outputs, count throws(Diagnostic) in
      let batch = waiting.removeFirst()
      done += count
      progress.advance(to: done)
      if let folder {
        for index in 0..<count {
          let ports = zip(outputs, program.graph.outputs)
          try folder.append(ports.map { $0.sample(index, of: count, port: $1) })
        }
      }
      guard measured != nil else { return }
      let value = outputs[output]
      for (index, label) in batch.labels.enumerated() {
        try measured!.add(value.sample(index, of: count, port: port), label: label, name: batch.names[index])
      }
    }
    let seconds = (ContinuousClock.now - start).inSeconds
    try folder?.finish()
    return Result(
      metric: measured?.result, samples: done, seconds: seconds, threads: runner.threads, batch: runner.batch,
      instructionSet: workers.kernels.name)
  }
}

extension TensorValue {
  /// One sample's part of an output that holds `count` of them, in the layout that the model declares.
  func sample(_ index: Int, of count: Int, port: Port) -> TensorValue {
    let declared = inDeclaredLayout(of: port)
    guard let axis = port.declaredShape.batchAxis, declared.sizes[axis] % count == 0 else { return declared }
    let extent = declared.sizes[axis] / count
    if axis == 0 {
      var sizes = declared.sizes
      sizes[0] = extent
      let stride = declared.bytes.count / count
      return TensorValue(
        type: type, sizes: sizes, bytes: declared.bytes[(index * stride)..<((index + 1) * stride)])
    }
    return Constant(declared).sliced(axis: axis, (index * extent)..<((index + 1) * extent)).realized()
  }
}

/// What `evaluate` prints.
struct EvaluationReport {
  let model: String
  let result: Evaluation.Result

  private var rate: Double { result.seconds > 0 ? Double(result.samples) / result.seconds : 0 }

  var text: String {
    var rows: [(String, String)] = []
    if let metric = result.metric {
      rows.append((metric.kind.rawValue, metric.text))
      if metric.notFinite > 0 {
        rows.append(
          ("not finite", "\(NumberFormat.count(metric.notFinite, of: "sample")) gave NaN or infinity"))
      }
    }
    let rateText = rate >= 100 ? NumberFormat.count(Int(rate.rounded())) : NumberFormat.fixed(rate, digits: 2)
    rows.append(("samples", NumberFormat.count(result.samples)))
    rows.append(("speed", "\(rateText) samples/s (\(NumberFormat.duration(seconds: result.seconds)))"))
    rows.append(
      ("machine", "\(result.threads) threads, \(result.instructionSet), batches of \(result.batch)"))
    let widest = rows.map(\.0.count).max() ?? 0
    return rows.map { "\($0.0)\(String(repeating: " ", count: widest - $0.0.count))  \($0.1)\n" }.joined()
  }

  var json: JSON {
    .object([
      "model": .string(model), "metric": .optional(result.metric) { .string($0.kind.rawValue) },
      "value": .optional(result.metric) { .number($0.value) },
      "interval95": .optional(result.metric) { [.number($0.low), .number($0.high)] },
      "correct": .optional(result.metric?.correct, JSON.integer),
      "not_finite": .optional(result.metric) { .integer($0.notFinite) },
      "samples": .integer(result.samples), "seconds": .number(result.seconds),
      "samples_per_second": .number(rate), "threads": .integer(result.threads),
      "batch": .integer(result.batch),
      "instruction_set": .string(result.instructionSet),
    ])
  }
}

extension MetricResult {
  /// "87.19 % (8,719 of 10,000), 95 % interval 86.52 % to 87.83 %"
  var text: String {
    var text = describe(value)
    if let correct { text += " (\(NumberFormat.count(correct)) of \(NumberFormat.count(count)))" }
    if low.isFinite || high.isFinite { text += ", 95 % interval \(describe(low)) to \(describe(high))" }
    return text
  }

  private func describe(_ value: Double) -> String {
    if kind.isShare { return NumberFormat.fixed(value * 100, digits: 2) + " %" }
    if kind.isDecibel { return NumberFormat.fixed(value, digits: 2) + " dB" }
    return NumberFormat.significant(value, digits: 6)
  }
}
