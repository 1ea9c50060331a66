import Graph
import Recipes
import Reporting
import Storage

/// The files that a recipe writes: looked at before any work, written when everything is known.
struct RecipeOutputFiles {
  let recipe: Recipe

  /// Refuses files in the way. Those of earlier runs of the recipe are not.
  func check(_ folder: inout RunFolder, replaces: Bool) throws(Diagnostic) {
    let inputs =
      [recipe.path, recipe.model.path] + (recipe.calibration?.paths ?? []) + (recipe.evaluation?.paths ?? [])
    let outputs = recipe.outputs
    try OutputTarget.check(
      distinct: [("outputs.model", outputs.model), ("outputs.qdq", outputs.qdq)]
        + outputs.reports.map { ("outputs.report", $0) })
    for path in [outputs.model] + outputs.reports + [outputs.qdq].compactMap({ $0 }) {
      try create(Folder.parent(of: path))
      let mayReplace = replaces ? true : try isOurs(path, &folder)
      _ = try OutputTarget(path: path, replaces: mayReplace, reading: inputs)
    }
    guard let c = outputs.c else { return }
    switch FileKind(of: c) {
    case .missing: try create(Folder.parent(of: c))
    case .folder: break
    default:
      throw Diagnostic(.inputOutput, "'\(c)' is a file, expected a folder", hint: "choose another name")
    }
  }

  private func create(_ folder: String) throws(Diagnostic) {
    do throws(StorageError) { try Folder.create(folder) } catch {
      throw Diagnostic(writing: error, path: folder)
    }
  }

  /// Whether an earlier run made the file: as it remembers, or as the file itself says.
  private func isOurs(_ path: String, _ folder: inout RunFolder) throws(Diagnostic) -> Bool {
    guard case .file = FileKind(of: path) else { return true }
    if folder.wrote(path) { return true }
    if path.lowercased().hasSuffix(".json"), let report = try? Report(path: path) {
      return report.verb == "optimize" && report.name == recipe.name
    }
    guard path.lowercased().hasSuffix(".tflite"), let model = try? DeviceModel.read(path).model,
      let provenance = Provenance(of: model)
    else { return false }
    return provenance.modelDigest == (try folder.digests.digest(of: recipe.model.path))
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
    for file in contents where FileKind(of: file.path) != .missing && !replaces {
      let isSame = (try? folder.digests.digest(of: file.path)) == Self.digest(file.bytes)
      let isMine = isSame ? true : try isOurs(file.path, &folder)
      _ = try OutputTarget(path: file.path, replaces: isMine)
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
