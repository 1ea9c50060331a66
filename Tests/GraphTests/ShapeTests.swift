import Graph
import Storage
import Testing

/// The result shapes of `operation`, or the message that says what does not fit.
private func infer(_ operation: Operation, _ shapes: [Shape], element: ElementType = .float32) -> String {
  do {
    return try operation.resultTypes(of: shapes.map { TensorType(element, $0) }, resultCount: 1, at: "node")[
      0
    ].shape
      .description
  } catch {
    return error.message
  }
}

@Suite struct ShapeInferenceTests {
  @Test func broadcastingKeepsTheBatchOpen() {
    #expect(infer(.binary(.add, clamp: nil), [[.batch(1), 4, 1], [3]]) == "[N, 4, 3]")
    #expect(infer(.binary(.add, clamp: nil), [[], [0, 2]]) == "[0, 2]")
    #expect(infer(.binary(.add, clamp: nil), [[2], [3]]).contains("cannot broadcast"))
    #expect(infer(.binary(.add, clamp: nil), [[.batch(1)], [3]]).contains("cannot broadcast"))
  }

  @Test func reshapeComparesCountsForEveryBatch() {
    #expect(infer(.reshape([.batch(1), 8]), [[.batch(1), 2, 4]]) == "[N, 8]")
    #expect(infer(.reshape([.batch(4), 2]), [[.batch(1), 2, 4]]) == "[4N, 2]")
    #expect(infer(.reshape([8]), [[.batch(1), 2, 4]]).contains("another number of elements"))
    #expect(infer(.reshape([0, 5]), [[7, 0]]) == "[0, 5]")
  }

  @Test func windowsCountPlacesForTheWindow() {
    let window = WindowGeometry(size: [3, 3], strides: [2, 2], padBefore: [1, 1], padAfter: [1, 1])
    let first = Operation.convolution(Convolution(window: window, layout: .channelsFirst))
    #expect(infer(first, [[.batch(1), 3, 32, 31], [16, 3, 3, 3]]) == "[N, 16, 16, 16]")
    let last = Operation.convolution(Convolution(window: window, layout: .channelsLast))
    #expect(infer(last, [[.batch(1), 32, 31, 3], [16, 3, 3, 3]]) == "[N, 16, 16, 16]")
    #expect(infer(last, [[1, 32, 31, 4], [16, 3, 3, 3]]).contains("4 input channels"))
    let pool = Pool(
      kind: .maximum, window: WindowGeometry(size: [2], strides: [2]), roundsUp: true, layout: .channelsLast)
    #expect(infer(.pool(pool), [[1, 5, 3]]) == "[1, 3, 3]")
    let tight = Pool(kind: .maximum, window: WindowGeometry(size: [6]), layout: .channelsLast)
    #expect(infer(.pool(tight), [[1, 5, 3]]).contains("window of 6 on 5 positions"))
  }

  @Test func matmulFollowsNumPy() {
    let plain = Operation.matmul(transposesLeft: false, transposesRight: false)
    #expect(infer(plain, [[2, 1, 3, 4], [5, 4, 6]]) == "[2, 5, 3, 6]")
    #expect(infer(plain, [[4], [4]]) == "[]")
    #expect(infer(plain, [[3, 4], [5, 6]]).contains("inner extents differ"))
    let right = Operation.matmul(transposesLeft: false, transposesRight: true)
    #expect(infer(right, [[3, 4], [6, 4]]) == "[3, 6]")
  }

  @Test func absurdSizesAreRefused() {
    #expect(infer(.broadcast([1_048_576, 1_048_576]), [[1]]).contains("more than"))
    #expect(infer(.tile([1 << 40, 1 << 40]), [[3, 5]]).contains("more"))
  }
}

@Suite struct GraphTests {
  private func tiny() throws -> Graph {
    var graph = Graph(name: "tiny")
    let x = graph.addTensor("x", TensorType(.float32, [.batch(1), 4]))
    graph.inputs = [Port(tensor: x, name: "x", declaredType: .float32, declaredShape: [.batch(1), 4])]
    let y = try graph.append(.unary(.relu), inputs: [x], names: ["y"], sources: ["relu0"])[0]!
    _ = try graph.append(.unary(.exp), inputs: [x], names: ["unused"], sources: ["exp0"])
    graph.outputs = [Port(tensor: y, name: "y", declaredType: .float32, declaredShape: [.batch(1), 4])]
    return graph
  }

  @Test func unusedOperatorsGo() throws {
    var graph = try tiny()
    try graph.verify()
    graph.removeUnused()
    graph.compact()
    #expect(graph.operators.count == 1 && graph.tensors.count == 2)
    try graph.verify()
    #expect(graph.dump().contains("%1 'y' float32[N, 4] = unary(Unary.relu)(%0)  ; relu0"))
  }

  @Test func theVerifierSeesUseBeforeDefinitionAndLostSources() throws {
    var graph = try tiny()
    graph.operators[0].sources = []
    #expect(throws: Diagnostic.self) { try graph.verify() }
    graph = try tiny()
    let y = graph.operators[0].outputs[0]
    graph.operators[0].inputs = [y]
    #expect(throws: Diagnostic.self) { try graph.verify() }
  }

  @Test func constantsAreMadeRealThroughTheirSteps() {
    let value = TensorValue(floats: (0..<6).map(Float.init), sizes: [2, 3])
    let constant = Constant(value).permuted([1, 0]).scaled(axis: 0, factors: [1, 10, 100]).sliced(
      axis: 0, 1..<3)
    #expect(constant.sizes == [2, 2])
    #expect(constant.realized().floats.array == [10, 40, 200, 500])
    let half = Constant.Source(
      name: "h", type: .float16, sizes: [2],
      bytes: View<UInt16>([0x3C00, 0xC000]).reinterpreted(as: UInt8.self))
    #expect(Constant(half).realized().floats.array == [1, -2])
  }
}
