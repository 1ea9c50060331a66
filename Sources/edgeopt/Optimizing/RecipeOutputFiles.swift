import Graph
import ONNXFormat
import Recipes
import Storage

/// The files that a recipe writes: looked at before any work, written when everything is known.
struct RecipeOutputFiles {
  let recipe: Recipe
  /// No output may overwrite these, whatever the user allows.
  private let inputs: [String]

  init(recipe: Recipe) {
    self.recipe = recipe
    inputs = recipe.inputFiles
  }

  /// Refuses files in the way; those that earlier runs of the recipe wrote are not. Writes nothing.
  func check(_ folder: inout RunFolder, replaces: Bool) throws(Diagnostic) {
    let outputs = recipe.outputs
    try OutputTarget.check(
      distinct: [("outputs.model", outputs.model), ("outputs.qdq", outputs.qdq)]
        + outputs.reports.map { ("outputs.report", $0) })
    for path in single {
      if FileKind(of: Folder.parent(of: path)) == .missing {
        try checkWay(to: path)
      } else {
        try check(path, isMine: nil, &folder, replaces: replaces)
      }
    }
    guard let c = outputs.c else { return }
    switch FileKind(of: c) {
    case .missing: try checkWay(to: c)
    case .folder: break
    default:
      throw Diagnostic(.inputOutput, "'\(c)' is a file, expected a folder", hint: "choose another name")
    }
  }

  /// Creates the folders that the files go to, so that it is known before the work whether that can be done.
  func prepare() throws(Diagnostic) {
    for path in single + [recipe.outputs.c].compactMap({ $0 }) { try create(Folder.parent(of: path)) }
  }

  /// All but the folder of sources.
  private var single: [String] {
    [recipe.outputs.model] + recipe.outputs.reports + [recipe.outputs.qdq].compactMap { $0 }
  }

  /// Something that is no folder may stand where a folder will be needed.
  private func checkWay(to path: String) throws(Diagnostic) {
    var folder = Folder.parent(of: path)
    while FileKind(of: folder) == .missing, folder != ".", folder != "/" {
      folder = Folder.parent(of: folder)
    }
    guard FileKind(of: folder) == .folder else {
      throw Diagnostic(
        .inputOutput, "'\(folder)' is a file, expected a folder for '\(path)'", hint: "choose another name")
    }
  }

  /// Whether the file may be written. Only what a run remembers, byte for byte, is the recipe's own: a file that merely
  /// looks like its work may be somebody's.
  private func check(
    _ path: String, isMine known: Bool?, _ folder: inout RunFolder, replaces: Bool
  ) throws(Diagnostic) {
    if case .file = FileKind(of: path), !replaces {
      let isMine = known == true ? true : folder.wrote(path)
      let isInput = inputs.contains { Folder.resolved($0) == Folder.resolved(path) }
      guard isMine || isInput else {
        throw Diagnostic(
          .inputOutput, "'\(path)' exists, and no run of this recipe wrote it as it is",
          hint:
            "replace it with --force, or choose another name; what runs wrote is remembered in the run folder, "
            + folder.path)
      }
    }
    _ = try OutputTarget(path: path, replaces: true, reading: inputs)
  }

  private func create(_ folder: String) throws(Diagnostic) {
    do throws(StorageError) { try Folder.create(folder) } catch {
      throw Diagnostic(writing: error, path: folder)
    }
  }

  /// What is written where, the report last: where it is, everything else is.
  struct Files {
    var files: [(path: String, source: Source)] = []

    enum Source {
      case copy(of: String)
      case bytes([UInt8])

      func bytes() throws(Diagnostic) -> [UInt8] {
        switch self {
        case .bytes(let bytes): return bytes
        case .copy(let path):
          do throws(StorageError) { return try Storage(mapping: path).view(of: UInt8.self).array } catch {
            throw Diagnostic(.inputOutput, "'\(path)' cannot be read", hint: "run the recipe again")
          }
        }
      }
    }
  }

  func write(_ files: Files, _ folder: inout RunFolder, replaces: Bool) throws(Diagnostic) {
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    var contents: [(path: String, bytes: [UInt8])] = []
    for file in files.files { contents.append((file.path, try file.source.bytes())) }
    // Files in folders of sources are only known now.
    for file in contents where FileKind(of: file.path) != .missing {
      let isSame = (try? folder.digests.digest(of: file.path)) == Self.digest(file.bytes)
      try check(file.path, isMine: isSame, &folder, replaces: replaces)
    }
    try folder.willWrite(contents.map { ($0.path, Self.digest($0.bytes)) })
    for file in contents {
      try create(Folder.parent(of: file.path))
      try OutputTarget(path: file.path, replaces: true).write(file.bytes)
      FolderDraft.removeAbandoned(
        in: Folder.parent(of: file.path), of: Folder.lastComponent(of: file.path))
    }
  }

  private static func digest(_ bytes: [UInt8]) -> String {
    var digest = SHA256()
    digest.add(bytes)
    return digest.hexadecimal
  }
}

extension Recipe {
  /// Every file and folder that the recipe reads, seen from its own folder.
  var inputFiles: [String] {
    var paths = [Folder.lastComponent(of: path), model.path]
    let home = Folder.parent(of: model.path)
    paths += ((try? ONNXModelSummary(path: model.path).externalFiles) ?? []).map { "\(home)/\($0)" }
    for samples in [calibration, evaluation].compactMap({ $0 }) {
      paths += samples.paths
      paths += samples.options.filter { $0.name == "labels" }.flatMap(\.values)
    }
    paths += model.options.filter { $0.name == "bind" }.flatMap(\.values)
    for stage in stages { paths += stage.options.filter { $0.name == "ranges" }.flatMap(\.values) }
    if let profile = target?.profile { paths.append(profile) }
    return paths.compactMap { path in
      if FileKind(of: path) != .missing { return path }
      // NAME=PATH
      return path.firstIndex(of: "=").map { String(path[path.index(after: $0)...]) }
    }
  }
}
