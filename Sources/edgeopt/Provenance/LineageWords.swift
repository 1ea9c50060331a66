import Datasets
import Graph
import JSONText
import ONNXFormat
import Reporting
import Storage

extension Lineage {
  /// Remembers how samples were prepared, by the names of the flags that say the same.
  mutating func remember(_ settings: DataSettings) {
    func add(_ name: String, _ value: JSON?) {
      if let value { data.append(.init(name: name, value: value)) }
    }
    func list(_ numbers: [Float]?) -> JSON? {
      numbers.map { .string($0.map { "\($0)" }.joined(separator: ",")) }
    }
    add("scale", settings.scale.map { .string($0.description) })
    add("mean", list(settings.mean))
    add("std", list(settings.standardDeviation))
    add("resize", settings.resize.map { .string($0.description) })
    add("crop", settings.crop.map { .string($0.description) })
    add("color", settings.color.map { .string($0.rawValue) })
    add("data-layout", settings.layout.map { .string($0.rawValue) })
    add("label-column", settings.labelColumn.map(JSON.string))
    add("samples", settings.samples.map(JSON.integer))
    add("skip", settings.skip.map(JSON.integer))
    // Only the choice of a subset is random.
    if settings.samples != nil { add("seed", settings.seed.map(JSON.integer)) }
  }

  /// All that lineages say of options and of samples; no other flag comes from a file.
  private static let names: (options: Set<String>, data: Set<String>) = (
    [
      "format", "precision", "per-channel", "input-type", "output-type", "calib-method", "percentile",
      "memory-plan", "keep-io-layout", "bias-correction", "input-shape", "dim",
    ],
    [
      "scale", "mean", "std", "resize", "crop", "color", "data-layout", "label-column", "samples", "skip",
      "seed",
    ]
  )

  private func checkNames() throws(Diagnostic) {
    let stranger =
      options.first { !Self.names.options.contains($0.name) }
      ?? data.first { !Self.names.data.contains($0.name) }
    if let stranger { throw unreadable("the option '\(stranger.name.printable())'") }
  }

  private func unreadable(_ what: String) -> Diagnostic {
    Diagnostic(
      .badData,
      "the file says that '\(verb.printable())' had \(what), which edgeopt \(edgeopt.version) never writes there",
      hint: "a newer version made the file, or it was changed; make it anew")
  }

  /// The words behind the verb that make it do the same, given where its sources are.
  func words(_ paths: [Source: String]) throws(Diagnostic) -> [String] {
    try checkNames()
    var words: [String] = []
    for option in options + data {
      switch (option.name, option.value) {
      // Which of the kinds of models is made.
      case ("precision", let value):
        guard value.string == "int8" else {
          throw unreadable("the precision '\(value.plainText.printable())'")
        }
        words.append("--int8")
      // Told by the name of the output.
      case ("format", _): break
      case (let name, .bool(let isOn)): words.append(isOn ? "--\(name)" : "--no-\(name)")
      case (let name, .array(let values)): words += values.map { "--\(name)=\($0.plainText)" }
      case (let name, let value): words.append("--\(name)=\(value.plainText)")
      }
    }
    for source in sources {
      guard let path = paths[source] else { continue }
      switch source.role {
      case .model, .weights: break
      case .calib, .bind:
        words.append("--\(source.role.rawValue)=\(source.name.map { "\($0)=" } ?? "")\(path)")
      case .ranges: words.append("--ranges=\(path)")
      }
    }
    if let model = sources.first(where: { $0.role == .model }).flatMap({ paths[$0] }) {
      words += ["--", model]
    }
    return words
  }
}

extension JSON {
  fileprivate var plainText: String {
    switch self {
    case .string(let text): text
    case .integer(let number): String(number)
    case .number(let number):
      number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : "\(number)"
    default: ""
    }
  }
}

extension Lineage {
  /// Adds the model with the files of weights beside it, and what made it where it says so.
  mutating func read(model path: String, _ options: ModelOptions) throws(Diagnostic) {
    let summary = try ONNXModelSummary(path: path)
    let maker = summary.metadata[Provenance.metadataName].flatMap {
      (try? JSON(parsing: Array($0.utf8), called: path)).flatMap { Lineage($0) }
    }
    sources.append(try Source(.model, path: path, madeBy: maker))
    let home = Folder.parent(of: path)
    for name in summary.externalFiles { sources.append(try Source(.weights, path: "\(home)/\(name)")) }
    for binding in options.bind {
      sources.append(try Source(.bind, name: binding.name, path: binding.value))
    }
    if !options.inputShape.isEmpty {
      self.options.append(
        .init(name: "input-shape", value: .strings(options.inputShape.map(\.argumentText).sorted())))
    }
    if !options.dim.isEmpty {
      self.options.append(.init(name: "dim", value: .strings(options.dim.map(\.argumentText).sorted())))
    }
  }

  /// Adds the samples, and how they were prepared.
  mutating func read(samples paths: [DataPath], _ settings: DataSettings) throws(Diagnostic) {
    for path in paths { sources.append(try Source(.calib, name: path.input, path: path.path)) }
    remember(settings)
  }
}
