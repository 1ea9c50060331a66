import Graph
import JSONText
import Storage

/// The folder beside a recipe that remembers what earlier runs made. It may be deleted at any time.
///
///     var folder = try RunFolder(".edgeopt/digits")
///     let digest = try folder.digests.digest(of: "model.onnx")
public struct RunFolder: Sendable {
  public let path: String
  public var digests: DigestBook
  public let cache: StageCache
  /// The digests of files that runs wrote outside of the folder, by their paths; the last few of each.
  private var written: [String: [String]] = [:]

  private static let rememberedVersions = 4

  /// Looks only, and creates nothing.
  public init(looking path: String) {
    self.path = path
    digests = DigestBook(path: "\(path)/digests.json")
    cache = StageCache(folder: "\(path)/stages")
    readWritten()
  }

  /// What any run has written until now; other runs may be at work.
  private mutating func readWritten() {
    let file = "\(path)/written.json"
    guard let bytes = try? Storage(mapping: file).view(of: UInt8.self).array,
      let known = try? JSON(parsing: bytes, called: file).decoded(as: [Written].self, called: file)
    else { return }
    for entry in known { written[entry.path] = entry.sha256 }
  }

  /// Keeps other runs from writing outputs as long as the lock lives.
  public func lock() throws(Diagnostic) -> FileLock {
    do throws(StorageError) { return try FileLock("\(path)/lock") } catch {
      throw Diagnostic(runFolder: error, path)
    }
  }

  /// Creates the folder where it is missing; git does not see it.
  public init(_ path: String) throws(Diagnostic) {
    self.init(looking: path)
    do throws(StorageError) {
      try Folder.create(cache.folder)
      if FileKind(of: "\(path)/.gitignore") == .missing {
        try OutputFile.write(Array("*\n".utf8), to: "\(path)/.gitignore")
      }
    } catch {
      throw Diagnostic(runFolder: error, path)
    }
    FolderDraft.removeAbandoned(in: path)
    FolderDraft.removeAbandoned(in: cache.folder)
  }

  private struct Written: Codable {
    var path: String
    var sha256: [String]
  }

  /// Whether an earlier run wrote the file as it is now.
  public mutating func wrote(_ path: String) -> Bool {
    readWritten()
    guard let known = written[path] else { return false }
    return (try? digests.digest(of: path)).map(known.contains) ?? false
  }

  /// Remembers what is about to be written, so that a run that is killed right after it knows its own files again.
  public mutating func willWrite(_ files: [(path: String, sha256: String)]) throws(Diagnostic) {
    readWritten()
    for file in files {
      let older = (written[file.path] ?? []).filter { $0 != file.sha256 }
      written[file.path] = Array(([file.sha256] + older).prefix(Self.rememberedVersions))
    }
    let document = JSON(
      encoding: written.sorted { $0.key < $1.key }.map { Written(path: $0.key, sha256: $0.value) })
    do throws(StorageError) {
      try OutputFile.write(Array(document.text().utf8), to: "\(path)/written.json")
    } catch {
      throw Diagnostic(runFolder: error, path)
    }
  }
}
