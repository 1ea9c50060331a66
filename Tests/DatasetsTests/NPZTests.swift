import Graph
import Storage
import Testing

@testable import Datasets

/// Zip files made by hand, so that they can be wrong in any place.
struct ZipMaker {
  var isDeflated = true
  /// Sizes in the directory are all ones and stand in an extra field.
  var isLarge = false
  var crcChange: UInt32 = 0
  var sizeChange = 0

  func archive(_ members: [(String, [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in members {
      let data = isDeflated ? Codec.deflated(View(content)).array : content
      let crc = Codec.crc32(View(content)) ^ crcChange
      let size = content.count + sizeChange
      let sizes =
        isLarge ? word(0xFFFF_FFFF) + word(0xFFFF_FFFF) : word(data.count) + word(size)
      let common = half(20) + half(0) + half(isDeflated ? 8 : 0) + word(0) + word(Int(crc)) + sizes
      let offset = file.count
      let extra = isLarge ? half(1) + half(24) + long(size) + long(data.count) + long(offset) : []
      file += word(0x0403_4B50) + common + half(name.utf8.count) + half(0) + Array(name.utf8) + data
      directory += word(0x0201_4B50) + half(45) + common + half(name.utf8.count) + half(extra.count) + half(0)
      directory +=
        half(0) + half(0) + word(0) + word(isLarge ? 0xFFFF_FFFF : offset) + Array(name.utf8) + extra
    }
    let start = file.count
    file += directory
    if isLarge {
      let record = file.count
      file += word(0x0606_4B50) + long(44) + half(45) + half(45) + word(0) + word(0)
      file += long(members.count) + long(members.count) + long(directory.count) + long(start)
      file += word(0x0706_4B50) + word(0) + long(record) + word(1)
    }
    let count = isLarge ? 0xFFFF : members.count
    file += word(0x0605_4B50) + half(0) + half(0) + half(count) + half(count)
    return file + word(directory.count) + word(isLarge ? 0xFFFF_FFFF : start) + half(0)
  }

  private func bytes(_ number: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
  private func half(_ number: Int) -> [UInt8] { bytes(number, 2) }
  private func word(_ number: Int) -> [UInt8] { bytes(number, 4) }
  private func long(_ number: Int) -> [UInt8] { bytes(number, 8) }
}

@Suite struct NPZTests {
  private let x = npy("<f4", "(2, 2)", bytes([1, 2, 3, 4] as [Float]))
  private let y = npy("|u1", "(2,)", [8, 9])

  private func archive(_ bytes: [UInt8]) throws -> NPZArchive {
    try NPZArchive(MappedFile(path: "x.npz", bytes: View(bytes)))
  }

  @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
  func membersOfAllKindsAreRead(_ isDeflated: Bool, _ isLarge: Bool) throws {
    let maker = ZipMaker(isDeflated: isDeflated, isLarge: isLarge)
    let found = try archive(maker.archive([("x.npy", x), ("y.npy", y)]))
    #expect(found.names == ["x", "y"])
    #expect(try found.samples(for: "input", isOnly: true).sample(at: 1).floats.array == [3, 4])
    #expect(try found.labels()?.sample(at: 1).integers == [9])
    let missing = diagnostic { _ = try found.samples(for: "input", isOnly: false) }
    #expect(missing?.message.contains("no array 'input'; it has x, y") == true)
  }

  @Test func largeMembersGoToAScratchFile() throws {
    let count = 10_000
    let content = npy("<f4", "(\(count), 1)", bytes((0..<count).map(Float.init)))
    let file = MappedFile(path: "x.npz", bytes: View(ZipMaker().archive([("x.npy", content)])))
    let source = try NPZArchive(file, memoryLimit: 1000).samples(for: "x", isOnly: true)
    #expect(source.count == count)
    for index in [0, 1, count / 2, count - 1] {
      #expect(try source.sample(at: index).floats[0] == Float(index))
    }
  }

  @Test func damageIsExplained() throws {
    func failure(_ bytes: [UInt8]) -> String {
      diagnostic { _ = try archive(bytes).samples(for: "x", isOnly: true) }?.message ?? "nothing"
    }
    let good = ZipMaker(isDeflated: false).archive([("x.npy", x)])
    #expect(failure(good) == "nothing")
    #expect(failure(ZipMaker(crcChange: 1).archive([("x.npy", x)])).contains("checksum"))
    #expect(failure(ZipMaker(isDeflated: false, crcChange: 1).archive([("x.npy", x)])).contains("checksum"))
    #expect(failure(ZipMaker(sizeChange: 1 << 30).archive([("x.npy", x)])).contains("claims"))
    #expect(failure(ZipMaker(isLarge: true, sizeChange: 1 << 50).archive([("x.npy", x)])).contains("claims"))
    #expect(failure(ZipMaker(sizeChange: 1).archive([("x.npy", x)])).contains("damaged"))
    #expect(failure(Array(good.dropLast(30))).contains("no zip directory"))
    #expect(failure(ZipMaker().archive([("readme.txt", [1])])).contains("no arrays"))
    #expect(failure(ZipMaker().archive([])).contains("no arrays"))
    // A gigabyte of zeros, claimed by a header inside 1 kB.
    let lie = npy("<f4", "(268435456,)", [0, 0, 0, 0])
    #expect(failure(ZipMaker(sizeChange: 1 << 30).archive([("x.npy", lie)])).contains("claims"))
  }
}
