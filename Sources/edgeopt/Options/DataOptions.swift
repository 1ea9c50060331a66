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
  @OptionGroup() var preparation: PreparationOptions
  @Option("Take a random subset of N samples (see --seed).", value: "N", defaultText: "all") var samples: Int?
  @Option("Leave the first N samples out.", value: "N") var skip: Int?

  /// A flag that was given and says nothing without samples.
  var idleFlag: String? {
    let flags = [("--labels", labels != nil), ("--samples", samples != nil), ("--skip", skip != nil)]
    return (flags + preparation.given).first(where: \.1)?.0
  }

  /// What the data sets need to know.
  func request(inputs: [String], seed: Int) throws(Diagnostic) -> DataRequest {
    var request = DataRequest(paths: data.map { DataPath(argument: $0, inputs: inputs) }, labels: labels)
    request.settings = preparation.settings
    request.settings.samples = try SampleCount.check(samples, of: "--samples", least: 1)
    request.settings.skip = try SampleCount.check(skip, of: "--skip", least: 0)
    request.settings.seed = seed
    return request
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
  static var form: ValueForm {
    .pattern(#"^-?[0-9.]+(e[+-]?[0-9]+)?(/-?[0-9.]+(e[+-]?[0-9]+)?)?$"#)
  }
}

struct NumberList: ArgumentValue {
  var numbers: [Float]

  init(argument: String) throws(InvalidValue) {
    guard let numbers = DataSettings.numbers(argument) else { throw InvalidValue("numbers between commas") }
    self.numbers = numbers
  }
  var argumentText: String { numbers.map { "\($0)" }.joined(separator: ",") }
  static var form: ValueForm { .numbers }
}

struct PictureSizeValue: ArgumentValue {
  var size: PictureSize

  init(argument: String) throws(InvalidValue) {
    guard let size = PictureSize(argument) else { throw InvalidValue("a size such as 224 or 320x240") }
    self.size = size
  }
  var argumentText: String { size.description }
  static var form: ValueForm { .pattern("^[0-9]+(x[0-9]+)?$") }
}
