import Graph
import Storage
import Testing

@testable import Datasets

/// The files in `Fixtures` are 11 × 9 pixels of simple formulas in the column x and the row y.
@Suite struct PictureTests {
  static let folder = String(#filePath.dropLast("PictureTests.swift".count)) + "Fixtures"

  private func read(_ name: String) throws -> TensorValue { try PictureFile.read("\(Self.folder)/\(name)") }

  private func pixels(_ formula: (_ x: Int, _ y: Int) -> [Int]) -> [Int] {
    (0..<9).flatMap { y in (0..<11).flatMap { x in formula(x, y) } }
  }

  private var colors: [Int] { pixels { x, y in [x * 20 + y, 255 - x * 20 - y * 2, 40 + y * 20] } }

  @Test func lossless() throws {
    for name in ["rgb8.png", "rgba8.png", "interlaced.png"] {
      let picture = try read(name)
      #expect(picture.sizes == [9, 11, 3] && picture.type == .uint8)
      #expect(picture.integers == colors, "\(name)")
    }
    let deep = try read("gray16.png")
    #expect(deep.type == .uint16 && deep.integers == pixels { x, y in [x * 5000 + y * 777] })
    #expect(try read("gray1.png").integers == pixels { x, y in [x * y % 2 * 255] })
    #expect(try read("graya8.png").integers == pixels { x, y in [x * 20 + y] })
    let palette = [[0, 0, 0], [255, 0, 0], [0, 255, 10], [7, 8, 9]]
    #expect(try read("palette2.png").integers == pixels { x, y in palette[(x + y) % 4] })
  }

  /// Quality 98 without subsampling keeps a smooth picture within 4 steps, quality 95 with halved colors within 24.
  @Test(arguments: [("rgb.jpg", 4), ("progressive.jpg", 24)])
  func lossyColor(_ name: String, _ tolerance: Int) throws {
    let picture = try read(name)
    #expect(picture.sizes == [9, 11, 3])
    #expect(zip(picture.integers, colors).allSatisfy { abs($0 - $1) <= tolerance })
  }

  @Test func lossyGray() throws {
    let picture = try read("gray.jpg")
    #expect(picture.sizes == [9, 11, 1])
    #expect(zip(picture.integers, pixels { x, y in [x * 20 + y] }).allSatisfy { abs($0 - $1) <= 4 })
  }

  @Test func colorsOfPrintAreRefused() {
    #expect(diagnostic { _ = try read("cmyk.jpg") }?.message.contains("CMYK") == true)
  }

  @Test func cutOffFilesAreRefused() throws {
    let scratch = Scratch()
    for name in ["rgb8.png", "rgb.jpg", "progressive.jpg", "interlaced.png", "gray16.png"] {
      let whole = try MappedFile("\(Self.folder)/\(name)").bytes.array
      for count in stride(from: 9, to: whole.count - 4, by: 7) {
        let path = try scratch.write("cut", Array(whole.prefix(count)))
        #expect(diagnostic { _ = try PictureFile.read(path) }?.kind == .badData, "\(name) cut to \(count)")
      }
    }
  }

  @Test func hugeClaimsAreRefused() throws {
    let scratch = Scratch()
    var bytes = try MappedFile("\(Self.folder)/rgb8.png").bytes.array
    // Width and height of 100,000; the checksum follows.
    bytes.replaceSubrange(16..<24, with: [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0])
    let crc = Codec.crc32(View(bytes[12..<29]))
    bytes.replaceSubrange(
      29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * $0)) })
    let found = diagnostic { _ = try PictureFile.read(try scratch.write("huge.png", bytes)) }
    #expect(found?.message.contains("100000 × 100000 pixels") == true)
  }

  @Test func grayFollowsTheWeights() {
    let picture = TensorValue(
      integers: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255], type: .uint8, sizes: [2, 2, 3])
    #expect(picture.inColors(.gray).integers == [76, 150, 29, 255])
    #expect(picture.inColors(.bgr).integers == [0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255])
    #expect(picture.inColors(.gray).inColors(.rgb).sizes == [2, 2, 3])
  }

  @Test func halvingAveragesNeighbors() {
    let row = TensorValue(integers: [0, 0, 80, 80, 160, 160, 240, 240], type: .uint8, sizes: [1, 8, 1])
    let half = Resampling.resized(row, height: 1, width: 4)
    // Weights 1 3 3 1 over 8; at the ends 3 3 1 over 7.
    #expect(half.integers == [11, 80, 160, 229])
    let same = Resampling.resized(row, height: 1, width: 8)
    #expect(same.integers == row.integers)
  }

  @Test func doublingInterpolates() {
    let row = TensorValue(integers: [0, 100], type: .uint16, sizes: [2, 1, 1])
    #expect(Resampling.resized(row, height: 4, width: 1).integers == [0, 25, 75, 100])
    let floats = TensorValue(floats: [0, 100], sizes: [2, 1, 1])
    #expect(Resampling.resized(floats, height: 4, width: 1).floats.array == [0, 25, 75, 100])
  }

  @Test func theCenterIsCutOutAndPadded() {
    let picture = TensorValue(integers: Array(0..<12), type: .uint8, sizes: [3, 4, 1])
    #expect(picture.centerCut(height: 1, width: 2).integers == [5, 6])
    #expect(picture.centerCut(height: 5, width: 2).integers == [0, 0, 1, 2, 5, 6, 9, 10, 0, 0])
  }
}
