import Graph
import Storage
import TensorMath
import Testing

@testable import Runtime

@Suite struct ProgramTests {
  /// A small residual network with a recurrent tail: a bit of everything that batches.
  private func network() throws -> Graph {
    var dice = Dice(11)
    var graph = Graph(name: "network")
    func constant(_ sizes: [Int], _ name: String) -> TensorID {
      graph.addConstant(Constant(dice.floats(sizes, scale: 0.4)), name: name)
    }
    func add(_ operation: Operation, _ inputs: [TensorID?], _ name: String) throws -> TensorID {
      try graph.append(operation, inputs: inputs, names: [name], sources: [name])[0]!
    }
    let x = graph.addInput("x", [.batch(1), 13, 11, 3])
    let same = WindowGeometry(size: [3, 3], padBefore: [1, 1], padAfter: [1, 1])
    func convolution(_ input: TensorID, _ outputs: Int, _ depth: Int, _ name: String, groups: Int = 1) throws
      -> TensorID
    {
      try add(
        .convolution(Convolution(window: same, groups: groups, layout: .channelsLast)),
        [input, constant([outputs, 3, 3, depth], "\(name).w"), constant([outputs], "\(name).b")], name)
    }
    let stem = try add(.unary(.relu), [try convolution(x, 16, 3, "stem")], "stem.relu")
    let left = try convolution(stem, 16, 16, "left")
    let right = try convolution(stem, 16, 1, "right", groups: 16)
    let sum = try add(.binary(.add, clamp: .relu), [left, right], "sum")
    let skip = try add(.binary(.add, clamp: nil), [sum, stem], "skip")
    let half = WindowGeometry(size: [2, 2], strides: [2, 2])
    let pooled = try add(.pool(Pool(kind: .maximum, window: half, layout: .channelsLast)), [skip], "pool")
    let joined = try add(.concat(axis: 3), [pooled, try add(.unary(.tanh), [pooled], "tanh")], "joined")
    let normalized = try add(
      .composite(.groupNormalization(groups: 4, epsilon: 1e-5, layout: .channelsLast)),
      [joined, constant([32], "scale"), constant([32], "shift")], "normalized")
    let rows = try add(.reshape([.batch(1), 6, 160]), [normalized], "rows")
    let recurrent = Recurrent(
      kind: .gru(linearBeforeReset: false), direction: .forward, hiddenSize: 8,
      activations: [.sigmoid, .tanh],
      batchMajor: true)
    let states = try add(
      .recurrent(recurrent), [rows, constant([1, 24, 160], "gru.w"), constant([1, 24, 8], "gru.r")], "states")
    let flat = try add(.reshape([.batch(1), 48]), [states], "flat")
    let scores = try add(.dense(clamp: nil), [flat, constant([10, 48], "head.w"), nil], "scores")
    graph.addOutput(try add(.softmax(axis: 1, logarithmic: false), [scores], "probabilities"))
    graph.addOutput(skip)
    return graph
  }

  private func samples(_ count: Int) -> TensorValue {
    var dice = Dice(5)
    return dice.floats([count, 13, 11, 3])
  }

  @Test func aSampleGivesTheSameBitsInEveryBatchAndOnEveryNumberOfThreads() throws {
    let program = try Program(try network())
    let data = samples(9)
    let whole = try program.makeSession(batch: 9, threads: 2).run([data])
    for (batch, threads) in [(1, 1), (1, 3), (3, 1), (3, 4)] {
      let session = try program.makeSession(batch: batch, threads: threads)
      for start in stride(from: 0, to: 9, by: batch) {
        let part = try session.run([data.sliced(axis: 0, start..<start + batch)])
        for (one, all) in zip(part, whole) {
          #expect(one.bytes.array == all.sliced(axis: 0, start..<start + batch).bytes.array)
        }
      }
    }
  }

  @Test func everyInstructionSetGivesTheSameBits() throws {
    let program = try Program(try network())
    let data = samples(3)
    let sets = KernelSet.available
    let results = try sets.map {
      try Session(program, batch: 3, workers: Workers(threads: 2, kernels: $0)).run([data])
    }
    for (set, result) in zip(sets, results) {
      for (one, first) in zip(result, results[0]) {
        #expect(one.bytes.array == first.bytes.array, "\(set.name) and \(sets[0].name) differ")
      }
    }
  }

