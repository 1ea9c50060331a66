import Graph
import Testing

@testable import Passes

@Suite struct BatchTests {
  private func proof(
    _ shape: Shape, _ build: (inout GraphBuilder, TensorID) throws -> TensorID
  ) throws -> BatchIndependence {
    var builder = GraphBuilder()
    let x = builder.input("x", shape)
    builder.output(try build(&builder, x))
    return builder.graph.batchIndependence()
  }

  private func isIndependent(
    _ shape: Shape, _ build: (inout GraphBuilder, TensorID) throws -> TensorID
  ) throws -> Bool {
    try proof(shape, build).isIndependent
  }

  @Test func ordinaryNetworksAreIndependent() throws {
    #expect(
      try isIndependent([.batch(1), 3, 8, 8]) { builder, x in
        var y = try builder.convolution(x, channels: 4)
        y = try builder.apply(.reduce(.mean, axes: [2, 3], keepsAxes: false), [y])
        y = try builder.apply(.dense(clamp: nil), [y, builder.noise([5, 4])])
        return try builder.apply(.softmax(axis: 1, logarithmic: false), [y])
      })
    // Tokens are flattened into the batch and taken apart again.
    #expect(
      try isIndependent([.batch(1), 6, 4]) { builder, x in
        var y = try builder.apply(.reshape([.batch(6), 4]), [x])
        y = try builder.apply(.dense(clamp: nil), [y, builder.noise([4, 4])])
        y = try builder.apply(.reshape([.batch(1), 3, 2, 4]), [y])
        y = try builder.apply(.transpose([1, 0, 2, 3]), [y])
        let scores = try builder.apply(.matmul(transposesLeft: false, transposesRight: true), [y, y])
        let mixed = try builder.apply(.matmul(transposesLeft: false, transposesRight: false), [scores, y])
        return try builder.apply(.transpose([1, 0, 2, 3]), [mixed])
      })
    #expect(
      try isIndependent([.batch(1), 7, 4]) { builder, x in
        let y = try builder.apply(.transpose([1, 0, 2]), [x])
        let recurrent = Recurrent(kind: .plain, direction: .forward, hiddenSize: 3, activations: [.tanh])
        let all = try builder.apply(
          .recurrent(recurrent), [y, builder.noise([1, 3, 4]), builder.noise([1, 3, 3])])
        return try builder.apply(.reshape([7, .batch(1), 3]), [all])
      })
  }

  @Test func whatMixesSamplesIsRefused() throws {
    #expect(
      !(try isIndependent([.batch(1), 4]) { try $0.apply(.softmax(axis: 0, logarithmic: false), [$1]) }))
    #expect(
      !(try isIndependent([.batch(1), 4]) { try $0.apply(.reduce(.sum, axes: [0], keepsAxes: true), [$1]) }))
    #expect(
      !(try isIndependent([.batch(1), 4]) {
        try $0.apply(.cumulative(Cumulative(kind: .sum, axis: 0)), [$1])
      }))
    #expect(
      !(try isIndependent([.batch(1), 4]) { builder, x in
        let product = try builder.apply(.matmul(transposesLeft: false, transposesRight: true), [x, x])
        return try builder.apply(.reduce(.sum, axes: [1], keepsAxes: false), [product])
      }))
    #expect(
      !(try isIndependent([.batch(1), 4]) { builder, x in
        let slice = Slice(starts: [0, 3], steps: [1, -1], counts: [.batch(1), 4])
        let turned = try builder.apply(.transpose([1, 0]), [try builder.apply(.slice(slice), [x])])
        return try builder.apply(.matmul(transposesLeft: false, transposesRight: false), [turned, x])
      }))
    // Pairs of rows: every second sample would land elsewhere.
    #expect(!(try isIndependent([.batch(1), 4]) { try $0.apply(.reshape([4, .batch(1)]), [$1]) }))
    let reason = try proof([.batch(1), 4]) {
      try $0.apply(.softmax(axis: 0, logarithmic: false), [$1], name: "s")
    }
    #expect(reason == .dependent(reason: "'s' (softmax) works across the samples"))
  }

  @Test func slicingAlongOtherAxesIsFine() throws {
    #expect(
      try isIndependent([.batch(1), 4]) {
        try $0.apply(.slice(Slice(starts: [0, 3], steps: [1, -1], counts: [.batch(1), 2])), [$1])
      })
  }
}
