import Graph
import Storage

/// What was found at a path.
enum OpenedData: Sendable {
  /// One source of samples, with labels when the form of data has them.
  case single(any SampleSource, labels: (any SampleSource)?)
  /// A sample a row, or labels.
  case table(CSVTable)
  /// Arrays by name.
  case archive(NPZArchive)
  /// The numbered inputs and outputs of ONNX test data.
  case testData(TestDataSets)

  init(_ path: String, settings: DataSettings) throws(Diagnostic) {
    switch FileKind(of: path) {
    case .missing: throw Diagnostic(.missing, "'\(path)' does not exist", hint: "check the path")
    case .other: throw .bad(path, "it is neither a file nor a folder")
    case .folder: self = try DataFolder(path, settings: settings).opened()
    case .file: self = try Self.opened(file: path, settings: settings)
    }
  }

  private static func opened(file path: String, settings: DataSettings) throws(Diagnostic) -> OpenedData {
    let file = try MappedFile(path)
    switch DataForm(path: path, bytes: file.bytes) {
    case .npy: return .single(try ArraySource(NPYFile(file)), labels: nil)
    case .npz: return .archive(try NPZArchive(file))
    case .csv: return .table(try CSVTable(file))
    case .picture:
      let folder = Folder.parent(of: path)
      return .single(
        try PictureSource(folder: folder, files: [Folder.lastComponent(of: path)], settings: settings),
        labels: nil)
    case .sound:
      let folder = Folder.parent(of: path)
      return .single(
        SoundSource(folder: folder, files: [Folder.lastComponent(of: path)], settings: settings), labels: nil)
    case .tensor: return .testData(try TestDataSets(file: path))
    case nil:
      throw .bad(
        path, "this form of data is not known",
        hint:
          "give a .npy, .npz or .csv file, or a folder of .npy, .png, .jpg or .wav files or ONNX test data")
    }
  }

  /// The samples of one of the model's inputs.
  func source(for input: DataInput, index: Int, isOnly: Bool, settings: DataSettings) throws(Diagnostic)
    -> any SampleSource
  {
    switch self {
    case .single(let source, _):
      try Self.checkOnly(isOnly, source.name(at: 0), input)
      if let pictures = source as? PictureSource { return try pictures.suiting(input) }
      let isArray = source is ArraySource || source is ArrayFolderSource
      if isArray, !PictureTransform(settings).isIdentity {
        return try ArrayPictureSource(source, settings: settings)
      }
      return source
    case .table(let table):
      try Self.checkOnly(isOnly, table.path, input)
      let column = try settings.labelColumn.map { text throws(Diagnostic) in try table.column(text) }
      return try TableSource(table, labelColumn: column)
    case .archive(let archive):
      let source = try archive.samples(for: input.name, isOnly: isOnly)
      return PictureTransform(settings).isIdentity
        ? source : try ArrayPictureSource(source, settings: settings)
    case .testData(let sets):
      return try sets.inputs(named: input.name, index: index)
    }
  }

  private static func checkOnly(_ isOnly: Bool, _ name: String, _ input: DataInput) throws(Diagnostic) {
    guard !isOnly else { return }
    throw Diagnostic(
      .usage, "the model has several inputs, '\(name)' holds the samples of one",
      hint: "give each input its data: --data \(input.name)=PATH, or a .npz with an array for each input")
  }

  /// Labels that came with the data.
  func labels(_ settings: DataSettings) throws(Diagnostic) -> (any SampleSource)? {
    switch self {
    case .single(_, let labels): return labels
    case .table(let table):
      guard let text = settings.labelColumn else { return nil }
      return try table.labels(column: table.column(text), classes: settings.classes)
    case .archive(let archive): return try archive.labels()
    case .testData(let sets): return sets.outputs()
    }
  }

  /// What `--labels` names, for samples that have the given files of their own.
  func labels(of files: [String]?, _ settings: DataSettings) throws(Diagnostic) -> any SampleSource {
    switch self {
    case .single(let source, let labels): return labels ?? source
    case .table(let table): return try table.labels(of: files, settings: settings)
    case .archive(let archive):
      if let labels = try archive.labels() { return labels }
      return try archive.samples(for: "y", isOnly: true)
    case .testData(let sets):
      if let outputs = sets.outputs() { return outputs }
      return try sets.inputs(named: "", index: 0)
    }
  }
}

/// The forms of data files.
enum DataForm: Sendable, Hashable {
  case npy, npz, csv, picture, sound, tensor

  /// By the first bytes, else by the name's ending.
  init?(path: String, bytes: View<UInt8>) {
    let start = bytes[0..<min(12, bytes.count)].array
    if start.starts(with: NPYHeader.magic) {
      self = .npy
    } else if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) || start.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
      self = .npz
    } else if Codec.PictureFormat(bytes) != nil {
      self = .picture
    } else if start.starts(with: Array("RIFF".utf8)), start.dropFirst(8).elementsEqual("WAVE".utf8) {
      self = .sound
    } else {
      self.init(name: path)
    }
  }

  /// By the name's ending.
  init?(name: String) {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    switch name[name.index(after: dot)...].lowercased() {
    case "npy": self = .npy
    case "npz": self = .npz
    case "csv", "tsv": self = .csv
    case "png", "jpg", "jpeg": self = .picture
    case "wav": self = .sound
    case "pb": self = .tensor
    default: return nil
    }
  }
}
