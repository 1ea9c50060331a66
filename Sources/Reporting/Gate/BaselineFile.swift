import Graph
import JSONText

/// The lock file that a team commits: what each of its models costs and how good it is.
///
///     var baseline = try BaselineFile(path: "edgeopt.lock.json")
///     baseline.set(entry)
///     let text = baseline.json.text()
public struct BaselineFile: Sendable, Hashable {
  public static let currentFormat = 1
  /// What the file is called where nobody says otherwise.
  public static let usualName = "edgeopt.lock.json"

  /// By name.
  public private(set) var models: [BaselineEntry]
  public var path: String
  /// Whether it was read from a lock file, not from a report.
  public let isLockFile: Bool

  /// As it is in the file.
  private struct Document: Codable {
    var kind = "edgeopt baseline"
    var format = BaselineFile.currentFormat
    var models: [BaselineEntry]
  }

  public init(empty path: String) {
    models = []
    self.path = path
    isLockFile = true
  }

  /// A lock file; or a report, whose model is then the only one.
  public init(path: String) throws(Diagnostic) {
    self.path = path
    let document = try JSON(path: path)
    guard document["kind"]?.string == "edgeopt baseline" else {
      guard document["tool"]?["name"]?.string == "edgeopt" else {
        throw Diagnostic(
          .badData, "'\(path)' is neither a baseline nor a report of edgeopt",
          hint: "make it with 'edgeopt baseline update --report REPORT.json -o \(path)'")
      }
      let report = try Report(path: path)
      guard let entry = BaselineEntry(report) else {
        throw Diagnostic(
          .badData, "the report '\(path)' describes no model",
          hint: "take a report of 'quantize', 'optimize' or 'compare'")
      }
      models = [entry]
      isLockFile = false
      return
    }
    guard let format = document["format"]?.integer, format == Self.currentFormat else {
      let found = document["format"]?.integer.map { "has format \($0)" } ?? "has no format"
      throw Diagnostic(
        .badData, "the baseline '\(path)' \(found), this version reads format \(Self.currentFormat)",
        hint: "use the version of edgeopt that made it, or make it again")
    }
    isLockFile = true
    try document.checkNumbers(called: path)
    let read = try document.decoded(as: Document.self, called: path)
    models = read.models.sorted { $0.name < $1.name }
    for (entry, next) in zip(models, models.dropFirst()) where entry.name == next.name {
      throw Diagnostic(
        .badData, "the baseline '\(path)' holds '\(entry.name)' twice",
        hint: "delete one of them; a merge may have left both")
    }
  }

  /// The model of this name.
  public func entry(named name: String) throws(Diagnostic) -> BaselineEntry {
    if let entry = models.first(where: { $0.name == name }) { return entry }
    let names = models.map { "'\($0.name)'" }
    let there = names.isEmpty ? "no model" : names.prefix(5).joined(separator: ", ")
    throw Diagnostic(
      .badData,
      "the baseline '\(path)' has no model '\(name)', it has \(there)\(names.count > 5 ? ", …" : "")",
      hint: "add it with 'edgeopt baseline update --report REPORT.json -o \(path)', "
        + "or say with --name which of them it is to be compared with")
  }

  /// Takes the model in, in place of that of the same name.
  public mutating func set(_ entry: BaselineEntry) {
    models.removeAll { $0.name == entry.name }
    models.append(entry)
    models.sort { $0.name < $1.name }
  }

  public mutating func remove(_ name: String) { models.removeAll { $0.name == name } }

  public var json: JSON { JSON(encoding: Document(models: models)) }
}
