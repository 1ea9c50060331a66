import Graph

/// Whether the samples of a batch can be computed one by one, or several at once, with the same results.
public enum BatchIndependence: Hashable, Sendable {
  case independent
  /// Which operator mixes samples, or cannot be shown not to.
  case dependent(reason: String)

  public var isIndependent: Bool { self == .independent }
}

extension Graph {
  /// Proves that sample `i` of every output depends on nothing but sample `i` of the inputs.
  ///
  /// Follows the axis that carries the batch through every operator. A refusal does not mean that samples are mixed,
  /// only that nothing shows that they are not.
  ///
  ///     if graph.batchIndependence().isIndependent { … }  // feed as many samples as fit
  public func batchIndependence() -> BatchIndependence {
    var places: [TensorID: BatchPlace] = [:]
    for port in inputs {
      do { places[port.tensor] = try BatchPlace(input: self[port.tensor].shape) } catch {
        return .dependent(reason: "input '\(port.name)': \(error.reason)")
      }
    }
    for node in operators {
      let step = BatchStep(
        operation: node.operation, shapes: node.inputs.map { $0.map { self[$0].shape } },
        places: node.inputs.map { $0.flatMap { places[$0] } },
        results: node.outputs.map { $0.map { self[$0].shape } })
      do {
        let found = try step.resultPlaces()
        for (output, place) in zip(node.outputs, found) {
          guard let output else { continue }
          try BatchStep.check(place, self[output].shape)
          places[output] = place
        }
      } catch {
        return .dependent(reason: "'\(node.sourceName)' (\(node.operation.name)) \(error.reason)")
      }
    }
    for port in outputs where places[port.tensor].map({ $0.outer != 1 }) ?? false {
      return .dependent(reason: "output '\(port.name)' interleaves samples")
    }
    return .independent
  }
}

/// Where the samples of a tensor are: index `(o · N + sample) · inner + j` along `axis`, for all `o < outer`, `j < inner`.
struct BatchPlace: Hashable {
  var axis: Int
  var outer = 1
  var inner = 1

  init(axis: Int, outer: Int = 1, inner: Int = 1) {
    self.axis = axis
    self.outer = outer
    self.inner = inner
  }

  /// Of an input: samples one behind the other. Nil when the batch does not enter.
  init?(input shape: Shape) throws(BatchRefusal) {
    let axes = (0..<shape.rank).filter { shape[$0].isBatch }
    guard axes.count < 2 else { throw BatchRefusal(reason: "two axes depend on the batch") }
    guard let axis = axes.first else { return nil }
    self.init(axis: axis, inner: shape[axis].perSample)
  }

  func at(_ axis: Int) -> BatchPlace { BatchPlace(axis: axis, outer: outer, inner: inner) }
}

/// Why nothing can be proven.
struct BatchRefusal: Error {
  let reason: String
}

/// One operator on the way of the proof.
struct BatchStep {
  let operation: Operation
  let shapes: [Shape?]
  /// Operands without a place are the same for all samples.
  let places: [BatchPlace?]
  let results: [Shape?]

  /// A result that the batch enters has just one place, and one that it does not enter has none.
  static func check(_ place: BatchPlace?, _ shape: Shape) throws(BatchRefusal) {
    let axes = (0..<shape.rank).filter { shape[$0].isBatch }
    guard let place else {
      if axes.isEmpty { return }
      throw BatchRefusal(reason: "makes \(shape) from operands that the batch does not enter")
    }
    guard axes == [place.axis], shape[place.axis].perSample == place.outer * place.inner else {
      throw BatchRefusal(reason: "makes \(shape), in which samples cannot be told apart")
    }
  }

  /// Where the samples of each result are.
  func resultPlaces() throws(BatchRefusal) -> [BatchPlace?] {
    if case .broadcast(let target) = operation { return [broadcastPlace(target)] }
    guard places.contains(where: { $0 != nil }) else { return results.map { _ in nil } }
    if case .recurrent(let recurrent) = operation { return try recurrence(recurrent) }
    let place = try commonPlace()
    return results.map { $0 == nil ? nil : place }
  }

  func refusal(_ reason: String) -> BatchRefusal { BatchRefusal(reason: reason) }

  private func broadcastPlace(_ target: Shape) -> BatchPlace? {
    if let place = places[0], let shape = shapes[0] { return place.at(place.axis + target.rank - shape.rank) }
    // The same for every sample.
    return target.batchAxis.map { BatchPlace(axis: $0, inner: target[$0].perSample) }
  }

  /// The place of all results; those of a recurrence alone differ.
  private func commonPlace() throws(BatchRefusal) -> BatchPlace? {
    switch operation {
    case .unary, .cast, .binary, .compare, .select: return try elementwise()
    case .reshape, .transpose, .tile, .concat, .split, .slice, .pad, .resize: return try movement()
    case .gather, .gatherElements, .gatherND, .scatterElements, .scatterND, .oneHot, .triangle,
      .reverseSequence:
      return try indexed()
    case .reduce, .argExtreme, .topK, .cumulative, .softmax, .quantizeLinear, .dequantizeLinear:
      return try alongAxes()
    case .matmul, .dense: return try products()
    case .convolution, .transposedConvolution, .pool: return try leading()
    case .composite(let composite): return try normalization(composite)
    case .broadcast, .recurrent: return nil
    }
  }
}