  @Test func fusedStepsGiveTheSameBits() throws {
    let graph = try network()
    let (fused, plain) = (try Program(graph), try Program(graph, fusesSteps: false))
    #expect(fused.steps.count == plain.steps.count - 1)
    let data = samples(2)
    let (a, b) = (try fused.makeSession(batch: 2).run([data]), try plain.makeSession(batch: 2).run([data]))
    for (one, other) in zip(a, b) { #expect(one.bytes.array == other.bytes.array) }
  }

  @Test func aResidualThatIsAlsoTheDataIsNotOverwrittenTooEarly() throws {
    var dice = Dice(2)
    var graph = Graph(name: "residual")
    let x = graph.addInput("x", [.batch(1), 9, 9, 16])
    let start = try graph.append(.unary(.relu), inputs: [x], names: ["start"], sources: ["start"])[0]!
    let filter = graph.addConstant(Constant(dice.floats([16, 3, 3, 16])), name: "w")
    let same = WindowGeometry(size: [3, 3], padBefore: [1, 1], padAfter: [1, 1])
    let convolved = try graph.append(
      .convolution(Convolution(window: same, layout: .channelsLast)), inputs: [start, filter], names: ["c"],
      sources: ["c"])[0]!
    let sum = try graph.append(
      .binary(.add, clamp: nil), inputs: [convolved, start], names: ["s"], sources: ["s"])[0]!
    let rows = try graph.append(.reshape([.batch(1), 81, 16]), inputs: [sum], names: ["r"], sources: ["r"])[
      0]!
    let weights = graph.addConstant(Constant(dice.floats([16, 16])), name: "v")
    let mixed = try graph.append(.dense(clamp: nil), inputs: [rows, weights], names: ["d"], sources: ["d"])[
      0]!
    graph.addOutput(
      try graph.append(.binary(.add, clamp: .relu), inputs: [rows, mixed], names: ["e"], sources: ["e"])[0]!)
    let (fused, plain) = (try Program(graph), try Program(graph, fusesSteps: false))
    #expect(fused.steps.count == plain.steps.count - 2)
    let data = dice.floats([2, 9, 9, 16])
    let results = try [fused, plain].map { try $0.makeSession(batch: 2).run([data])[0] }
    #expect(results[0].bytes.array == results[1].bytes.array)
  }

  @Test func everyTensorIsReportedOnce() throws {
    let graph = try network()
    let session = try Program(graph, fusesSteps: false).makeSession(batch: 2)
    var seen: [TensorID: Int] = [:]
    session.onTensor = { id, value throws(Diagnostic) in
      seen[id, default: 0] += 1
      #expect(value.sizes == graph[id].shape.resolved(batch: 2))
    }
    _ = try session.run([samples(2)])
    let expected = graph.inputs.map(\.tensor) + graph.operators.flatMap { $0.outputs.compactMap { $0 } }
    #expect(seen == Dictionary(uniqueKeysWithValues: expected.map { ($0, 1) }))
  }

  @Test func activationsShareMemory() throws {
    let graph = try network()
    let session = try Program(graph).makeSession()
    let sum = graph.tensors.filter { $0.constant == nil }.reduce(0) {
      $0 + 4 * $1.shape.elementCountPerSample
    }
    #expect(session.activationByteCount < sum / 2)
  }

  @Test(arguments: [1, 2, 5])
  func aRunnerDeliversInOrderWhateverTheBatch(threads: Int) throws {
    let program = try Program(try network())
    let count = 23
    let data = samples(count)
    let whole = try program.makeSession(batch: count).run([data])
    for batch in [1, 4, 32] {
      let runner = try BatchRunner(program, threads: threads, batch: batch)
      var next = 0
      var delivered = 0
      try runner.run { limit in
        guard next < count else { return nil }
        let range = next..<min(count, next + limit)
        next = range.upperBound
        return SampleBatch(inputs: [data.sliced(axis: 0, range)], count: range.count)
      } deliver: { outputs, size in
        for (part, all) in zip(outputs, whole) {
          #expect(part.bytes.array == all.sliced(axis: 0, delivered..<delivered + size).bytes.array)
        }
        delivered += size
      }
      #expect(delivered == count)
    }
  }

  @Test func theFirstFailureEndsARun() throws {
    let program = try Program(try network())
    let runner = try BatchRunner(program, threads: 3, batch: 2)
    let good = samples(2)
    var (pulled, delivered) = (0, 0)
    do {
      try runner.run { _ in
        pulled += 1
        // The fifth has the wrong shape.
        return SampleBatch(inputs: [pulled == 5 ? good.reshaped([2, 11, 13, 3]) : good], count: 2)
      } deliver: { _, _ in
        delivered += 1
      }
      Issue.record("the wrong shape went unnoticed")
    } catch {
      #expect(error.message.contains("'x'"))
    }
    #expect(delivered == 4)
    #expect(throws: Diagnostic(.inputOutput, "gone")) {
      try runner.run { _ throws(Diagnostic) in
        throw Diagnostic(.inputOutput, "gone")
      } deliver: { _, _ in
      }
    }
  }

