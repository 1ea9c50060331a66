import Graph
import Storage

/// ONNX test data: folders `test_data_set_N` with `input_K.pb` and `output_K.pb`, a sample a folder.
struct TestDataSets: Sendable {
  private let folders: [String]
  private let singleFile: String?

  /// One such folder, or the folder above several; nil when `path` is neither.
  init?(folder path: String, names: [String]) {
    singleFile = nil
    if names.contains("input_0.pb") {
      folders = [path]
      return
    }
    let prefix = "test_data_set_"
    let numbers = names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }
    if numbers.isEmpty { return nil }
    folders = numbers.sorted().map { "\(path)/\(prefix)\($0)" }
  }

  /// One tensor by itself.
  init(file: String) throws(Diagnostic) {
    folders = []
    singleFile = file
    _ = try TensorFile(file)
  }

  /// The input of the given name, where the tensors tell theirs, else the one with the index.
  func inputs(named name: String, index: Int) throws(Diagnostic) -> any SampleSource {
    if let singleFile { return TensorFileSource(files: [singleFile]) }
    let count = files("input_", in: folders[0]).count
    guard count > 0 else {
      throw .bad(folders[0], "it has no input_0.pb", hint: "ONNX test data hold input_K.pb and output_K.pb")
    }
    var chosen = index
    for candidate in 0..<count where try TensorFile("\(folders[0])/input_\(candidate).pb").name == name {
      chosen = candidate
      break
    }
    guard chosen < count else {
      throw .bad(
        folders[0], "it holds \(count) inputs, the model's input '\(name)' is number \(index + 1)",
        hint: "the data must be made for this model")
    }
    return TensorFileSource(files: folders.map { "\($0)/input_\(chosen).pb" })
  }

  /// The first output, as what the model ought to give.
  func outputs() -> (any SampleSource)? {
    let files = folders.map { "\($0)/output_0.pb" }
    guard !files.isEmpty, files.allSatisfy({ FileKind(of: $0) != .missing }) else { return nil }
    return TensorFileSource(files: files)
  }

  private func files(_ prefix: String, in folder: String) -> [String] {
    var found: [String] = []
    while case .file = FileKind(of: "\(folder)/\(prefix)\(found.count).pb") {
      found.append("\(folder)/\(prefix)\(found.count).pb")
    }
    return found
  }
}

/// Tensors in files of their own, shaped as the model takes them.
struct TensorFileSource: SampleSource {
  let files: [String]

  var count: Int { files.count }
  var isExact: Bool { true }
  func name(at index: Int) -> String { files[index] }
  func sample(at index: Int) throws(Diagnostic) -> TensorValue { try TensorFile(files[index]).value() }
}
