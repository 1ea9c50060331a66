import Testing

@testable import Reporting

@Suite("Sizes as people type them")
struct ByteCountTests {
  @Test(
    "a k is 1,024",
    arguments: [
      ("0", 0), ("65536", 65536), ("64k", 65536), ("64K", 65536), ("64kB", 65536), ("64 KiB", 65536),
      ("1.5M", 1_572_864), ("2g", 2 << 30), ("512B", 512), ("0.3k", 307),
    ])
  func sizes(text: String, bytes: Int) { #expect(ByteCount(text)?.bytes == bytes) }

  @Test(
    "what is no size",
    arguments: ["", "k", "-1", "+64k", "64q", "1,024", "64kk", "1e5", ".5k", "5.k", "99999999G", "64k%"])
  func noSizes(text: String) { #expect(ByteCount(text) == nil) }

  @Test(
    "written short, and the same when read again",
    arguments: [
      (65536, "64k", "64 KiB"), (1_572_864, "1.5M", "1.5 MiB"), (65537, "65537", "65,537 B"),
      (1 << 30, "1G", "1 GiB"),
      (784 << 10, "784k", "784 KiB"), (0, "0", "0 B"),
    ])
  func written(bytes: Int, short: String, text: String) {
    #expect(ByteCount(bytes: bytes).description == short && ByteCount(bytes: bytes).text == text)
    #expect(ByteCount(short)?.bytes == bytes)
  }
}
