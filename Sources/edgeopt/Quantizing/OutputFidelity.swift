import Datasets
import Graph
import MicroRuntime
import Runtime
import Storage
import TensorMath

/// How near the device's outputs come to those of the float model, on calibration samples.
struct OutputFidelity {
  /// Signal to noise, all outputs together.
  var decibels: Double
  var samples: Int

  /// Enough for two digits; spread over all samples.
  private static let maximumSamples = 100

  /// `outputs` says where the device has those of `program`.
  init?(
    of device: DeviceModel, _ outputs: [DeviceOutput], beside program: Runtime.Program, on dataset: Dataset,
    workers: Workers
  ) throws(Diagnostic) {
    let count = min(Self.maximumSamples, dataset.count)
    guard count > 0, device.outputs.allSatisfy(\.takesRealNumbers) else { return nil }
    let places = (0..<count).map { $0 * dataset.count / count }
    let pairs = try workers.map(0..<count) { index throws(Diagnostic) -> [Pair] in
      let sample = try dataset.sample(at: places[index])
      let float = try program.makeSession().run(program.values(of: sample.inputs))
      let made = try device.program.makeSession().run(
        device.stored(program.declaredValues(of: sample.inputs)))
      return outputs.indices.map { index in
        Pair(
          name: sample.name, float: float[index].inDeclaredLayout(of: program.graph.outputs[index]),
          device: outputs[index].real(made, of: device))
      }
    }
    var metric = Metric(.sqnr)
    for pair in pairs.joined() where pair.float.type == .float32 {
      try metric.add(pair.device, reference: pair.float, name: pair.name)
    }
    decibels = metric.result.value
    samples = count
  }

  private struct Pair: Sendable {
    var name: String
    var float: TensorValue
    var device: TensorValue
  }
}

extension Runtime.Program {
  /// A sample's values as the graph's inputs take them; inputs that are bound have theirs already.
  func values(of sample: [TensorValue]) -> [TensorValue] {
    zip(graph.inputs, declaredValues(of: sample)).map { port, value in
      guard graph[port.tensor].constant == nil else { return value }
      return port.permutation.map { value.transposed($0) } ?? value
    }
  }

  /// The same in the layouts that the model declares.
  func declaredValues(of sample: [TensorValue]) -> [TensorValue] {
    var rest = sample[...]
    return graph.inputs.map { port in
      graph[port.tensor].constant.map { $0.realized() } ?? rest.removeFirst()
    }
  }
}
