import Datasets
import Storage
import Testing

/// Sizes of zlib streams, as Python's `len(zlib.compress(bytes, 9))` states them.
@Suite struct CompressedSizeTests {
  @Test func nothingAndMuchOfTheSame() {
    #expect(CompressedSize(of: View<UInt8>([])).byteCount == 8)
    #expect(CompressedSize(of: View<UInt8>(count: 1_000_000)).byteCount == 991)
  }

  /// More than the stream's own buffers hold.
  @Test func whatHardlyShrinks() {
    var generator = SeededGenerator(seed: 1)
    let noise = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let size = CompressedSize(of: View<UInt8>(noise)).byteCount
    #expect(size > noise.count && size < noise.count + noise.count / 1000 + 64)
    #expect(CompressedSize(of: View<UInt8>(noise)).byteCount == size)
  }
}
