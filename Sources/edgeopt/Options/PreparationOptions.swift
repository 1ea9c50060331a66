import Arguments
import Datasets
import Graph

/// How stored values become what the model takes; the same for calibration and for evaluation.
struct PreparationOptions: ArgumentGroup {
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

  /// The flags, and whether they were given.
  var given: [(flag: String, isGiven: Bool)] {
    [
      ("--scale", scale != nil), ("--mean", mean != nil), ("--std", std != nil),
      ("--label-scale", labelScale != nil), ("--label-mean", labelMean != nil),
      ("--label-std", labelStd != nil), ("--resize", resize != nil), ("--crop", crop != nil),
      ("--color", color != nil), ("--data-layout", dataLayout != nil), ("--label-column", labelColumn != nil),
    ]
  }

  var settings: DataSettings {
    var settings = DataSettings()
    settings.scale = scale?.scale
    settings.mean = mean?.numbers
    settings.standardDeviation = std?.numbers
    settings.labelScale = labelScale?.scale
    settings.labelMean = labelMean?.numbers
    settings.labelStandardDeviation = labelStd?.numbers
    settings.resize = resize?.size
    settings.crop = crop?.size
    settings.color = color
    settings.layout = dataLayout
    settings.labelColumn = labelColumn
    return settings
  }
}

/// Numbers of samples, as flags give them.
enum SampleCount {
  static func check(_ number: Int?, of flag: String, least: Int) throws(Diagnostic) -> Int? {
    guard let number, number < least else { return number }
    throw Diagnostic(.usage, "\(flag) is \(number), expected \(least) or more")
  }
}
