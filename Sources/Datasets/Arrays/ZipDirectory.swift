import Graph
import Storage

/// The members of a zip file, as its central directory lists them.
struct ZipDirectory: Sendable {
  struct Member: Sendable {
    var name: String
    var isDeflated: Bool
    var crc: UInt32
    var compressedSize: Int
    var size: Int
    var headerOffset: Int
  }

  let members: [Member]

  init(_ bytes: View<UInt8>, path: String) throws(Diagnostic) {
    guard let end = Self.endRecord(bytes) else {
      throw .bad(
        path, "it has no zip directory at its end", hint: "it is cut off; write it again with numpy.savez")
    }
    var reader = Reader(bytes: bytes, path: path, position: end)
    var count = try reader.number(at: end + 10, width: 2)
    var offset = try reader.number(at: end + 16, width: 4)
    if count == 0xFFFF || offset == 0xFFFF_FFFF {
      (count, offset) = try Self.largeEndRecord(&reader, before: end)
    }
    // A directory entry takes 46 bytes at the least.
    guard offset <= bytes.count, count <= (bytes.count - offset) / 46 else {
      throw .bad(path, "its zip directory claims \(count) members at byte \(offset) of \(bytes.count)")
    }
    reader.position = offset
    var members: [Member] = []
    for _ in 0..<count { members.append(try Self.member(&reader)) }
    self.members = members
  }

  private static func endRecord(_ bytes: View<UInt8>) -> Int? {
    guard bytes.count >= 22 else { return nil }
    // A comment of up to 65535 bytes may follow the record.
    for offset in stride(from: bytes.count - 22, through: max(0, bytes.count - 65557), by: -1)
    where bytes[offset] == 0x50 && bytes.littleEndian(at: offset, width: 4) == 0x0605_4B50 {
      return offset
    }
    return nil
  }

  private static func largeEndRecord(_ reader: inout Reader, before end: Int) throws(Diagnostic) -> (Int, Int)
  {
    guard end >= 20, try reader.number(at: end - 20, width: 4) == 0x0706_4B50 else {
      throw .bad(reader.path, "its zip directory is damaged (the zip64 locator is missing)")
    }
    let record = try reader.number(at: end - 12, width: 8)
    guard try reader.number(at: record, width: 4) == 0x0606_4B50 else {
      throw .bad(reader.path, "its zip directory is damaged (the zip64 record is missing)")
    }
    return (try reader.number(at: record + 32, width: 8), try reader.number(at: record + 48, width: 8))
  }

  private static func member(_ reader: inout Reader) throws(Diagnostic) -> Member {
    let start = reader.position
    guard try reader.number(at: start, width: 4) == 0x0201_4B50 else {
      throw .bad(reader.path, "its zip directory is damaged at byte \(start)")
    }
    let flags = try reader.number(at: start + 8, width: 2)
    let method = try reader.number(at: start + 10, width: 2)
    let crc = try reader.number(at: start + 16, width: 4)
    var sizes = [
      try reader.number(at: start + 24, width: 4), try reader.number(at: start + 20, width: 4),
      try reader.number(at: start + 42, width: 4),
    ]
    let nameLength = try reader.number(at: start + 28, width: 2)
    let extraLength = try reader.number(at: start + 30, width: 2)
    let commentLength = try reader.number(at: start + 32, width: 2)
    let name = try reader.text(at: start + 46, length: nameLength)
    try readLargeSizes(&sizes, &reader, at: start + 46 + nameLength, length: extraLength)
    guard flags & 1 == 0 else { throw .bad(reader.path, "its member '\(name)' is encrypted") }
    guard method == 0 || method == 8 else {
      throw .bad(
        reader.path, "its member '\(name)' is packed by method \(method)",
        hint: "stored and deflated members are read: write it with numpy.savez or numpy.savez_compressed")
    }
    reader.position = start + 46 + nameLength + extraLength + commentLength
    return Member(
      name: name, isDeflated: method == 8, crc: UInt32(crc), compressedSize: sizes[1], size: sizes[0],
      headerOffset: sizes[2])
  }

  /// Sizes that do not fit 32 bits stand in an extra field, in this order, where the directory has all ones.
  private static func readLargeSizes(
    _ sizes: inout [Int], _ reader: inout Reader, at start: Int, length: Int
  ) throws(Diagnostic) {
    var position = start
    while position + 4 <= start + length {
      let tag = try reader.number(at: position, width: 2)
      let fieldLength = try reader.number(at: position + 2, width: 2)
      if tag == 1 {
        var field = position + 4
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
          sizes[index] = try reader.number(at: field, width: 8)
          field += 8
        }
      }
      position += 4 + fieldLength
    }
  }

  /// Where a member's bytes are; its own header repeats name and extra field with lengths of their own.
  static func data(of member: Member, in bytes: View<UInt8>, path: String) throws(Diagnostic) -> View<UInt8> {
    let reader = Reader(bytes: bytes, path: path, position: 0)
    guard try reader.number(at: member.headerOffset, width: 4) == 0x0403_4B50 else {
      throw .bad(path, "its member '\(member.name)' is not where the directory says")
    }
    let nameLength = try reader.number(at: member.headerOffset + 26, width: 2)
    let extraLength = try reader.number(at: member.headerOffset + 28, width: 2)
    let start = member.headerOffset + 30 + nameLength + extraLength
    guard start <= bytes.count, member.compressedSize <= bytes.count - start else {
      throw .bad(
        path, "its member '\(member.name)' claims \(member.compressedSize) bytes, the file ends before",
        hint: "it is cut off")
    }
    return bytes[start..<(start + member.compressedSize)]
  }

  /// Numbers at places that the file itself names: each is checked.
  struct Reader {
    let bytes: View<UInt8>
    let path: String
    var position: Int

    func number(at offset: Int, width: Int) throws(Diagnostic) -> Int {
      guard offset >= 0, offset <= bytes.count - width else {
        throw .bad(path, "its zip directory points outside the file", hint: "it is cut off or damaged")
      }
      guard let number = Int(exactly: bytes.littleEndian(at: offset, width: width)) else {
        throw .bad(path, "its zip directory holds an absurd size")
      }
      return number
    }

    func text(at offset: Int, length: Int) throws(Diagnostic) -> String {
      guard offset >= 0, length >= 0, offset <= bytes.count - length else {
        throw .bad(path, "its zip directory points outside the file", hint: "it is cut off or damaged")
      }
      return bytes.text(offset..<(offset + length))
    }
  }
}
