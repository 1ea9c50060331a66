import Graph
import Micro
import Storage
import Testing

@testable import MicroRuntime

/// Int8 matrix products go through float kernels as long as their sums fit; plain loops give the same bytes.
@Suite struct MatrixTests {
  /// x · y over `inner` numbers; the result's scale lets the last bit of a sum show.
  private func model(inner: Int, zeroPoints: (Int, Int), scale: Float) -> MicroModel {
    func grid(_ scale: Float, _ zeroPoint: Int) -> Quantization {
      Quantization(scales: [scale], zeroPoints: [zeroPoint])
    }
    var model = MicroModel()
    let x = model.main.add(MicroTensor("x", .int8, [3, inner], quantization: grid(1, zeroPoints.0)))
    let y = model.main.add(MicroTensor("y", .int8, [2, inner], quantization: grid(1, zeroPoints.1)))
    let z = model.main.add(MicroTensor("z", .int8, [3, 2], quantization: grid(scale, 0)))
    model.main.operators = [
      MicroOperator(
        .batchMatmul, inputs: [x, y], outputs: [z],
        options: .batchMatMul(adjointX: false, adjointY: true, asymmetricInputs: false))
    ]
    model.main.inputs = [x, y]
    model.main.outputs = [z]
    return model
  }

  @Test(arguments: [1, 64, 257, 258, 259, 400], [(127, 127), (-128, 127), (0, 5)])
  func sumsAreExactUpToTheLargest(_ inner: Int, _ zeroPoints: (Int, Int)) throws {
    var generator = SeededGenerator(seed: inner)
    for scale in [Float(132_000), 33_000, 700] {
      let model = model(inner: inner, zeroPoints: zeroPoints, scale: scale)
      let fast = try MicroProgram(model).makeSession()
      let plain = try MicroProgram(model, kernels: nil).makeSession()
      for isExtreme in [true, false] {
        let values = [3, 2].map { rows in
          TensorValue(
            integers: (0..<rows * inner).map { _ in
              isExtreme ? (generator.below(50) == 0 ? -127 : -128) : generator.below(256) - 128
            }, type: .int8, sizes: [rows, inner])
        }
        #expect(try fast.run(values)[0].integers == plain.run(values)[0].integers)
      }
    }
  }
}
