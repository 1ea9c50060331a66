import Datasets
import Graph
import Micro
import MicroRuntime
import Quantization
import Runtime
import Statistics
import Storage
import TensorMath

/// The device's tensors beside those of the model before, on the same samples.
///
///     let comparison = TensorComparison(.float(program), device, pairs: [7: tensor.index], workers: workers)
///     let found = try comparison.run(dataset, at: [0, 10, 20])
///     print(found[7]?.decibels)
struct TensorComparison {
  /// The model before.
  enum Reference {
    /// Made without fusing steps, so that every tensor is there.
    case float(Runtime.Program)
    case device(DeviceModel)
  }

  /// Of one of the device's tensors.
  struct Finding: Sendable {
    /// Sums of squares: of the differences, of the numbers before, of the device's.
    fileprivate(set) var error = 0.0
    fileprivate(set) var signal = 0.0
    fileprivate(set) var power = 0.0
    /// What the tensor of the model before holds.
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

  let reference: Reference
  let device: DeviceModel
  /// For each of the device's tensors the place of that before with the same elements.
  let pairs: [Int: Int]
  /// Which of a sample's values each of the device's inputs takes; nil where they have one order.
  var inputOrder: [Int]?
  let workers: Workers

  /// More than this of one sample's activations are not kept by several threads at once.
  private static let memoryLimit = 512 << 20

  /// So many samples tell a ratio of powers to a tenth of a decibel.
  private static let sampleLimit = 64
  /// Multiply-accumulates that go into it: some seconds.
  private static let budget = 2e10

  /// The samples to compare on: fewer where a network is large.
  static func places(of total: Int, macs: Int) -> [Int] {
    spread(min(sampleLimit, max(4, Int(budget / max(1, Double(macs)))), total), over: total)
  }

  static func spread(_ count: Int, over total: Int) -> [Int] { (0..<count).map { $0 * total / count } }

  init(_ reference: Reference, _ device: DeviceModel, pairs: [Int: Int], workers: Workers) {
    self.reference = reference
    self.device = device
    self.workers = workers
    self.pairs = pairs.filter { index, place in
      let tensor = device.model.main.tensors[index]
      return tensor.holdsReals && reference.realCount(at: place) == tensor.elementCount
    }
  }

  /// The result does not depend on the number of threads.
  ///
  /// `samples` are those of the device, where its inputs lie in another layout than those of the model before.
  func run(
    _ dataset: Dataset, device samples: Dataset? = nil, at places: [Int]
  ) throws(Diagnostic) -> [Int: Finding] {
    let bytes = pairs.keys.reduce(0) { $0 + 4 * device.model.main.tensors[$1].elementCount }
    let shares = max(1, min(workers.threads, places.count, Self.memoryLimit / max(1, bytes)))
    let found = try workers.map(0..<shares) { share throws(Diagnostic) in
      let mine = Share(self)
      for position in stride(from: share, to: places.count, by: shares) {
        let sample = try dataset.sample(at: places[position])
        let other = try samples.map { (samples) throws(Diagnostic) in
          try samples.sample(at: places[position])
        }
        let inputs = (other ?? sample).inputs
        try mine.add(sample, device: inputOrder.map { $0.map { inputs[$0] } } ?? inputs, at: position)
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
    private let wanted: Set<Int>
    private var floatSession: Session?
    private var deviceSession: MicroSession?
    private var kept: [Int: View<Float>] = [:]
    private var sums: [Int: [Int: Sums]] = [:]
    private var recorders: [Int: HistogramRecorder] = [:]

    init(_ comparison: TensorComparison) {
      self.comparison = comparison
      session = comparison.device.program.makeSession()
      wanted = Set(comparison.pairs.values)
    }

    var result: ShareResult { ShareResult(sums: sums, histograms: recorders.mapValues(\.histogram)) }

    func add(_ sample: Sample, device inputs: [TensorValue], at position: Int) throws(Diagnostic) {
      switch comparison.reference {
      case .float(let program): try keepTensors(of: program, sample)
      case .device(let model): try keepTensors(of: model, sample)
      }
      var found: [Int: Sums] = [:]
      session.reset()
      session.onTensor = { [unowned self] (index, value) throws(Diagnostic) in
        guard let place = comparison.pairs[index], let expected = kept[place] else { return }
        found[index] = compare(expected, comparison.device.reals(value, of: index), index)
      }
      defer { session.onTensor = nil }
      _ = try session.run(comparison.device.stored(inputs))
      sums[position] = found
    }

    private func keepTensors(of program: Runtime.Program, _ sample: Sample) throws(Diagnostic) {
      if floatSession == nil { floatSession = try program.makeSession() }
      let session = floatSession!
      session.onTensor = { [unowned self] (id, value) throws(Diagnostic) in
        if wanted.contains(id.index) { keep(value.floats, at: id.index) }
      }
      _ = try session.run(program.values(of: sample.inputs))
    }

    private func keepTensors(of model: DeviceModel, _ sample: Sample) throws(Diagnostic) {
      let session = deviceSession ?? model.program.makeSession()
      deviceSession = session
      session.reset()
      session.onTensor = { [unowned self] (index, value) throws(Diagnostic) in
        if wanted.contains(index) { keep(model.reals(value, of: index), at: index) }
      }
      _ = try session.run(model.stored(sample.inputs))
    }

    private func keep(_ values: View<Float>, at place: Int) {
      let copy = kept[place] ?? View<Float>(count: values.count)
      copy.copy(from: values)
      kept[place] = copy
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

extension TensorComparison.Reference {
  /// Elements of a tensor that holds real numbers and is no constant; nil for all others.
  fileprivate func realCount(at place: Int) -> Int? {
    switch self {
    case .float(let program):
      let tensor = program.graph[TensorID(place)]
      guard tensor.element == .float32, tensor.constant == nil else { return nil }
      return tensor.shape.elementCountPerSample
    case .device(let model):
      let tensor = model.model.main.tensors[place]
      return tensor.holdsReals && !tensor.isConstant ? tensor.elementCount : nil
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
