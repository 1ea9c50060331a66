import Datasets
import Graph
import Storage

/// The folder that `run` writes outputs to, checked before anything is computed.
struct OutputFolder {
  let paths: [String]

  init(path: String, names: [String], replaces: Bool, inputs: [String]) throws(Diagnostic) {
    try Self.create(path)
    paths = Self.fileNames(names).map { "\(path)/\($0).npy" }
    for target in paths { _ = try OutputTarget(path: target, replaces: replaces, reading: inputs) }
  }

  func write(_ value: TensorValue, at index: Int, as type: SourceType) throws(Diagnostic) {
    try NPYFile.write(value, to: paths[index], as: type)
  }

  static func create(_ path: String) throws(Diagnostic) {
    do throws(StorageError) {
      try Folder.create(path)
    } catch {
      throw Diagnostic(
        .inputOutput, "the folder '\(path)' cannot be made", hint: "check the path and its permissions")
    }
  }

  /// A file name for each name; names that would share a file get a number.
  static func fileNames(_ names: [String]) -> [String] {
    var used = Set<String>()
    return names.map { name in
      let plain = fileName(name)
      var candidate = plain
      var number = 2
      while !used.insert(candidate).inserted {
        candidate = "\(plain)_\(number)"
        number += 1
      }
      return candidate
    }
  }

  /// Letters, digits, '.', '_' and '-' stay; every other character becomes '_'.
  static func fileName(_ name: String) -> String {
    let kept = String(
      String.UnicodeScalarView(
        name.unicodeScalars.map { scalar in
          switch scalar {
          case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": scalar
          default: "_"
          }
        }))
    return kept
  }
}

/// The folder that `evaluate` writes the outputs of all samples to: one array for each output.
struct SampleFolder {
  let paths: [String]
  private let files: [NPYStream]

  /// `sizes` and `types` are those of one sample's outputs.
  init(
    path: String, names: [String], types: [SourceType], sizes: [[Int]], count: Int, replaces: Bool,
    inputs: [String]
  ) throws(Diagnostic) {
    let folder = try OutputFolder(path: path, names: names, replaces: replaces, inputs: inputs)
    paths = folder.paths
    var files: [NPYStream] = []
    for (index, path) in paths.enumerated() {
      let whole = [count] + (sizes[index].first == 1 ? Array(sizes[index].dropFirst()) : sizes[index])
      files.append(try NPYStream(path: path, type: types[index], sizes: whole))
    }
    self.files = files
  }

  /// One sample's outputs.
  func append(_ outputs: [TensorValue]) throws(Diagnostic) {
    for (file, output) in zip(files, outputs) { try file.append(output) }
  }

  func finish() throws(Diagnostic) { for file in files { try file.finish() } }
}

/// The folder that `--dump-layers` fills: a file for each tensor that has a name in the source.
struct LayerFolder {
  private let path: String
  /// The files of each tensor that is written, each with the source's tensor that it shows.
  private var files: [TensorID: [(path: String, origin: Origin)]] = [:]

  init(path: String, graph: Graph, replaces: Bool, inputs: [String]) throws(Diagnostic) {
    self.path = path
    try OutputFolder.create(path)
    var owners: [(id: TensorID, origin: Origin)] = []
    var seen = Set<String>()
    func add(_ id: TensorID) {
      guard graph[id].constant == nil else { return }
      for origin in [graph[id].origin] + graph[id].origin.aliases {
        if !origin.name.isEmpty, seen.insert(origin.name).inserted { owners.append((id, origin)) }
      }
    }
    for port in graph.inputs { add(port.tensor) }
    for node in graph.operators { for case let output? in node.outputs { add(output) } }
    for (owner, name) in zip(owners, OutputFolder.fileNames(owners.map(\.origin.name))) {
      files[owner.id, default: []].append(("\(path)/\(name).npy", owner.origin))
    }
    for file in files.values.joined().map(\.path).sorted() {
      _ = try OutputTarget(path: file, replaces: replaces, reading: inputs)
    }
  }

  func write(_ value: TensorValue, of tensor: Tensor, _ id: TensorID) throws(Diagnostic) {
    for file in files[id] ?? [] { try NPYFile.write(file.origin.restored(value), to: file.path) }
  }
}

extension TensorValue {
  /// The elements with axis `i` taken from axis `permutation[i]`.
  func transposed(_ permutation: [Int]) -> TensorValue {
    Constant(self).permuted(permutation).realized()
  }

  /// Undoes ``transposed(_:)``.
  func restored(from permutation: [Int]) -> TensorValue {
    var inverse = permutation
    for (index, axis) in permutation.enumerated() { inverse[axis] = index }
    return transposed(inverse)
  }

  /// An output as the outside world knows it.
  func inDeclaredLayout(of port: Port) -> TensorValue { port.permutation.map { restored(from: $0) } ?? self }
}
