import Graph

extension Pass {
  /// Lets a graph that was exported for one sample run on many, where its samples are proven independent.
  public static let openBatch = Pass(
    name: "open-batch", summary: "makes a fixed batch of one a free one, where samples are independent"
  ) { graph throws(Diagnostic) in
    guard let opened = graph.withOpenBatch() else { return PassSummary() }
    graph = opened
    return PassSummary(["inputs opened": graph.inputs.count])
  }
}

extension Graph {
  /// This graph with the leading unit axis of every input made the batch; nil where it has one already, where an
  /// input has no such axis, or where samples cannot be proven independent.
  public func withOpenBatch() -> Graph? {
    guard !inputs.isEmpty,
      inputs.allSatisfy({ port in
        port.permutation == nil && self[port.tensor].shape.extents.first == 1
          && !self[port.tensor].shape.hasBatch
      })
    else { return nil }
    var opening = BatchOpening(self)
    guard let opened = try? opening.run(), opened.batchIndependence().isIndependent,
      opened.outputs.allSatisfy({ opened[$0.tensor].shape.extents.first == .batch(1) }),
      (try? opened.verify()) != nil
    else { return nil }
    return opened
  }
}

/// Writes a graph down again with a batch axis, operator by operator.
private struct BatchOpening {
  private var graph: Graph
  private var places: [TensorID: BatchPlace] = [:]
  private var operators: [Operator] = []

  init(_ graph: Graph) { self.graph = graph }

  mutating func run() throws -> Graph {
    for index in graph.inputs.indices {
      let tensor = graph.inputs[index].tensor
      graph[tensor].type.shape[0] = .batch(1)
      graph.inputs[index].declaredShape[0] = .batch(1)
      places[tensor] = BatchPlace(axis: 0)
    }
    for var node in graph.operators {
      try widenOperands(of: &node)
      node.operation = opened(node)
      let types = try node.operation.resultTypes(
        of: node.inputs.map { $0.map { graph[$0].type } }, resultCount: node.outputs.count,
        at: node.sourceName)
      for case (let output?, let type) in zip(node.outputs, types) { graph[output].type = type }
      let step = BatchStep(
        operation: node.operation, shapes: node.inputs.map { $0.map { graph[$0].shape } },
        places: node.inputs.map { $0.flatMap { places[$0] } },
        results: node.outputs.map { $0.map { graph[$0].shape } })
      for case (let output?, let place) in zip(node.outputs, try step.resultPlaces()) {
        places[output] = place
      }
      operators.append(node)
    }
    graph.operators = operators
    for index in graph.outputs.indices {
      guard let place = places[graph.outputs[index].tensor] else { continue }
      graph.outputs[index].declaredShape[place.axis] = graph[graph.outputs[index].tensor].shape[place.axis]
    }
    return graph
  }

  /// Attributes that name the batch's extent.
  private func opened(_ node: Operator) -> Operation {
    guard let input = node.inputs.first, let input, let place = places[input] else { return node.operation }
    let shape = graph[input].shape
    let extent = shape[place.axis]
    switch node.operation {
    case .reshape(var target):
      let (before, behind) = BatchStep.surroundings(place, shape)
      let axes = [place.axis] + Array(0..<target.rank)
      for axis in axes where axis < target.rank {
        guard let found = BatchStep.place(at: axis, of: target.perSample, before: before, behind: behind)
        else {
          continue
        }
        target[axis] = .batch(found.outer * found.inner)
        return .reshape(target)
      }
      return node.operation
    case .broadcast(var target):
      let axis = place.axis + target.rank - shape.rank
      target[axis] = extent
      return .broadcast(target)
    case .slice(var slice) where slice.counts[place.axis].perSample == extent.perSample:
      slice.counts[place.axis] = extent
      return .slice(slice)
    case .resize(var resize) where resize.output[place.axis].perSample == extent.perSample:
      resize.output[place.axis] = extent
      return .resize(resize)
    case .split(let axis, let parts) where axis == place.axis && parts.count == 1:
      return .split(axis: axis, parts: [extent])
    default: return node.operation
    }
  }

  /// Class tokens and initial states are there once; each sample gets its own.
  private mutating func widenOperands(of node: inout Operator) throws {
    let found = node.inputs.compactMap { id in id.flatMap { places[$0] } }
    guard let place = found.first else { return }
    let axes: [Int: Int]
    switch node.operation {
    case .concat(let axis) where axis != place.axis:
      axes = Dictionary(uniqueKeysWithValues: node.inputs.indices.map { ($0, place.axis) })
    case .recurrent(let recurrent):
      let states = recurrent.batchMajor ? 0 : 1
      axes = [4: 0, 5: states, 6: states]
    default: return
    }
    for (position, axis) in axes.sorted(by: { $0.key < $1.key }) where position < node.inputs.count {
      guard let input = node.inputs[position], places[input] == nil, graph[input].shape[axis] == 1 else {
        continue
      }
      var shape = graph[input].shape
      shape[axis] = .batch(1)
      let wide = graph.addTensor(
        "\(graph[input].name)/batch", TensorType(graph[input].element, shape), origin: Origin())
      operators.append(Operator(.broadcast(shape), inputs: [input], outputs: [wide], sources: node.sources))
      places[wide] = BatchPlace(axis: axis)
      node.inputs[position] = wide
    }
  }
}
