import Arguments
import Datasets
import Graph

/// Where samples are, and how stored values become what the model takes.
struct DataOptions: ArgumentGroup {
  @Option(
    "The samples: a .npy, .npz or .csv file, a folder of .npy, .png, .jpg or .wav files, or ONNX test data. For "
      + "models with several inputs repeat it as NAME=PATH.", value: "[NAME=]PATH", completion: .file([]))
  var data: [String] = []
  @Option("The labels: class indexes or arrays, in any of these forms.", value: "PATH", completion: .file([]))
  var labels: String?
  @Option("Multiply stored values, for instance with 1/255.", value: "S") var scale: ScaleValue?
  @Option("Subtract this after scaling; one number, or one for each channel.", value: "A,B,C") var mean:
    NumberList?
  @Option("Divide by this at last; one number, or one for each channel.", value: "A,B,C") var std: NumberList?
  @Option("The same for label arrays.", value: "S") var labelScale: ScaleValue?
  @Option("The same for label arrays.", value: "A,B,C") var labelMean: NumberList?
  @Option("The same for label arrays.", value: "A,B,C") var labelStd: NumberList?
  @Option(
    "Resize pictures: WIDTHxHEIGHT, or one number for the shorter side.", value: "SIZE") var resize:
    PictureSizeValue?
  @Option("Cut the center out of pictures after resizing, or of sounds.", value: "SIZE") var crop:
    PictureSizeValue?
  @Option("The colors that the model takes.", value: "COLORS") var color: ColorOrder?
  @Option("How the samples arrange their axes.", value: "LAYOUT", defaultText: "recognized from the shapes")
  var dataLayout: SampleLayout?
  @Option("The column of a .csv that holds labels: its name, or its number from 0.", value: "COLUMN")
  var labelColumn: String?
  @Option("Take a random subset of N samples (see --seed).", value: "N", defaultText: "all") var samples: Int?
  @Option("Leave the first N samples out.", value: "N") var skip: Int?

  /// What the data sets need to know.
  func request(inputs: [String], seed: Int) throws(Diagnostic) -> DataRequest {
    var request = DataRequest(paths: data.map { DataPath(argument: $0, inputs: inputs) }, labels: labels)
    request.settings.scale = scale?.scale
    request.settings.mean = mean?.numbers
    request.settings.standardDeviation = std?.numbers
    request.settings.labelScale = labelScale?.scale
    request.settings.labelMean = labelMean?.numbers
    request.settings.labelStandardDeviation = labelStd?.numbers
    request.settings.resize = resize?.size
    request.settings.crop = crop?.size
    request.settings.color = color
    request.settings.layout = dataLayout
    request.settings.labelColumn = labelColumn
    request.settings.samples = try Self.count(samples, of: "--samples", least: 1)
    request.settings.skip = try Self.count(skip, of: "--skip", least: 0)
    request.settings.seed = seed
    return request
  }

  private static func count(_ number: Int?, of flag: String, least: Int) throws(Diagnostic) -> Int? {
    guard let number, number < least else { return number }
    throw Diagnostic(.usage, "\(flag) is \(number), expected \(least) or more")
  }
}

extension ColorOrder: ArgumentValue {}
extension SampleLayout: ArgumentValue {}

struct ScaleValue: ArgumentValue {
  var scale: DataScale

  init(argument: String) throws(InvalidValue) {
    guard let scale = DataScale(argument) else { throw InvalidValue("a number or a quotient, such as 1/255") }
    self.scale = scale
  }
  var argumentText: String { scale.description }
}

struct NumberList: ArgumentValue {
  var numbers: [Float]

  init(argument: String) throws(InvalidValue) {
    guard let numbers = DataSettings.numbers(argument) else { throw InvalidValue("numbers between commas") }
    self.numbers = numbers
  }
  var argumentText: String { numbers.map { "\($0)" }.joined(separator: ",") }
}

struct PictureSizeValue: ArgumentValue {
  var size: PictureSize

  init(argument: String) throws(InvalidValue) {
    guard let size = PictureSize(argument) else { throw InvalidValue("a size such as 224 or 320x240") }
    self.size = size
  }
  var argumentText: String { size.description }
}
