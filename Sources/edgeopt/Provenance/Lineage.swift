import Datasets
import Graph
import JSONText

/// How a file came about: the verb that made it, the options that decide its bytes, and what it read, each with what
/// made that in turn. It says neither when nor where, and names no file, so that the same work makes the same bytes.
///
/// Nobody has to hand lineages on: they travel in the files themselves. `convert` writes its own into the ONNX model,
/// `calibrate` into the ranges, and `quantize` finds both there; so a chain of stages is whole, whoever ran them.
///
///     var lineage = Lineage(verb: "quantize", options: options)
///     lineage.sources = [try Source(.model, path: model)]
struct Lineage: Hashable {
  var version: String
  var verb: String
  /// As flags are called, with those values that decide the bytes.
  var options: [JSON.Member]
  /// How stored samples became what the model took: what flags and a `data.yaml` said together.
  var data: [JSON.Member] = []
  /// What was read, the model first.
  var sources: [Source] = []

  init(verb: String, options: [JSON.Member]) {
    version = edgeopt.version
    self.verb = verb
    self.options = options
  }

  /// The model that the whole chain began with.
  var original: Source? {
    guard let model = sources.first(where: { $0.role == .model }) else { return nil }
    return model.madeBy?.original ?? model
  }

  /// Whether a model with this digest is the one that was read, or one further back.
  func stems(from digest: String) -> Bool {
    sources.contains { source in
      (source.role == .model && source.identity.sha256 == digest)
        || source.madeBy?.stems(from: digest) == true
    }
  }

  /// The same without what `others` tell of themselves already.
  func leavingOut(_ others: [Source]) -> Lineage {
    var copy = self
    copy.sources = sources.map { source in
      var source = source
      if others.contains(where: { $0.identity == source.identity }) { source.madeBy = nil }
      return source
    }
    return copy
  }

  /// Something that was read.
  struct Source: Hashable {
    enum Role: String, Hashable {
      case model
      /// A file beside the model that holds weights.
      case weights
      case calib, ranges
      /// The value of an input that shapes depend on.
      case bind
    }
    var role: Role
    /// The input that the data are for; nil where they are for all.
    var name: String?
    var identity: ContentIdentity
    /// What made it, where it says so itself.
    var madeBy: Lineage?

    init(_ role: Role, name: String? = nil, path: String, madeBy: Lineage? = nil) throws(Diagnostic) {
      self.role = role
      self.name = name
      self.madeBy = madeBy
      identity = try ContentIdentity(of: path)
    }
  }
}

// MARK: - Documents

extension Lineage {
  /// The members of its document.
  var members: [JSON.Member] {
    var members: [JSON.Member] = [
      .init(name: "version", value: .string(version)), .init(name: "verb", value: .string(verb)),
      .init(name: "options", value: .members(options)),
    ]
    if !data.isEmpty { members.append(.init(name: "data", value: .members(data))) }
    return members + [.init(name: "sources", value: .array(sources.map(\.json)))]
  }

  /// nil for documents of another form.
  init?(_ document: JSON) {
    guard let version = document["version"]?.string, let verb = document["verb"]?.string,
      case .members(let options)? = document["options"], let sources = document["sources"]?.elements
    else { return nil }
    self.version = version
    self.verb = verb
    self.options = options
    if case .members(let data)? = document["data"] { self.data = data }
    for source in sources {
      guard let source = Source(source) else { return nil }
      self.sources.append(source)
    }
  }
}

extension Lineage.Source {
  var json: JSON {
    var members: [JSON.Member] = [.init(name: "role", value: .string(role.rawValue))]
    if let name { members.append(.init(name: "name", value: .string(name))) }
    members += identity.members
    if let madeBy { members.append(.init(name: "made_by", value: .members(madeBy.members))) }
    return .members(members)
  }

  fileprivate init?(_ document: JSON) {
    guard let role = document["role"]?.string.flatMap(Role.init), let identity = ContentIdentity(document)
    else { return nil }
    self.role = role
    self.identity = identity
    name = document["name"]?.string
    if let maker = document["made_by"] {
      guard let lineage = Lineage(maker) else { return nil }
      madeBy = lineage
    }
  }
}
