import Graph
import JSONText
import Storage

/// Everything that decides what a step makes: the same key, the same bytes.
///
///     var key = StageKey("quantize", version: "1.0")
///     key.add("model", digest)
///     let entry = cache.entry(of: key)
public struct StageKey: Sendable, Hashable {
  /// Grows when what is kept of a step changes its form.
  static let format = 1

  public let step: String
  private var parts: [JSON.Member] = []

  public init(_ step: String, version: String) {
    self.step = step
    add("format", String(Self.format))
    add("version", version)
    add("step", step)
  }

  public mutating func add(_ name: String, _ value: String) { add(name, [value]) }
  public mutating func add(_ name: String, _ values: [String]) {
    parts.append(.init(name: name, value: .strings(values)))
  }

  public var digest: String {
    var digest = SHA256()
    digest.add(JSON.members(parts).text())
    return digest.hexadecimal
  }

  var folderName: String { "\(step)-\(digest.prefix(16))" }
}

/// What the steps of earlier runs made: a folder each, complete or not there.
///
///     let entry = try cache.entry(of: key) ?? cache.make(key) { folder in … }
///     print(entry.path(of: "model.tflite"))
public struct StageCache: Sendable {
  public struct Entry: Sendable {
    /// The folder.
    public let path: String
    public let record: Record

    public func path(of file: String) -> String { "\(path)/\(file)" }
    public func has(_ file: String) -> Bool { record.files.contains { $0.name == file } }
    public func digest(of file: String) -> String? { record.files.first { $0.name == file }?.sha256 }
    public func byteCount(of file: String) -> Int? { record.files.first { $0.name == file }?.bytes }
    /// The files below a folder of the entry, relative to it.
    public func files(below folder: String) -> [String] {
      record.files.filter { $0.name.hasPrefix(folder + "/") }.map {
        String($0.name.dropFirst(folder.count + 1))
      }
    }
  }

  /// What is written down beside the files.
  public struct Record: Codable, Sendable {
    public struct File: Codable, Sendable {
      public var name: String
      public var bytes: Int
      public var sha256: String
    }
    public var step: String
    public var key: String
    public var files: [File]
    public var seconds: Double
    /// How much work it was: multiply-accumulates times samples, where that is known.
    public var work: Double?
  }

  static let recordName = "entry.json"

  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// What a step made, when all of its files are as they were written.
  public func entry(of key: StageKey) -> Entry? {
    let path = "\(folder)/\(key.folderName)"
    guard let record = Self.record(in: path), record.key == key.digest else { return nil }
    for file in record.files {
      guard case .file(let bytes) = FileKind(of: "\(path)/\(file.name)"), bytes == file.bytes,
        (try? SHA256(ofFile: "\(path)/\(file.name)"))?.hexadecimal == file.sha256
      else { return nil }
    }
    return Entry(path: path, record: record)
  }

  private static func record(in path: String) -> Record? {
    let file = "\(path)/\(recordName)"
    guard let bytes = try? Storage(mapping: file).view(of: UInt8.self).array else { return nil }
    return try? JSON(parsing: bytes, called: file).decoded(as: Record.self, called: file)
  }

  /// Does a step in a folder of its own, which is kept once it is complete.
  ///
  /// What stands at its place is damaged or unwanted and replaced. Where another run was faster, its folder stays: it
  /// holds the same bytes.
  public func make(
    _ key: StageKey, work: Double?, replaces: Bool, _ body: (_ folder: String) throws -> Void
  ) throws -> Entry {
    let start = ContinuousClock.now
    let target = "\(folder)/\(key.folderName)"
    do {
      let draft = try FolderDraft(target)
      try body(draft.path)
      let files = try Folder.files(below: draft.path).map { name in
        let path = "\(draft.path)/\(name)"
        guard case .file(let bytes) = FileKind(of: path) else {
          throw Diagnostic(.inputOutput, "'\(path)' went away")
        }
        return Record.File(name: name, bytes: bytes, sha256: try SHA256(ofFile: path).hexadecimal)
      }
      let elapsed = ContinuousClock.now - start
      let record = Record(
        step: key.step, key: key.digest, files: files,
        seconds: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18,
        work: work)
      try OutputFile.write(Array(JSON(encoding: record).text().utf8), to: "\(draft.path)/\(Self.recordName)")
      // One run at a time, so that none finds the place empty while another makes room there.
      let lock = try FileLock("\(folder).lock")
      defer { withExtendedLifetime(lock) {} }
      try draft.commit(replaces: replaces)
      // Only what is damaged makes room; what another run has finished meanwhile is in use.
      if entry(of: key) == nil { try draft.commit(replaces: true) }
      if let entry = entry(of: key) { return entry }
    } catch let error as StorageError {
      throw Diagnostic(runFolder: error, folder)
    }
    throw Diagnostic(
      .inputOutput, "what the step '\(key.step)' made went away from '\(target)'",
      hint: "run the recipe again; something else may have removed it")
  }

  /// Removes the oldest results beyond a number that is plenty for going back and forth; not those that are in use.
  public func prune(keeping used: [Entry], limit: Int = 24) {
    let mine = Set(used.map { Folder.lastComponent(of: $0.path) })
    let names = ((try? Folder.names(in: folder)) ?? []).filter {
      !$0.hasSuffix(".part") && !mine.contains($0)
    }
    let aged = names.map { ($0, FileIdentity(of: "\(folder)/\($0)/\(Self.recordName)")?.modified ?? 0) }
    for (name, _) in aged.sorted(by: { $0.1 > $1.1 }).dropFirst(max(0, limit - mine.count)) {
      Folder.remove("\(folder)/\(name)")
    }
  }

  /// Seconds per unit of work, as the newest run of a step took them; nil where none did.
  public func rate(of step: String) -> Double? {
    let names = ((try? Folder.names(in: folder)) ?? []).filter {
      $0.hasPrefix(step + "-") && !$0.hasSuffix(".part")
    }
    let newest = names.compactMap { name -> (Int, Double)? in
      let path = "\(folder)/\(name)"
      guard let record = Self.record(in: path), record.step == step, let work = record.work, work > 0,
        let identity = FileIdentity(of: "\(path)/\(Self.recordName)")
      else { return nil }
      return (identity.modified, record.seconds / work)
    }
    return newest.max { $0.0 < $1.0 }?.1
  }
}

extension Diagnostic {
  /// A run folder that cannot be written.
  init(runFolder error: StorageError, _ folder: String) {
    let reason =
      switch error {
      case .unwritable(let path, let reason), .unreadable(let path, let reason): "'\(path)': \(reason)"
      case .missing(let path): "'\(path)' went away"
      case .isDirectory(let path): "'\(path)' is a folder"
      }
    self.init(
      .inputOutput, "the run folder '\(folder)' cannot be used: \(reason)",
      hint: "choose another one with --run-folder")
  }
}

extension OutputFile {
  /// A whole file at once: complete, or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws(StorageError) {
    let file = try OutputFile(path)
    try file.write(bytes)
    try file.commit()
  }
}
