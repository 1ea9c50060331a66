import Graph
import Runtime
import Storage
import Testing

/// A seeded source of numbers, the same on every machine.
struct Dice {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// Uniform in -1 ..< 1.
  mutating func float() -> Float { Float(Int64(next() >> 40)) / Float(1 << 23) - 1 }

  mutating func chance(_ percent: Int) -> Bool { int(0...99) < percent }

  mutating func floats(_ sizes: [Int], scale: Float = 1) -> TensorValue {
    TensorValue(floats: (0..<Shape.elementCount(sizes)).map { _ in float() * scale }, sizes: sizes)
  }

  mutating func integers(_ sizes: [Int], _ range: ClosedRange<Int>, _ type: ElementType) -> TensorValue {
    let elements = (0..<Shape.elementCount(sizes)).map { _ in int(range) }
    return TensorValue(integers: elements, type: type, sizes: sizes)
  }
}

/// A graph of one operator. Operands at `constants` are constants, the others inputs.
func graph(
  _ operation: Operation, _ operands: [TensorValue?], constants: Set<Int> = [], results: Int = 1
) throws -> Graph {
  var graph = Graph(name: "one")
  var ids: [TensorID?] = []
  for (index, operand) in operands.enumerated() {
    guard let operand else {
      ids.append(nil)
      continue
    }
    if constants.contains(index) {
      ids.append(graph.addConstant(Constant(operand), name: "c\(index)"))
    } else {
      ids.append(graph.addInput("x\(index)", Shape(operand.sizes), operand.type))
    }
  }
  let names = (0..<results).map { Optional("y\($0)") }
  for output in try graph.append(operation, inputs: ids, names: names, sources: ["node"]) {
    graph.addOutput(output!)
  }
  return graph
}

extension Graph {
  mutating func addOutput(_ id: TensorID) {
    let type = self[id].type
    outputs.append(
      Port(tensor: id, name: self[id].name, declaredType: SourceType(type.element), declaredShape: type.shape)
    )
  }

  mutating func addInput(_ name: String, _ shape: Shape, _ element: ElementType = .float32) -> TensorID {
    let id = addTensor(name, TensorType(element, shape))
    inputs.append(Port(tensor: id, name: name, declaredType: SourceType(element), declaredShape: shape))
    return id
  }
}

/// The results of one operator: as a program with the operands at `constants` known beforehand, with one and with three
/// threads, and as the evaluator of constants computes it. All must be the same bits.
func compute(
  _ operation: Operation, _ operands: [TensorValue?], constants: Set<Int> = [], results: Int = 1,
  location: SourceLocation = #_sourceLocation
) throws -> [TensorValue] {
  let graph = try graph(operation, operands, constants: constants, results: results)
  let program = try Program(graph)
  let inputs = operands.enumerated().compactMap { constants.contains($0) ? nil : $1 }
  let values = try program.makeSession(batch: 1, threads: 1).run(inputs)
  let threaded = try program.makeSession(batch: 1, threads: 3).run(inputs)
  let types = graph.outputs.map { graph[$0.tensor].type }
  let evaluated = try FloatEvaluator().evaluate(operation, inputs: operands, resultTypes: types)
  for index in values.indices {
    #expect(values[index].sizes == types[index].shape.perSample, sourceLocation: location)
    #expect(values[index].bytes.array == threaded[index].bytes.array, "threads", sourceLocation: location)
    #expect(values[index].bytes.array == evaluated[index].bytes.array, "evaluator", sourceLocation: location)
  }
  return values
}

/// Compares with reference numbers; `budget` is relative to the larger of 1 and the reference.
func expectClose(
  _ value: TensorValue, _ reference: [Double], budget: Double = 1e-5,
  location: SourceLocation = #_sourceLocation
) {
  let found = value.floats.array
  #expect(found.count == reference.count, sourceLocation: location)
  for (index, (x, y)) in zip(found, reference).enumerated() {
    if x.isNaN && y.isNaN || Double(x) == y { continue }
    if abs(Double(x) - y) <= budget * max(1, abs(y)) { continue }
    Issue.record("element \(index) is \(x), expected \(y)", sourceLocation: location)
    return
  }
}

/// All positions of a grid, last axis fastest.
func positions(_ sizes: [Int]) -> [[Int]] {
  var result: [[Int]] = [[]]
  for size in sizes { result = result.flatMap { head in (0..<size).map { head + [$0] } } }
  return result
}

func flat(_ position: [Int], _ sizes: [Int]) -> Int {
  zip(position, sizes).reduce(0) { $0 * $1.1 + $1.0 }
}

/// The index in an operand of `sizes` that a broadcast result's position reads.
func broadcastIndex(_ position: [Int], _ sizes: [Int]) -> Int {
  flat(zip(position.suffix(sizes.count), sizes).map { $1 == 1 ? 0 : $0 }, sizes)
}
