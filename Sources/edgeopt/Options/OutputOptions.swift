import Arguments
import Graph
import Storage

/// Where a result goes, for verbs that print one.
struct OutputOptions: ArgumentGroup {
  @Option(
    "Write the result to PATH instead of standard output.", short: "o", value: "PATH", completion: .file([]))
  var output: String?
  @Flag("Overwrite files that exist.") var force = false

  func write(_ bytes: [UInt8], to path: String) throws(Diagnostic) {
    try OutputTarget(path: path, replaces: force).write(bytes)
  }

  /// Finds out before the work whether its result can be written.
  func check(reading inputs: [String]) throws(Diagnostic) {
    if let output { _ = try OutputTarget(path: output, replaces: force, reading: inputs) }
  }
}

/// A file that is to be written: complete, or not at all.
struct OutputTarget {
  let path: String

  /// Refuses a file that exists, unless it may be replaced, a file that is being read (`reading`), and a folder that
  /// does not exist.
  init(path: String, replaces: Bool, reading inputs: [String] = []) throws(Diagnostic) {
    self.path = path
    let target = Folder.resolved(path)
    if FileKind(of: path) != .other, inputs.contains(where: { Folder.resolved($0) == target }) {
      throw Diagnostic(
        .inputOutput, "the output '\(path)' would overwrite an input", hint: "choose another name")
    }
    switch FileKind(of: path) {
    case .folder:
      throw Diagnostic(
        .inputOutput, "'\(path)' is a folder, expected a file to write", hint: "add a file name")
    case .file where !replaces:
      throw Diagnostic(
        .inputOutput, "'\(path)' exists", hint: "overwrite it with --force, or choose another name")
    default: break
    }
    let folder = Folder.parent(of: path)
    if case .file = FileKind(of: folder) {
      throw Diagnostic(
        .inputOutput, "'\(folder)' is a file, expected a folder for '\(path)'", hint: "choose another name")
    }
    guard FileKind(of: folder) == .folder else {
      throw Diagnostic(
        .inputOutput, "the folder '\(folder)' for '\(path)' does not exist", hint: "create it first")
    }
  }

  /// Refuses outputs of one command that would overwrite one another.
  static func check(distinct outputs: [(flag: String, path: String?)]) throws(Diagnostic) {
    var flags: [String: String] = [:]
    for case (let flag, let path?) in outputs where FileKind(of: path) != .other {
      let folder = Folder.resolved(Folder.parent(of: path))
      let place = FileKind(of: path) == .missing ? "\(folder)/\(Folder.lastComponent(of: path))" : path
      if let other = flags.updateValue(flag, forKey: Folder.resolved(place)) {
        throw Diagnostic(
          .usage, "\(other) and \(flag) name the same file '\(path)'", hint: "choose another name for one")
      }
    }
  }

  /// Behind what the file holds.
  func append(_ bytes: [UInt8]) throws(Diagnostic) {
    var before: [UInt8] = []
    if case .file = FileKind(of: path) {
      do throws(StorageError) {
        before = try Storage(mapping: path).view(of: UInt8.self).array
      } catch {
        throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
      }
    }
    try write(before + bytes)
  }

  func write(_ bytes: [UInt8]) throws(Diagnostic) {
    do throws(StorageError) {
      let file = try OutputFile(path)
      try file.write(bytes)
      try file.commit()
    } catch {
      throw Diagnostic(writing: error, path: path)
    }
  }
}

extension Diagnostic {
  init(writing error: StorageError, path: String) {
    switch error {
    case .unwritable(_, let reason): self.init(.inputOutput, "'\(path)' cannot be written: \(reason)")
    case .isDirectory: self.init(.inputOutput, "'\(path)' is a folder, expected a file to write")
    default: self.init(.inputOutput, "'\(path)' cannot be written")
    }
  }
}
