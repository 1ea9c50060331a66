import Datasets
import Graph
import Micro
import Reporting
import Runtime
import TensorMath

/// The layers of a device model beside those of any other, told apart by the names of their results.
///
///     report.layers = try ComparedLayers(.float(program), device).layers(
///       on: dataset, device: samples, workers: workers)
struct ComparedLayers {
  let before: TensorComparison.Reference
  let after: DeviceModel

  init(_ before: TensorComparison.Reference, _ after: DeviceModel) {
    self.before = before
    self.after = after
  }

  /// Without samples only what the file alone tells. The two data sets hold the same samples, each as its model takes them;
  /// `inputOrder` says which of their values each of the device's inputs takes.
  func layers(
    on dataset: Dataset?, device samples: Dataset?, inputOrder: [Int]? = nil, workers: Workers
  ) throws(Diagnostic) -> [Report.Layer] {
    var facts = LayerFacts(after)
    guard let dataset, dataset.count > 0 else { return facts.layers }
    var comparison = TensorComparison(before, after, pairs: pairs, workers: workers)
    comparison.inputOrder = inputOrder
    let macs = facts.layers.reduce(0) { $0 + $1.macs }
    facts.add(
      try comparison.run(
        dataset, device: samples, at: TensorComparison.places(of: dataset.count, macs: macs)))
    return facts.layers
  }

  /// Tensors of one name and, but for unit axes, of one shape; a name that stands twice says nothing.
  private var pairs: [Int: Int] {
    var places: [String: (place: Int, shape: [Int])?] = [:]
    for (name, place, shape) in tensorsBefore {
      places[name] = places[name] == nil ? .some((place, shape)) : .some(nil)
    }
    var result: [Int: Int] = [:]
    for (index, tensor) in after.model.main.tensors.enumerated() where !tensor.isConstant {
      guard let found = places[tensor.name], let found, found.shape == tensor.shape.withoutUnits else {
        continue
      }
      result[index] = found.place
    }
    return result
  }

  private var tensorsBefore: [(name: String, place: Int, shape: [Int])] {
    switch before {
    case .float(let program):
      let graph = program.graph
      return graph.tensors.indices.filter { graph.tensors[$0].constant == nil }.flatMap { index in
        let tensor = graph.tensors[index]
        let names = ([tensor.origin.name] + tensor.origin.aliases.map(\.name)).filter { !$0.isEmpty }
        let shape = tensor.shape.perSample.withoutUnits
        return (names.isEmpty ? [tensor.name] : names).map { ($0, index, shape) }
      }
    case .device(let model):
      let tensors = model.model.main.tensors
      return tensors.indices.filter { !tensors[$0].isConstant }.map {
        (tensors[$0].name, $0, tensors[$0].shape.withoutUnits)
      }
    }
  }
}

extension [Int] {
  fileprivate var withoutUnits: [Int] { filter { $0 != 1 } }
}
