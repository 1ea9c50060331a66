import Storage
import Testing

@testable import TensorMath

/// Every kernel set and every number of threads gives the same bits.
@Suite struct ElementwiseTests {
  static let functions: [ElementwiseFunction] = [
    .absolute, .negate, .sign, .reciprocal, .squareRoot, .reciprocalSquareRoot, .square, .floor, .ceil,
    .round, .trunc, .exp, .log, .sin,
    .cos,
    .tan, .asin, .acos, .atan, .sinh, .cosh, .tanh, .asinh, .acosh, .atanh, .erf, .sigmoid, .softplus, .relu,
    .clip(minimum: -1.5, maximum: 2.5), .leakyRelu(alpha: 0.1), .elu(alpha: 1.3), .celu(alpha: 0.7),
    .selu(alpha: 1.6732632, gamma: 1.050701), .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish, .softsign,
    .mish,
    .gelu(tanhApproximation: false), .gelu(tanhApproximation: true), .swish(alpha: 1.7),
    .thresholdedRelu(alpha: 0.6), .shrink(bias: 0.1, threshold: 0.5),
    .affine(scale: 3, offset: -0.3),
  ]

  @Test(arguments: functions) func allKernelSetsAgree(_ function: ElementwiseFunction) {
    for count in [1, 7, 64, 1031] {
      let x = View(Samples.floats(count, seed: UInt64(count)))
      let expected = View<Float>(count: count)
      function.apply(x, into: expected, on: Workers(threads: 1, kernels: .reference))
      for kernels in KernelSet.available {
        let found = View<Float>(count: count)
        function.apply(x, into: found, on: Workers(threads: 1, kernels: kernels))
        #expect(Samples.difference(found, expected) == nil, "\(kernels.name), \(count) elements")
      }
    }
  }

  @Test func threadsDoNotChangeBits() {
    let x = View(Samples.floats(200_003, seed: 5))
    let expected = View<Float>(count: x.count)
    ElementwiseFunction.sigmoid.apply(x, into: expected, on: Workers(threads: 1))
    for threads in [2, 7] {
      let found = View<Float>(count: x.count)
      ElementwiseFunction.sigmoid.apply(x, into: found, on: Workers(threads: threads))
      #expect(Samples.difference(found, expected) == nil)
    }
  }

  @Test(arguments: functions) func notANumberStays(_ function: ElementwiseFunction) {
    for kernels in KernelSet.available { #expect(function(.nan, kernels: kernels).isNaN) }
  }

  @Test func worksInPlace() {
    let x = View(Samples.floats(1000, seed: 9))
    let expected = View<Float>(count: x.count)
    ElementwiseFunction.tanh.apply(x, into: expected, on: Workers(threads: 1))
    ElementwiseFunction.tanh.apply(x, into: x, on: Workers(threads: 1))
    #expect(Samples.difference(x, expected) == nil)
  }

  @Test func classifies() {
    let x = View<Float>([1, .nan, .infinity, -.infinity, 0])
    let y = View<UInt8>(count: 5)
    let workers = Workers(threads: 1)
    Classification.isNaN(x, into: y, on: workers)
    #expect(y.array == [0, 1, 0, 0, 0])
    Classification.isInfinite(x, into: y, on: workers)
    #expect(y.array == [0, 0, 1, 1, 0])
    Classification.isInfinite(x, positive: true, negative: false, into: y, on: workers)
    #expect(y.array == [0, 0, 1, 0, 0])
    Classification.isInfinite(x, positive: false, negative: true, into: y, on: workers)
    #expect(y.array == [0, 0, 0, 1, 0])
  }
}
