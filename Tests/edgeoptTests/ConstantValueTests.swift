import Graph
import Micro
import Storage
import Testing

@testable import edgeopt

/// The real numbers of constants in files of any tool.
@Suite struct ConstantValueTests {
  private func reals(_ scales: [Float], axis: Int?, _ shape: [Int] = [2, 2]) -> [Float]? {
    let quantization = Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis)
    let bytes = (1...shape.reduce(1, *)).map { UInt8($0) }
    return MicroTensor("w", .int8, shape, quantization: quantization, data: View(bytes)).reals?.array
  }

  @Test(arguments: [nil, 0, 1, 2, 7, -1, -4, Int(Int32.max), Int(Int32.min)])
  func withOneScaleTheAxisMeansNothing(axis: Int?) {
    #expect(reals([0.5], axis: axis) == [0.5, 1, 1.5, 2])
  }

  @Test func everyChannelHasItsScale() {
    #expect(reals([1, 10], axis: 0) == [1, 2, 30, 40])
    #expect(reals([1, 10], axis: 1) == [1, 20, 3, 40])
  }

  @Test(arguments: [2, 7, -1, Int(Int32.max), Int(Int32.min)])
  func anAxisThatIsNotThereTellsNothing(axis: Int) {
    #expect(reals([1, 10], axis: axis) == nil)
  }
}
