import Graph

@testable import Passes

/// Builds small graphs for tests.
struct GraphBuilder {
  var graph = Graph(name: "test")

  mutating func input(_ name: String, _ shape: Shape, _ element: ElementType = .float32) -> TensorID {
    let id = graph.addTensor(name, TensorType(element, shape))
    graph.inputs.append(Port(tensor: id, name: name, declaredType: SourceType(element), declaredShape: shape))
    return id
  }

  mutating func constant(_ floats: [Float], _ sizes: [Int], name: String = "c") -> TensorID {
    graph.addConstant(Constant(TensorValue(floats: floats, sizes: sizes), name: name), name: name)
  }

  mutating func scalar(_ value: Float) -> TensorID { constant([value], [], name: "scalar\(value)") }

  /// A reproducible constant without special structure.
  mutating func noise(_ sizes: [Int], seed: UInt64 = 1, name: String = "w") -> TensorID {
    var random = Noise(seed: seed &+ UInt64(graph.tensors.count))
    return constant((0..<Shape.elementCount(sizes)).map { _ in random.next() }, sizes, name: name)
  }

  mutating func apply(_ operation: Operation, _ inputs: [TensorID?], name: String? = nil) throws -> TensorID {
    let name = name ?? "\(operation.name) \(graph.operators.count)"
    return try graph.append(operation, inputs: inputs, names: [name], sources: [name])[0]!
  }

  mutating func output(_ id: TensorID, _ name: String = "y") {
    graph.outputs.append(
      Port(
        tensor: id, name: name, declaredType: SourceType(graph[id].element), declaredShape: graph[id].shape))
  }

  mutating func convolution(
    _ data: TensorID, channels: Int, kernel: Int = 3, pad: Int? = nil, stride: Int = 1, groups: Int = 1,
    bias: Bool = true
  ) throws -> TensorID {
    let shape = graph[data].shape
    let spatial = shape.rank - 2
    let window = WindowGeometry(
      size: [Int](repeating: kernel, count: spatial), strides: [Int](repeating: stride, count: spatial),
      padBefore: [Int](repeating: pad ?? kernel / 2, count: spatial),
      padAfter: [Int](repeating: pad ?? kernel / 2, count: spatial))
    let depth = shape[1].fixedValue! / groups
    let filter = noise([channels] + window.size + [depth])
    var inputs: [TensorID?] = [data, filter]
    if bias { inputs.append(noise([channels])) }
    return try apply(
      .convolution(Convolution(window: window, groups: groups, layout: .channelsFirst)), inputs)
  }
}

/// A small generator for test data: xorshift, values in −1…1.
struct Noise {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func bits() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func next() -> Float { Float(bits() >> 40) / Float(1 << 23) - 1 }
  mutating func below(_ count: Int) -> Int { Int(bits() >> 33) % count }
}

extension Graph {
  /// The names of the operators in order.
  var operatorNames: [String] { operators.map(\.operation.name) }

  mutating func simplify() throws -> PassSummary {
    let summary = try Pass.simplify.run(&self)
    try verify()
    return summary
  }
}
