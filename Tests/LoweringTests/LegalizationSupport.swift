import Graph
import Passes
import Runtime
import Testing

@testable import Lowering

/// Builds small channels-last graphs for legalization.
struct LegalizationSketch {
  var graph = Graph(name: "sketch")
  private var state: UInt64

  init(seed: Int = 1) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func bits() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// Uniform in −1…1.
  mutating func real() -> Float { Float(bits() >> 40) / Float(1 << 23) - 1 }
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int((bits() >> 33) % UInt64(range.count))
  }

  mutating func input(_ shape: Shape, _ element: ElementType = .float32, name: String? = nil) -> TensorID {
    let name = name ?? "x\(graph.inputs.count)"
    let id = graph.addTensor(name, TensorType(element, shape))
    graph.inputs.append(Port(tensor: id, name: name, declaredType: SourceType(element), declaredShape: shape))
    return id
  }

  mutating func noise(_ sizes: [Int], scale: Float = 1, offset: Float = 0) -> TensorID {
    let floats = (0..<Shape.elementCount(sizes)).map { _ in real() * scale + offset }
    return constant(floats, sizes)
  }

  mutating func constant(_ floats: [Float], _ sizes: [Int]) -> TensorID {
    graph.addConstant(
      Constant(TensorValue(floats: floats, sizes: sizes)), name: "c\(graph.tensors.count)")
  }

  mutating func indices(_ integers: [Int], _ sizes: [Int]) -> TensorID {
    graph.addConstant(Constant(TensorValue(int64s: integers, sizes: sizes)), name: "i\(graph.tensors.count)")
  }

  mutating func apply(_ operation: Operation, _ inputs: [TensorID?]) throws -> TensorID {
    try apply(operation, inputs, results: 1)[0]
  }

  mutating func apply(_ operation: Operation, _ inputs: [TensorID?], results: Int) throws -> [TensorID] {
    let name = "\(operation.name) \(graph.operators.count)"
    let names = (0..<results).map { Optional("\(name).\($0)") }
    return try graph.append(operation, inputs: inputs, names: names, sources: [name]).map { $0! }
  }

  mutating func output(_ id: TensorID) {
    let type = graph[id].type
    graph.outputs.append(
      Port(
        tensor: id, name: graph[id].name, declaredType: SourceType(type.element), declaredShape: type.shape))
  }

  /// Seeded values for all inputs, scaled.
  mutating func samples(batch: Int, scale: Float = 1, offset: Float = 0) -> [TensorValue] {
    graph.inputs.map { port in
      let sizes = graph[port.tensor].shape.resolved(batch: batch)
      let count = Shape.elementCount(sizes)
      if graph[port.tensor].element.isFloat {
        return TensorValue(floats: (0..<count).map { _ in real() * scale + offset }, sizes: sizes)
      }
      return TensorValue(
        integers: (0..<count).map { _ in integer(0...2) }, type: graph[port.tensor].element, sizes: sizes)
    }
  }
}

/// Legalizes for both targets and compares with the original: the same outputs within `budget` of their range.
///
/// Returns the legal int8 graph.
@discardableResult
func expectSame(
  _ sketch: LegalizationSketch, budget: Float = 1e-5, batch: Int = 2, scale: Float = 1, offset: Float = 0,
  targets: [LoweringTarget] = LoweringTarget.allCases, location: SourceLocation = #_sourceLocation
) throws -> Legalization {
  var sketch = sketch
  let inputs = sketch.samples(batch: batch, scale: scale, offset: offset)
  let expected = try Program(sketch.graph).makeSession(batch: batch).run(inputs)
  var last: Legalization?
  for target in targets {
    let legal = try sketch.graph.legalized(for: target, evaluator: FloatEvaluator())
    try legal.graph.verify()
    let found = try Program(legal.graph, fusesSteps: false).makeSession(batch: batch).run(inputs)
    #expect(found.count == expected.count, sourceLocation: location)
    for (one, other) in zip(expected, found) {
      let error = distance(one, other)
      #expect(error <= budget, "\(target)", sourceLocation: location)
    }
    if last == nil { last = legal }
  }
  return last!
}

/// The largest difference as a part of the expected values' range.
func distance(_ expected: TensorValue, _ found: TensorValue) -> Float {
  guard expected.sizes == found.sizes, expected.type == found.type else { return .infinity }
  guard expected.type.isFloat else { return expected.integers == found.integers ? 0 : .infinity }
  let (a, b) = (expected.floats.array, found.floats.array)
  let size = max(a.map(abs).max() ?? 0, 1e-6)
  return zip(a, b).reduce(0) { worst, pair in
    if pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN) { return worst }
    let difference = abs(pair.0 - pair.1) / size
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

extension Graph {
  var operatorNames: [String] { operators.map(\.operation.name) }
}
