import Datasets
import Graph
import MicroRuntime
import Reporting
import Storage
import TensorMath

extension RunCommand {
  /// Runs a `.tflite` file: the integers that TensorFlow Lite Micro would compute.
  func runDeviceModel() throws {
    let workers = try common.workers()
    let device = try DeviceModel(path: model)
    let given = try DeviceInputs(device, arguments: input)
    let ports = device.outputs.map(\.port)
    let folder = try OutputFolder(
      path: outputDir, names: ports.map(\.name), replaces: force, inputs: [model] + given.paths)
    if let dumpLayers { try dump(device, given, to: dumpLayers) }
    let runner = MicroBatchRunner(device.program, workers: workers)
    var (rows, times) = try timed { () throws(Diagnostic) in try runner.run(given.samples) }
    for _ in 1..<(repetitions?.count ?? 1) {
      let (again, time) = try timed { () throws(Diagnostic) in try runner.run(given.samples) }
      rows = again
      times += time
    }
    let results = ports.indices.map { output in TensorValue(stacking: rows.map { $0[output] }) }
    for (index, result) in results.enumerated() {
      try folder.write(result, at: index, as: SourceType(result.type))
    }
    let outputs = zip(zip(ports, results), folder.paths).map { pair, path in
      RunOutput(
        name: pair.0.name, type: pair.1.type.rawValue, sizes: pair.1.sizes, path: path,
        quantization: pair.0.quantization)
    }
    report(outputs, times, threads: workers.threads)
  }

  /// Writes each tensor as soon as it is made; the memory it lies in is used again.
  private func dump(_ device: DeviceModel, _ given: DeviceInputs, to path: String) throws {
    guard given.samples.count == 1 else {
      throw Diagnostic(
        .usage, "--dump-layers shows the tensors of one sample, \(given.samples.count) were given",
        hint: "give an array with one sample")
    }
    try OutputFolder.create(path)
    let tensors = device.model.main.tensors
    let made = device.model.main.inputs + device.model.main.operators.flatMap(\.outputs)
    let names = OutputFolder.fileNames(made.map { tensors[$0].name })
    let files = Dictionary(
      zip(made, names.map { "\(path)/\($0).npy" }), uniquingKeysWith: { first, _ in first })
    for file in files.values.sorted() {
      _ = try OutputTarget(path: file, replaces: force, reading: [model] + given.paths)
    }
    let session = device.program.makeSession()
    session.onTensor = { index, value throws(Diagnostic) in
      if let file = files[index] { try NPYFile.write(value, to: file) }
    }
    _ = try session.run(given.samples[0])
  }
}

extension TensorValue {
  /// Samples with a leading axis of one, one behind the other along it.
  init(stacking samples: [TensorValue]) {
    guard samples.count != 1 else {
      self = samples[0]
      return
    }
    var sizes = samples[0].sizes
    if sizes.first == 1 { sizes[0] = samples.count } else { sizes.insert(samples.count, at: 0) }
    self.init(type: samples[0].type, sizes: sizes)
    let stride = samples[0].bytes.count
    for (index, sample) in samples.enumerated() {
      bytes[index * stride..<(index + 1) * stride].copy(from: sample.bytes)
    }
  }
}
