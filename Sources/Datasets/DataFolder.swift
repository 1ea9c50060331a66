import Graph
import Storage

/// A folder of samples, a file each; sub-folders are classes.
struct DataFolder {
  private let path: String
  private let settings: DataSettings
  private let names: [String]

  init(_ path: String, settings: DataSettings) throws(Diagnostic) {
    self.path = path
    self.settings = settings
    names = try Self.names(in: path)
  }

  private static func names(in path: String) throws(Diagnostic) -> [String] {
    do throws(StorageError) { return try Folder.names(in: path) } catch { throw Diagnostic(reading: error) }
  }

  func opened() throws(Diagnostic) -> OpenedData {
    if let sets = TestDataSets(folder: path, names: names) { return .testData(sets) }
    let files = names.filter { Self.isSample($0) }
    let folders = names.filter { FileKind(of: "\(path)/\($0)") == .folder }
    if files.isEmpty { return try classFolders(folders) }
    for nested in folders where try Self.names(in: "\(path)/\(nested)").contains(where: Self.isSample) {
      throw .bad(
        path, "there are samples in it and in its sub-folder '\(nested)'",
        hint: "put all samples into class folders, or all into one folder with a labels.csv")
    }
    return try source(files, classes: nil)
  }

  private static let forms: Set<DataForm> = [.npy, .picture, .sound]
  private static func isSample(_ name: String) -> Bool { DataForm(name: name).map(forms.contains) ?? false }

  private func classFolders(_ folders: [String]) throws(Diagnostic) -> OpenedData {
    var files: [String] = []
    var classes: [String] = []
    var used: [String] = []
    for folder in folders {
      let found = try Self.names(in: "\(path)/\(folder)").filter(Self.isSample)
      if found.isEmpty { continue }
      used.append(folder)
      files += found.map { "\(folder)/\($0)" }
      classes += [String](repeating: folder, count: found.count)
    }
    guard !files.isEmpty else {
      let found = names.isEmpty ? "it is empty" : "it holds " + names.prefix(5).joined(separator: ", ")
      throw .bad(
        path, "no samples are in it: \(found)\(names.count > 5 ? ", …" : "")",
        hint:
          "give a folder of .npy, .png, .jpg or .wav files, in sub-folders per class or not, or of ONNX test data"
      )
    }
    let known = try ClassNames(used, order: settings.classes, path: path)
    return try source(
      files,
      classes: ClassSource(classes: classes.map { known.index[$0]! }, label: path, names: known.inOrder))
  }

  private func source(_ files: [String], classes: ClassSource?) throws(Diagnostic) -> OpenedData {
    let form = DataForm(name: files[0])!
    if let other = files.first(where: { DataForm(name: $0) != form }) {
      throw .bad(
        path, "it mixes forms of data: '\(files[0])' and '\(other)'",
        hint: "put each form into a folder of its own")
    }
    let source: any SampleSource
    switch form {
    case .picture: source = try PictureSource(folder: path, files: files, settings: settings)
    case .sound: source = SoundSource(folder: path, files: files, settings: settings)
    default: source = ArrayFolderSource(folder: path, files: files)
    }
    return .single(source, labels: try labels(files, classes))
  }

  private func labels(_ files: [String], _ classes: ClassSource?) throws(Diagnostic) -> (any SampleSource)? {
    if let classes { return classes }
    guard names.contains("labels.csv") else { return nil }
    let table = try CSVTable(MappedFile("\(path)/labels.csv"))
    return try table.labels(of: files, settings: settings)
  }
}

/// A folder of `.npy` files, a sample a file.
struct ArrayFolderSource: SampleSource {
  let folder: String
  let files: [String]

  var count: Int { files.count }
  var fileNames: [String]? { files }
  func name(at index: Int) -> String { files[index] }
  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    try NPYFile("\(folder)/\(files[index])").value()
  }
}
