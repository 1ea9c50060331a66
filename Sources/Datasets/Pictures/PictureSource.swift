import Graph

/// A folder of pictures, a sample a file; samples are `[height, width, channels]`.
struct PictureSource: SampleSource {
  let folder: String
  let files: [String]
  private(set) var transform: PictureTransform
  /// Whether files have sixteen bits a channel; all must, or none.
  private let type: ElementType

  init(folder: String, files: [String], settings: DataSettings) throws(Diagnostic) {
    self.folder = folder
    self.files = files
    transform = PictureTransform(settings)
    type = try PictureFile.read("\(folder)/\(files[0])").type
  }

  var count: Int { files.count }
  var layout: SampleLayout? { .nhwc }
  var fileNames: [String]? { files }
  func name(at index: Int) -> String { files[index] }

  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    let picture = try PictureFile.read("\(folder)/\(files[index])")
    guard picture.type == type else {
      throw .bad(
        "\(folder)/\(files[index])",
        "it has \(picture.type.byteCount * 8) bits a channel, '\(files[0])' has \(type.byteCount * 8)",
        hint: "bring all pictures to one depth, since one scale holds for all")
    }
    return transform.apply(to: picture)
  }

  /// This source with colors that suit the input, where the user did not choose: gray for one channel, else RGB.
  func suiting(_ input: DataInput) throws(Diagnostic) -> PictureSource {
    guard transform.color == nil else { return self }
    let size = transform.size(of: try PictureFile.read("\(folder)/\(files[0])"))
    var suited = self
    suited.transform.color = input.shape.elementCountPerSample == size.height * size.width ? .gray : .rgb
    return suited
  }
}

/// Pictures that stand in an array, such as `[samples, height, width, channels]`, to be resized, cut or recolored.
struct ArrayPictureSource: SampleSource {
  let source: any SampleSource
  let transform: PictureTransform
  private let isChannelsLast: Bool

  init(_ source: any SampleSource, settings: DataSettings) throws(Diagnostic) {
    self.source = source
    transform = PictureTransform(settings)
    let first = try source.sample(at: 0)
    let counts = [1, 3, 4]
    let fits: Bool
    switch first.sizes.count {
    case 2:
      isChannelsLast = true
      fits = true
    case 3:
      let (isLast, isFirst) = (counts.contains(first.sizes[2]), counts.contains(first.sizes[0]))
      isChannelsLast = settings.layout?.isChannelsLast ?? isLast
      fits = settings.layout != nil || isLast != isFirst
    default:
      isChannelsLast = true
      fits = false
    }
    guard fits, [.uint8, .uint16, .float32].contains(first.type) else {
      throw Diagnostic(
        .badData,
        "samples of '\(source.name(at: 0))' are \(first.type)\(first.sizes) and cannot be taken as pictures to "
          + "resize, crop or color",
        hint:
          "pictures have the sizes [height, width], [height, width, channels] or, with --data-layout nchw, "
          + "[channels, height, width], of uint8, uint16 or floats")
    }
  }

  var count: Int { source.count }
  var layout: SampleLayout? { .nhwc }
  var fileNames: [String]? { source.fileNames }
  func name(at index: Int) -> String { source.name(at: index) }

  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    let stored = try source.sample(at: index)
    let picture: TensorValue
    switch stored.sizes.count {
    case 2: picture = stored.reshaped(stored.sizes + [1])
    case 3: picture = isChannelsLast ? stored : stored.permuted([1, 2, 0])
    default: throw .bad(name(at: index), "its sizes \(stored.sizes) are not those of a picture")
    }
    return transform.apply(to: picture)
  }
}
