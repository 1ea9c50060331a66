import Graph
import Passes
import Runtime
import Storage
import TensorMath

/// How the range of a tensor is chosen from what was seen of it.
public enum CalibrationMethod: Sendable, Hashable {
  /// By the error that a range causes in the results of the operators that read the tensor.
  case auto
  /// From the least to the greatest number.
  case minmax
  /// Leaves out the outermost numbers: `percentile(99.99)` keeps that share of them.
  case percentile(Double)
  /// The range whose integers tell most about the numbers (least Kullback-Leibler divergence).
  case entropy
  /// The range with the least squared error.
  case mse

  /// Whether choosing needs more than the extremes.
  public var needsHistogram: Bool { self != .minmax }
}

/// Runs the float graph over samples and keeps what is needed to choose ranges: never the activations.
///
///     let calibration = try Calibration(graph, method: .minmax)
///     let seen = try calibration.observe(samples, threads: 2)
///     print(seen[tensor]!.extremes)
public struct Calibration: Sendable {
  public let graph: Graph
  public let program: Program
  public let method: CalibrationMethod
  /// The tensors that are watched.
  public let tensors: [TensorID]
  /// Samples that go through the program together.
  let batch: Int

  /// Watches the given tensors, or every float tensor that is not a constant.
  public init(_ graph: Graph, method: CalibrationMethod, tensors: [TensorID]? = nil) throws(Diagnostic) {
    self.graph = graph
    self.method = method
    program = try Program(graph, fusesSteps: false)
    let candidates = tensors ?? graph.activations
    self.tensors = candidates.filter { graph[$0].element == .float32 && graph[$0].constant == nil }
    batch =
      graph.batchIndependence().isIndependent
      ? try BatchRunner(program, threads: 1).batch : 1
  }

  /// What was seen of each watched tensor. The result does not depend on the number of threads.
  ///
  /// `progress` gets the number of samples handed out so far; never called by two threads at once.
  public func observe(
    _ samples: CalibrationSamples, threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws(Diagnostic) -> Observations {
    try observe(samples, split(samples.count).shown, threads: threads, progress: progress)
  }

  /// Which samples show ranges and which judge them; all show them when nothing has to be judged.
  func split(_ count: Int) -> SampleSplit {
    SampleSplit(count: count, batch: batch, holdsBack: method == .auto)
  }

  func observe(
    _ samples: CalibrationSamples, _ ranges: [Range<Int>], threads: Int,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws(Diagnostic) -> Observations {
    guard samples.count > 0 else {
      throw Diagnostic(.badData, "there are no samples to calibrate on", hint: "give some: --calib PATH")
    }
    let shares = try SampleShares(ranges: ranges, threads: threads, progress: progress).run {
      (next) throws(Diagnostic) in
      try watch(samples) { next().map { ranges[$0] } }
    }
    var merged = Observations(sampleCount: samples.count, tensors: [:])
    for share in shares { merged.merge(share) }
    return merged
  }

  /// One thread's share.
  private func watch(
    _ samples: CalibrationSamples, _ next: () -> Range<Int>?
  ) throws(Diagnostic) -> [TensorID: Observation] {
    var observers = [TensorObserver?](repeating: nil, count: graph.tensors.count)
    for tensor in tensors { observers[tensor.index] = TensorObserver(countsValues: method.needsHistogram) }
    let firstHalf = (samples.count + 1) / 2
    var session: Session?
    while let range = next() {
      let inputs = try samples.batch(range)
      if session?.batch != range.count { session = try program.makeSession(batch: range.count) }
      session!.onTensor = { (id, value) throws(Diagnostic) in
        guard let observer = observers[id.index] else { return }
        if let culprit = observer.add(value.floats, samples: range, firstHalf: firstHalf) {
          throw notFinite(id, samples.name(culprit))
        }
      }
      _ = try session!.run(inputs)
    }
    var result: [TensorID: Observation] = [:]
    for tensor in tensors { result[tensor] = observers[tensor.index]!.observation }
    return result
  }

  private func notFinite(_ tensor: TensorID, _ sample: String) -> Diagnostic {
    if graph.isInput(tensor) {
      return Diagnostic(
        .badData, "'\(sample)' holds NaN or infinity", hint: "mend or leave out this sample")
    }
    return Diagnostic(
      .badData, "'\(sample)' gives NaN or infinity in tensor '\(graph[tensor].name)'",
      hint: "leave out this sample, or check that its values are scaled as the model expects")
  }
}

/// What calibration saw of all tensors.
public struct Observations: Sendable {
  public var sampleCount: Int
  public var tensors: [TensorID: Observation]

  public subscript(tensor: TensorID) -> Observation? { tensors[tensor] }

  mutating func merge(_ others: [TensorID: Observation]) {
    tensors.merge(others) { first, second in
      var both = first
      both.merge(second)
      return both
    }
  }
}

extension Graph {
  /// Inputs and results of operators, in execution order.
  var activations: [TensorID] {
    inputs.map(\.tensor) + operators.flatMap { $0.outputs.compactMap { $0 } }
  }
}
