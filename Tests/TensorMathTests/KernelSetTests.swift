import TensorMath
import Testing

@Suite struct KernelSetTests {
  @Test func namesAreChosen() throws {
    for set in KernelSet.available {
      #expect(try KernelSet.chosen(named: set.name) == set)
    }
    #expect(KernelSet.reference.name == "ref")
    #expect(try KernelSet.chosen(named: nil) == KernelSet.available.last)
  }

  @Test func wrongNamesAreErrors() {
    #expect(throws: KernelSetError.unknownName("sse")) { try KernelSet.chosen(named: "sse") }
    let foreign =
      KernelSet.all.first { !$0.runsHere }?.name
      ?? (KernelSet.all.contains { $0.name == "neon" } ? "avx2" : "neon")
    #expect(throws: KernelSetError.notOnThisMachine(foreign, available: KernelSet.available.map(\.name))) {
      try KernelSet.chosen(named: foreign)
    }
  }

  @Test(arguments: [1, 2, 7]) func parallelForCoversEachItemOnce(threads: Int) {
    let workers = Workers(threads: threads)
    for count in [0, 1, 2, 5, 100] {
      for grain in [1, 3, 1000] {
        var seen = [Int](repeating: 0, count: count)
        seen.withUnsafeMutableBufferPointer { buffer in
          nonisolated(unsafe) let buffer = buffer
          workers.parallelFor(count, grain: grain) { range, thread in
            #expect(thread < threads)
            for index in range { buffer[index] += 1 }
          }
        }
        #expect(seen.allSatisfy { $0 == 1 })
      }
    }
  }
}
