import Arguments
import Datasets
import Graph
import JSONText
import Quantization

/// The samples that ranges are chosen on, and how.
struct CalibrationOptions: ArgumentGroup {
  @Option(
    "The samples to calibrate on: a .npy, .npz or .csv file, a folder of .npy, .png, .jpg or .wav files, or ONNX test "
      + "data. For models with several inputs repeat it as NAME=PATH.", value: "[NAME=]PATH",
    completion: .file([]))
  var calib: [String] = []
  @Option(
    "How ranges are chosen; auto takes for each tensor the one that makes the least error in what is computed from it.",
    name: "calib-method", value: "METHOD", defaultText: "auto") var askedMethod: CalibrationMethodName?
  @Option(
    "The share of values, in percent, that a range keeps (with --calib-method percentile).", value: "P",
    defaultText: "99.99") var percentile: Double?
  @Option(
    "Calibrate on a random subset of N samples (see --seed).", value: "N",
    defaultText: "the first 500 in file order")
  var samples: Int?
  @Option("Leave the first N samples out.", value: "N") var skip: Int?

  static let firstSamples = 500

  var calibMethod: CalibrationMethodName { askedMethod ?? .auto }

  /// Ranges come from samples or from a file.
  static let missing = UsageError(
    "--calib PATH is missing: int8 ranges are chosen on samples of what the model will see",
    hint: "give some hundred samples, for instance --calib x.npy")

  func check(ranges: String?) throws(UsageError) {
    if calib.isEmpty, ranges == nil { throw Self.missing }
    if !calib.isEmpty, ranges != nil {
      throw UsageError("--calib and --ranges exclude one another", hint: "keep one of them")
    }
    guard ranges != nil else { return }
    let idle = [
      ("--calib-method", askedMethod != nil), ("--percentile", percentile != nil),
      ("--samples", samples != nil),
      ("--skip", skip != nil),
    ].filter(\.1).map(\.0)
    if let flag = idle.first {
      throw UsageError(
        "\(flag) is for calibration samples, which --ranges takes the place of",
        hint: "leave it out, or give it to 'calibrate'")
    }
  }

  func method() throws(UsageError) -> CalibrationMethod {
    if let percentile {
      guard calibMethod == .percentile else {
        throw UsageError(
          "--percentile is for --calib-method percentile, which is \(calibMethod.rawValue)",
          hint: "add --calib-method percentile")
      }
      guard percentile > 50, percentile <= 100 else {
        throw UsageError(
          "--percentile is \(percentile.argumentText), expected more than 50 and at most 100",
          hint: "99.99 keeps all values but one in 10,000")
      }
    }
    return switch calibMethod {
    case .auto: .auto
    case .minmax: .minmax
    case .percentile: .percentile(percentile ?? 99.99)
    case .entropy: .entropy
    case .mse: .mse
    }
  }

  /// The choices that decide what ranges come of the samples.
  var choices: [JSON.Member] {
    var choices = [JSON.Member(name: "calib-method", value: .string(calibMethod.rawValue))]
    if let percentile { choices.append(.init(name: "percentile", value: .number(percentile))) }
    return choices
  }

  func request(
    inputs: [String], preparation: PreparationOptions, seed: Int
  ) throws(Diagnostic) -> DataRequest {
    var request = DataRequest(paths: calib.map { DataPath(argument: $0, inputs: inputs) })
    request.settings = preparation.settings
    request.settings.samples = try SampleCount.check(samples, of: "--samples", least: 1)
    request.settings.skip = try SampleCount.check(skip, of: "--skip", least: 0)
    request.settings.seed = seed
    request.firstSamples = Self.firstSamples
    return request
  }
}

/// `--calib-method`
enum CalibrationMethodName: String, CaseIterable, ArgumentValue {
  case auto, minmax, percentile, entropy, mse
}
