import CKernels
import Storage
import Testing

@testable import TensorMath

/// Equal bits prove nothing if the same code ran each time. So: the sets hold different functions, and the functions
/// that run are those of the set that the workers carry.
@Suite struct KernelDispatchTests {
  @Test func setsHoldDifferentFunctions() {
    let sets = KernelSet.available
    func addresses(_ read: (kernel_set) -> UnsafeRawPointer) -> Int {
      Set(sets.map { read($0.table.pointee) }).count
    }
    #expect(addresses { unsafeBitCast($0.gemm.pointee.multiply, to: UnsafeRawPointer.self) } == sets.count)
    #expect(
      addresses { unsafeBitCast($0.winograd.pointee.transform, to: UnsafeRawPointer.self) } == sets.count)
    #expect(addresses { unsafeBitCast($0.winograd.pointee.finish, to: UnsafeRawPointer.self) } == sets.count)
    #expect(
      addresses { unsafeBitCast($0.depthwise.pointee.filter_lines, to: UnsafeRawPointer.self) } == sets.count)
    #expect(
      addresses { unsafeBitCast($0.depthwise.pointee.filter_pixels, to: UnsafeRawPointer.self) } == sets.count
    )
  }

  @Test func integerKernelsAreDifferentFunctions() {
    let tables = Int8Kernels.available.map(\.table.pointee)
    #expect(Set(tables.map { unsafeBitCast($0.multiply, to: UnsafeRawPointer.self) }).count == tables.count)
    #expect(Set(tables.map { unsafeBitCast($0.filter, to: UnsafeRawPointer.self) }).count == tables.count)
    #expect(Set(tables.map { unsafeBitCast($0.requantize, to: UnsafeRawPointer.self) }).count == tables.count)
    #expect(Set(tables.map { unsafeBitCast($0.add, to: UnsafeRawPointer.self) }).count == tables.count)
    #expect(Int8Kernels.available.map(\.name).contains(Int8Kernels.current.name))
  }

  /// Functions that leave a mark in place of a result.
  @Test func theWorkersSetIsTheOneThatRuns() {
    let original = KernelSet.reference.table.pointee
    let gemm = UnsafeMutablePointer<gemm_kernels>.allocate(capacity: 1)
    gemm.initialize(to: original.gemm.pointee)
    gemm.pointee.multiply = { block in block.pointee.c[0] = 4711 }
    let winograd = UnsafeMutablePointer<winograd_kernels>.allocate(capacity: 1)
    winograd.initialize(to: original.winograd.pointee)
    winograd.pointee.finish = { outputs in outputs.pointee.output[0] = 4712 }
    let depthwise = UnsafeMutablePointer<depthwise_kernels>.allocate(capacity: 1)
    depthwise.initialize(to: original.depthwise.pointee)
    depthwise.pointee.filter_lines = { run in run.pointee.output[0] = 4713 }
    let table = UnsafeMutablePointer<kernel_set>.allocate(capacity: 1)
    table.initialize(to: original)
    table.pointee.gemm = UnsafePointer(gemm)
    table.pointee.winograd = UnsafePointer(winograd)
    table.pointee.depthwise = UnsafePointer(depthwise)
    defer {
      gemm.deallocate()
      winograd.deallocate()
      depthwise.deallocate()
      table.deallocate()
    }
    let workers = Workers(threads: 1, kernels: KernelSet(table: UnsafePointer(table)))
    func firstOutput(_ geometry: ConvolutionGeometry) -> Float {
      var random = RandomNumbers(seed: 1)
      return ConvolutionTests.Case(geometry, batch: 1, plain: true, random: &random).run(workers)[0]
    }
    #expect(
      firstOutput(ConvolutionGeometry(input: [4], kernel: [1], inputChannels: 3, outputChannels: 2)) == 4711)
    #expect(firstOutput(ConvolutionTests.winogradGeometries[0]) == 4712)
    let depthwiseGeometry = ConvolutionGeometry(
      input: [4, 4], kernel: [3, 3], groups: 8, inputChannels: 8, outputChannels: 8)
    #expect(firstOutput(depthwiseGeometry) == 4713)
  }
}
