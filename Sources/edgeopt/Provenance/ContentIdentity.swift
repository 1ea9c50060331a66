import Graph
import JSONText
import Reporting
import Storage

/// What a file or a folder holds, wherever it stands and whatever it is called.
///
///     let identity = try ContentIdentity(of: "calib_x.npy")
///     print(identity.sha256)
///
/// A folder's digest is that of its samples' names and digests. What only labels or settings are read from
/// (`labels.csv`, `data.yaml`) does not count: the settings are remembered apart.
struct ContentIdentity: Hashable {
  enum Kind: String, Hashable {
    case file, folder
  }
  var kind: Kind
  var bytes: Int
  /// Of a folder.
  var files: Int?
  var sha256: String

  init(of path: String) throws(Diagnostic) {
    switch FileKind(of: path) {
    case .folder:
      let content = try FolderContent(path)
      (kind, bytes, files) = (.folder, content.byteCount, content.names.count)
      sha256 = try content.digest()
    case .file(let byteCount):
      (kind, bytes, files) = (.file, byteCount, nil)
      sha256 = try Self.digest(ofFile: path)
    case .missing: throw Diagnostic(.missing, "'\(path)' does not exist", hint: "check the path")
    case .other: throw Diagnostic(.badData, "'\(path)' is neither a file nor a folder")
    }
  }

  static func digest(ofFile path: String) throws(Diagnostic) -> String {
    do throws(StorageError) {
      return try SHA256(ofFile: path).hexadecimal
    } catch {
      throw Diagnostic(.inputOutput, "'\(path)' cannot be read for its digest")
    }
  }
}

/// The files of a folder that decide what its samples are.
struct FolderContent {
  let path: String
  /// Relative, in the order of their bytes.
  private(set) var names: [String] = []
  private(set) var byteCount = 0

  /// Folders of samples have sub-folders for classes or test sets, and nothing below.
  static let depth = 3

  init(_ path: String) throws(Diagnostic) {
    self.path = path
    do throws(StorageError) { try add("", depth: 0) } catch {
      throw Diagnostic(.inputOutput, "the folder '\(path)' cannot be read")
    }
  }

  static func counts(_ name: String) -> Bool { name != "labels.csv" && name != "data.yaml" }

  private mutating func add(_ prefix: String, depth: Int) throws(StorageError) {
    for name in try Folder.names(in: prefix.isEmpty ? path : "\(path)/\(prefix)") where Self.counts(name) {
      let relative = prefix.isEmpty ? name : "\(prefix)/\(name)"
      switch FileKind(of: "\(path)/\(relative)") {
      case .file(let bytes):
        names.append(relative)
        byteCount += bytes
      case .folder where depth + 1 < Self.depth: try add(relative, depth: depth + 1)
      default: break
      }
    }
  }

  func digest() throws(Diagnostic) -> String {
    var all = SHA256()
    for name in names {
      all.add(name)
      all.add([0])
      all.add(try ContentIdentity.digest(ofFile: "\(path)/\(name)"))
    }
    return all.hexadecimal
  }
}

extension ContentIdentity {
  var members: [JSON.Member] {
    var members: [JSON.Member] = [
      .init(name: "kind", value: .string(kind.rawValue)), .init(name: "bytes", value: .integer(bytes)),
    ]
    if let files { members.append(.init(name: "files", value: .integer(files))) }
    return members + [.init(name: "sha256", value: .string(sha256))]
  }

  init?(_ document: JSON) {
    guard let kind = document["kind"]?.string.flatMap(Kind.init), let bytes = document["bytes"]?.integer,
      let sha256 = document["sha256"]?.string
    else { return nil }
    self.kind = kind
    self.bytes = bytes
    self.sha256 = sha256
    files = document["files"]?.integer
  }

  /// "a file of 12,345 bytes, SHA-256 ab12…"
  var description: String {
    let size = "\(NumberFormat.count(bytes)) bytes"
    let what = files.map { "a folder of \(NumberFormat.count($0)) files, \(size)" } ?? "a file of \(size)"
    return "\(what), SHA-256 \(sha256)"
  }
}