  @Test func inputsAreCheckedByName() throws {
    let session = try Program(try network()).makeSession(batch: 1)
    #expect(throws: Diagnostic.self) { try session.run([]) }
    #expect(throws: Diagnostic.self) { try session.run([TensorValue(type: .int32, sizes: [1, 13, 11, 3])]) }
    #expect(throws: Diagnostic.self) { try session.run([samples(2)]) }
    #expect(try Program(try network()).batch(of: [samples(4)]) == 4)
  }

  @Test func inputsAndConstantsMayBeOutputs() throws {
    var graph = Graph(name: "identity")
    let x = graph.addInput("x", [.batch(1), 2])
    let c = graph.addConstant(Constant(TensorValue(floats: [4], sizes: [1])), name: "c")
    let unused = graph.addInput("unused", [3])
    _ = unused
    graph.addOutput(x)
    graph.addOutput(c)
    graph.addOutput(x)
    let three = TensorValue(floats: [0, 0, 0], sizes: [3])
    let results = try Program(graph).makeSession(batch: 1).run([
      TensorValue(floats: [1, 2], sizes: [1, 2]), three,
    ])
    #expect(results.map(\.floats.array) == [[1, 2], [4], [1, 2]])
  }

  @Test func anEmptyBatchRuns() throws {
    let results = try Program(try network()).makeSession(batch: 0).run([samples(0)])
    #expect(results[0].sizes == [0, 10])
  }

  /// Random element-wise graphs with reshapes, slices and joins: sharing memory must never change a result.
  @Test func memorySharingNeverChangesAResult() throws {
    for seed in 0..<60 {
      var dice = Dice(seed)
      var graph = Graph(name: "random")
      var pool = [graph.addInput("a", [2, 8]), graph.addInput("b", [2, 8])]
      for index in 0..<dice.int(3...20) {
        let (a, b) = (pool[dice.int(0...pool.count - 1)], pool[dice.int(0...pool.count - 1)])
        let slice = Slice(starts: [dice.int(0...1), 0], steps: [1, 1], counts: [1, 8])
        let operation: (Operation, [TensorID])
        switch dice.int(0...5) {
        case 0: operation = (.unary(.negate), [a])
        case 1: operation = (.binary(.add, clamp: nil), [a, b])
        case 2: operation = (.binary(.multiply, clamp: .relu6), [a, b])
        case 3: operation = (.reshape([4, 4]), [a])
        case 4: operation = (.slice(slice), [a])
        default: operation = (.transpose([1, 0]), [a])
        }
        var made = try graph.append(
          operation.0, inputs: operation.1, names: ["t\(index)"], sources: ["n\(index)"])[0]!
        // Back to the common shape, so that everything fits everything.
        if graph[made].shape == [1, 8] {
          made = try graph.append(
            .concat(axis: 0), inputs: [made, made], names: ["j\(index)"], sources: ["j"])[0]!
        }
        if graph[made].shape != [2, 8] {
          made = try graph.append(.reshape([2, 8]), inputs: [made], names: ["r\(index)"], sources: ["r"])[0]!
        }
        pool.append(made)
      }
      for id in pool.suffix(2) { graph.addOutput(id) }
      let inputs = [dice.floats([2, 8]), dice.floats([2, 8])]
      let shared = try Program(graph).makeSession().run(inputs)
      // With every tensor an output nothing can be overwritten.
      var apart = graph
      for node in graph.operators { apart.addOutput(node.outputs[0]!) }
      let kept = try Program(apart).makeSession().run(inputs)
      for (one, other) in zip(shared, kept) { #expect(one.bytes.array == other.bytes.array, "seed \(seed)") }
    }
  }
}
