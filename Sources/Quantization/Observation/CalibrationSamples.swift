import Datasets
import Graph

/// Samples to calibrate on, as the inputs of a graph.
///
///     let samples = CalibrationSamples(dataset, for: graph)
///     let first = try samples.batch(0..<8)
public struct CalibrationSamples: Sendable {
  public var count: Int
  /// What messages call a sample: a file's name, or an index.
  public var name: @Sendable (Int) -> String
  /// Several samples, stacked: a value for each input of the graph.
  public var batch: @Sendable (Range<Int>) throws(Diagnostic) -> [TensorValue]

  public init(
    count: Int, name: @escaping @Sendable (Int) -> String,
    batch: @escaping @Sendable (Range<Int>) throws(Diagnostic) -> [TensorValue]
  ) {
    self.count = count
    self.name = name
    self.batch = batch
  }

  /// Samples of a data set that was opened for the inputs of this graph that have no value yet.
  public init(_ dataset: Dataset, for graph: Graph) {
    let ports = graph.inputs.map { port in
      (permutation: port.permutation, bound: graph[port.tensor].constant)
    }
    self.init(count: dataset.count, name: { dataset.name(at: $0) }) { range throws(Diagnostic) in
      var rest = try dataset.batch(range).inputs[...]
      var values: [TensorValue] = []
      for port in ports {
        if let bound = port.bound {
          values.append(bound.realized())
        } else {
          let value = rest.removeFirst()
          values.append(port.permutation.map { value.permuted($0) } ?? value)
        }
      }
      return values
    }
  }
}
