import Graph
import Runtime
import Testing

@testable import Lowering

@Suite("Legalization: recurrences")
struct LegalizationRecurrenceTests {
  struct Layer: CustomTestStringConvertible, Sendable {
    var kind: Recurrent.Kind
    var direction = Recurrent.Direction.forward
    var batchMajor = true
    var hasStates = false
    var clip: Float?
    var hasPeepholes = false
    var testDescription: String { "\(kind) \(direction) batchMajor \(batchMajor) states \(hasStates)" }
  }

  static let layers: [Layer] = [
    Layer(kind: .lstm(couplesInputForget: false)),
    Layer(kind: .lstm(couplesInputForget: false), batchMajor: false),
    Layer(kind: .lstm(couplesInputForget: false), direction: .reverse),
    Layer(kind: .lstm(couplesInputForget: false), direction: .bidirectional),
    Layer(kind: .lstm(couplesInputForget: false), direction: .bidirectional, batchMajor: false),
    Layer(kind: .lstm(couplesInputForget: false), hasStates: true, clip: 0.5),
    Layer(kind: .lstm(couplesInputForget: false), hasPeepholes: true),
    Layer(kind: .lstm(couplesInputForget: true), direction: .bidirectional),
    Layer(kind: .gru(linearBeforeReset: false)),
    Layer(kind: .gru(linearBeforeReset: true)),
    Layer(kind: .gru(linearBeforeReset: true), direction: .bidirectional, batchMajor: false),
    Layer(kind: .gru(linearBeforeReset: true), hasStates: true),
    Layer(kind: .gru(linearBeforeReset: false), direction: .reverse, hasStates: true),
    Layer(kind: .plain),
    Layer(kind: .plain, direction: .bidirectional, batchMajor: false, hasStates: true),
  ]

  static let (steps, inputs, hidden) = (5, 3, 4)

  /// `outputs`: which of all states, last hidden state and last cell state are wanted.
  func sketch(_ layer: Layer, outputs: [Bool], seed: Int) throws -> LegalizationSketch {
    var sketch = LegalizationSketch(seed: seed)
    let (steps, inputs, hidden) = (Self.steps, Self.inputs, Self.hidden)
    let x = sketch.input(
      layer.batchMajor
        ? [.batch(1), .fixed(steps), .fixed(inputs)] : [.fixed(steps), .batch(1), .fixed(inputs)])
    let count = layer.direction.count
    let rows = layer.kind.gateCount * hidden
    var operands: [TensorID?] = [
      x, sketch.noise([count, rows, inputs]), sketch.noise([count, rows, hidden]),
      sketch.noise([count, 2 * rows]), nil, nil, nil, nil,
    ]
    if layer.hasStates {
      let shape: Shape =
        layer.batchMajor
        ? [.batch(1), .fixed(count), .fixed(hidden)] : [.fixed(count), .batch(1), .fixed(hidden)]
      operands[5] = sketch.input(shape)
      if case .lstm = layer.kind { operands[6] = sketch.input(shape) }
    }
    if layer.hasPeepholes { operands[7] = sketch.noise([count, 3 * hidden]) }
    let functions: [Unary] =
      switch layer.kind {
      case .lstm: [.sigmoid, .tanh, .tanh]
      case .gru: [.sigmoid, .tanh]
      case .plain: [.tanh]
      }
    let recurrent = Recurrent(
      kind: layer.kind, direction: layer.direction, hiddenSize: hidden,
      activations: (0..<count).flatMap { _ in functions }, clip: layer.clip, batchMajor: layer.batchMajor)
    let names = outputs.indices.map { outputs[$0] ? Optional("y\($0)") : nil }
    let results = try sketch.graph.append(
      .recurrent(recurrent), inputs: operands, names: names, sources: ["layer"])
    for case let result? in results { sketch.output(result) }
    return sketch
  }

  @Test(arguments: layers) func sameStates(_ layer: Layer) throws {
    for (seed, outputs) in [[true, false, false], [false, true, false], [true, true, true]].enumerated() {
      var outputs = outputs
      if case .lstm = layer.kind {} else { outputs.removeLast() }
      let sketch = try sketch(layer, outputs: outputs, seed: seed + 1)
      let legal = try expectSame(sketch)
      #expect(legal.graph.operatorNames.contains("reverse sequence") == false)
    }
  }

