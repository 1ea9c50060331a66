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
  /// How outputs are brought into another model's layout: axis `i` is axis `permutation[i]` of the own one.
  var permutations: [[Int]?]
  private let workers: Workers
  private let executor: Executor

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
    permutations = Array(repeating: nil, count: outputCount)
  }

  // MARK: - Facts

  /// Samples that go through one session together.
  var batch: Int { if case .float(let runner) = executor { runner.batch } else { 1 } }

  /// The sizes of an output of one sample, as ``real(_:_:)`` gives it.
  func sizes(of output: Int) -> [Int] {
    let own = ownSizes(of: output)
    return permutations[output].map { $0.map { own[$0] } } ?? own
  }

  private func ownSizes(of output: Int) -> [Int] {
    switch executor {
    case .float(let runner): runner.program.graph.outputs[output].declaredShape.perSample
    case .device(let device, _, let outputs): outputs[output].sizes(of: device)
    }
  }

  var outputCount: Int { permutations.count }

  func outputName(_ index: Int) -> String {
    switch executor {
    case .float(let runner): runner.program.graph.outputs[index].name
    case .device(let device, _, let outputs): device.outputs[outputs[index].places.lowerBound].port.name
    }
  }

  /// Whether an output stands for real numbers.
  func isReal(_ output: Int) -> Bool {
    switch executor {
    case .float(let runner): runner.program.graph.outputs[output].declaredType.elementType.isFloat
    case .device(let device, _, let outputs):
      outputs[output].places.allSatisfy { device.outputs[$0].takesRealNumbers }
    }
  }

  /// Bytes that a sample takes while it waits, roughly.
  var byteCountPerSample: Int {
    let inputs = dataset.inputs.reduce(0) { $0 + $1.shape.elementCountPerSample }
    return 8 * (0..<outputCount).reduce(inputs) { $0 + Shape.elementCount(sizes(of: $1)) }
  }

  // MARK: - Running

  /// The outputs of each sample as the model makes them: floats in the model's declared layout, or the device's integers.
  func outputs(of range: Range<Int>) throws(Diagnostic) -> [[TensorValue]] {
    switch executor {
    case .float(let runner): try floatOutputs(of: range, runner)
    case .device(let device, let runner, _):
      try runner.run(
        workers.map(range) { index throws(Diagnostic) in
          try device.stored(dataset.sample(at: index).inputs)
        })
    }
  }

  private func floatOutputs(of range: Range<Int>, _ runner: BatchRunner) throws(Diagnostic) -> [[TensorValue]]
  {
    let program = runner.program
    let ports = program.graph.outputs
    var next = range.lowerBound
    var found: [[TensorValue]] = []
    found.reserveCapacity(range.count)
    try runner.run { count throws(Diagnostic) -> SampleBatch? in
      guard next < range.upperBound else { return nil }
      let part = next..<min(next + count, range.upperBound)
      next = part.upperBound
      return SampleBatch(inputs: program.values(of: try dataset.batch(part).inputs), count: part.count)
    } deliver: { outputs, count throws(Diagnostic) in
      for index in 0..<count {
        found.append(zip(outputs, ports).map { $0.sample(index, of: count, port: $1) })
      }
    }
    return found
  }

  /// The real numbers of one output of what ``outputs(of:)`` made of a sample.
  func real(_ made: [TensorValue], _ output: Int) -> TensorValue {
    let own =
      switch executor {
      case .float: made[output]
      case .device(let device, _, let outputs): outputs[output].real(made, of: device)
      }
    return permutations[output].map { own.transposed($0) } ?? own
  }
}
