import Graph
import Runtime

/// The outputs of a graph for inputs in the declared layout, in the declared layout, whatever the ports' layout is.
func execute(_ graph: Graph, _ inputs: [TensorValue], batch: Int) throws -> [TensorValue] {
  let session = try Program(graph).makeSession(batch: batch)
  let turned = zip(graph.inputs, inputs).map { port, value in
    port.permutation.map { value.permuted($0) } ?? value
  }
  return zip(graph.outputs, try session.run(turned)).map { port, value in
    guard let permutation = port.permutation else { return value }
    var inverse = permutation
    for (axis, old) in permutation.enumerated() { inverse[old] = axis }
    return value.permuted(inverse)
  }
}

/// Seeded inputs for all ports.
func noiseInputs(_ graph: Graph, batch: Int, seed: UInt64) -> [TensorValue] {
  var random = Noise(seed: seed)
  return graph.inputs.map { port in
    let sizes = port.declaredShape.resolved(batch: batch)
    return TensorValue(floats: (0..<Shape.elementCount(sizes)).map { _ in random.next() }, sizes: sizes)
  }
}

/// The largest difference as a part of the expected values' range.
func deviation(_ expected: TensorValue, _ found: TensorValue) -> Float {
  guard expected.sizes == found.sizes, expected.type == found.type else { return .infinity }
  guard expected.type == .float32 else { return expected.integers == found.integers ? 0 : .infinity }
  let (a, b) = (expected.floats.array, found.floats.array)
  let range = (a.max() ?? 0) - (a.min() ?? 0)
  let scale = max(range, a.map(abs).max() ?? 0, 1e-6)
  return zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN
      ? (pair.0.isNaN && pair.1.isNaN ? worst : .infinity) : max(worst, difference / scale)
  }
}
