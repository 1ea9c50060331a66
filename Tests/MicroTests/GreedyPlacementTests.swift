import Testing

@testable import Micro

@Suite("Greedy placement") struct GreedyPlacementTests {
  private func buffer(_ byteCount: Int, _ first: Int, _ last: Int, at offset: Int? = nil) -> PlacedBuffer {
    PlacedBuffer(byteCount: byteCount, lifetime: Lifetime(first: first, last: last), fixedOffset: offset)
  }

  @Test("Of equally large buffers the later one is placed first")
  func ties() {
    #expect(
      GreedyPlacement.offsets(of: [buffer(64, 0, 1), buffer(64, 1, 2), buffer(64, 2, 3)]) == [0, 64, 0])
  }

  @Test("A gap that is large enough is taken, the lowest first")
  func gaps() {
    let buffers = [buffer(128, 0, 1), buffer(96, 0, 3), buffer(64, 2, 3), buffer(32, 3, 3)]
    #expect(GreedyPlacement.offsets(of: buffers) == [0, 128, 0, 64])
  }

  @Test("Fixed places are taken as they are, then the others are fitted around them")
  func fixed() {
    let buffers = [buffer(64, 0, 9), buffer(64, 0, 9, at: 0), buffer(64, 0, 9, at: 256), buffer(192, 0, 9)]
    #expect(GreedyPlacement.offsets(of: buffers) == [320, 0, 256, 64])
    #expect(GreedyPlacement.height(of: buffers, at: [320, 0, 256, 64]) == 384)
  }

  @Test("What nothing touches overlaps nothing")
  func untouched() {
    #expect(GreedyPlacement.offsets(of: [buffer(64, 0, 1), buffer(1008, -1, -1)]) == [0, 0])
  }
}