  /// Frameworks write the zero state as a broadcast of a zero.
  @Test func zeroStatesAreRecognized() throws {
    var sketch = try sketch(
      Layer(kind: .lstm(couplesInputForget: false)), outputs: [true, false, false], seed: 2)
    let zero = sketch.constant([0], [1])
    let state = sketch.graph.addTensor("state", TensorType(.float32, [.batch(1), 1, .fixed(Self.hidden)]))
    let node = Operator(
      .broadcast([.batch(1), 1, .fixed(Self.hidden)]), inputs: [zero], outputs: [state], sources: ["state"])
    sketch.graph.operators.insert(node, at: 0)
    sketch.graph.operators[1].inputs[5] = state
    sketch.graph.operators[1].inputs[6] = state
    let legal = try expectSame(sketch)
    #expect(legal.graph.operatorNames == ["lstm"])
  }

  /// The device's LSTM stays one operator, and its cell can be watched.
  @Test func cellStatesAreObserved() throws {
    var sketch = try sketch(
      Layer(kind: .lstm(couplesInputForget: false)), outputs: [true, false, false], seed: 9)
    let legal = try sketch.graph.legalized(for: .int8)
    let place = try #require(legal.graph.operators.firstIndex { $0.operation.name == "lstm" })
    let cells = try #require(legal.cellStates[place])
    #expect(cells.count == Self.steps)
    try legal.observation.verify()
    let inputs = sketch.samples(batch: 3)
    let session = try Program(legal.observation, fusesSteps: false).makeSession(batch: 3)
    var largest: Float = 0
    session.onTensor = { id, value in
      if cells.contains(id) { largest = max(largest, value.floats.array.map(abs).max() ?? 0) }
    }
    let found = try session.run(inputs)
    let expected = try Program(sketch.graph).makeSession(batch: 3).run(inputs)
    #expect(distance(expected[0], found[0]) < 1e-5)
    #expect(largest > 0 && largest < Float(Self.steps))
  }

  @Test func knownInitialStates() throws {
    for kind in [Recurrent.Kind.gru(linearBeforeReset: true), .lstm(couplesInputForget: false), .plain] {
      var sketch = LegalizationSketch(seed: 3)
      let x = sketch.input([.batch(1), 4, 3])
      let rows = kind.gateCount * 2
      var operands: [TensorID?] = [
        x, sketch.noise([1, rows, 3]), sketch.noise([1, rows, 2]), sketch.noise([1, 2 * rows]), nil,
        sketch.noise([2, 1, 2]),
      ]
      if case .lstm = kind { operands.append(sketch.noise([2, 1, 2])) }
      let functions: [Unary] =
        kind == .plain ? [.tanh] : kind.gateCount == 3 ? [.sigmoid, .tanh] : [.sigmoid, .tanh, .tanh]
      let layer = Recurrent(
        kind: kind, direction: .forward, hiddenSize: 2, activations: functions, batchMajor: true)
      // Known states are of one batch size.
      sketch.graph.inputs[0].declaredShape = [2, 4, 3]
      sketch.graph[x].type.shape = [2, 4, 3]
      sketch.output(try sketch.apply(.recurrent(layer), operands))
      try expectSame(sketch, batch: 1)
    }
  }

  @Test func sequenceLengthsAreRefused() throws {
    var sketch = try sketch(Layer(kind: .plain), outputs: [true], seed: 1)
    let lengths = sketch.graph.addConstant(
      Constant(TensorValue(integers: [3], type: .int32, sizes: [1])), name: "lengths")
    sketch.graph.operators[0].inputs[4] = lengths
    #expect { try sketch.graph.legalized(for: .int8) } throws: { error in
      guard let diagnostic = error as? Diagnostic else { return false }
      return diagnostic.kind == .unsupported
        && diagnostic.message.contains("'layer' (rnn) has sequence lengths")
    }
  }
}
