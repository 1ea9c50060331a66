import Graph
import Storage
import Synchronization

/// A data file, mapped, that lets go of the pages it has read: however much of it is read, little of it counts as
/// this process's memory.
final class MappedFile: Sendable {
  let path: String
  let bytes: View<UInt8>
  private let touched = Atomic<Int>(0)

  /// Pages that may stay resident.
  static let residentLimit = 2 << 20
  /// What the system brings in around a page that is touched; samples picked at random each pay for it.
  private static let reach = 64 << 10

  init(_ path: String) throws(Diagnostic) {
    self.path = path
    do throws(StorageError) {
      bytes = try Storage(mapping: path).view()
    } catch {
      throw Diagnostic(reading: error)
    }
  }

  /// Bytes that are already there, such as a member of an archive.
  init(path: String, bytes: View<UInt8>) {
    self.path = path
    self.bytes = bytes
  }

  /// To be called when `byteCount` bytes have been read.
  func didRead(_ byteCount: Int) {
    let total = touched.add(max(byteCount, Self.reach), ordering: .relaxed).newValue
    if total > Self.residentLimit {
      touched.store(0, ordering: .relaxed)
      bytes.storage.release(byteOffset: 0, byteCount: bytes.storage.byteCount)
    }
  }
}

extension Diagnostic {
  /// What a failed access to a file means to the user.
  package init(reading error: StorageError) {
    switch error {
    case .missing(let path):
      self.init(.missing, "'\(path)' does not exist", hint: "check the path")
    case .isDirectory(let path):
      self.init(.badData, "'\(path)' is a folder where a file is expected")
    case .unreadable(let path, let reason):
      self.init(.inputOutput, "'\(path)' cannot be read: \(reason)")
    case .unwritable(let path, let reason):
      self.init(.inputOutput, "'\(path)' cannot be written: \(reason)")
    }
  }

  /// A file whose content is wrong.
  static func bad(_ path: String, _ problem: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.badData, "'\(path)': \(problem)", hint: hint)
  }
}

extension View<UInt8> {
  /// The bytes at `range` as text; bytes that are not UTF-8 become replacement characters.
  func text(_ range: Range<Int>) -> String { String(decoding: self[range].array, as: UTF8.self) }

  /// A little-endian number of `width` bytes.
  func littleEndian(at offset: Int, width: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(self[offset + index]) << UInt64(8 * index) }
    return value
  }
}
