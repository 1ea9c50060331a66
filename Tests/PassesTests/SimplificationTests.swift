import Graph
import Testing

@testable import Passes

@Suite struct MovementRuleTests {
  @Test func noOpsVanish() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 4, 6])
    var y = try builder.apply(.reshape([.batch(1), 4, 6]), [x])
    y = try builder.apply(.transpose([0, 1, 2]), [y])
    y = try builder.apply(.broadcast([.batch(1), 4, 6]), [y])
    y = try builder.apply(.tile([1, 1, 1]), [y])
    y = try builder.apply(.concat(axis: 1), [y])
    y = try builder.apply(
      .slice(Slice(starts: [0, 0, 0], steps: [1, 1, 1], counts: [.batch(1), 4, 6])), [y])
    y = try builder.apply(.pad(Pad(mode: .constant, before: [0, 0, 0], after: [0, 0, 0])), [y])
    y = try builder.apply(.cast(.float32), [y])
    y = try builder.apply(.unary(.exp), [y])
    builder.output(y)
    let summary = try builder.graph.simplify()
    #expect(builder.graph.operatorNames == ["exp"])
    #expect(summary["no-ops removed"] == 8)
    // Nothing forgets where it came from.
    #expect(builder.graph.operators[0].sources.count == 9)
  }

  @Test func outputMayBecomeTheInput() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [2])
    builder.output(try builder.apply(.reshape([2]), [x]))
    _ = try builder.graph.simplify()
    #expect(builder.graph.operators.isEmpty)
    #expect(builder.graph.outputs[0].tensor == builder.graph.inputs[0].tensor)
  }

  @Test func reshapesAndTransposesMerge() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 4, 6])
    var y = try builder.apply(.reshape([.batch(1), 24]), [x])
    y = try builder.apply(.reshape([.batch(1), 2, 12]), [y])
    y = try builder.apply(.transpose([0, 2, 1]), [y])
    y = try builder.apply(.transpose([2, 1, 0]), [y])
    builder.output(y)
    _ = try builder.graph.simplify()
    #expect(
      builder.graph.operators.map(\.operation) == [.reshape([.batch(1), 2, 12]), .transpose([1, 2, 0])])
  }

  @Test func transposeOfUnitAxesIsAReshape() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 1, 4, 6])
    builder.output(try builder.apply(.transpose([0, 2, 3, 1]), [x]))
    _ = try builder.graph.simplify()
    #expect(builder.graph.operators.map(\.operation) == [.reshape([.batch(1), 4, 6, 1])])
  }

  @Test func constantsAreRearrangedInPlace() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3])
    let c = builder.constant([1, 2, 3, 4, 5, 6], [2, 3], name: "weights")
    let moved = try builder.apply(.transpose([1, 0]), [c])
    builder.output(try builder.apply(.matmul(transposesLeft: false, transposesRight: false), [x, moved]))
    _ = try builder.graph.simplify()
    #expect(builder.graph.operatorNames == ["dense"])
    let weights = builder.graph.operators[0].inputs[1]!
    #expect(builder.graph[weights].origin.name == "weights")
    #expect(builder.graph[weights].constant!.realized().floats.array == [1, 2, 3, 4, 5, 6])
  }

  @Test func splitAndConcatCancel() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 4])
    let parts = try builder.graph.append(
      .split(axis: 1, parts: [1, 3]), inputs: [x], names: ["a", "b"], sources: ["split"])
    let y = try builder.apply(.concat(axis: 1), parts)
    builder.output(try builder.apply(.unary(.exp), [y]))
    _ = try builder.graph.simplify()
    #expect(builder.graph.operatorNames == ["exp"])
  }

  @Test func duplicatesMerge() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3])
    let a = builder.constant([1, 2, 3], [3], name: "a")
    let b = builder.constant([1, 2, 3], [3], name: "b")
    let left = try builder.apply(.unary(.exp), [try builder.apply(.binary(.maximum, clamp: nil), [x, a])])
    let right = try builder.apply(.unary(.exp), [try builder.apply(.binary(.maximum, clamp: nil), [x, b])])
    builder.output(try builder.apply(.binary(.power, clamp: nil), [left, right]))
    let summary = try builder.graph.simplify()
    #expect(builder.graph.operatorNames == ["maximum", "exp", "power"])
    #expect(summary["duplicate constants merged"] == 1)
    #expect(summary["common expressions merged"] == 2)
  }

  @Test func aLongChainStaysLinear() throws {
    var builder = GraphBuilder()
    var y = builder.input("x", [.batch(1), 3])
    for _ in 0..<20_000 { y = try builder.apply(.unary(.relu), [y]) }
    builder.output(y)
    _ = try Pass.simplify.run(&builder.graph)
    #expect(builder.graph.operators.count == 1)
    #expect(builder.graph.operators[0].sources.count == 20_000)
  }
}

