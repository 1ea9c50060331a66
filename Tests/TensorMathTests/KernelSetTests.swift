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

  @Test(arguments: [1, 2, 7]) func aTeamCoversEachItemOnce(threads: Int) {
    var seen = [Int](repeating: 0, count: 100)
    seen.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer
      Workers(threads: threads).together { workers in
        for _ in 0..<2000 {
          workers.parallelFor(100, grain: 1) { range, thread in
            #expect(thread < threads)
            for index in range {
              buffer[index] += 1
              // Inside a loop there is no other one.
              workers.parallelFor(8) { inner in if inner != 0..<8 { buffer[index] += 1000 } }
            }
          }
        }
      }
    }
    #expect(seen.allSatisfy { $0 == 2000 })
  }

  @Test func aTeamPassesValuesAndErrorsOn() {
    #expect(Workers(threads: 3).together { $0.threads } == 3)
    #expect(throws: KernelSetError.machineTooOld) {
      try Workers(threads: 3).together { (_) throws(KernelSetError) in throw .machineTooOld }
    }
  }
}
