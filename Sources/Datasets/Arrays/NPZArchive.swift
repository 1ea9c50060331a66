import Graph
import Storage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A `.npz` file: arrays by name. Stored members are read in place; deflated ones are unpacked once, large ones
/// into a nameless scratch file, so that memory stays small.
struct NPZArchive: Sendable {
  private let file: MappedFile
  private let directory: ZipDirectory
  /// Unpacked members above this size go to a scratch file.
  private let memoryLimit: Int

  /// Deflate cannot pack tighter than this.
  private static let largestRatio = 1040

  init(_ file: MappedFile, memoryLimit: Int = 8 << 20) throws(Diagnostic) {
    self.file = file
    self.memoryLimit = memoryLimit
    directory = try ZipDirectory(file.bytes, path: file.path)
    guard !names.isEmpty else {
      throw .bad(
        file.path, "it holds no arrays (\(directory.members.count) members, none of them .npy)",
        hint: "write it with numpy.savez(path, x=…, y=…)")
    }
  }

  /// The names of the arrays.
  var names: [String] {
    directory.members.map(\.name).filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
  }

  func array(_ name: String) throws(Diagnostic) -> NPYFile? {
    guard let member = directory.members.first(where: { $0.name == name + ".npy" }) else { return nil }
    let label = "\(file.path):\(name)"
    let data = try ZipDirectory.data(of: member, in: file.bytes, path: file.path)
    let bytes = member.isDeflated ? try unpacked(member, data, label) : data
    if !member.isDeflated {
      guard member.size == member.compressedSize, checksum(of: data) == member.crc else {
        throw .bad(label, "its checksum does not fit its bytes", hint: "the file is damaged")
      }
    }
    return try NPYFile(MappedFile(path: label, bytes: bytes))
  }

  /// The array for an input: the one of its name, else `x`, else the only one.
  func samples(for input: String, isOnly: Bool) throws(Diagnostic) -> any SampleSource {
    if let array = try array(input) { return try ArraySource(array) }
    if isOnly {
      if let array = try array("x") { return try ArraySource(array) }
      let candidates = names.count == 1 ? names : names.filter { $0 != "y" }
      if candidates.count == 1, let array = try array(candidates[0]) { return try ArraySource(array) }
    }
    throw .bad(
      file.path,
      "it has no array '\(input)'" + (isOnly ? " or 'x'" : "") + "; it has \(names.joined(separator: ", "))",
      hint: "name the arrays after the inputs: numpy.savez(path, \(input)=…)")
  }

  func labels() throws(Diagnostic) -> (any SampleSource)? {
    guard let array = try array("y") else { return nil }
    return try ArraySource(array)
  }

  private func checksum(of data: View<UInt8>) -> UInt32 {
    var crc: UInt32 = 0
    for start in stride(from: 0, to: data.count, by: 1 << 20) {
      let end = min(data.count, start + 1 << 20)
      crc = Codec.crc32(data[start..<end], continuing: crc)
      file.didRead(end - start)
    }
    return crc
  }

  private func unpacked(_ member: ZipDirectory.Member, _ data: View<UInt8>, _ label: String)
    throws(Diagnostic)
    -> View<UInt8>
  {
    guard member.size <= Self.largestRatio * member.compressedSize + 1024 else {
      throw .bad(
        label, "it claims \(member.size) bytes in \(member.compressedSize) packed ones",
        hint: "the file is damaged")
    }
    try checkHeader(member, data, label)
    let target = try room(member.size, label)
    let inflater = Codec.Inflater(data)
    var filled = 0
    var crc: UInt32 = 0
    while filled < member.size {
      let piece = target[filled..<min(member.size, filled + 1 << 20)]
      guard let count = inflater.next(into: piece), count > 0 else {
        throw .bad(
          label, "its packed bytes are damaged after \(filled) of \(member.size)", hint: "the file is damaged"
        )
      }
      crc = Codec.crc32(piece[0..<count], continuing: crc)
      // Neither the packed pages that were read nor the unpacked ones that are full need to stay.
      file.bytes.storage.release(byteOffset: 0, byteCount: file.bytes.storage.byteCount)
      target.storage.release(byteOffset: 0, byteCount: filled)
      filled += count
    }
    guard crc == member.crc, inflater.next(into: View(count: 1)) == 0 else {
      throw .bad(label, "its checksum does not fit its bytes", hint: "the file is damaged")
    }
    return target
  }

  /// The array's own header must agree with the size before room is made for it.
  private func checkHeader(_ member: ZipDirectory.Member, _ data: View<UInt8>, _ label: String)
    throws(Diagnostic)
  {
    let front = View<UInt8>(count: min(member.size, 1 << 17))
    guard let count = Codec.Inflater(data).next(into: front), count == front.count else {
      throw .bad(label, "its packed bytes are damaged", hint: "the file is damaged")
    }
    _ = try NPYHeader(front, path: label, byteCount: member.size)
  }

  private func room(_ byteCount: Int, _ label: String) throws(Diagnostic) -> View<UInt8> {
    if byteCount <= memoryLimit { return View(count: byteCount) }
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    do throws(StorageError) {
      return try Storage(scratchFileOf: byteCount, in: folder).view()
    } catch {
      throw Diagnostic(
        .inputOutput, "'\(label)' unpacks to \(byteCount) bytes, for which '\(folder)' has no room",
        hint: "point TMPDIR to a folder with room, or save the array as .npy")
    }
  }
}
