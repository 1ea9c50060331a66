import Arguments
import Graph
import JSONText
import Reporting
import Storage
import TFLiteFormat

struct ReproduceCommand: Command {
  static let declaration = CommandDeclaration(
    name: "reproduce",
    summary: "Makes a .tflite file again from what it says of its origin, and compares the bytes.",
    discussion: """
      A file that edgeopt made holds the options that decide its bytes and the sizes and SHA-256 digests of the model, \
      the samples and everything else that was read; no path and no time. The model and the samples are looked for by \
      what they hold, in the current folder and in those of --search, whatever they are called now.

      Exit code 0: the same bytes. 1: something differs, and what. 66: something was not found; all of it is listed.
      """,
    examples: [
      .init("edgeopt reproduce model_int8.tflite", "Looks in the current folder and below."),
      .init("edgeopt reproduce model_int8.tflite --search ~/data --search ~/models", "Looks there too."),
      .init(
        "edgeopt reproduce model_int8.tflite --model model.onnx --calib calib/", "Says where they are."),
    ])

  @Argument("A .tflite file that edgeopt made.", value: "FILE.tflite", completion: .file(["tflite"]))
  var file: String
  @Option("A folder to look in, beside the current one.", value: "DIR", completion: .directory)
  var search: [String] = []
  @Option("Where the model is that the work began with.", value: "PATH", completion: .file(["onnx"]))
  var model: String?
  @Option("Where the calibration data are.", value: "[NAME=]PATH", completion: .file([])) var calib:
    [String] = []
  @Option("Also write what was made.", short: "o", value: "PATH", completion: .file(["tflite"])) var output:
    String?
  @Flag("Overwrite files that exist.") var force = false
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    guard ModelFormat(path: file) == .tflite else {
      throw UsageError(
        "'\(file)' is not a .tflite file", hint: "ranges and ONNX files are made again with their stage")
    }
    let target = try output.map { (path) throws(Diagnostic) in
      try OutputTarget(path: path, replaces: force, reading: [file])
    }
    let bytes = try bytes()
    let lineage = try lineage(of: bytes)
    let found = try find(lineage)
    var manner: [String] = []
    if let threads = common.threads { manner.append("--threads=\(threads.count)") }
    let reproduction = Reproduction(lineage: lineage, found: found.paths, manner: manner)
    let missing = reproduction.missing
    guard missing.isEmpty else { throw self.missing(missing, found.limit) }
    var told: Set<ContentIdentity> = []
    for source in lineage.allSources where told.insert(source.identity).inserted {
      if let path = found.paths[source.identity] { common.detail("\(source.title): \(path)") }
    }
    let outcome = try outcome(reproduction, bytes)
    if let made = outcome.made { try target?.write(made.array) }
    tell(outcome, lineage, found.paths, bytes)
    if outcome.difference != nil { throw DifferentBytes() }
  }

  // MARK: - Parts

  private func bytes() throws(Diagnostic) -> View<UInt8> {
    do throws(StorageError) { return try Storage(mapping: file).view() } catch {
      if case .missing = error {
        throw Diagnostic(.missing, "'\(file)' does not exist", hint: "check the path")
      }
      throw Diagnostic(.inputOutput, "'\(file)' cannot be read")
    }
  }

  private func lineage(of bytes: View<UInt8>) throws(Diagnostic) -> Lineage {
    let device = try TFLiteReader(bytes, name: file).model()
    guard let provenance = Provenance(of: device) else {
      let maker =
        device.description.isEmpty
        ? "does not say who made it" : "was made by '\(device.description.printable())'"
      throw Diagnostic(
        .badData, "'\(file)' \(maker), and not what it was made from",
        hint: device.metadata(named: Provenance.metadataName) == nil
          ? "files that 'quantize' and 'convert' write can be made again"
          : "an earlier version of edgeopt made it; make it anew")
    }
    let versions = Set(
      [provenance.lineage.version] + provenance.lineage.allSources.compactMap { $0.madeBy?.version })
    for version in versions.sorted() where version != edgeopt.version {
      Terminal.error.write(
        "note: edgeopt \(version.printable()) made it, this is \(edgeopt.version): other bytes may come of it\n"
      )
    }
    return provenance.lineage
  }

  private func find(_ lineage: Lineage) throws -> (paths: [ContentIdentity: String], limit: String?) {
    var search = SourceSearch(for: lineage.allSources.map(\.identity))
    if let model, let source = lineage.original { try search.accept(model, as: source) }
    let samples = lineage.allSources.filter { $0.role == .calib }
    for argument in calib {
      guard let source = samples.first(where: { $0.accepts(argument) }) else {
        throw Diagnostic(
          .usage,
          samples.isEmpty
            ? "no calibration data were read for it" : "'\(argument)' is for no input of the model",
          hint: samples.isEmpty
            ? "leave --calib out" : "write --calib " + (samples[0].name.map { "\($0)=PATH" } ?? "PATH"))
      }
      try search.accept(source.path(in: argument), as: source)
    }
    try search.look(in: ["."] + self.search)
    return (search.found, search.limit)
  }

  private func missing(_ sources: [Lineage.Source], _ limit: String?) -> Diagnostic {
    let list = sources.map { "  \($0.title): \($0.identity.description)" }
    let hints = ["name folders to look in with --search DIR"] + [limit].compactMap { $0 }
    return Diagnostic(
      .missing,
      ([
        "to make '\(file)' again \(NumberFormat.count(sources.count, of: "thing")) \(sources.count == 1 ? "is" : "are") missing:"
      ]
        + list).joined(separator: "\n"), hint: hints.joined(separator: "; "))
  }

  /// What came of it.
  private struct Outcome {
    var made: View<UInt8>?
    var difference: String?
    var seconds: Double
  }

  private func outcome(_ reproduction: Reproduction, _ bytes: View<UInt8>) throws -> Outcome {
    let start = ContinuousClock.now
    func seconds() -> Double { (ContinuousClock.now - start).inSeconds }
    do {
      let made = try reproduction.bytes()
      return Outcome(
        made: made, difference: try ModelDifference(of: bytes, beside: made)?.text, seconds: seconds())
    } catch let deviation as Reproduction.Deviation {
      return Outcome(
        made: nil,
        difference: "what the stage '\(deviation.stage)' makes: \(deviation.then.description) then, "
          + "\(deviation.now.description) now", seconds: seconds())
    }
  }

  private func tell(
    _ outcome: Outcome, _ lineage: Lineage, _ paths: [ContentIdentity: String], _ bytes: View<UInt8>
  ) {
    var digest = SHA256()
    digest.add(bytes)
    if common.json {
      let document = JSON.object([
        "file": .string(file), "is_same": .bool(outcome.difference == nil), "bytes": .integer(bytes.count),
        "sha256": .string(digest.hexadecimal), "version": .string(lineage.version),
        "difference": .optional(outcome.difference, JSON.string),
        "sources": .array(
          lineage.allSources.map { source in
            source.json.with("path", .optional(paths[source.identity], JSON.string))
          }),
        "seconds": .number(outcome.seconds),
      ])
      return Terminal.output.write(document.text())
    }
    if let difference = outcome.difference {
      return Terminal.output.write(
        "not the same: \(difference)\n".wrapped(to: Terminal.output.tableWidth, hanging: 2))
    }
    if common.quiet { return }
    let time = NumberFormat.duration(seconds: outcome.seconds)
    Terminal.output.write(
      "the same \(NumberFormat.count(bytes.count)) bytes, SHA-256 \(digest.hexadecimal), in \(time)\n")
  }
}

extension Lineage.Source {
  /// Whether `[NAME=]PATH` is for this source.
  fileprivate func accepts(_ argument: String) -> Bool {
    name.map { argument.hasPrefix($0 + "=") } ?? true
  }

  fileprivate func path(in argument: String) -> String {
    name.map { String(argument.dropFirst($0.count + 1)) } ?? argument
  }
}

/// What was made is not what is there.
struct DifferentBytes: Error {}