@Suite struct FoldingRuleTests {
  @Test func batchNormalizationGoesIntoTheConvolution() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 8, 8])
    var y = try builder.convolution(x, channels: 4)
    let filter = builder.graph.operators[0].inputs[1]!
    let before = builder.graph[filter].constant!.realized().floats.array
    let scale = builder.constant([1, 2, 3, 4], [4, 1, 1], name: "scale")
    y = try builder.apply(.binary(.multiply, clamp: nil), [y, scale])
    y = try builder.apply(.binary(.add, clamp: nil), [builder.constant([5, 6, 7, 8], [1, 4, 1, 1]), y])
    y = try builder.apply(.unary(.relu), [y], name: "last")
    builder.output(y)
    _ = try builder.graph.simplify()
    #expect(builder.graph.operators.count == 1)
    let node = builder.graph.operators[0]
    #expect(node.operation.clamp == .relu)
    #expect(node.sources.count == 4)
    #expect(builder.graph[node.outputs[0]!].name == "last")
    let folded = builder.graph[node.inputs[1]!].constant!
    #expect(folded.steps == [.scale(axis: 0, factors: [1, 2, 3, 4])])
    let after = folded.realized().floats.array
    #expect(after[27] == before[27] * 2)
    #expect(builder.graph[node.inputs[2]!].constant!.elementCount == 4)
  }

  @Test func scaleAndShiftGoIntoTheNextUnpaddedConvolution() throws {
    for (pad, expected) in [(0, ["convolution"]), (1, ["add", "convolution"])] {
      var builder = GraphBuilder()
      let x = builder.input("x", [.batch(1), 2, 8, 8])
      var y = try builder.apply(.unary(.exp), [x])
      y = try builder.apply(.binary(.multiply, clamp: nil), [y, builder.constant([2, 3], [2, 1, 1])])
      y = try builder.apply(.binary(.add, clamp: nil), [y, builder.constant([1, 4], [2, 1, 1])])
      y = try builder.convolution(y, channels: 2, kernel: 3, pad: pad, bias: false)
      builder.output(y)
      _ = try builder.graph.simplify()
      #expect(Array(builder.graph.operatorNames.dropFirst(pad == 0 ? 1 : 2)) == expected)
    }
  }

  @Test func sharedConvolutionsAreNotFolded() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 8, 8])
    let y = try builder.convolution(x, channels: 4)
    builder.output(try builder.apply(.unary(.relu), [y]), "a")
    builder.output(try builder.apply(.binary(.multiply, clamp: nil), [y, builder.scalar(2)]), "b")
    _ = try builder.graph.simplify()
    #expect(builder.graph.operatorNames == ["convolution", "relu", "multiply"])
  }

  @Test func productsBecomeDenseWithBiasAndClamp() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 5, 3])
    var y = try builder.apply(
      .matmul(transposesLeft: false, transposesRight: false), [x, builder.noise([3, 4])])
    y = try builder.apply(.binary(.add, clamp: nil), [y, builder.noise([4])])
    y = try builder.apply(.unary(.clip(minimum: 0, maximum: 6)), [y])
    builder.output(y)
    _ = try builder.graph.simplify()
    #expect(builder.graph.operators.map(\.operation) == [.dense(clamp: .relu6)])
    #expect(builder.graph.operators[0].inputs.count == 3)
  }

  @Test func maximumAndMinimumBecomeAClamp() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3])
    let z = builder.input("z", [.batch(1), 3])
    var y = try builder.apply(.binary(.add, clamp: nil), [x, z])
    y = try builder.apply(.binary(.maximum, clamp: nil), [y, builder.scalar(0)])
    y = try builder.apply(.binary(.minimum, clamp: nil), [builder.scalar(6), y])
    builder.output(y)
    _ = try builder.graph.simplify()
    #expect(builder.graph.operators.map(\.operation) == [.binary(.add, clamp: .relu6)])
  }

  @Test func clampsMoveBeforeMaxPools() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [.batch(1), 3, 8, 8])
    var y = try builder.convolution(x, channels: 4)
    y = try builder.apply(
      .pool(
        Pool(kind: .maximum, window: WindowGeometry(size: [2, 2], strides: [2, 2]), layout: .channelsFirst)),
      [y])
    builder.output(try builder.apply(.unary(.relu), [y]))
    _ = try builder.graph.simplify()
    #expect(builder.graph.operatorNames == ["convolution", "max pool"])
    #expect(builder.graph.operators[0].operation.clamp == .relu)
  }
}

@Suite struct PadRuleTests {
  private func padded(
    _ pool: Pool.Kind?, value: Float? = nil, relu: Bool = false, own: Int = 0, amount: Int = 1
  ) throws -> [String] {
    var builder = GraphBuilder()
    var x = builder.input("x", [.batch(1), 2, 8, 8])
    if relu { x = try builder.apply(.unary(.relu), [x]) }
    let pad = Pad(mode: .constant, before: [0, 0, amount, amount], after: [0, 0, amount, amount])
    let fill = value.map { builder.scalar($0) }
    var y = try builder.apply(.pad(pad), [x] + (fill.map { [$0] } ?? []))
    if let pool {
      let window = WindowGeometry(size: [2, 2], padBefore: [own, own], padAfter: [own, own])
      y = try builder.apply(.pool(Pool(kind: pool, window: window, layout: .channelsFirst)), [y])
    } else {
      y = try builder.convolution(y, channels: 2, pad: own)
    }
    builder.output(y)
    let declared = builder.graph[y].shape
    _ = try builder.graph.simplify()
    #expect(builder.graph[builder.graph.outputs[0].tensor].shape == declared)
    return builder.graph.operatorNames
  }

  @Test func exactCasesMerge() throws {
    #expect(try padded(nil) == ["convolution"])
    #expect(try padded(nil, value: 0, own: 1) == ["convolution"])
    #expect(try padded(.average(countsPadding: false)) == ["average pool"])
    #expect(try padded(.maximum, value: -.infinity) == ["max pool"])
    #expect(try padded(.maximum, relu: true) == ["relu", "max pool"])
  }

  @Test func otherCasesStay() throws {
    #expect(try padded(nil, value: 1) == ["pad", "convolution"])
    #expect(try padded(.average(countsPadding: false), own: 1) == ["pad", "average pool"])
    #expect(try padded(.maximum) == ["pad", "max pool"])
    #expect(try padded(.maximum, value: -.infinity, amount: 2) == ["pad", "max pool"])
  }
}
