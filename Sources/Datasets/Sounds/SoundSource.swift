import Graph

/// A folder of `.wav` files, a sample a file.
struct SoundSource: SampleSource {
  let folder: String
  let files: [String]
  /// Frames to cut or pad to.
  private let length: Int?

  init(folder: String, files: [String], settings: DataSettings) {
    self.folder = folder
    self.files = files
    length = settings.crop.map { $0.width ?? $0.height }
  }

  var count: Int { files.count }
  var layout: SampleLayout? { .nwc }
  var fileNames: [String]? { files }
  func name(at index: Int) -> String { files[index] }

  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    let sound = try WaveFile.read("\(folder)/\(files[index])")
    guard let length, sound.sizes[0] != length else { return sound }
    let channels = sound.sizes.count > 1 ? sound.sizes[1] : 1
    let cut = sound.reshaped([sound.sizes[0], 1, channels]).centerCut(height: length, width: 1)
    return cut.reshaped(sound.sizes.count > 1 ? [length, channels] : [length])
  }
}
