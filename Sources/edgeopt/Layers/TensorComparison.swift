import Datasets
import Graph
import Micro
import MicroRuntime
import Quantization
import Runtime
import Statistics
import Storage
import TensorMath

/// The device's tensors beside those of the float model, on the same samples.
///
///     let comparison = TensorComparison(program, device, pairs: [7: tensor], workers: workers)
///     let found = try comparison.run(dataset, at: [0, 10, 20])
///     print(found[7]?.decibels)
struct TensorComparison {
  /// Of one of the device's tensors.
  struct Finding: Sendable {
    /// Sums of squares: of the differences, of the float model's numbers, of the device's.
    fileprivate(set) var error = 0.0
    fileprivate(set) var signal = 0.0
    fileprivate(set) var power = 0.0
    /// What the float model's tensor holds.
    fileprivate(set) var extremes = Extremes()
    fileprivate(set) var histogram = ValueHistogram()

    /// Signal to noise; infinite without any error, nil where there is no signal.
    var decibels: Double? {
      if error == 0 { return .infinity }
      return signal > 0 ? Decibel.of(signal / error) : nil
    }

    /// The cosine of the angle between the two; nil where one of them is zero.
    var cosine: Double? {
      let lengths = signal.squareRoot() * power.squareRoot()
      // (a − b)² = a² + b² − 2ab
      return lengths > 0 ? min(1, max(-1, (signal + power - error) / 2 / lengths)) : nil
    }
  }

  /// Made without fusing steps, so that every tensor is there.
  let program: Runtime.Program
  let device: DeviceModel
  /// For each of the device's tensors that of the float model with the same elements.
  let pairs: [Int: TensorID]
  let workers: Workers

  /// More than this of one sample's activations are not kept by several threads at once.
  private static let memoryLimit = 512 << 20

  init(_ program: Runtime.Program, _ device: DeviceModel, pairs: [Int: TensorID], workers: Workers) {
    self.program = program
    self.device = device
    self.workers = workers
    let graph = program.graph
    self.pairs = pairs.filter { index, id in
      let tensor = device.model.main.tensors[index]
      return graph[id].element == .float32 && graph[id].constant == nil && tensor.holdsReals
        && graph[id].shape.elementCountPerSample == tensor.elementCount
    }
  }

  /// The result does not depend on the number of threads.
  func run(_ dataset: Dataset, at places: [Int]) throws(Diagnostic) -> [Int: Finding] {
    let bytes = pairs.values.reduce(0) { $0 + 4 * program.graph[$1].shape.elementCountPerSample }
    let shares = max(1, min(workers.threads, places.count, Self.memoryLimit / max(1, bytes)))
    let found = try workers.map(0..<shares) { share throws(Diagnostic) in
      let mine = Share(self)
      for position in stride(from: share, to: places.count, by: shares) {
        try mine.add(try dataset.sample(at: places[position]), at: position)
      }
      return mine.result
    }
    var result: [Int: Finding] = [:]
    for index in pairs.keys.sorted() {
      var finding = Finding()
      // In the order of the samples, whatever thread had them.
      for position in places.indices {
        guard let sums = found[position % shares].sums[position]?[index] else { continue }
        finding.error += sums.error
        finding.signal += sums.signal
        finding.power += sums.power
        finding.extremes.formUnion(sums.extremes)
      }
      for share in found {
        if let histogram = share.histograms[index] { finding.histogram.merge(histogram) }
      }
      if finding.extremes.isFinite, finding.error.isFinite { result[index] = finding }
    }
    return result
  }

  fileprivate struct Sums: Sendable {
    var error = 0.0
    var signal = 0.0
    var power = 0.0
    var extremes = Extremes()
  }

  private struct ShareResult: Sendable {
    var sums: [Int: [Int: Sums]]
    var histograms: [Int: ValueHistogram]
  }

  /// The samples of one thread.
  private final class Share {
    private let comparison: TensorComparison
    private let session: MicroSession
    private let tensors: Set<TensorID>
    private var floatSession: Session?
    private var kept: [TensorID: TensorValue] = [:]
    private var sums: [Int: [Int: Sums]] = [:]
    private var recorders: [Int: HistogramRecorder] = [:]

    init(_ comparison: TensorComparison) {
      self.comparison = comparison
      session = comparison.device.program.makeSession()
      tensors = Set(comparison.pairs.values)
    }

    var result: ShareResult { ShareResult(sums: sums, histograms: recorders.mapValues(\.histogram)) }

    func add(_ sample: Sample, at position: Int) throws(Diagnostic) {
      if floatSession == nil { floatSession = try comparison.program.makeSession() }
      let float = floatSession!
      float.onTensor = { [unowned self] (id, value) throws(Diagnostic) in
        if tensors.contains(id) { keep(value, of: id) }
      }
      _ = try float.run(comparison.program.values(of: sample.inputs))
      var found: [Int: Sums] = [:]
      session.reset()
      session.onTensor = { [unowned self] (index, value) throws(Diagnostic) in
        guard let id = comparison.pairs[index], let expected = kept[id] else { return }
        found[index] = compare(expected.floats, comparison.device.reals(value, of: index), index)
      }
      _ = try session.run(comparison.device.stored(sample.inputs))
      session.onTensor = nil
      sums[position] = found
    }

    private func keep(_ value: TensorValue, of id: TensorID) {
      let copy = kept[id] ?? TensorValue(type: value.type, sizes: value.sizes)
      copy.bytes.copy(from: value.bytes)
      kept[id] = copy
    }

    private func compare(_ expected: View<Float>, _ found: View<Float>, _ index: Int) -> Sums {
      var (distance, own) = (SquaredDistance(), SquaredDistance())
      distance.add(expected: expected, found: found)
      own.add(expected: found, found: found)
      let extremes = Extremes(of: expected)
      if extremes.isFinite {
        if recorders[index] == nil { recorders[index] = HistogramRecorder() }
        recorders[index]!.add(expected, within: extremes)
      }
      return Sums(error: distance.error, signal: distance.signal, power: own.signal, extremes: extremes)
    }
  }
}

extension MicroTensor {
  /// Floats, or integers with one scale for all.
  fileprivate var holdsReals: Bool {
    if type == .float32 { return true }
    guard let quantization, [.int8, .uint8, .int16].contains(type) else { return false }
    return quantization.axis == nil && quantization.scales[0] > 0
  }
}

extension DeviceModel {
  /// The real numbers that a tensor's elements stand for.
  fileprivate func reals(_ value: TensorValue, of index: Int) -> View<Float> {
    guard value.type != .float32, let grid = model.main.tensors[index].quantization else {
      return value.floats
    }
    let result = View<Float>(count: value.elementCount)
    let (scale, zeroPoint) = (grid.scales[0], Int32(grid.zeroPoints[0]))
    if value.type == .int8 {
      let source = value.elements(as: Int8.self)
      for place in 0..<result.count { result[place] = Float(Int32(source[place]) - zeroPoint) * scale }
    } else {
      for place in 0..<result.count {
        result[place] = Float(value.integer(at: place) - Int(zeroPoint)) * scale
      }
    }
    return result
  }
}
