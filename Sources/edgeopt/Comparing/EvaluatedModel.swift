import Datasets
import Graph
import MicroRuntime
import Runtime
import Storage
import TensorMath

/// A model that runs in floats or in the device's arithmetic, with the samples that it is fed.
///
///     let before = try EvaluatedModel(program, on: dataset, workers: workers)
///     let after = EvaluatedModel(device, on: dataset, workers: workers)
struct EvaluatedModel {
  let dataset: Dataset
  /// The output that metrics look at.
  var output: Int
  /// Which of the data's inputs each of the model's takes.
  var inputOrder: [Int]?
  /// Which of the model's outputs are seen, and how.
  private(set) var views: [OutputView]
  private let workers: Workers
  private let executor: Executor

  /// An output as another model knows it.
  struct OutputView: Hashable {
    var index: Int
    /// Axis `i` is axis `permutation[i]` of the model's own.
    var permutation: [Int]?
  }

  private enum Executor {
    case float(BatchRunner)
    case device(DeviceModel, MicroBatchRunner, [DeviceOutput])
  }

  /// A float model; its inputs and outputs may keep their layout or not.
  init(
    _ program: Runtime.Program, on dataset: Dataset, output: Int = 0, workers: Workers
  ) throws(Diagnostic) {
    // Samples that may influence one another are fed one by one, as the data set stands for.
    let isBatched = program.graph.batchIndependence().isIndependent
    self.init(
      .float(try BatchRunner(program, threads: workers.threads, batch: isBatched ? nil : 1)), dataset, output,
      program.graph.outputs.count, workers)
  }

  /// A device model; `outputs` says where it has those of its source, when some of them are split.
  init(
    _ device: DeviceModel, outputs: [DeviceOutput]? = nil, on dataset: Dataset, output: Int = 0,
    workers: Workers
  ) {
    let outputs = outputs ?? device.outputs.indices.map(DeviceOutput.init)
    let runner = MicroBatchRunner(device.program, workers: workers)
    self.init(.device(device, runner, outputs), dataset, output, outputs.count, workers)
  }

  private init(
    _ executor: Executor, _ dataset: Dataset, _ output: Int, _ outputCount: Int, _ workers: Workers
  ) {
    self.executor = executor
    self.dataset = dataset
    self.output = output
    self.workers = workers
    views = (0..<outputCount).map { OutputView(index: $0) }
  }

  // MARK: - Facts

  /// Samples that go through one session together.
  var batch: Int { if case .float(let runner) = executor { runner.batch } else { 1 } }

  var outputCount: Int { views.count }

  /// The sizes of an output of one sample, as ``real(_:_:)`` gives it.
  func sizes(of output: Int) -> [Int] {
    let view = views[output]
    let own =
      switch executor {
      case .float(let runner): runner.program.graph.outputs[view.index].declaredShape.perSample
      case .device(let device, _, let outputs): outputs[view.index].sizes(of: device)
      }
    return view.permutation.map { $0.map { own[$0] } } ?? own
  }

  func outputName(_ output: Int) -> String {
    switch executor {
    case .float(let runner): runner.program.graph.outputs[views[output].index].name
    case .device(let device, _, let outputs):
      device.outputs[outputs[views[output].index].places.lowerBound].port.name
    }
  }

  /// Whether an output stands for real numbers.
  func isReal(_ output: Int) -> Bool {
    switch executor {
    case .float(let runner):
      runner.program.graph.outputs[views[output].index].declaredType.elementType.isFloat
    case .device(let device, _, let outputs):
      outputs[views[output].index].places.allSatisfy { device.outputs[$0].takesRealNumbers }
    }
  }

  /// The same model with its outputs seen so, of which the one at `output` is measured.
  func seen(_ views: [OutputView], measuring output: Int) -> EvaluatedModel {
    var model = self
    model.views = views.map { view in
      let own = self.views[view.index]
      return OutputView(index: own.index, permutation: view.permutation ?? own.permutation)
    }
    model.output = output
    return model
  }

  /// Bytes that a sample takes while it waits, roughly.
  var byteCountPerSample: Int {
    let inputs = dataset.inputs.reduce(0) { $0 + $1.shape.elementCountPerSample }
    return 8 * (0..<outputCount).reduce(inputs) { $0 + Shape.elementCount(sizes(of: $1)) }
  }

  // MARK: - Running

  /// The outputs of each sample as the model makes them: floats in the model's declared layout, or the device's integers.
  /// `seen` gets what the data give the model.
  func outputs(
    of range: Range<Int>, seen: SampleFingerprints? = nil
  ) throws(Diagnostic) -> [[TensorValue]] {
    switch executor {
    case .float(let runner): try floatOutputs(of: range, runner, seen)
    case .device(let device, let runner, _):
      try runner.run(
        workers.map(range) { index throws(Diagnostic) in
          let inputs = try dataset.sample(at: index).inputs
          seen?.add(inputs, of: index..<index + 1)
          return try device.stored(ordered(inputs))
        })
    }
  }

  private func floatOutputs(
    of range: Range<Int>, _ runner: BatchRunner, _ seen: SampleFingerprints?
  ) throws(Diagnostic) -> [[TensorValue]] {
    let program = runner.program
    let ports = program.graph.outputs
    var next = range.lowerBound
    var found: [[TensorValue]] = []
    found.reserveCapacity(range.count)
    try runner.run { count throws(Diagnostic) -> SampleBatch? in
      guard next < range.upperBound else { return nil }
      let part = next..<min(next + count, range.upperBound)
      next = part.upperBound
      let inputs = try dataset.batch(part).inputs
      seen?.add(inputs, of: part)
      return SampleBatch(inputs: program.values(of: ordered(inputs)), count: part.count)
    } deliver: { outputs, count throws(Diagnostic) in
      for index in 0..<count {
        found.append(zip(outputs, ports).map { $0.sample(index, of: count, port: $1) })
      }
    }
    return found
  }

  private func ordered(_ values: [TensorValue]) -> [TensorValue] {
    inputOrder.map { $0.map { values[$0] } } ?? values
  }

  /// The real numbers of one output of what ``outputs(of:)`` made of a sample.
  func real(_ made: [TensorValue], _ output: Int) -> TensorValue {
    let view = views[output]
    let own =
      switch executor {
      case .float: made[view.index]
      case .device(let device, _, let outputs): outputs[view.index].real(made, of: device)
      }
    return view.permutation.map { own.transposed($0) } ?? own
  }
}
