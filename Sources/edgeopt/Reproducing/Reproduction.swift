import Arguments
import Graph
import JSONText
import ONNXFormat
import Storage

/// Does again what a file says was done, in memory.
///
///     let reproduction = Reproduction(lineage, found: search.found, threads: nil)
///     if reproduction.missing.isEmpty { let bytes = try reproduction.bytes() }
struct Reproduction {
  let lineage: Lineage
  let found: [ContentIdentity: String]
  /// How to run: "--threads=2".
  let manner: [String]

  /// A stage on the way made something else than it did then.
  struct Deviation: Error {
    var stage: String
    var then: ContentIdentity
    var now: ContentIdentity
  }

  /// What was neither found nor can be made again from what was.
  var missing: [Lineage.Source] {
    var search = MissingSources()
    look(for: &search, in: lineage)
    return search.result
  }

  private struct MissingSources {
    var result: [Lineage.Source] = []
    /// What is being looked at: a file can say that a thing was made of itself, which nobody can do again.
    var inProgress: Set<ContentIdentity> = []
    var done: Set<ContentIdentity> = []

    mutating func add(_ source: Lineage.Source) {
      if !result.contains(where: { $0.identity == source.identity && $0.name == source.name }) {
        result.append(source)
      }
    }
  }

  private func look(for search: inout MissingSources, in stage: Lineage) {
    for source in stage.sources where found[source.identity] == nil {
      guard let maker = maker(of: source), !search.inProgress.contains(source.identity) else {
        search.add(source)
        continue
      }
      guard search.done.insert(source.identity).inserted else { continue }
      search.inProgress.insert(source.identity)
      look(for: &search, in: maker)
      search.inProgress.remove(source.identity)
    }
  }

  /// What made it; several stages that read the same say so once.
  private func maker(of source: Lineage.Source) -> Lineage? {
    source.madeBy ?? lineage.allSources.first { $0.identity == source.identity && $0.madeBy != nil }?.madeBy
  }

  /// The bytes that the whole chain makes.
  func bytes() throws -> View<UInt8> {
    let scratch = try Self.scratchFolder()
    defer { withExtendedLifetime(scratch) {} }
    var work = Work()
    return try make(lineage, in: scratch.path, &work)
  }

  /// What stood between stages: where it is again, and what is being made.
  private struct Work {
    var remade: [ContentIdentity: String] = [:]
    var inProgress: Set<ContentIdentity> = []
  }

  /// It is never completed, so it goes away with its owner.
  private static func scratchFolder() throws(Diagnostic) -> FolderDraft {
    let base = Machine.temporaryFolder
    do throws(StorageError) { return try FolderDraft("\(base)/edgeopt-reproduce") } catch {
      throw Diagnostic(writing: error, path: base)
    }
  }

  private func make(
    _ stage: Lineage, in scratch: String, _ work: inout Work
  ) throws -> View<UInt8> {
    var paths: [Lineage.Source: String] = [:]
    for (index, source) in stage.sources.enumerated() {
      paths[source] =
        try found[source.identity] ?? work.remade[source.identity]
        // The verb is the file's word, and no name for a folder.
        ?? remake(source, in: "\(scratch)/source-\(index)", &work)
    }
    try gatherWeights(of: stage, &paths, in: scratch)
    let output = "\(scratch)/made.\(stage.isTFLite ? "tflite" : "onnx")"
    let words = manner + ["--quiet"] + (try stage.words(paths))
    do {
      switch stage.verb {
      case "quantize":
        return try QuantizeCommand.parse(words).make(.init(measures: false, reproduces: stage)).file
      case "calibrate":
        return View(
          Array(try CalibrateCommand.parse(words).chooseRanges(reproducing: stage).json.text().utf8))
      case "convert":
        return try ConvertCommand.parse(["--output=\(output)"] + words).bytes(reproducing: stage)
      default:
        throw Diagnostic(
          .unsupported, "a stage '\(stage.verb)' made it, which this version does not have",
          hint: "use edgeopt \(stage.version)")
      }
    } catch let error as UsageError {
      throw Diagnostic(
        .badData,
        "this version does not take the options of '\(stage.verb)' as the file has them: \(error.message)",
        hint: "use edgeopt \(stage.version)")
    }
  }

  /// Makes what stood between two stages.
  private func remake(
    _ source: Lineage.Source, in folder: String, _ work: inout Work
  ) throws -> String {
    guard let stage = maker(of: source), work.inProgress.insert(source.identity).inserted else {
      throw Diagnostic(.missing, "the \(source.title) is missing: \(source.identity.description)")
    }
    try create(folder)
    let bytes = try make(stage, in: folder, &work)
    let path = "\(folder)/\(stage.resultName)"
    try OutputTarget(path: path, replaces: true).write(bytes.array)
    let identity = try ContentIdentity(of: path)
    guard identity == source.identity else {
      throw Deviation(stage: stage.verb, then: source.identity, now: identity)
    }
    work.inProgress.remove(identity)
    work.remade[identity] = path
    return path
  }

  /// Weights must lie beside their model under the names that it calls them by: where they do not, they are brought
  /// together.
  private func gatherWeights(
    of stage: Lineage, _ paths: inout [Lineage.Source: String], in scratch: String
  ) throws {
    let weights = stage.sources.filter { $0.role == .weights }
    guard !weights.isEmpty, let model = stage.sources.first(where: { $0.role == .model }),
      let path = paths[model]
    else { return }
    let names = try ONNXModelSummary(path: path).externalFiles
    let home = Folder.parent(of: path)
    let isBeside = zip(names, weights).allSatisfy { name, source in
      (try? ContentIdentity(of: "\(home)/\(name)")) == source.identity
    }
    if isBeside, names.count == weights.count { return }
    let folder = "\(scratch)/model"
    for (name, source) in zip(names + ["model.onnx"], weights + [model]) {
      guard let from = paths[source] else { continue }
      try create(Folder.parent(of: "\(folder)/\(name)"))
      try OutputTarget(path: "\(folder)/\(name)", replaces: true).write(
        try Self.content(of: from).array)
    }
    paths[model] = "\(folder)/model.onnx"
  }

  static func content(of path: String) throws(Diagnostic) -> View<UInt8> {
    do throws(StorageError) { return try Storage(mapping: path).view() } catch {
      throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
    }
  }

  private func create(_ folder: String) throws(Diagnostic) {
    do throws(StorageError) { try Folder.create(folder) } catch {
      throw Diagnostic(writing: error, path: folder)
    }
  }
}

extension Lineage {
  /// Whether it makes a model for the device.
  var isTFLite: Bool {
    verb == "quantize" || options.contains { $0.name == "format" && $0.value.string == "tflite" }
  }

  /// What its result is called while it is between stages.
  fileprivate var resultName: String {
    verb == "calibrate" ? "ranges.json" : isTFLite ? "model.tflite" : "model.onnx"
  }
}

extension ConvertCommand {
  /// What it makes, in memory, as the version that made it then.
  func bytes(reproducing stage: Lineage) throws -> View<UInt8> {
    if ModelFormat(path: model) == .tflite { return try makeDeviceModel(reproducing: stage).bytes }
    var lineage = try lineage()
    lineage.version = stage.version
    let graph = try ModelLoader(path: model, modelOptions).read()
    if ModelFormat(path: output) == .tflite { return try makeTFLite(graph, lineage).bytes }
    let (simple, exporter) = try makeONNX(graph, lineage)
    try exporter.export(simple, to: output)
    return try Reproduction.content(of: output)
  }
}
