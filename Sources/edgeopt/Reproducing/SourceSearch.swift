import Graph
import Storage

/// Finds files and folders by what they hold, whatever they are called now.
///
///     var search = SourceSearch(for: lineage.allSources.map(\.identity))
///     try search.look(in: ["."])
///     print(search.found[identity])
///
/// Sizes are compared first; only what has the right one is read. Hidden files and folders are skipped.
struct SourceSearch {
  static let depth = 12
  static let entries = 100_000
  private static let skipped: Set<String> = ["node_modules", "__pycache__"]

  private(set) var found: [ContentIdentity: String] = [:]
  /// Why not everything was looked at.
  private(set) var limit: String?
  private let wanted: Set<ContentIdentity>
  private var seen = 0
  private var visited: Set<String> = []

  init(for identities: [ContentIdentity]) { wanted = Set(identities) }

  private var isDone: Bool { found.count == wanted.count || limit != nil }

  mutating func look(in roots: [String]) throws(Diagnostic) {
    for root in roots where !isDone {
      guard FileKind(of: root) == .folder else {
        throw Diagnostic(.missing, "the folder '\(root)' to search does not exist", hint: "check the path")
      }
      try consider(folder: root)
      try look(in: root, depth: 0)
    }
  }

  private mutating func look(in folder: String, depth: Int) throws(Diagnostic) {
    guard visited.insert(Folder.resolved(folder)).inserted else { return }
    // A folder that must not be read holds nothing for us.
    let names = (try? Folder.names(in: folder)) ?? []
    var folders: [String] = []
    for name in names where !isDone {
      seen += 1
      guard seen <= Self.entries else {
        limit = "the search ended after \(Self.entries) files and folders"
        return
      }
      let path = folder == "." ? name : "\(folder)/\(name)"
      switch FileKind(of: path) {
      case .file(let bytes): consider(file: path, bytes)
      case .folder where !Self.skipped.contains(name):
        try consider(folder: path)
        folders.append(path)
      default: break
      }
    }
    guard depth < Self.depth else {
      if !folders.isEmpty, limit == nil {
        limit = "folders more than \(Self.depth) deep were not searched"
      }
      return
    }
    for path in folders where !isDone { try look(in: path, depth: depth + 1) }
  }

  private mutating func consider(file path: String, _ bytes: Int) {
    let candidates = wanted.filter { $0.kind == .file && $0.bytes == bytes && found[$0] == nil }
    guard !candidates.isEmpty, let identity = try? ContentIdentity(of: path), candidates.contains(identity)
    else { return }
    found[identity] = path
  }

  private mutating func consider(folder path: String) throws(Diagnostic) {
    let candidates = wanted.filter { $0.kind == .folder && found[$0] == nil }
    guard !candidates.isEmpty, let content = try? FolderContent(path),
      candidates.contains(where: { $0.bytes == content.byteCount && $0.files == content.names.count }),
      let identity = try? ContentIdentity(of: path), candidates.contains(identity)
    else { return }
    found[identity] = path
  }

  /// Takes a file that the user names, if it is one that is wanted.
  mutating func accept(_ path: String, as source: Lineage.Source) throws(Diagnostic) {
    let identity = try ContentIdentity(of: path)
    guard identity == source.identity else {
      throw Diagnostic(
        .badData, "'\(path)' is not what was read then: it is \(identity.description)",
        hint: "wanted as \(source.title): \(source.identity.description)")
    }
    found[identity] = path
  }
}

extension Lineage {
  /// Everything that was read in the whole chain, the last stage's first.
  var allSources: [Source] {
    sources + sources.flatMap { $0.madeBy?.allSources ?? [] }
  }
}

extension Lineage.Source {
  /// For messages: "calibration data for input 'x'".
  var title: String {
    let what =
      switch role {
      case .model: "model"
      case .weights: "file of weights beside the model"
      case .calib: "calibration data"
      case .ranges: "file of ranges"
      case .bind: "value of an input"
      }
    return what + (name.map { role == .bind ? " '\($0)'" : " for input '\($0)'" } ?? "")
  }
}
