import Graph
import Passes
import Runtime
import Storage
import TensorMath

/// How the range of a tensor is chosen from what was seen of it.
public enum CalibrationMethod: Sendable, Hashable, CustomStringConvertible {
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

  public var description: String {
    switch self {
    case .auto: "auto"
    case .minmax: "minmax"
    case .percentile(let share): "percentile \(share)"
    case .entropy: "entropy"
    case .mse: "mse"
    }
  }
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

  /// What was seen of each watched tensor in all samples. The result does not depend on the number of threads.
  ///
  /// `progress` gets the number of samples handed out so far; never called by two threads at once.
  public func observe(
    _ samples: CalibrationSamples, threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws(Diagnostic) -> Observations {
    try observe(samples, split(samples.count), threads: threads, progress: progress)
  }

  /// Which samples show ranges and which judge them; all show them when nothing has to be judged.
  func split(_ count: Int) -> SampleSplit {
    SampleSplit(count: count, batch: batch, holdsBack: method == .auto)
  }

  func observe(
    _ samples: CalibrationSamples, _ split: SampleSplit, threads: Int,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws(Diagnostic) -> Observations {
    guard samples.count > 0 else {
      throw Diagnostic(.badData, "there are no samples to calibrate on", hint: "give some: --calib PATH")
    }
    let all = split.all
    let shares = try SampleShares(ranges: all.map(\.samples), threads: threads, progress: progress).run {
      (next) throws(Diagnostic) -> Share in
      try watch(samples) { next().map { all[$0] } }
    }
    var merged = Observations(sampleCount: samples.count, tensors: [:])
    for share in shares {
      merged.merge(share.tensors)
      merged.fingerprints.merge(share.fingerprints) { first, _ in first }
    }
    return merged
  }

  /// `auto` judges what a histogram suggests, so that an estimate will do: these samples are enough for one.
  private static let countedSamples = 128

  private func stride(_ count: Int) -> Int { method == .auto ? max(1, count / Self.countedSamples) : 1 }

  private typealias Share = (tensors: [TensorID: Observation], fingerprints: [Int: UInt64])

  /// One thread's share.
  private func watch(
    _ samples: CalibrationSamples, _ next: () -> (samples: Range<Int>, isShown: Bool)?
  ) throws(Diagnostic) -> Share {
    var observers = [TensorObserver?](repeating: nil, count: graph.tensors.count)
    for tensor in tensors {
      observers[tensor.index] = TensorObserver(
        countsValues: method.needsHistogram, stride: stride(samples.count))
    }
    let firstHalf = (samples.count + 1) / 2
    var fingerprints: [Int: UInt64] = [:]
    var session: Session?
    while let (range, isShown) = next() {
      let inputs = try samples.batch(range)
      Fingerprint.add(inputs, range, to: &fingerprints)
      if session?.batch != range.count { session = try program.makeSession(batch: range.count) }
      session!.onTensor = { (id, value) throws(Diagnostic) in
        // What a composite expands into has no place in the graph.
        guard id.index < observers.count, let observer = observers[id.index] else { return }
        if let culprit = observer.add(
          value.floats, samples: range, isShown: isShown, firstHalf: firstHalf)
        {
          throw notFinite(id, samples.name(culprit))
        }
      }
      _ = try session!.run(inputs)
    }
    var result: [TensorID: Observation] = [:]
    for tensor in tensors { result[tensor] = observers[tensor.index]!.observation }
    return (result, fingerprints)
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
  /// A number for each sample that equal samples share; of the first samples only.
  var fingerprints: [Int: UInt64] = [:]

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

/// Tells samples apart without keeping them.
enum Fingerprint {
  /// Samples beyond this are not looked at, so that memory stays bounded.
  static let greatestCount = 1 << 16

  static func add(_ inputs: [TensorValue], _ range: Range<Int>, to prints: inout [Int: UInt64]) {
    for (place, sample) in range.enumerated() where sample < greatestCount {
      var print: UInt64 = 0x9E37_79B9_7F4A_7C15
      for input in inputs {
        let size = input.bytes.count / range.count
        let part = input.bytes[place * size..<(place + 1) * size]
        let words = part.reinterpreted(as: UInt64.self)
        for index in 0..<words.count { print = mixed(print ^ words[index]) }
        for index in words.count * 8..<part.count { print = mixed(print ^ UInt64(part[index])) }
      }
      prints[sample] = print
    }
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }
}
