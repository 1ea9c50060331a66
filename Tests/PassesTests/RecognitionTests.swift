import Graph
import Testing

@testable import Passes

/// Chains of operators, as exporters write them, become the one operator that they mean.
@Suite struct RecognitionTests {
  private func recognized(
    _ shape: Shape = [.batch(1), 4, 6], _ build: (inout GraphBuilder, TensorID) throws -> TensorID
  ) throws
    -> [Operation]
  {
    var builder = GraphBuilder()
    let x = builder.input("x", shape)
    builder.output(try build(&builder, x))
    let count = builder.graph.operators.count
    _ = try builder.graph.simplify()
    // Every source node is still named.
    #expect(builder.graph.operators.reduce(0) { $0 + Set($1.sources).count } >= count)
    return builder.graph.operators.map(\.operation)
  }

  @Test func swish() throws {
    let found = try recognized { builder, x in
      try builder.apply(.binary(.multiply, clamp: nil), [try builder.apply(.unary(.sigmoid), [x]), x])
    }
    #expect(found == [.unary(.swish(alpha: 1))])
    let scaled = try recognized { builder, x in
      let inner = try builder.apply(.binary(.multiply, clamp: nil), [x, builder.scalar(1.5)])
      return try builder.apply(
        .binary(.multiply, clamp: nil), [x, try builder.apply(.unary(.sigmoid), [inner])])
    }
    #expect(scaled == [.unary(.swish(alpha: 1.5))])
  }

  @Test(arguments: [false, true]) func geluThroughErf(scalesFirst: Bool) throws {
    let found = try recognized { builder, x in
      let inner = try builder.apply(.binary(.divide, clamp: nil), [x, builder.scalar(1.4142135)])
      let erf = try builder.apply(.unary(.erf), [inner])
      let sum = try builder.apply(.binary(.add, clamp: nil), [erf, builder.scalar(1)])
      if scalesFirst {
        let half = try builder.apply(.binary(.multiply, clamp: nil), [x, builder.scalar(0.5)])
        return try builder.apply(.binary(.multiply, clamp: nil), [half, sum])
      }
      let product = try builder.apply(.binary(.multiply, clamp: nil), [x, sum])
      return try builder.apply(.binary(.multiply, clamp: nil), [product, builder.scalar(0.5)])
    }
    #expect(found == [.unary(.gelu(tanhApproximation: false))])
  }

  @Test func geluThroughTanh() throws {
    let found = try recognized { builder, x in
      let cube = try builder.apply(.binary(.power, clamp: nil), [x, builder.scalar(3)])
      let scaled = try builder.apply(.binary(.multiply, clamp: nil), [cube, builder.scalar(0.044715)])
      let sum = try builder.apply(.binary(.add, clamp: nil), [x, scaled])
      let inner = try builder.apply(.binary(.multiply, clamp: nil), [sum, builder.scalar(0.7978845608)])
      let tanh = try builder.apply(.unary(.tanh), [inner])
      let one = try builder.apply(.binary(.add, clamp: nil), [tanh, builder.scalar(1)])
      let half = try builder.apply(.binary(.multiply, clamp: nil), [x, builder.scalar(0.5)])
      return try builder.apply(.binary(.multiply, clamp: nil), [half, one])
    }
    #expect(found == [.unary(.gelu(tanhApproximation: true))])
  }

  @Test func hardSwish() throws {
    let throughClip = try recognized { builder, x in
      let sum = try builder.apply(.binary(.add, clamp: nil), [x, builder.scalar(3)])
      let clip = try builder.apply(.unary(.clip(minimum: 0, maximum: 6)), [sum])
      let product = try builder.apply(.binary(.multiply, clamp: nil), [x, clip])
      return try builder.apply(.binary(.divide, clamp: nil), [product, builder.scalar(6)])
    }
    #expect(throughClip == [.unary(.hardSwish)])
    let dividedFirst = try recognized { builder, x in
      let sum = try builder.apply(.binary(.add, clamp: nil), [x, builder.scalar(3)])
      let clip = try builder.apply(.unary(.clip(minimum: 0, maximum: 6)), [sum])
      let quotient = try builder.apply(.binary(.divide, clamp: nil), [clip, builder.scalar(6)])
      return try builder.apply(.binary(.multiply, clamp: nil), [x, quotient])
    }
    #expect(dividedFirst == [.unary(.hardSwish)])
    let throughSigmoid = try recognized { builder, x in
      let gate = try builder.apply(.unary(.hardSigmoid(alpha: 1 / 6, beta: 0.5)), [x])
      return try builder.apply(.binary(.multiply, clamp: nil), [x, gate])
    }
    #expect(throughSigmoid == [.unary(.hardSwish)])
  }

  @Test func mish() throws {
    let found = try recognized { builder, x in
      let tanh = try builder.apply(.unary(.tanh), [try builder.apply(.unary(.softplus), [x])])
      return try builder.apply(.binary(.multiply, clamp: nil), [x, tanh])
    }
    #expect(found == [.unary(.mish)])
  }

  @Test func sigmoidOfSomethingElseStays() throws {
    let found = try recognized { builder, x in
      let gate = try builder.apply(.unary(.sigmoid), [try builder.apply(.unary(.exp), [x])])
      return try builder.apply(.binary(.multiply, clamp: nil), [x, gate])
    }
    #expect(found.count == 3)
  }

  @Test(arguments: [false, true]) func layerNormalization(squares: Bool) throws {
    let found = try recognized { builder, x in
      let mean = try builder.apply(.reduce(.mean, axes: [2], keepsAxes: true), [x])
      let centered = try builder.apply(.binary(.subtract, clamp: nil), [x, mean])
      let squared =
        squares
        ? try builder.apply(.binary(.multiply, clamp: nil), [centered, centered])
        : try builder.apply(.binary(.power, clamp: nil), [centered, builder.scalar(2)])
      let variance = try builder.apply(.reduce(.mean, axes: [2], keepsAxes: true), [squared])
      let sum = try builder.apply(.binary(.add, clamp: nil), [variance, builder.scalar(1e-5)])
      let root = try builder.apply(.unary(.squareRoot), [sum])
      let y = try builder.apply(.binary(.divide, clamp: nil), [centered, root])
      let scaled = try builder.apply(.binary(.multiply, clamp: nil), [y, builder.noise([6])])
      return try builder.apply(.binary(.add, clamp: nil), [scaled, builder.noise([6])])
    }
    #expect(found == [.composite(.layerNormalization(axis: 2, epsilon: 1e-5))])
  }

  @Test func rmsNormalization() throws {
    let found = try recognized { builder, x in
      let squared = try builder.apply(.binary(.power, clamp: nil), [x, builder.scalar(2)])
      let mean = try builder.apply(.reduce(.mean, axes: [2], keepsAxes: true), [squared])
      let sum = try builder.apply(.binary(.add, clamp: nil), [mean, builder.scalar(1e-6)])
      let root = try builder.apply(.unary(.reciprocal), [try builder.apply(.unary(.squareRoot), [sum])])
      let y = try builder.apply(.binary(.multiply, clamp: nil), [x, root])
      return try builder.apply(.binary(.multiply, clamp: nil), [builder.noise([6]), y])
    }
    #expect(found == [.composite(.rmsNormalization(axis: 2, epsilon: 1e-6))])
  }
}
