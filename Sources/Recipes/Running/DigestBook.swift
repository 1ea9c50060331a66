import Graph
import JSONText
import Storage

/// The digests of files and folders; what has not changed since is not read again.
///
///     var book = DigestBook(path: "run/digests.json")
///     let digest = try book.digest(of: "data/calib.npy")
public struct DigestBook: Sendable {
  private struct Entry: Codable, Sendable {
    var path: String
    var identity: FileIdentity
    var sha256: String
  }

  private let path: String
  private var entries: [String: Entry] = [:]
  private var isChanged = false

  /// What was remembered at the path; nothing where that cannot be read.
  public init(path: String) {
    self.path = path
    guard let bytes = try? Storage(mapping: path).view(of: UInt8.self).array,
      let known = try? JSON(parsing: bytes, called: path).decoded(as: [Entry].self, called: path)
    else { return }
    for entry in known { entries[entry.path] = entry }
  }

  /// Of a file's bytes, or of the names and bytes of all files below a folder.
  public mutating func digest(of path: String) throws(Diagnostic) -> String {
    guard FileKind(of: path) == .folder else { return try fileDigest(path) }
    let files: [String]
    do throws(StorageError) { files = try Folder.files(below: path) } catch {
      throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
    }
    var digest = SHA256()
    for file in files {
      digest.add("\(file)\n")
      digest.add("\(try fileDigest("\(path)/\(file)"))\n")
    }
    return digest.hexadecimal
  }

  private mutating func fileDigest(_ path: String) throws(Diagnostic) -> String {
    guard let identity = FileIdentity(of: path) else {
      let isThere = FileKind(of: path) != .missing
      throw Diagnostic(
        isThere ? .badData : .missing,
        isThere ? "'\(path)' is no file that can be read twice" : "'\(path)' does not exist")
    }
    if let known = entries[path], known.identity == identity { return known.sha256 }
    let digest: String
    do throws(StorageError) { digest = try SHA256(ofFile: path).hexadecimal } catch {
      throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
    }
    // A file that is still being written could change again within the resolution of its times.
    if identity.isSettled, FileIdentity(of: path) == identity {
      entries[path] = Entry(path: path, identity: identity, sha256: digest)
      isChanged = true
    }
    return digest
  }

  /// Remembers for the next run. That it cannot is no reason to fail: the files are read again then.
  public mutating func save() {
    guard isChanged else { return }
    let document = JSON(encoding: entries.values.sorted { $0.path < $1.path })
    try? OutputFile.write(Array(document.text().utf8), to: path)
    isChanged = false
  }
}
